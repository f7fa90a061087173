from django.urls import path

from accounts.views import profile, sessions

app_name = "accounts"
urlpatterns = [
    path("profile/", profile.profile, name="profile"),
    path("profile/sessions/<int:session_id>/end/", sessions.end_session, name="end-session"),
    path("profile/sessions/end-others/", sessions.end_other_sessions, name="end-other-sessions"),
    path("profile/deputies/<int:pk>/end/", profile.end_delegation, name="end-delegation"),
    path("profile/mail/", profile.choose_mail, name="choose-mail"),
    path("profile/tokens/", profile.tokens, name="tokens"),
    path("profile/tokens/<uuid:public_id>/revoke/", profile.revoke_token, name="token-revoke"),
    path("notices/", profile.notices, name="notices"),
    path("notices/read/", profile.read_notices, name="read-notices"),
    path("language/", profile.set_language, name="set-language"),
]
