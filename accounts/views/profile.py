"""Profile, deputies, language and notices of the person signed in."""

from typing import Any
from uuid import UUID

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import deputies, services
from accounts.forms import DelegationForm, MailWishForm, TokenForm
from accounts.models import ApiToken, Delegation, Notice
from accounts.request import Request
from accounts.selectors import sessions_of
from core.calendar import today
from core.errors import Refused
from core.paging import Keyset, page
from core.parameters import takes


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
    """The person's own page: roles, deputies, language. POST names a deputy."""
    if request.method != "POST":
        return _profile(request)
    form, status = DelegationForm(request.POST, user=request.user), 422
    if form.is_valid():
        try:
            services.delegate(request.user, **form.cleaned_data)
        except Refused as refusal:
            status = refusal.status
            for reason in refusal.reasons:
                form.add_error(None, str(reason))
        else:
            messages.success(request, _("The deputy is named."))
            return redirect("accounts:profile")
    return _profile(request, form=form, status=status)


def _profile(
    request: Request, *, form: DelegationForm | None = None, mail_form: MailWishForm | None = None, status: int = 200
) -> HttpResponse:
    own = Delegation.objects.filter(principal=request.user)
    context: dict[str, Any] = {
        "title": _("Profile"),
        "form": form or DelegationForm(user=request.user),
        "roles": [role.label for role in request.user.roles.all()],
        "delegations": [_deputy(one) for one in own.select_related("deputy").order_by("-during")[:20]],
        "factors": is_mfa_enabled(request.user),
        "sessions": sessions_of(request.user, request.session.session_key or ""),
        "mail_form": mail_form or MailWishForm(initial={"mail_wish": request.user.mail_wish}),
        "mail_is_sent": settings.LTC_MAIL,
    }
    return render(request, "registration/profile.html", context, status=status)


def _deputy(found: Delegation) -> dict[str, Any]:
    first, last = services.days_of(found)
    return {
        "id": found.pk,
        "name": str(found.deputy),
        "days": f"{first.isoformat()} – {last.isoformat()}",
        "documents": [str(label) for kind, label in deputies.said.documents() if kind in found.documents],
        "reason": found.reason,
        "is_over": last < today(),
    }


@require_POST
def end_delegation(request: Request, pk: int) -> HttpResponse:
    """Take the own work back from a deputy."""
    try:
        services.end_delegation(request.user, pk)
    except Delegation.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        messages.error(request, " ".join(str(reason) for reason in refusal.reasons))
    else:
        messages.success(request, _("The deputy no longer stands in for you."))
    return redirect("accounts:profile")


@require_POST
def choose_mail(request: Request) -> HttpResponse:
    """Keep which notices the person wants by mail."""
    form = MailWishForm(request.POST)
    if not form.is_valid():
        return _profile(request, mail_form=form, status=422)
    services.choose_mail(request.user, form.cleaned_data["mail_wish"])
    messages.success(request, _("Saved."))
    return redirect("accounts:profile")


@never_cache
def tokens(request: Request) -> HttpResponse:
    """The person's API tokens; a new one is shown in this answer, and never again."""
    form = TokenForm(request.POST or None)
    context: dict[str, Any] = {"title": _("API tokens"), "made": ""}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _token, context["made"] = services.make_token(request.user, **form.cleaned_data)
            except Refused as refusal:
                status = refusal.status
                for reason in refusal.reasons:
                    form.add_error(None, str(reason))
            else:
                form, status = TokenForm(), 200
    context |= {"form": form, "tokens": ApiToken.objects.filter(user=request.user).order_by("-created")}
    return render(request, "accounts/tokens.html", context, status=status)


@require_POST
def revoke_token(request: Request, public_id: UUID) -> HttpResponse:
    """Take a token away; what signs in with it is refused from this moment on."""
    if services.revoke_token(request.user, public_id):
        messages.success(request, _("The token is revoked."))
    return redirect("accounts:tokens")


@takes("cursor")
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
