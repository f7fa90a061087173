"""Every page has its counterpart below /api/v1/, or stands here with the reason why it has none."""

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

from process.outlet import outlets

# The pages of an outlet: what stands behind its plural, and the route of the API that does the same.
OF_AN_OUTLET = {
    "": "",
    "new/": "",
    "panel/<int:case_id>/": "",  # the list, with ?case=
    "filters/": "",  # the parameters of the list, in the schema
    "board/": "",  # the list, with ?state=
    "bulk/<str:verb>/": "bulk/<str:verb>/",
    "<int:pk>/": "<int:pk>/",
    "<int:pk>/edit/": "<int:pk>/",
    "<int:pk>/timeline/": "<int:pk>/timeline/",
    "<int:pk>/files/": "<int:pk>/files/",
}
# <int:pk>/<str:verb>/ is compared verb by verb in test_schema.
ELSEWHERE = {
    "<int:pk>/steps/": "steps",
    "<int:pk>/first-screen/": "",  # cards of the page in one answer: each is a list with ?case=
    "<int:pk>/steps/<str:code>/": "step-confirm",
    "export/": "",  # a file for spreadsheets: programs page through the list
    "columns/": "",  # how one person looks at a list in the browser
    "views/": "",
    "views/<int:pk>/forget/": "",
    "<int:pk>/<str:verb>/": "",
}
OTHERS = {
    "accounts:profile": "me",
    "accounts:end-delegation": "delegation-end",
    "accounts:notices": "notices",
    "accounts:read-notices": "notices-read",
    "accounts:set-language": "me-language",
    "approvals:authority": "authority-what-if",
    "process:pick": "pick",
    "process:file": "file",
    "process:map": "process-map",
    "process:step": "process-step",
    "process:handbook": "process-handbook",
    "process:event-log": "event-log",
    "process:versions": "process-versions",
    "process:version": "process-version",
    "process:roll-back": "process-roll-back",
    "process:draft": "process-draft",
    "process:draft-publish": "process-draft-publish",
    "process:draft-discard": "process-draft-discard",
    "process:draft-new-step": "process-draft-new-step",
    "process:draft-step": "process-draft-step",
    "process:draft-remove-step": "process-draft-remove-step",
    "process:segregation": "segregation",
    "process:segregation-new-rule": "segregation",
    "process:segregation-rule": "segregation-rule",
    "process:segregation-report": "segregation-report",
    "process:segregation-export": "segregation-report",
    "desk:home": "inbox",
    "desk:work": "inbox",
    "desk:search": "search",
    "dashboard:dashboard": "dashboard",
    "maturity:coverage": "coverage",
    "maturity:sheet": "coverage-sheet",
    "maturity:take": "coverage-take",
    "maturity:trend": "maturity-trend",
    "maturity:levels": "maturity-levels",
    "maturity:stage": "maturity-stage",
    "maturity:target": "maturity-target",
    "maturity:assess": "maturity-assess",
    "billing:collection": "collection",
    "billing:collection-plan": "collection-plan",
    "billing:collection-plan-items": "collection-plan-items",
    "billing:collection-plan-export": "collection-plan",
    "billing:ageing": "ageing",
    "billing:letter-paper": "letter-paper",
    "billing:customer-statement": "customer-statement",
    "billing:receivables-panel": "position",
    "billing:unclaimed": "receipt-list",
    "finance:book-list": "book-list",
    "finance:book-detail": "book-detail",
    "finance:book-entries": "book-entries",
    "finance:book-forecast": "book-forecast",
    "finance:alert-explain": "alert-explain",
    "closing:learned-panel": "learned",
    "finance:cost-sheet-compare": "cost-sheet-compare",
    "finance:fourcost-panel": "book-detail",
    "projects:decision-sheet": "project-decision-sheet",
    "projects:evidence-pack": "project-evidence-pack",
}
BROWSER_ONLY = {
    "the door: whoever signs in is a person": ("login", "logout", "account_", "mfa_", "password_", "admin/", "objects"),
    "who may act for a person, or how it is told, is not changed by what acts for it": (
        "accounts:end-session",
        "accounts:end-other-sessions",
        "accounts:choose-mail",
        "accounts:tokens",
        "accounts:token-revoke",
    ),
    "asked by machines already": ("core:", "metrics"),
}


def api_routes() -> list[Any]:
    """The routes below /api/v1/; they are read from the addresses, which load every outlet first."""
    api = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/")
    return list(next(one for one in api.url_patterns if str(one.pattern) == "v1/").url_patterns)


def pages() -> Iterator[tuple[str, str]]:
    """(name, route) of every page, without the back room."""

    def walk(resolver: Any, stem: str, spaces: list[str]) -> Iterator[tuple[str, str]]:
        for found in resolver.url_patterns:
            route = stem + str(found.pattern)
            if not hasattr(found, "url_patterns"):
                yield ":".join([*spaces, found.name or ""]), route
            elif found.namespace != "admin" and not route.startswith("api/"):
                yield from walk(found, route, [*spaces, found.namespace] if found.namespace else spaces)

    yield from walk(get_resolver(), "", [])


def test_every_page_of_an_outlet_has_a_route_of_the_api() -> None:
    routes = {str(route.pattern) for route in api_routes()}
    plurals = {outlet.plural for outlet in outlets()}
    seen = 0
    for name, route in pages():
        plural, _slash, rest = route.partition("/")
        if plural not in plurals or name in OTHERS or rest in ELSEWHERE:
            continue
        assert rest in OF_AN_OUTLET, f"{route} is a page without a counterpart"
        assert f"{plural}/{OF_AN_OUTLET[rest]}" in routes, route
        seen += 1
    assert seen > 200


def test_every_other_page_has_one_too_or_says_why_not() -> None:
    names = {route.name for route in api_routes()}
    plurals = {outlet.plural for outlet in outlets()}
    browser = tuple(stem for stems in BROWSER_ONLY.values() for stem in stems)
    alone = [name for name, route in pages() if name and (name in OTHERS or route.partition("/")[0] not in plurals)]
    assert [name for name in alone if name not in OTHERS and not name.startswith(browser)] == []
    assert sorted({*OTHERS} - {*alone}) == [], "pages that are gone"
    assert sorted({*filter(None, [*OTHERS.values(), *ELSEWHERE.values()])} - names) == []
