"""Where one is signed in, and ending that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.request import Request, actor_of


@require_POST
def end_session(request: Request, session_id: int) -> HttpResponse:
    """End one of the own sessions."""
    if services.end_session(request.user, session_id, by=actor_of(request)):
        messages.success(request, _("The session is ended."))
    return redirect("accounts:profile")


@require_POST
def end_other_sessions(request: Request) -> HttpResponse:
    """End all the own sessions but this one."""
    ended = services.end_other_sessions(request.user, request.session.session_key or "", by=actor_of(request))
    messages.success(request, _("%(count)s sessions are ended.") % {"count": ended})
    return redirect("accounts:profile")
