"""All addresses. The stage apps stand in LTC order, as everywhere."""

from importlib.util import find_spec

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from ltc.navigation import APPS

admin.site.site_header = admin.site.site_title = _("LTC back room")
admin.site.index_title = _("Rules, dictionaries and people")

urlpatterns = [
    path("", include("core.urls")),
    path("login/", login_not_required(auth_views.LoginView.as_view()), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("password/", auth_views.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth_views.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("process.urls")),
    *[path("", include(f"{app}.urls")) for app in APPS if find_spec(f"{app}.urls")],
]

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler500 = "core.views.server_error"
