"""Every kind of page in the dark, on a small phone, and with what people really type into names and amounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from leads import services as leads
from ltc.demo.people import PASSWORD
from ltc.demo.story import Deal
from projects import services as projects
from tests.browser.helpers import (
    WIDE,
    axe_violations,
    open_verb,
    reveal,
    scrolls_sideways,
    settle,
    shoot,
    sign_in,
    watch,
)

SMALL = {"width": 320, "height": 640}
LONG = "长" * 60 + "-" + "Supercalifragilisticexpialidocious" * 4
RIGHT_TO_LEFT = "مشروع تطوير المستشفى الرقمي — المرحلة الأولى"


@contextmanager
def _window(browser: Browser, address: str, user: str, scheme: str) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(viewport=WIDE, locale="zh-CN", color_scheme=scheme)
    page = context.new_page()
    problems = watch(page)
    sign_in(page, address, user, PASSWORD)
    try:
        yield page, problems
    finally:
        context.close()


def test_in_the_dark_and_on_a_small_phone(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """Contrast in dark mode on every kind of page; no sideways scroll at 320 px; empty lists say what belongs there."""
    deal.collect()
    deal.distribute()
    deal.qualify()
    deal.plan_project()
    projects.submit(deal.project, by=deal.who("ar"))
    record = deal.project.get_absolute_url()
    sheet = f"{record}decision-sheet/"
    pages = ("/", "/dashboard/", "/leads/", "/leads/board/", "/leads/new/", record, sheet, "/leads/999999/")
    wrong: dict[str, list[object]] = {}
    with _window(browser, live_server.url, "pfc", "dark") as (page, problems):
        for size in (WIDE, SMALL):
            page.set_viewport_size(size)
            for path in pages:
                page.goto(live_server.url + path)
                reveal(page)
                name = f"dark-{size['width']}-{path.strip('/').split('?')[0].replace('/', '-') or 'home'}"
                shoot(page, name)
                found: list[object] = list(axe_violations(page)) if size == WIDE else []
                if scrolls_sideways(page):
                    found.append("scrolls sideways")
                if found:
                    wrong[name] = found
        page.goto(live_server.url + record)
        open_verb(page, "/approve/")
        shoot(page, "dark-320-dialog")
        wrong |= {"dialog": found} if (found := list(axe_violations(page))) else {}
        assert page.evaluate("getComputedStyle(document.body).colorScheme") != "light"
        assert not scrolls_sideways(page)
        page.keyboard.press("Escape")
        for path in ("/tickets/", "/quotes/"):
            page.goto(live_server.url + path)
            assert len(page.inner_text(".empty-note p")) > 10, "an empty list says what belongs there"
        assert problems == []
    assert wrong == {}


def test_long_names_big_numbers_other_scripts(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    ar = deal.who("ar")
    big = Decimal("9999999999999.99")
    titles = (LONG[:200], RIGHT_TO_LEFT, "<b>&amp;</b> \" '")
    made = [leads.open(by=ar, title=title, company_name=title[:100], gross_amount=big) for title in titles]
    wrong = []
    with _window(browser, live_server.url, "leads", "light") as (page, problems):
        for size in (WIDE, SMALL):
            page.set_viewport_size(size)
            addresses = [made[0].get_absolute_url(), f"{made[1].get_absolute_url()}edit/"]
            for path in ("/leads/", "/leads/board/", "/", *addresses, "/search/?q=Super"):
                page.goto(live_server.url + path)
                settle(page)
                shoot(page, f"long-{size['width']}-{path.strip('/').split('?')[0].replace('/', '-') or 'home'}")
                if scrolls_sideways(page):
                    wrong.append((size["width"], path))
        page.goto(f"{live_server.url}/leads/")
        assert "<b>&amp;</b> \" '" in page.inner_text("#list"), "shown as typed"
        assert axe_violations(page) == []
        assert problems == []
    assert wrong == []
