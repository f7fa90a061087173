"""Every main page in English, wide and on a phone: no violation of CSP or WCAG, no script error, no sideways scroll."""

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from ltc.demo.company import WAY, scaled
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal
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
    for user in people.values():
        user.language = "en"
        user.save(update_fields=["language"])
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
def test_every_main_page_in_english(
    browser: Browser, live_server: LiveServer, deals: tuple[Deal, Deal], size: str
) -> None:
    with office(browser, live_server.url, language="en", size=SIZES[size]) as desks:
        paths = [*ROUND, *REGISTERS, *_records(*deals)]
        wrong = {path: found for path in paths if (found := _look(desks["director"].go(path), path, size))}
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
    forms = ["/leads/new/", f"{young.project.get_absolute_url()}edit/", "/quotes/new/", "/cost-sheets/new/"]
    return [*(page.get_absolute_url() for page in pages), sheet, *forms]


def _look(page: Page, path: str, size: str) -> list[object]:
    reveal(page)
    shoot(page, f"en-{size}-" + (path.strip("/").split("?")[0].replace("/", "-") or "home"))
    found: list[object] = list(axe_violations(page))
    if scrolls_sideways(page):
        found.append("scrolls sideways")
    return found
