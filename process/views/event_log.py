"""The file for process mining: asked for on the process map, and by programs."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, StreamingHttpResponse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.request import Request
from process.forms import EventLogForm
from process.mining import ocel, xes
from process.mining.deals import Scope, deals

FORMATS: dict[str, Any] = {"xes": xes, "ocel": ocel}


def read_scope(given: Any) -> tuple[Scope | None, dict[str, list[str]]]:
    """What the parameters ask for, or what is wrong with them, by name."""
    form = EventLogForm(given)
    unknown: dict[str, list[str]] = {name: [_("Unknown parameter.")] for name in given if name not in form.fields}
    if unknown or not form.is_valid():
        return None, unknown or {name: [str(one) for one in found] for name, found in form.errors.items()}
    return Scope(**form.cleaned_data), {}


def answer(kind: str, scope: Scope, reader: User) -> StreamingHttpResponse:
    """The file, sent deal by deal."""
    file = FORMATS.get(kind)
    if file is None:
        raise Http404
    made = StreamingHttpResponse(file.export(deals(scope, reader)), content_type=file.CONTENT_TYPE)
    made["Content-Disposition"] = f'attachment; filename="{file.FILE_NAME}"'
    made["X-Content-Type-Options"] = "nosniff"
    return made


def event_log(request: Request, kind: str) -> StreamingHttpResponse:
    """`?from_on=`, `?to_on=`, `?department=`: the events of the deals that the person may see."""
    scope, wrong = read_scope(request.GET)
    if scope is None:
        raise BadRequest("; ".join(f"{name}: {' '.join(found)}" for name, found in wrong.items()))
    return answer(kind, scope, request.user)
