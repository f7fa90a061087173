"""Every main page in both languages, wide and on a phone: no CSP or WCAG violation, script error, sideways scroll."""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from ltc.demo.company import WAY, scaled
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal
from process.outlet import outlets
from tests.browser.desk import office
from tests.browser.helpers import PHONE, WIDE, axe_violations, reveal, scrolls_sideways, shoot

SIZES = {"1440": WIDE, "390": PHONE}
ROUND = ("/", "/dashboard/", "/search/?q=智慧", "/notices/", "/profile/", "/collection/", "/books/")


@pytest.fixture
def deals(transactional_db: None) -> tuple[Deal, Deal]:
    """One deal that went all the way to its provisional accounts, and one that is being decided."""
    people = make_people()
    make_entity()
    whole = Deal(HOSPITAL, people)
    young = Deal(scaled("江北水厂监测", "江北水务有限公司", "91500000100000061D", "管网监测", "0.5", "water"), people)
    for deal, goal in ((whole, "provisional"), (young, "planned")):
        for name, step in WAY:
            step(deal)
            if name == goal:
                break
    return whole, young


# The lists and boards people work with; all others are made of the same parts.
REGISTERS = (
    "/leads/",
    "/leads/board/",
    "/projects/",
    "/projects/board/",
    "/quotes/",
    "/contracts/",
    "/contracts/board/",
    "/receivable-lines/",
    "/receipts/",
    "/delivery-orders/",
    "/cost-sheets/",
    "/handovers/",
    "/tickets/",
)


@pytest.mark.parametrize("size", SIZES)
def test_every_main_page(browser: Browser, live_server: LiveServer, deals: tuple[Deal, Deal], size: str) -> None:
    whole, young = deals
    visits = [("director", path) for path in (*ROUND, *REGISTERS, *_records(whole, young))]
    visits.append(("ar", f"{young.project.get_absolute_url()}edit/"))  # open to the triangle alone
    wrong: dict[str, list[object]] = {}
    for language in ("zh-hans", "en"):
        User.objects.update(language=language)
        with office(browser, live_server.url, language=language, size=SIZES[size]) as desks:
            for desk, path in visits:
                name = f"{language[:2]}-{size}-" + (path.strip("/").split("?")[0].replace("/", "-") or "home")
                found = _look(desks[desk].go(path), name)
                if found:
                    wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_list_on_a_phone(
    browser: Browser, live_server: LiveServer, deals: tuple[Deal, Deal], language: str
) -> None:
    """All lists there are, at 390 px and on the narrowest phone."""
    User.objects.update(language=language)
    wrong: dict[str, list[object]] = {}
    with office(browser, live_server.url, language=language, size=PHONE) as desks:
        for outlet in outlets():
            page = desks["director"].go(outlet.url("list"))
            found: list[object] = list(axe_violations(page))
            for width in (390, 320):
                page.set_viewport_size({**PHONE, "width": width})
                if scrolls_sideways(page):
                    found.append(f"scrolls sideways at {width}")
            page.set_viewport_size(PHONE)
            if found:
                wrong[outlet.plural] = found
    assert wrong == {}


def _records(whole: Deal, young: Deal) -> list[str]:
    """The page of each kind of record, and the forms people use most."""
    pages = [
        whole.lead,
        whole.project,
        young.project,
        whole.guidance,
        whole.solution,
        whole.quote,
        whole.contract,
        whole.contract.receivables.first(),
        whole.order,
        whole.agreement,
        whole.closing,
        whole.project.book,
    ]
    sheet = f"{whole.project.get_absolute_url()}decision-sheet/"
    return [*(page.get_absolute_url() for page in pages), sheet, "/leads/new/", "/quotes/new/", "/cost-sheets/new/"]


def _look(page: Page, name: str) -> list[object]:
    reveal(page)
    shoot(page, name)
    found: list[object] = list(axe_violations(page))
    if scrolls_sideways(page):
        found.append("scrolls sideways")
    return found
