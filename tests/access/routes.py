"""The address map, every address in one class: what is not classified fails the suite, so nothing new goes unseen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

from process.outlet import Outlet, outlets

# What an outlet's routes are, by the last word of their names.
OF_AN_OUTLET = {
    "list": "collective",
    "board": "collective",
    "new": "form",
    "panel": "case",
    "detail": "record",
    "edit": "record",
    "timeline": "record",
    "files": "record",
    "verb": "verb",
    "filters": "fragment",
    "export": "export",
    "columns": "own look",
    "views": "own look",
    "forget-view": "own look",
    "bulk": "bulk",
    "steps": "record",
    "step": "step",
}
# Everything else.
OTHERS = {
    # Open to everybody: nothing of the company is told.
    "core:healthz": "public",
    "core:readyz": "public",
    "login": "public",
    "account_login": "public",
    "mfa_authenticate": "public",
    "password_reset": "public",
    "password_reset_done": "public",
    "password_reset_confirm": "public",
    "password_reset_complete": "public",
    "metrics": "public",
    "accounts:set-language": "public",
    # About the person who asks.
    "logout": "personal",
    "password_change": "personal",
    "password_change_done": "personal",
    "account_reauthenticate": "personal",
    "mfa_reauthenticate": "personal",
    "mfa_reauthenticate_webauthn": "personal",
    "mfa_index": "personal",
    "mfa_activate_totp": "personal",
    "mfa_deactivate_totp": "personal",
    "mfa_add_webauthn": "personal",
    "mfa_remove_webauthn": "personal",
    "mfa_view_recovery_codes": "personal",
    "mfa_generate_recovery_codes": "personal",
    "accounts:end-session": "personal",
    "accounts:end-other-sessions": "personal",
    "accounts:end-delegation": "personal",
    "accounts:tokens": "personal",
    "accounts:token-revoke": "personal",
    "accounts:profile": "personal",
    "accounts:choose-mail": "personal",
    "accounts:notices": "personal",
    "accounts:read-notices": "personal",
    # Many records at once, as far as they may be seen.
    "desk:home": "collective",
    "desk:work": "collective",
    "desk:search": "collective",
    "dashboard:dashboard": "collective",
    "billing:collection": "collective",
    "billing:collection-plan": "collective",
    "billing:collection-plan-export": "collective",
    "billing:ageing": "collective",
    "billing:unclaimed": "collective",
    "finance:book-list": "collective",
    # How the company does its process: it knows no deal.
    "maturity:coverage": "collective",
    "maturity:sheet": "process",
    "maturity:take": "collective",
    "maturity:trend": "collective",
    "maturity:levels": "collective",
    "maturity:stage": "process",
    "maturity:target": "process",
    "maturity:assess": "process",
    "process:pick": "picker",
    # Who may decide what: it knows no deal.
    "approvals:authority": "collective",
    # The process itself: it knows no deal. Its keepers' pages ask for the duty in tests/process.
    "process:map": "process",
    "process:step": "process",
    "process:handbook": "process",
    "process:versions": "process",
    "process:version": "process",
    "process:roll-back": "process",
    "process:draft": "process",
    "process:draft-publish": "process",
    "process:draft-discard": "process",
    "process:draft-new-step": "process",
    "process:draft-step": "process",
    "process:draft-remove-step": "process",
    # Who may not do what together: it knows no deal. Its report: tests/purchasing/test_segregation.py.
    "process:segregation": "process",
    "process:segregation-new-rule": "process",
    "process:segregation-rule": "process",
    "process:segregation-report": "process",
    "process:segregation-export": "process",
    # One deal's records on another's page.
    "billing:receivables-panel": "case",
    "finance:fourcost-panel": "case",
    "closing:learned-panel": "case",
    # Pages of one record beside its outlet.
    "billing:letter-paper": "record",
    "billing:customer-statement": "record",
    "projects:first-screen": "record",
    "projects:decision-sheet": "record",
    "projects:evidence-pack": "record",
    "finance:book-detail": "book",
    "finance:book-entries": "book",
    "finance:book-forecast": "book",
    "finance:alert-explain": "alert",
    "finance:cost-sheet-compare": "costings",
    "process:file": "file",
    # Many deals in one file: tests/process/test_mining.py.
    "process:event-log": "events",
    # The rows behind one figure, which the address names: tests/billing/test_plan.py.
    "billing:collection-plan-items": "figure",
}


@dataclass(frozen=True)
class Route:
    """One address of the map with its class; `outlet` and `act` where it is an outlet's."""

    name: str
    route: str
    kind: str
    outlet: Outlet | None = None
    act: str = ""


def _walk(resolver: Any, route: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    for part in resolver.url_patterns:
        path = route + str(part.pattern)
        if hasattr(part, "url_patterns"):
            inner = f"{namespace}{part.namespace}:" if part.namespace else namespace
            yield from _walk(part, path, inner)
        else:
            yield f"{namespace}{part.name or path}", path


def _of(name: str, route: str, named: dict[str, tuple[Outlet, str]]) -> Route:
    if name.startswith("admin:") or route.startswith("admin/"):
        return Route(name, route, "admin")
    if route.startswith("api/"):
        return Route(name, route, "api")
    if name in named:
        outlet, act = named[name]
        return Route(name, route, OF_AN_OUTLET[act], outlet, act)
    return Route(name, route, OTHERS.get(name, ""))


def routes() -> list[Route]:
    """Every address of the product, in the order of the map; `kind` is empty where nobody has classified it."""
    walked = list(_walk(get_resolver()))
    named = {
        f"{outlet.model._meta.app_label}:{outlet.slug}-{act}": (outlet, act)
        for outlet in outlets()
        for act in OF_AN_OUTLET
    }
    return [_of(name, route, named) for name, route in walked]
