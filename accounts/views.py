"""Profile, deputies, language and notices of the person signed in."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services
from accounts.forms import DelegationForm
from accounts.models import Delegation, Notice
from accounts.request import Request
from core.errors import Refused
from core.paging import Keyset, page


def _back(request: Request, default: str) -> HttpResponseRedirect:
    """Back to the page in `next`, if it is one of ours, else to the page named `default`."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if safe else reverse(default))


@login_not_required
@require_POST
def set_language(request: Request) -> HttpResponse:
    """Choose the language; kept with the user, or in a cookie before sign-in."""
    language = request.POST.get("language", "")
    response = _back(request, "desk:home")
    if language not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        services.choose_language(request.user, language)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax")
    return response


def profile(request: Request) -> HttpResponse:
    """The person's own page: roles, deputies, language."""
    form = DelegationForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.delegate(request.user, **form.cleaned_data)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, str(reason))
        else:
            messages.success(request, _("The deputy is named."))
            return redirect("accounts:profile")
    context: dict[str, Any] = {
        "title": _("Profile"),
        "form": form,
        "roles": [role.label for role in request.user.roles.all()],
        "delegations": Delegation.objects.filter(principal=request.user)
        .select_related("deputy")
        .order_by("-during")[:20],
    }
    return render(request, "registration/profile.html", context)


def notices(request: Request) -> HttpResponse:
    """All notices, newest first."""
    found = page(
        Notice.objects.filter(user=request.user),
        keyset=Keyset(("-created_at", "-id")),
        cursor=request.GET.get("cursor"),
        size=50,
    )
    return render(request, "accounts/notices.html", {"title": _("Notices"), "notices": found.rows, "page": found})


@require_POST
def read_notices(request: Request) -> HttpResponse:
    """Mark all notices as read."""
    services.read_notices(request.user)
    return _back(request, "accounts:notices")
