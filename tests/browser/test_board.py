"""The board under a mouse and under a keyboard: a drop fires the verb, asks its question, or lies where it lay."""

import datetime as dt
from decimal import Decimal

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.calendar import today
from leads import services as leads
from leads.models import Lead
from ltc.demo.story import Deal
from process.models import LogEntry, StageRecord
from tests.browser.desk import office
from tests.browser.helpers import axe_violations, settle, shoot, submit_verb
from tests.helpers import unchanged


def _card(page: Page, record: StageRecord, state: str = "") -> object:
    column = f'[data-state="{state}"] ' if state else ""
    return page.locator(f'{column}[data-id="{record.pk}"]')


def _drag(page: Page, record: StageRecord, state: str) -> None:
    """Mouse down on the card, over to the column in steps, a short wait, up."""
    page.locator(f'[data-state="{state}"]').scroll_into_view_if_needed()
    card = page.locator(f'[data-id="{record.pk}"]').bounding_box()
    column = page.locator(f'[data-state="{state}"]').bounding_box()
    assert card is not None and column is not None
    start, end = (card["x"] + 20, card["y"] + 12), (column["x"] + 60, column["y"] + 40)
    page.mouse.move(*start)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(start[0] + (end[0] - start[0]) * step / 12, start[1] + (end[1] - start[1]) * step / 12)
    page.wait_for_timeout(150)
    page.mouse.up()


def test_a_card_is_moved_by_its_verb(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    deal.distribute()
    Lead.objects.filter(pk=lead.pk).update(gross_amount=Decimal(1006000))
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/leads/board/")
        header = page.locator('.board-column:has([data-state="working"]) header')
        assert "1,006,000" in header.inner_text(), "what the column is worth"
        # A verb that asks: cancelled, the card lies where it lay; answered, it goes.
        _drag(page, lead, "nurturing")
        page.wait_for_selector("#modal[open] #verb")
        expect(_card(page, lead, "working")).to_have_count(1)
        with unchanged(lead):
            page.keyboard.press("Escape")
            expect(page.locator("#modal")).not_to_be_visible()
            expect(_card(page, lead, "working")).to_have_count(1)
        _drag(page, lead, "nurturing")
        page.wait_for_selector("#modal[open] #verb")
        desks["ar"].fill("#verb", {"wake_on": today() + dt.timedelta(days=30)})
        submit_verb(page)
        expect(_card(page, lead, "nurturing")).to_have_count(1)
        # No verb leads there: it lies where it lay, and the note says where it can go.
        _drag(page, lead, "new")
        expect(_card(page, lead, "nurturing")).to_have_count(1)
        expect(page.locator('.toast-note[data-level="warning"]')).to_contain_text("跟进中")
        lead.refresh_from_db()
        assert lead.state == "nurturing"
        shoot(page, "board")
        assert axe_violations(page) == []


def test_a_refused_drop_goes_back_and_says_why(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """A drop that asks for nothing fires at once: overtaken by somebody it goes back, then it is done; then a gap."""
    lead = deal.collect()
    leads.assign(lead, by=deal.who("leads"), owner=deal.who("ar"))
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/leads/board/")
        leads.edit(lead, by=deal.who("ar"), need="另一个窗口先保存的需求")
        with unchanged(lead):
            _drag(page, lead, "working")
            page.wait_for_selector("#modal[open] #verb [data-stale]")
            expect(_card(page, lead, "assigned")).to_have_count(1)
            assert "另一个窗口先保存的需求" in page.inner_text("#verb"), "what was changed meanwhile"
        shoot(page, "board-overtaken")
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        page.reload()
        _drag(page, lead, "working")
        expect(_card(page, lead, "working")).to_have_count(1)
        expect(page.locator("#main .waiting")).to_have_count(0)
        settle(page)
        assert not page.locator("#modal").is_visible(), "nothing was asked"
        assert LogEntry.objects.filter(action="lead.start").count() == 1
        Lead.objects.filter(pk=lead.pk).update(need="", gross_amount=None, contact_name="")
        page.reload()
        lead.refresh_from_db()
        expected = [str(reason) for reason in lead.qualify_checks()]
        assert len(expected) > 1
        with unchanged(lead):
            _drag(page, lead, "qualified")
            page.wait_for_selector("#modal[open] #verb .reasons")
            assert page.locator("#verb .reasons li").all_inner_texts() == expected, "every reason at once"
            assert page.locator("#verb .reasons a[href]").count() >= 1
            expect(_card(page, lead, "working")).to_have_count(1)


def test_the_same_moves_by_keyboard(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    leads.assign(lead, by=deal.who("leads"), owner=deal.who("ar"))
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/leads/board/")
        menu = _card(page, lead).locator("summary")
        menu.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(_card(page, lead, "working")).to_have_count(1)
        settle(page)
        focused = page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id")
        assert focused == str(lead.pk), "the keyboard goes on from the card"
        # A dialog that is closed gives the focus back to the menu it came from.
        _card(page, lead).locator("summary").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#modal[open]")
        page.keyboard.press("Escape")
        expect(page.locator("#modal")).not_to_be_visible()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
