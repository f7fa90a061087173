"""Problem details (RFC 9457): every refusal below /api/ says what kind it is and gives every reason."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.views import set_rollback

from core.errors import BadCursor, BadKey, DomainError, KeyReused, NotAllowed, Refused, Stale
from core.text import clean_text

CONTENT_TYPE = "application/problem+json"


def title_of(status: int) -> str:
    """What a status means, in the caller's language."""
    titles = {
        400: _("This request cannot be understood."),
        401: _("Please sign in."),
        403: _("You may not see or do this."),
        404: _("There is no such page."),
        405: _("This address does not take this method."),
        406: _("This address does not answer in this format."),
        409: _("This is not possible now."),
        412: _("Somebody else changed this meanwhile."),
        413: _("This is too large."),
        415: _("This address does not take this content type."),
        422: _("This key was used with another request."),
        428: _("Say which version you have seen."),
        429: _("Too many requests."),
        500: _("Something went wrong on our side."),
        503: _("This does not work at the moment. Please send it again."),
    }
    return titles.get(status) or _("This is not possible.")


def problem(status: int, *, kind: str = "", detail: str = "", **more: Any) -> dict[str, Any]:
    """The body of a problem; `kind` names it for programs where the status alone does not."""
    body: dict[str, Any] = {
        "type": f"urn:ltc:{kind}" if kind else "about:blank",
        "title": title_of(status),
        "status": status,
    }
    if detail:
        body["detail"] = detail
    body.update({name: value for name, value in more.items() if value})
    return body


def answer(body: dict[str, Any], headers: dict[str, str] | None = None) -> HttpResponse:
    """A problem as an answer; what was sent is repeated without what no answer can hold."""
    text = clean_text(json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False))
    return HttpResponse(text, status=body["status"], content_type=CONTENT_TYPE, headers=headers or {})


class Invalid(exceptions.ValidationError):
    """Input that cannot be read: `errors` is nested like the input, with messages at the ends."""


class PreconditionRequired(exceptions.APIException):
    """A change without the version that was seen."""

    status_code = 428


class OutdatedVersion(exceptions.APIException):
    """An If-Match that can match no version of this record."""

    status_code = 412


def handle(error: Exception, context: dict[str, Any]) -> HttpResponseBase | None:
    """DRF's exception handler: a problem for everything foreseen; a mistake of ours becomes Django's 500."""
    found = as_problem(error)
    if found is None:
        return None
    set_rollback()
    return answer(found, _headers(error))


def as_problem(error: Exception) -> dict[str, Any] | None:
    """The problem behind an error; None for a mistake of ours."""
    return _domain(error) if isinstance(error, DomainError) else _request(error)


def _domain(error: DomainError) -> dict[str, Any]:
    if isinstance(error, NotAllowed):
        return problem(403, kind="not-allowed", detail=str(error))
    if isinstance(error, Refused):
        reasons = [{"text": str(reason), "link": reason.link} for reason in error.reasons]
        return problem(409, kind="refused", detail=str(error), reasons=reasons)
    if isinstance(error, Stale):
        conflict = [
            {"field": name, "yours": _text(yours), "stored": _text(stored)}
            for name, (yours, stored) in error.conflict.items()
        ]
        return problem(412, kind="stale", conflict=conflict)
    if isinstance(error, KeyReused):
        return problem(422, kind="key-reused")
    kind = {BadCursor: "bad-cursor", BadKey: "bad-key"}.get(type(error), "")
    return problem(error.status, kind=kind)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("text", ""))
    return "" if value is None else str(value)


def _request(error: Exception) -> dict[str, Any] | None:
    """Errors of Django and DRF; None for what is a mistake of ours."""
    if isinstance(error, exceptions.ValidationError):
        errors = [{"field": field, "message": message} for field, message in flat(error.detail)]
        return problem(400, kind="invalid", errors=errors)
    if isinstance(error, exceptions.APIException):
        return problem(error.status_code, detail=_detail(error))
    if isinstance(error, Http404):
        return problem(404)
    if isinstance(error, PermissionDenied):
        return problem(403)
    if isinstance(error, RequestDataTooBig):
        return problem(413)
    if isinstance(error, SuspiciousOperation | BadRequest):
        return problem(400, detail=str(error) if isinstance(error, BadRequest) else "")
    return None


def _detail(error: exceptions.APIException) -> str:
    return "" if isinstance(error, exceptions.NotFound | OutdatedVersion) else str(error.detail)


def flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested messages as (path, message): `lines.0.category`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from flat(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            if isinstance(inner, dict | list):
                yield from flat(inner, f"{path}.{index}" if path else str(index))
            else:
                yield path, str(inner)
    else:
        yield path, str(detail)


def _headers(error: Any) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))
    return headers
