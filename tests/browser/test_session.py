"""A session that ends while somebody works: nothing typed is lost, and nothing is shown to anybody else."""

import re

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.calendar import today
from leads import services as leads
from leads.models import Lead
from ltc.demo.people import PASSWORD
from ltc.demo.story import Deal
from tests.browser.desk import Desk, office
from tests.browser.helpers import open_verb, settle, shoot, submit_verb

TYPED = "一整段不能丢的需求描述"
DRAFTS = "Object.keys(sessionStorage).filter(key => key.startsWith('ltc:draft'))"


def _new_lead(ar: Desk, **more: object) -> None:
    ar.go("/leads/new/")
    ar.fill("#form", {"company_name": "江南机械厂", "title": "江南机械厂 产线改造", "need": TYPED} | more)


def _lose_session(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def _sign_in_again(page: Page, username: str = "ar") -> None:
    page.wait_for_url(re.compile(r"/login/\?next="))
    page.fill("#id_username", username)
    page.fill("#id_password", PASSWORD)
    page.click("[data-sign-in] [type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)
    settle(page)


def _send(page: Page) -> None:
    page.click("#form .form-foot [type=submit]")


def test_what_was_typed_comes_back(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """In a form, in one sent the browser's plain way, and when the page's token is void; others' changes are shown."""
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        _back_in_the_form(ar)
        _others_are_not_overwritten(ar, deal)
        _sent_the_plain_way(ar)
        _void_token(ar)


def _back_in_the_form(ar: Desk) -> None:
    _new_lead(ar, contact_name="赵工")
    _lose_session(ar.page)
    _send(ar.page)
    _sign_in_again(ar.page)
    assert ar.page.url.endswith("/leads/new/")
    assert Lead.objects.count() == 0
    assert ar.page.input_value('#form [name="need"]') == TYPED
    assert ar.page.input_value('#form [name="contact_name"]') == "赵工"
    shoot(ar.page, "session-form")
    assert ar.page.evaluate(DRAFTS) == []
    ar.send()
    assert Lead.objects.get().need == TYPED


def _others_are_not_overwritten(ar: Desk, deal: Deal) -> None:
    lead = Lead.objects.get()
    leads.assign(lead, by=deal.who("leads"), owner=deal.who("ar"))
    ar.go(f"{lead.get_absolute_url()}edit/")
    ar.fill("#form", {"need": "再改一次的需求"})
    _lose_session(ar.page)
    _send(ar.page)
    leads.edit(lead, by=deal.who("leads"), need="签入之前别人保存的")
    _sign_in_again(ar.page)
    assert ar.page.input_value('#form [name="need"]') == "再改一次的需求"
    _send(ar.page)
    expect(ar.page.locator("#form [data-stale] [data-theirs]")).to_contain_text("签入之前别人保存的")
    lead.refresh_from_db()
    assert lead.need == "签入之前别人保存的"
    ar.send()


def _sent_the_plain_way(ar: Desk) -> None:
    page = ar.go("/profile/")
    field = 'form[data-guard] input[type="date"]'
    page.locator(field).first.fill(today().isoformat())
    _lose_session(page)
    page.click("form[data-guard] [type=submit]")
    _sign_in_again(page)
    assert page.url.endswith("/profile/")
    assert page.locator(field).first.input_value() == today().isoformat()
    page.evaluate("delete document.querySelector('form[data-dirty]').dataset.dirty")


def _void_token(ar: Desk) -> None:
    _new_lead(ar, company_name="江北水泥厂", title="江北水泥厂 能耗监测", contact_name="钱工")
    ar.page.context.clear_cookies(name="csrftoken")
    with ar.page.expect_navigation():
        _send(ar.page)
    settle(ar.page)
    assert ar.page.input_value('#form [name="need"]') == TYPED
    ar.send()
    assert Lead.objects.filter(contact_name="钱工").count() == 1


def test_back_in_the_dialog(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """With its picker; and when it is the picker, or a fragment of the page, that finds nobody signed in."""
    lead = deal.collect()
    with office(browser, live_server.url) as desks:
        manager = desks["leads"]
        page = manager.go(lead)
        open_verb(page, "/assign/")
        page.fill('#verb [name="note"]', "区域归属")
        _lose_session(page)
        page.locator("#verb .ts-control input").fill("王")
        _sign_in_again(page, "leads")
        page.wait_for_selector("#modal[open] #verb")
        assert page.url.endswith(lead.get_absolute_url())
        assert page.input_value('#verb [name="note"]') == "区域归属"
        manager.fill("#verb", {"owner": {"pick": "王芳"}})
        _lose_session(page)
        page.click("#verb [type=submit]")
        _sign_in_again(page, "leads")
        page.wait_for_selector("#modal[open] #verb")
        assert page.input_value('#verb [name="note"]') == "区域归属"
        expect(page.locator("#verb .ts-control .item")).to_contain_text("王芳")
        submit_verb(page)
        lead.refresh_from_db()
        assert lead.owner == deal.who("ar")
        manager.go("/leads/")
        _lose_session(page)
        page.fill(".list-find [name=q]", "智慧病房")
        _sign_in_again(page, "leads")
        assert re.search(r"/leads/(\?.*)?$", page.url)


def test_nothing_of_one_is_shown_to_another(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    """Signed out in one tab, the other goes to the sign-in too; what stood in it comes back to its writer alone."""
    with office(browser, live_server.url) as desks:
        ar = desks["ar"]
        _new_lead(ar)
        other = ar.page.context.new_page()
        other.goto(f"{live_server.url}/leads/")
        other.click(".topbar details[data-menu] > summary")
        other.click("[data-sign-out] button")
        other.wait_for_url("**/login/**")
        assert other.evaluate(DRAFTS) == []
        ar.page.wait_for_url(re.compile(r"/login/\?next="))
        other.go_back()
        other.wait_for_url("**/login/**")
        other.close()
        _sign_in_again(ar.page)
        assert ar.page.input_value('#form [name="need"]') == TYPED
        _lose_session(ar.page)
        _send(ar.page)
        _sign_in_again(ar.page, "sr")
        assert ar.page.url.endswith("/leads/new/")
        assert ar.page.input_value('#form [name="need"]') == ""
        assert ar.page.evaluate(DRAFTS) == [], "what the first had typed is gone"
