"""The door as people use it: a security key, an app, sessions, the back room; both languages, both sizes."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.accounts.door import PASSWORD, code_of, kinds, make_guest
from tests.browser.helpers import PHONE, WIDE, axe_violations, scrolls_sideways, shoot, sign_in, watch

pytestmark = pytest.mark.django_db(transaction=True)
MAIN_BUTTON = "main form:not(.language) [type=submit]"


def window(browser: Browser, size: dict[str, int], **options: Any) -> tuple[Page, list[str]]:
    page = browser.new_context(viewport=size, **options).new_page()
    return page, watch(page)


def key_in(page: Page) -> None:
    """A security key stands in this window: it is always touched, and knows its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def look(page: Page, name: str) -> None:
    shoot(page, f"door-{name}")
    assert axe_violations(page) == [], name
    assert not scrolls_sideways(page), name


def confirm(page: Page) -> None:
    page.fill("#id_password", PASSWORD)
    page.click(MAIN_BUTTON)


def test_a_security_key_is_added_and_opens_the_door(browser: Browser, live_server: LiveServer) -> None:
    user = make_guest("guest", language="en")
    page, problems = window(browser, WIDE)
    key_in(page)
    sign_in(page, live_server.url, user.username, PASSWORD)
    page.goto(f"{live_server.url}/profile/factors/key/")
    confirm(page)
    page.fill("#id_name", "blue key")
    look(page, "key")
    page.click("form[data-key] [type=submit]")
    page.wait_for_url("**/profile/factors/codes/")
    assert kinds(user) == ["recovery_codes", "webauthn"]
    page.goto(f"{live_server.url}/profile/factors/")
    expect(page.locator("main")).to_contain_text("blue key")
    look(page, "factors")
    # Out, and in again: the password alone does not open.
    page.locator("form[action='/logout/']").evaluate("form => form.requestSubmit()")
    page.wait_for_url("**/login/**")
    sign_in_until_code(page, live_server.url, user)
    look(page, "code")
    page.click("form[data-key] [type=submit]")
    page.wait_for_url(live_server.url + "/")
    # And once more before the key is taken away.
    page.goto(f"{live_server.url}/profile/factors/")
    page.locator("a[href$='/remove/']").first.click()
    page.wait_for_url("**/confirm/key/**")
    look(page, "confirm-key")
    page.click("form[data-key] [type=submit]")
    page.wait_for_url("**/profile/factors/key/*/remove/")
    look(page, "remove")
    page.click(MAIN_BUTTON)
    page.wait_for_url("**/profile/factors/")
    assert kinds(user) == []
    assert problems == []
    page.context.close()


def sign_in_until_code(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}/login/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("[data-sign-in] [type=submit]")
    page.wait_for_url("**/login/code/")


def test_a_key_that_fails_says_so_and_loses_nothing(browser: Browser, live_server: LiveServer) -> None:
    user = make_guest("guest", language="en")
    page, _problems = window(browser, WIDE)
    page.add_init_script(
        "navigator.credentials.create = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    sign_in(page, live_server.url, user.username, PASSWORD)
    page.goto(f"{live_server.url}/profile/factors/key/")
    confirm(page)
    page.fill("#id_name", "blue key")
    page.click("form[data-key] [type=submit]")
    expect(page.locator("[data-key-error]")).to_have_text("The security key could not be read. Try again.")
    assert page.input_value("#id_name") == "blue key"
    assert kinds(user) == []
    page.context.close()


@pytest.mark.parametrize(("language", "size"), [("zh-hans", PHONE), ("en", WIDE)], ids=["zh-phone", "en-wide"])
def test_an_administrator_sets_an_app_up_and_reaches_the_back_room(
    browser: Browser, live_server: LiveServer, language: str, size: dict[str, int]
) -> None:
    keeper = make_guest("keeper", roles=("secadmin",), department="it", language=language)
    page, problems = window(browser, size)
    page.goto(f"{live_server.url}/login/?next=/admin/accounts/role/")
    look(page, f"login-{language}")
    page.fill("#id_username", keeper.username)
    page.fill("#id_password", PASSWORD)
    page.click("[data-sign-in] [type=submit]")
    page.wait_for_url("**/profile/factors/**")
    look(page, f"held-{language}")
    page.click("a[href$='/factors/app/']")
    look(page, f"confirm-{language}")
    confirm(page)
    look(page, f"app-{language}")
    page.fill("#id_code", code_of(page.inner_text(".factor-secret")))
    page.click(MAIN_BUTTON)
    page.wait_for_url("**/profile/factors/codes/")
    look(page, f"codes-{language}")
    page.goto(f"{live_server.url}/profile/")
    look(page, f"profile-{language}")
    for path in ("role/", "user/", f"user/{keeper.pk}/change/"):
        answer = page.goto(f"{live_server.url}/admin/accounts/{path}")
        assert answer is not None and answer.status == 200
        shoot(page, f"door-{path.replace('/', '-')}{language}")
    assert problems == []
    page.context.close()


def test_ending_a_session_in_one_window_shuts_the_other(browser: Browser, live_server: LiveServer) -> None:
    user = make_guest("guest", language="en")
    here, problems = window(browser, WIDE)
    there, _ = window(browser, PHONE)
    for page in (here, there):
        sign_in(page, live_server.url, user.username, PASSWORD)
    here.goto(f"{live_server.url}/profile/")
    look(here, "sessions")
    here.click("#sessions li form [type=submit]")
    expect(here.locator("#sessions li")).to_have_count(1)
    there.goto(f"{live_server.url}/notices/")
    assert "/login/?next=/notices/" in there.url
    there.fill("#id_username", user.username)
    there.fill("#id_password", PASSWORD)
    there.click("[data-sign-in] [type=submit]")
    there.wait_for_url(f"{live_server.url}/notices/")
    assert problems == []
    here.context.close()
    there.context.close()
