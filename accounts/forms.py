"""What people enter about themselves, and at the door."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.core import context
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.webauthn import forms as key_forms
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm, UsernameField
from django.utils.translation import gettext_lazy as _

from accounts import deputies
from accounts.lockout import count_wrong_code, is_locked
from accounts.models import ApiToken, MailWish, User
from accounts.services import LONGEST_TOKEN_DAYS
from accounts.sign_in import note_failure


def _code_field(label: Any) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=attributes))


class SignInForm(LoginForm):
    """User name and password; the fields are called so on the page, whatever allauth calls them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        widget = forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "username", "autofocus": True})
        self.fields["login"] = UsernameField(label=_("User name"), max_length=150, widget=widget)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        self.order_fields(["login", "password"])

    def add_prefix(self, field_name: str) -> str:
        """`login` is `username` on the page: password managers and our own tests know it so."""
        return super().add_prefix("username" if field_name == "login" else field_name)


class ConfirmPasswordForm(PasswordForm):
    """The own password again, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "autofocus": True}
        self.fields["password"].help_text = ""


class CountedCode:
    """A code typed wrongly counts towards the lock-out, like a password."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """The code, spaces taken out; refused when wrong, used already, or locked out."""
        request = context.request
        self.cleaned_data["code"] = "".join(self.cleaned_data["code"].split())
        if is_locked(request, self.user):
            request.axes_locked_out = True
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            return super().clean_code()
        except forms.ValidationError:
            count_wrong_code(request, self.user)
            note_failure(request, self.user)
            raise


class CodeForm(CountedCode, factor_forms.AuthenticateForm):
    """The second step of signing in: a code of the app, or a recovery code."""

    code = _code_field(_("Code"))


class ConfirmCodeForm(CountedCode, factor_forms.ReauthenticateForm):
    """A code again, before something that matters."""

    code = _code_field(_("Code"))


class SetUpAppForm(app_forms.ActivateTOTPForm):
    """The first code of a new app shows that it was set up well."""

    code = _code_field(_("Code the app shows"))


class AddKeyForm(key_forms.AddWebAuthnForm):
    """A security key and what its owner calls it; what the key said comes along unseen."""

    name = forms.CharField(label=_("What you call it"), max_length=80, required=False)


class ChangePasswordForm(PasswordChangeForm):
    """The old password is checked like at the door, so it cannot be guessed here either."""

    def clean_old_password(self) -> str:
        """The old password; refused when wrong."""
        password = self.cleaned_data["old_password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class ResetForm(forms.Form):
    """Where to send the link."""

    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


def _documents() -> list[tuple[str, Any]]:
    """The kinds of documents that a deputy can be limited to."""
    return deputies.said.documents()


class DelegationForm(forms.Form):
    """Name a deputy for a period, perhaps for some documents only."""

    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none())
    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    documents = forms.MultipleChoiceField(
        label=_("Only opinions and decisions on"),
        choices=_documents,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: everything, also the work on your deals."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        colleagues = User.objects.filter(is_active=True).exclude(pk=user.pk)
        if not deputies.said.may_leave_department(user):
            colleagues = colleagues.filter(department=user.department)
        deputy: Any = self.fields["deputy"]
        deputy.queryset = colleagues.order_by("name")


def _areas() -> list[tuple[str, Any]]:
    """The parts of the house that a token can be limited to."""
    return [(name, apps.get_app_config(name).verbose_name) for name in settings.LTC_API_AREAS]


class TokenForm(forms.Form):
    """What a token is for, how far it reaches and how long."""

    label = forms.CharField(label=_("What it is for"), max_length=80)
    scope = forms.ChoiceField(label=_("It may"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ)
    areas = forms.MultipleChoiceField(
        label=_("In these parts"),
        choices=_areas,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: everywhere."),
    )
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=LONGEST_TOKEN_DAYS, initial=90)


class MailWishForm(forms.Form):
    """Which notices a person wants by mail."""

    mail_wish = forms.ChoiceField(label=_("Notices by mail"), choices=MailWish.choices, widget=forms.RadioSelect)
