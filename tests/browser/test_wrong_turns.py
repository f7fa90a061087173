"""What goes wrong at a desk: clicked twice, changed by others, signed out, refused, gone back; a thumb on a phone."""

import datetime as dt
import re

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.calendar import today
from leads import services as leads
from leads.models import Lead
from ltc.demo.people import PASSWORD, make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal
from projects import services as projects
from tests.browser.desk import Desk, office
from tests.browser.helpers import PHONE, axe_violations, open_verb, settle, shoot, submit_verb

TYPED = "一整段不能丢的需求描述"


@pytest.fixture
def deal(transactional_db: None) -> Deal:
    people = make_people()
    make_entity()
    return Deal(HOSPITAL, people)


def _new_lead(ar: Desk, **more: object) -> None:
    ar.go("/leads/new/")
    ar.fill("#form", {"company_name": "江南机械厂", "title": "江南机械厂 产线改造", "need": TYPED, **more})


def test_clicked_twice_is_one_record(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        _new_lead(ar)
        ar.page.dblclick("#form .form-foot [type=submit]")
        ar.page.wait_for_url(re.compile(r"/leads/\d+/$"))
        assert Lead.objects.count() == 1
        # The same form sent once more from the history leads to the same record.
        ar.page.go_back()
        ar.page.wait_for_url("**/leads/new/")
        settle(ar.page)
        assert Lead.objects.count() == 1


def test_somebody_else_saved_first(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    deal.distribute()
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        ar.go(f"{lead.get_absolute_url()}edit/")
        leads.edit(lead, by=deal.who("ar"), need="另一个窗口先保存的需求")
        ar.fill("#form", {"need": TYPED})
        ar.page.click("#form .form-foot [type=submit]")
        ar.page.wait_for_selector("#form .alert-warning table")
        warning = ar.page.inner_text("#form .alert-warning")
        assert TYPED in warning and "另一个窗口先保存的需求" in warning, "both versions are shown"
        assert ar.page.input_value('#form [name="need"]') == TYPED, "what was typed is kept"
        assert axe_violations(ar.page) == []
        shoot(ar.page, "turn-stale")
        lead.refresh_from_db()
        assert lead.need == "另一个窗口先保存的需求"
        ar.send()
        lead.refresh_from_db()
        assert lead.need == TYPED, "having seen both, saving again is a decision"


def test_signed_out_while_typing(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        _new_lead(ar, contact_name="赵工")
        ar.page.context.clear_cookies(name="sessionid")
        ar.page.click("#form .form-foot [type=submit]")
        ar.page.wait_for_url("**/login/?next=*")
        assert Lead.objects.count() == 0
        ar.page.fill("#id_username", "ar")
        ar.page.fill("#id_password", PASSWORD)
        ar.page.click("[data-sign-in] [type=submit]")
        ar.page.wait_for_url("**/leads/new/")
        settle(ar.page)
        assert ar.page.input_value('#form [name="need"]') == TYPED
        assert ar.page.input_value('#form [name="contact_name"]') == "赵工"
        shoot(ar.page, "turn-signed-in-again")
        ar.send()
        assert Lead.objects.get().need == TYPED


def test_signed_in_anew_in_another_tab(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        _new_lead(ar, contact_name="赵工")
        ar.page.context.clear_cookies(name="csrftoken")
        with ar.page.expect_navigation():
            ar.page.click("#form .form-foot [type=submit]")
        settle(ar.page)
        assert ar.page.input_value('#form [name="need"]') == TYPED
        ar.send()
        assert Lead.objects.get().contact_name == "赵工"


def test_a_refused_verb_says_every_reason(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    deal.collect()
    deal.distribute()
    project = deal.qualify()
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        page = ar.go(project)
        expected = [str(reason) for reason in project.ready()]
        assert len(expected) >= 3
        open_verb(page, "/submit/")
        shown = page.locator("#verb .reasons li").all_inner_texts()
        assert shown == expected, "every reason at once"
        assert page.locator("#verb [type=submit]").count() == 0, "nothing to press while it cannot be done"
        assert page.locator("#verb .reasons a[href]").count() >= 1, "each missing thing is one link away"
        shoot(page, "turn-refused")
        page.locator("#verb .reasons a[href]").first.click()
        page.wait_for_load_state()
        assert page.url != live_server.url + project.get_absolute_url() or "#" in page.url


def test_back_to_the_list_as_it_was(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    lead = deal.collect()
    for number in range(3):
        leads.open(by=deal.who("ar"), title=f"其他商机 {number}", company_name=f"其他公司 {number}")
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/leads/")
        page.fill(".list-find [name=q]", "智慧病房")
        expect(page.locator("#list tbody tr")).to_have_count(1)
        page.locator("#list tbody a").first.click()
        page.wait_for_url(f"**{lead.get_absolute_url()}")
        page.go_back()
        page.wait_for_url("**/leads/?*q=*")
        settle(page)
        assert page.locator("#list tbody tr").count() == 1
        assert page.input_value(".list-find [name=q]") == "智慧病房"


def test_approved_on_a_phone_with_three_taps(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    deal.collect()
    deal.distribute()
    deal.qualify()
    deal.plan_project()
    projects.submit(deal.project, by=deal.who("ar"))
    projects.approve(deal.project, by=deal.who("pfc"))
    with office(browser, live_server.url, size=PHONE) as desks:
        page = desks["director"].go("/")
        shoot(page, "phone-home")
        page.locator("#inbox-decisions a").first.click()  # one
        page.wait_for_url("**/projects/*/")
        button = page.locator(".page-actions [data-primary]")
        box = button.bounding_box()
        assert box is not None and box["y"] + box["height"] < PHONE["height"], "in sight without scrolling"
        button.click()  # two
        page.wait_for_selector("#modal[open] #verb")
        assert "1,006,000.00" in page.inner_text("#verb"), "with the figures to decide on"
        shoot(page, "phone-approve")
        submit_verb(page)  # three
        deal.project.refresh_from_db()
        assert deal.project.state == "approved"
        shoot(page, "phone-approved")


def test_a_card_is_moved_by_its_verb(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """A card dropped on another state asks the verb's question; refused, it goes back."""
    lead = deal.collect()
    deal.distribute()
    with office(browser, live_server.url) as desks:
        page = desks["ar"].go("/leads/board/")
        asleep = page.locator(f'[data-state="nurturing"] [data-id="{lead.pk}"]')
        _drag(page, lead, "nurturing")
        page.wait_for_selector("#modal[open] #verb")
        desks["ar"].fill("#verb", {"wake_on": today() + dt.timedelta(days=30)})
        submit_verb(page)
        lead.refresh_from_db()
        assert lead.state == "nurturing"
        expect(asleep).to_have_count(1)
        _drag(page, lead, "new")
        settle(page)
        expect(asleep, "no verb leads there").to_have_count(1)


def _drag(page: Page, lead: Lead, state: str) -> None:
    card = page.locator(f'[data-id="{lead.pk}"]').bounding_box()
    column = page.locator(f'[data-state="{state}"]').bounding_box()
    assert card is not None and column is not None
    page.mouse.move(card["x"] + 20, card["y"] + 12)
    page.mouse.down()
    steps = 12
    for step in range(1, steps + 1):
        part = step / steps
        x = card["x"] + 20 + (column["x"] + 60 - card["x"] - 20) * part
        page.mouse.move(x, card["y"] + 12 + (column["y"] + 40 - card["y"] - 12) * part)
    page.wait_for_timeout(200)
    page.mouse.up()
