"""Lists as grids, under a mouse, a keyboard and a thumb: marked rows, one verb for many, views and columns."""

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from leads import services as leads
from leads.models import Lead
from ltc.demo.story import Deal
from tests.browser.desk import Desk, office
from tests.browser.helpers import PHONE, axe_violations, scrolls_sideways, settle, shoot


def test_views_columns_and_one_verb_for_many(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    made = [
        leads.open(by=deal.who("ar"), title=f"{number} 号线路改造", company_name=f"第{number}变电站")
        for number in range(4)
    ]
    leads.assign(made[3], by=deal.who("leads"), owner=deal.who("ar2"))
    with office(browser, live_server.url) as desks:
        manager = desks["leads"]
        _saved_view(manager)
        _columns(manager)
        _bulk(manager, made)
        _on_a_phone(manager)


def _menu(page: Page, part: str) -> None:
    page.click(".list-find details[data-menu] > summary")
    page.click(f'.list-find [hx-get*="/{part}/"]')
    page.wait_for_selector("#modal[open] #verb")


def _saved_view(manager: Desk) -> None:
    page = manager.go("/leads/")
    page.fill(".list-find [name=q]", "线路")
    page.wait_for_url("**/leads/?*q=*")
    _menu(page, "views")
    page.fill('#verb [name="name"]', "线路改造")
    page.check('#verb [name="sharing"][value="department"]')
    assert axe_violations(page) == []
    page.click("#verb [type=submit]")
    tab = page.locator(".views [data-saved]")
    expect(tab).to_contain_text("线路改造")
    expect(tab).to_have_attribute("aria-current", "page")
    manager.go("/leads/?state=new")
    page.locator(".views [data-saved]").click()
    page.wait_for_url("**/leads/?*q=*")
    assert page.input_value(".list-find [name=q]") == "线路"


def _columns(manager: Desk) -> None:
    page = manager.go("/leads/")
    _menu(page, "columns")
    page.check('#verb [name="columns"][value="phone"]')
    page.uncheck('#verb [name="columns"][value="temperature"]')
    shoot(page, "list-columns")
    page.click("#verb [type=submit]")
    head = page.locator("#list thead")
    expect(head).to_contain_text("电话")
    expect(head).not_to_contain_text("温度")
    page.goto(page.url)
    expect(head).to_contain_text("电话")


def _bulk(manager: Desk, made: list[Lead]) -> None:
    page = manager.go("/leads/")
    boxes = page.locator("#list [data-pick]")
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("3")
    page.check("[data-pick-all]")
    expect(page.locator("[data-bulk-count]")).to_have_text("4")
    shoot(page, "list-marked")
    assert axe_violations(page) == []
    bar.locator("summary").click()
    bar.locator('[data-bulk-url$="/assign/"]').click()
    page.wait_for_selector("#modal[open] #verb")
    manager.fill("#verb", {"owner": {"pick": "王芳"}})
    assert "3" in page.inner_text("#verb .question")
    assert str(made[3]) in page.inner_text("#verb .bulk-list.alert"), "what is left out says why"
    shoot(page, "list-bulk")
    assert axe_violations(page) == []
    page.dblclick("#verb [type=submit]")
    page.wait_for_selector("#bulk-result")
    shoot(page, "list-bulk-result")
    assert axe_violations(page) == []
    assert "3" in page.inner_text("#bulk-result .question")
    page.click("#bulk-result .btn-primary")
    settle(page)
    expect(page.locator("#list tbody .badge", has_text="已分配")).to_have_count(4)
    expect(bar).to_be_hidden()
    assert set(Lead.objects.values_list("owner__username", flat=True)) == {"ar", "ar2"}


def _on_a_phone(manager: Desk) -> None:
    page = manager.page
    page.set_viewport_size(PHONE)
    manager.go("/leads/")
    page.locator("#list [data-pick]").first.check()
    expect(page.locator("[data-bulk]")).to_be_visible()
    assert not scrolls_sideways(page)
    assert axe_violations(page) == []
    shoot(page, "list-phone")
