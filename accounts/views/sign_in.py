"""The door: signing in and out, confirming who one is, passwords."""

from typing import Any

from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from accounts import services, tasks
from accounts.forms import ChangePasswordForm, ResetForm
from accounts.models import SecurityEntry, User
from accounts.request import actor_of
from core.errors import Refused


class SignIn(LoginView):
    """User name and password; who has a second factor is asked for it next."""

    template_name = "registration/login.html"


class SignInCode(AuthenticateView):
    """The second factor, after the password."""

    template_name = "registration/code.html"


class Confirm(ReauthenticateView):
    """The password again, where there is no second factor."""

    template_name = "registration/confirm.html"
    extra_context = {"way": "password"}


class ConfirmCode(ReauthenticateCodeView):
    """A code of the app, or a recovery code, again."""

    template_name = "registration/confirm.html"
    extra_context = {"way": "code"}


class ConfirmKey(ReauthenticateWebAuthnView):
    """The security key again."""

    template_name = "registration/confirm.html"
    extra_context = {"way": "key"}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say so, and ask again."""
        messages.error(self.request, _("This key was not recognised."))
        return HttpResponseRedirect(self.request.get_full_path())


@method_decorator(login_not_required, name="dispatch")
class SignOut(auth_views.LogoutView):
    """Ends the session, also one that is still waiting for its second factor."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write it down, then end it."""
        if request.user.is_authenticated:
            by: Any = request
            services.enter(SecurityEntry.Event.SIGNED_OUT, user=by.user, by=actor_of(by))
        return super().post(request, *args, **kwargs)


class ChangePassword(auth_views.PasswordChangeView):
    """A new password for oneself."""

    form_class = ChangePasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it; other sessions end, this one stays."""
        request: Any = self.request
        key = request.session.session_key or ""
        services.change_password(
            request.user, form.cleaned_data["new_password1"], by=actor_of(request), current_key=key
        )
        update_session_auth_hash(request, request.user)
        services.move_session(key, request.session.session_key)
        return HttpResponseRedirect(str(self.get_success_url()))


@method_decorator(login_not_required, name="dispatch")
class AskReset(FormView):
    """A link by mail. Whoever asks gets the same page after the same work, whether the account exists or not."""

    form_class = ResetForm
    template_name = "registration/password_reset_form.html"
    success_url = reverse_lazy("password_reset_done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Where no mail is sent, the page says whom to ask instead."""
        return super().get_context_data(mail_works=settings.LTC_MAIL, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nobody is told to wait for a mail that cannot come."""
        if not settings.LTC_MAIL:
            raise Http404
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Write the wish down; a job sends what there is to send."""
        base = self.request.build_absolute_uri("/").rstrip("/")
        services.ask_reset(form.cleaned_data["email"], base_url=base, ip=self.request.META.get("REMOTE_ADDR", ""))
        tasks.ring_send_resets()
        return super().form_valid(form)


class ChooseByLink(auth_views.PasswordResetConfirmView):
    """The page a link leads to."""

    def get_user(self, uidb64: str) -> User | None:
        """The person of the link, while the account is open."""
        person: Any = super().get_user(uidb64)
        return person if person is not None and person.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the password; the link is void from now on."""
        token = self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN, "")
        try:
            ip = self.request.META.get("REMOTE_ADDR", "")
            services.reset_password(form.user, form.cleaned_data["new_password1"], token=token, ip=ip)
        except Refused:
            self.validlink = False
            return self.render_to_response(self.get_context_data(form=form))
        return HttpResponseRedirect(str(self.get_success_url()))
