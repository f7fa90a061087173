"""The menu: desk first, then the stages in LTC order, then the registers and the money."""

from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Duty, Notice
from process.outlet import Outlet, outlets
from process.shapes import MenuPage

# Apps with pages, in the order of their floors' story: lead to cash, then what serves it.
APPS: tuple[str, ...] = (
    "desk",
    "approvals",
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
    "maturity",
    "exchange",
)
# Group of the menu → apps whose records stand in it.
GROUPS = (
    (_("Lead to order"), ("leads", "projects", "guidance", "solutions", "contracts")),
    (_("Delivery and service"), ("delivery", "operations", "closing")),
    (_("Money"), ("billing", "finance", "purchasing")),
    (_("Registers"), ("customers", "products", "process", "maturity", "approvals")),
)
FIRST = (
    (_("Home"), "desk:home", "home"),
    (_("Dashboard"), "dashboard:dashboard", "chart-bar"),
    (_("Process map"), "process:map", "sitemap"),
)
# The letter after `g` that goes there.
KEYS = {
    "/": "h",
    "/dashboard/": "b",
    "/leads/": "l",
    "/projects/": "p",
    "/solutions/": "s",
    "/quotes/": "q",
    "/contracts/": "c",
    "/delivery-orders/": "d",
    "/tickets/": "t",
    "/invoices/": "i",
    "/receipts/": "r",
    "/handovers/": "o",
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The menu and the number of unread notices, for every page of a signed-in person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    mine = outlets() if user.sees_business else ()
    shown = frozenset(page.route for outlet in mine for page in pages_of(outlet) if page.shown_to(user))
    # Fragments are drawn with the same context and show no bell: counted where it is shown.
    unread = SimpleLazyObject(Notice.objects.filter(user=user, read_at__isnull=True)[:100].count)
    return {"nav": menu(shown, request.path, get_language() or "", user.duty), "unread_notices": unread}


def menu(shown: frozenset[str], path: str, language: str, duty: str = "") -> SafeString:
    """The drawn menu: the pages of these names, an administrator's back room; where the path lies is marked."""
    urls = [item["url"] for group in groups(shown, duty) for item in group["items"]]
    here = max((url for url in urls if (path == url if url == "/" else path.startswith(url))), key=len, default="")
    return (_draw.__wrapped__ if settings.DEBUG else _draw)(shown, here, language, duty)


@cache
def pages_of(outlet: Outlet) -> tuple[MenuPage, ...]:
    """What the menu can offer of a record: its list, then the pages beside it; nothing without an icon."""
    if not outlet.icon:
        return ()
    name = f"{outlet.model._meta.app_label}:{outlet.slug}-list"
    of_all = MenuPage(outlet.model._meta.verbose_name_plural, name, outlet.icon, outlet.shown_to)
    return (of_all, *outlet.menu_pages)


@lru_cache(maxsize=2048)
def _draw(shown: frozenset[str], here: str, language: str, duty: str) -> SafeString:
    drawn = [
        {**group, "items": [{**item, "active": item["url"] == here} for item in group["items"]]}
        for group in groups(shown, duty)
    ]
    return render_to_string("components/_nav.html", {"nav": drawn})


@lru_cache(maxsize=256)
def groups(shown: frozenset[str], duty: str = "") -> list[dict[str, Any]]:
    """The menu as data, labels untranslated: what everybody has first, then the records that are shown."""
    back_room = {"label": "", "items": [{"label": _("Back room"), "url": reverse("admin:index"), "icon": "settings"}]}
    if duty == Duty.SYSTEM:
        process = {"label": _("Process map"), "url": reverse("process:map"), "icon": "sitemap"}
        return [{"label": "", "items": [*back_room["items"], process]}]
    if duty == Duty.SECURITY:
        table = {"label": _("Segregation of duties"), "url": reverse("process:segregation"), "icon": "users-group"}
        return [{"label": "", "items": [*back_room["items"], table]}]
    first = []
    for label, name, icon in FIRST:
        try:
            url = reverse(name)
            first.append({"label": label, "url": url, "icon": icon, "key": KEYS.get(url, "")})
        except NoReverseMatch:
            continue
    found: list[dict[str, Any]] = [{"label": "", "items": first}]
    for label, apps in GROUPS:
        items = [
            {"label": page.label, "url": url, "icon": page.icon, "key": KEYS.get(url, "")}
            for app in apps
            for outlet in outlets()
            if outlet.model._meta.app_label == app
            for page in pages_of(outlet)
            if page.route in shown and (url := reverse(page.route))
        ]
        if items:
            found.append({"label": label, "items": items})
    return [*found, back_room] if duty else found
