"""Two people, or two tabs, in one record: both versions beside each other, and saving again is a decision."""

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from leads import services as leads
from leads.models import Lead
from ltc.demo.story import Deal
from tests.browser.desk import office
from tests.browser.helpers import PHONE, axe_violations, open_verb, scrolls_sideways, shoot, submit_verb

TYPED, THEIRS = "一整段不能丢的需求描述", "另一个窗口先保存的需求"


def test_both_versions_and_whose_they_are(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    deal.distribute()
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        page = ar.go(f"{lead.get_absolute_url()}edit/")
        manager: User = deal.who("leads")
        leads.edit(lead, by=manager, need=THEIRS, contact_name="钱工", temperature="hot")
        ar.fill("#form", {"need": TYPED, "temperature": "cold", "phone": "13900000000"})
        page.click("#form .form-foot [type=submit]")
        page.wait_for_selector("#form [data-stale]")
        rows = page.locator("[data-stale] [data-field]")
        assert sorted(row.get_attribute("data-field") or "" for row in rows.all()) == ["need", "temperature"]
        need = page.locator('[data-field="need"]')
        assert TYPED in need.inner_text() and THEIRS in need.inner_text() and str(manager) in need.inner_text()
        values = {name: page.input_value(f'#form [name="{name}"]') for name in ("need", "phone", "contact_name")}
        assert values == {"need": TYPED, "phone": "13900000000", "contact_name": "钱工"}, (
            "typed values stay, what was not touched is theirs"
        )
        lead.refresh_from_db()
        assert lead.need == THEIRS and lead.phone != "13900000000", "nothing was saved yet"
        shoot(page, "stale")
        assert axe_violations(page) == []
        page.set_viewport_size(PHONE)
        shoot(page, "stale-phone")
        assert not scrolls_sideways(page)
        # Theirs for one field, and back again; then for good.
        take = page.locator('[data-field="temperature"] [data-take]')
        take.click()
        assert page.input_value('#form [name="temperature"]') == "hot"
        take.click()
        assert page.input_value('#form [name="temperature"]') == "cold"
        take.click()
        ar.send()
        lead.refresh_from_db()
        assert (lead.need, lead.temperature, lead.phone, lead.contact_name) == (TYPED, "hot", "13900000000", "钱工")
        _two_tabs(page, lead, deal, live_server.url)


def _two_tabs(first: Page, lead: Lead, deal: Deal, address: str) -> None:
    """The verb's dialog of the second tab says what the first one did, and asks once more."""
    second = first.context.new_page()
    second.goto(address + lead.get_absolute_url())
    open_verb(second, "/nurture/")
    leads.edit(lead, by=deal.who("ar"), need=THEIRS)
    wake = second.locator('#verb [name="wake_on"]')
    wake.fill("2030-01-01")
    second.click("#verb [type=submit]")
    second.wait_for_selector("#verb [data-stale]")
    assert THEIRS in second.inner_text("#verb [data-stale]")
    assert wake.input_value() == "2030-01-01"
    shoot(second, "stale-verb")
    submit_verb(second)
    # The first tab still shows the verb: the server says that the record has moved on.
    open_verb(first, "/qualify/")
    expect(first.locator("#modal .reasons")).to_be_visible()
