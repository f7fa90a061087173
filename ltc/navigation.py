"""The menu: desk first, then the stages in LTC order, then the registers and the money."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice
from process.outlet import outlets

# Apps with pages, in the order of their floors' story: lead to cash, then what serves it.
APPS: tuple[str, ...] = (
    "desk",
    "leads",
    "projects",
    "guidance",
    "solutions",
    "contracts",
    "billing",
    "delivery",
    "operations",
    "closing",
    "finance",
    "purchasing",
    "customers",
    "products",
    "dashboard",
    "exchange",
)
# Group of the menu → apps whose records stand in it.
GROUPS = (
    (_("Lead to order"), ("leads", "projects", "guidance", "solutions", "contracts")),
    (_("Delivery and service"), ("delivery", "operations", "closing")),
    (_("Money"), ("billing", "finance", "purchasing")),
    (_("Registers"), ("customers", "products", "process")),
)
FIRST = (
    (_("Home"), "desk:home", "home"),
    (_("Dashboard"), "dashboard:dashboard", "chart-bar"),
)


def _item(label: Any, url: str, icon: str, here: str) -> dict[str, Any]:
    active = here == url if url == "/" else here.startswith(url)
    return {"label": label, "url": url, "icon": icon, "active": active}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The menu and the number of unread notices, for every page of a signed-in person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    here = request.path
    first = []
    for label, name, icon in FIRST:
        try:
            first.append(_item(label, reverse(name), icon, here))
        except NoReverseMatch:
            continue
    groups: list[dict[str, Any]] = [{"label": "", "items": first}]
    shown = [outlet for outlet in outlets() if outlet.icon and outlet.shown_to(user)]
    for label, apps in GROUPS:
        items = [
            _item(outlet.model._meta.verbose_name_plural, outlet.url("list"), outlet.icon, here)
            for app in apps
            for outlet in shown
            if outlet.model._meta.app_label == app
        ]
        if items:
            groups.append({"label": label, "items": items})
    unread = Notice.objects.filter(user=user, read_at__isnull=True)[:100].count()
    return {"nav": groups, "unread_notices": unread}
