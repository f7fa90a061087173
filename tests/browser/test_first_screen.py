"""What a project page fetches before anybody scrolls: one answer; the rest when it comes into view."""

from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from ltc.demo.company import WAY
from ltc.demo.story import Deal
from tests.browser.desk import office
from tests.browser.helpers import reveal, settle


def test_only_what_is_on_the_screen_is_fetched(browser: Browser, live_server: LiveServer, deal: Deal) -> None:
    for name, step in WAY:
        step(deal)
        if name == "provisional":
            break
    record = deal.project.get_absolute_url()
    with office(browser, live_server.url) as desks:
        for who, view in (("ar", "ar"), ("sr", "sr"), ("fr", "fr"), ("director", "fr")):
            page, asked = desks[who].page, []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            desks[who].go(f"{record}?view={view}")
            settle(page)
            fetched = [url for url in asked if "/panel" in url or "-screen/" in url]
            assert [url.partition("?")[0] for url in fetched] == [f"{live_server.url}{record}first-screen/"], who
            assert page.locator("#main .loading:visible").count() >= 1, "something is left to scroll to"
            reveal(page)
            assert page.locator("section > .panel-body .loading").count() == 0
