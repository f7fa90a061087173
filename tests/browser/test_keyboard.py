"""The work without a mouse: single keys, focus that is seen, dialogs that keep it and give it back."""

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from leads import services as leads
from ltc.demo.story import Deal
from tests.browser.desk import office
from tests.browser.helpers import axe_violations, settle, shoot

RING = """() => { const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== 'none' }"""


def _focused(page: Page, what: str) -> str:
    return str(page.evaluate(f"document.activeElement.{what} ?? ''"))


def test_the_work_by_single_keys(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    deal.distribute()
    for number in range(3):
        leads.open(by=deal.who("ar"), title=f"其他商机 {number}", company_name=f"其他公司 {number}")
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/")
        page.keyboard.press("g")
        page.keyboard.press("l")
        page.wait_for_url("**/leads/")
        settle(page)
        links = page.locator("[data-keys] tbody tr td:first-child a")
        assert links.count() == 4
        for keys, row in (("j", 0), ("jj", 2), ("k", 1), ("kkk", 0), ("jjjjjj", 3)):
            for key in keys:
                page.keyboard.press(key)
            expect(links.nth(row)).to_be_focused()
            assert page.evaluate(RING), "the focus is seen"
        target = links.nth(3).get_attribute("href")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{target}")
        page.go_back()
        page.wait_for_url("**/leads/")
        page.keyboard.press("/")
        assert _focused(page, "name") == "q"
        page.keyboard.type("gh?nj")
        assert page.input_value(".list-find [name=q]") == "gh?nj", "keys are text while somebody types"
        assert "/leads/" in page.url and not page.locator("#shortcuts").is_visible()
        desks["ar"].go("/leads/")
        page.keyboard.press("?")
        page.wait_for_selector("#shortcuts[open]")
        shoot(page, "shortcuts")
        assert axe_violations(page) == []
        page.keyboard.press("n")
        assert page.url.endswith("/leads/"), "no single key works behind a dialog"
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        page.wait_for_url("**/leads/new/")
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press("h")
        page.wait_for_url(live_server.url + "/")
        _dialog_keeps_and_gives_back(desks["ar"].go(lead))


def _dialog_keeps_and_gives_back(page: Page) -> None:
    menu = page.locator(".page-actions details[data-menu] > summary")
    menu.focus()
    page.keyboard.press("Enter")
    page.locator('.page-actions a[hx-get$="/nurture/"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#modal[open] #verb")
    inside = "[document.body, ...document.querySelectorAll('#modal *')].includes(document.activeElement)"
    stops = page.locator("#modal :is(a[href], button, input:not([type=hidden]), select, textarea):visible").count()
    for _stop in range(stops + 3):
        page.keyboard.press("Tab")
        assert page.evaluate(inside), "nothing behind the dialog is reached"
    page.keyboard.press("Escape")
    expect(page.locator("#modal")).not_to_be_visible()
    expect(menu).to_be_focused()
    assert page.evaluate(RING)
