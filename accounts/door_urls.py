"""The door's addresses, with the names Django and allauth know them by. No sign-up, no mail addresses to manage."""

from django.contrib.auth import views as auth_views
from django.urls import path
from django.views.decorators.cache import never_cache

from accounts.views import factors, sign_in

_sign_in = sign_in.SignIn.as_view()

urlpatterns = [
    path("login/", _sign_in, name="login"),
    path("login/", _sign_in, name="account_login"),
    path("login/code/", sign_in.SignInCode.as_view(), name="mfa_authenticate"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("confirm/", sign_in.Confirm.as_view(), name="account_reauthenticate"),
    path("confirm/code/", sign_in.ConfirmCode.as_view(), name="mfa_reauthenticate"),
    path("confirm/key/", sign_in.ConfirmKey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("password/", sign_in.ChangePassword.as_view(), name="password_change"),
    path("password/done/", auth_views.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/forgotten/", sign_in.AskReset.as_view(), name="password_reset"),
    path("password/forgotten/sent/", auth_views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("password/choose/<uidb64>/<token>/", sign_in.ChooseByLink.as_view(), name="password_reset_confirm"),
    path("password/chosen/", auth_views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("profile/factors/", factors.Factors.as_view(), name="mfa_index"),
    path("profile/factors/app/", factors.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("profile/factors/app/remove/", factors.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("profile/factors/key/", factors.AddKey.as_view(), name="mfa_add_webauthn"),
    path("profile/factors/key/<int:pk>/remove/", factors.RemoveKey.as_view(), name="mfa_remove_webauthn"),
    path("profile/factors/codes/", never_cache(factors.RecoveryCodes.as_view()), name="mfa_view_recovery_codes"),
    path("profile/factors/codes/new/", factors.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
]
