"""What goes wrong at a desk: clicked twice, refused, gone back; a thumb on a phone."""

import re

from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from leads import services as leads
from leads.models import Lead
from ltc.demo.story import Deal
from process.models import LogEntry
from projects import services as projects
from tests.browser.desk import Desk, office
from tests.browser.helpers import PHONE, axe_violations, open_verb, settle, shoot

TYPED = "一整段不能丢的需求描述"


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
        assert ar.page.input_value('#form [name="need"]') == "", "a fresh form, not the one that was sent"
        assert Lead.objects.count() == 1


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
        leads.edit(lead, by=deal.who("leads"), title="智慧病房 新名称")
        page.go_back()
        page.wait_for_url("**/leads/?*q=*")
        settle(page)
        expect(page.locator("#list tbody tr")).to_have_count(1)
        assert "智慧病房 新名称" in page.inner_text("#list"), "not as it was when it was left"
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
        assert page.locator("#verb .facts .fact").count() >= 5
        assert axe_violations(page) == []
        shoot(page, "phone-approve")
        page.evaluate("document.getElementById('main').dataset.before = 1")
        page.dblclick("#modal #verb [type=submit]")  # three, by a nervous thumb
        page.wait_for_selector("#main:not([data-before])")
        settle(page)
        deal.project.refresh_from_db()
        assert deal.project.state == "approved"
        assert LogEntry.objects.filter(action="project.approve").count() == 1, "one decision"
        shoot(page, "phone-approved")
