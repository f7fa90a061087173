"""The API's own pages under the strict Content Security Policy: tokens and documents."""

import re

from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from ltc.demo.story import Deal
from tests.browser.desk import office
from tests.browser.helpers import PHONE, settle


def test_a_token_is_made_and_the_documents_are_read(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    with office(browser, live_server.url) as desks:
        page = desks["ar"].page
        page.goto(f"{live_server.url}/profile/tokens/")
        settle(page)
        page.fill("#id_label", "nightly report")
        page.click(".side-form [type=submit]")
        expect(page.locator("code")).to_have_text(re.compile("^ltc_"))
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off on a phone"
        page.goto(f"{live_server.url}/api/docs/")
        expect(page.get_by_role("heading", name="delivery").first).to_be_visible(timeout=60000)
        assert [one for one in desks["ar"].problems if "Content Security Policy" in one] == []
