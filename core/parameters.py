"""What may stand behind the question mark of an address: a misspelt filter must not answer with everything."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from core.calendar import today
from core.text import row_key

_FIRST_YEAR = 1990


def refuse_unknown(request: HttpRequest, known: tuple[str, ...]) -> None:
    """BadRequest with the names that are none of the page's parameters."""
    unknown = sorted(set(request.GET) - set(known))
    if unknown:
        raise BadRequest(_("Unknown filter: %(name)s") % {"name": ", ".join(unknown)[:60]})


def takes(*known: str) -> Callable[[Any], Any]:
    """A page with these parameters and no others."""

    def mark(view: Any) -> Any:
        @wraps(view)
        def strict(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refuse_unknown(request, known)
            return view(request, *args, **kwargs)

        return strict

    return mark


def day_of(text: str) -> dt.date:
    """A day out of an address; today without one, BadRequest for what is no day of business."""
    try:
        day = parse_date(text) if text else today()
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= today().year + 1:
        raise BadRequest(_("Please give a day as YYYY-MM-DD."))
    return day


def key_of(text: str) -> int | None:
    """The key of a row out of an address; None without one, BadRequest for what is none."""
    key = row_key(text) if text else None
    if text and key is None:
        raise BadRequest(_("Unknown filter: %(name)s") % {"name": text[:60]})
    return key


def one_of(text: str, known: Iterable[str]) -> str:
    """A word out of an address; the first of the known ones without it, BadRequest for another."""
    words = list(known)
    if text and text not in words:
        named = {"unknown": text[:60], "known": ", ".join(words)}
        raise BadRequest(_("Unknown: %(unknown)s. Known: %(known)s.") % named)
    return text or words[0]
