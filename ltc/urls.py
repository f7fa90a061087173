"""All addresses. The stage apps stand in LTC order, as everywhere."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from ltc.back_room import open_back_room
from ltc.navigation import APPS
from ltc.observe.metrics import metrics

open_back_room()

urlpatterns = [
    path("", include("core.urls")),
    path("metrics", metrics, name="metrics"),
    path("", include("accounts.door_urls")),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("process.urls")),
    *[path("", include(f"{app}.urls")) for app in APPS if find_spec(f"{app}.urls")],
]
# The API stands on the outlets that the addresses above have registered.
urlpatterns += [path("api/", include("ltc.api"))]

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.page_not_found"
handler500 = "core.views.server_error"
