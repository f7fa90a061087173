"""What may stand behind the question mark of an address: a misspelt filter must not answer with everything."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.translation import gettext as _


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
