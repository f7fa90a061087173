"""Second factors of the person signed in: allauth's views, each step written down together with its effect."""

from typing import Any

from allauth.mfa.base.views import IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services
from accounts.models import SecurityEntry
from accounts.request import actor_of
from accounts.sign_in import SET_UP_HERE, FactorAdapter, forget_factor, has_proven_factor

Event = SecurityEntry.Event


class Noted:
    """A change of one's factors and its line in the security log: both or none."""

    request: Any
    event: Event
    kind = ""
    done: Any = ""
    sets_up = False

    def form_valid(self, form: Any) -> HttpResponse:
        """Do it and write it down."""
        user = self.request.user
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            services.enter(self.event, user=user, by=actor_of(self.request), details={"factor": self.kind})
        if self.sets_up:
            # Setting it up showed it: this session need not show it again.
            self.request.session[SET_UP_HERE] = user.pk
        elif not is_mfa_enabled(user):
            # Without a factor no session counts as opened with one: should a role ask for one later, it is set up anew.
            services.end_other_sessions(user, self.request.session.session_key or "", by=actor_of(self.request))
            forget_factor(self.request)
        messages.success(self.request, str(self.done))
        return answer


class Factors(IndexView):
    """What one has, and what can be added."""

    template_name = "registration/factors.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the reason why one is here, where a role asks for a second factor."""
        context = super().get_context_data(**kwargs)
        user: Any = self.request.user
        held = user.needs_second_factor and not has_proven_factor(self.request, user)
        return {**context, "title": _("Second factors"), "held": held, "needed": user.needs_second_factor}


class SetUpApp(Noted, ActivateTOTPView):
    """An app that shows codes."""

    template_name = "registration/factor_app.html"
    event, kind, sets_up = Event.FACTOR_ADDED, "totp", True
    done = gettext_lazy("The app is set up.")


class RemoveApp(Noted, DeactivateTOTPView):
    """The app is no longer used."""

    template_name = "registration/factor_remove.html"
    event, kind = Event.FACTOR_REMOVED, "totp"
    done = gettext_lazy("The app is removed.")


class AddKey(Noted, AddWebAuthnView):
    """A security key, or the lock of the device."""

    template_name = "registration/factor_key.html"
    event, kind, sets_up = Event.FACTOR_ADDED, "webauthn", True
    done = gettext_lazy("The security key is added.")


class RemoveKey(Noted, RemoveWebAuthnView):
    """A key is no longer used."""

    template_name = "registration/factor_remove.html"
    success_url = reverse_lazy("mfa_index")
    event, kind = Event.FACTOR_REMOVED, "webauthn"
    done = gettext_lazy("The security key is removed.")

    def form_valid(self, form: Any) -> HttpResponse:
        """Refused for the last factor of somebody whose role needs one."""
        adapter = FactorAdapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            refusal: ValidationError = adapter.validation_error("cannot_delete_authenticator")
            messages.error(self.request, refusal.messages[0])
            return HttpResponseRedirect(str(self.success_url))
        return super().form_valid(form)


class RecoveryCodes(ViewRecoveryCodesView):
    """Codes for the day the other factor is lost."""

    template_name = "registration/factor_codes.html"


class NewRecoveryCodes(Noted, GenerateRecoveryCodesView):
    """New codes; the old ones are void."""

    template_name = "registration/factor_new_codes.html"
    event, kind = Event.CODES_MADE, "recovery_codes"
    done = gettext_lazy("The new recovery codes are ready; the old ones are void.")
