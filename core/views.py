"""Health checks and error pages."""

import logging
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import health

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"


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
    """400: the address or the form makes no sense."""
    return _answer(request, HTTPStatus.BAD_REQUEST, _("This request cannot be understood."))


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
    """500: rendered without the request, because context processors may need what just broke."""
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong on our side."), bare=True)


def _answer(
    request: HttpRequest, status: HTTPStatus, title: str, reason: str = "", *, bare: bool = False
) -> HttpResponse:
    """Answer the API in problem+json and a browser with errors/<code>.html."""
    if request.path.startswith(API_PREFIX):
        problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(status)}
        if reason:
            problem["detail"] = reason
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    html = _page(status, {"status": int(status), "title": title, "reason": reason}, None if bare else request)
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
