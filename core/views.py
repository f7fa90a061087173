"""Health checks and error pages."""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import health
from core.api import problems
from core.away import Away, cause_of

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
RETRY_AFTER = {Away.DATABASE: 5, Away.DISK: 60}  # seconds


@login_not_required
@never_cache
@require_safe
@transaction.non_atomic_requests
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
@transaction.non_atomic_requests
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve; 503 and what is missing when it cannot."""
    problems = health.missing()
    body = {"status": "missing" if problems else "ready", "missing": problems}
    return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK)


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """400: the address or the form makes no sense, with the sentence of BadRequest; 413: it is too large."""
    if isinstance(exception, TOO_LARGE):
        return _answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("This is too large."))
    reason = str(exception) if isinstance(exception, BadRequest) else ""
    return _answer(request, HTTPStatus.BAD_REQUEST, _("This request cannot be understood."), reason)


def permission_denied(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """403, with the sentence of NotAllowed where there is one."""
    reason = str(getattr(exception, "reason", "") or "")
    return _answer(request, HTTPStatus.FORBIDDEN, _("You may not see or do this."), reason)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form comes from before the last sign-in. app.js keeps what was typed and fetches the page anew."""
    sentence = _("This page is from before your last sign-in. Reload it and send the form again.")
    answer = _answer(request, HTTPStatus.FORBIDDEN, _("You may not see or do this."), sentence)
    answer["X-Form-Outdated"] = "1"
    return answer


def page_not_found(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """404: no such page, or none this user may know of."""
    return _answer(request, HTTPStatus.NOT_FOUND, _("There is no such page."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when database or disk are away: without the request, as context processors need what just broke."""
    away = cause_of(sys.exc_info()[1])
    if away:
        return _unavailable(request, away)
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong on our side."), bare=True)


def _unavailable(request: HttpRequest, away: Away) -> HttpResponse:
    """503: try again. The page speaks all languages, because the reader's is in the database."""
    answer = _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "LTC", away=away, bare=True)
    answer["Retry-After"] = str(RETRY_AFTER[away])
    answer["Cache-Control"] = "no-store"
    return answer


def _answer(
    request: HttpRequest, status: HTTPStatus, title: str, reason: str = "", *, bare: bool = False, away: str = ""
) -> HttpResponse:
    """Answer the API in problem+json and a browser with errors/<code>.html."""
    if request.path.startswith(API_PREFIX):
        return problems.answer(problems.problem(int(status), detail=reason))
    html = _page(
        status, {"status": int(status), "title": title, "reason": reason, "away": away}, None if bare else request
    )
    if html:
        return HttpResponse(html, status=status)
    text = f"{int(status)} {title} {reason}".strip()
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _page(status: HTTPStatus, context: dict[str, Any], request: HttpRequest | None) -> str:
    """Render the template of a status; empty where there is none."""
    try:
        return loader.render_to_string(f"errors/{int(status)}.html", context, request)
    except TemplateDoesNotExist:
        return ""
    except Exception:
        if request is not None:
            raise
        logger.exception("The page for errors fails itself")  # it must not hide the first error
        return ""
