"""What every browser test looks for on a page: no CSP violation, script error, axe violation or sideways scroll."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, expect

REPO = Path(__file__).resolve().parents[2]
AXE = REPO / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# A refused verb or form is answered with these; the browser's console calls each an error, we don't.
EXPECTED = tuple(f"status of {code} " for code in (400, 403, 404, 409, 412, 422))


def watch(page: Page) -> list[str]:
    """Collect script errors and everything the console calls an error, CSP violations among them."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in EXPECTED):
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def sign_in(page: Page, address: str, username: str, password: str) -> None:
    """Sign in by the form, as people do."""
    page.goto(f"{address}/login/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("[data-sign-in] [type=submit]")
    page.wait_for_url(lambda url: "/login/" not in url)


def settle(page: Page) -> None:
    """Wait until htmx has nothing left to fetch or to swap."""
    page.wait_for_load_state("networkidle")
    # No wait_for_function here or elsewhere: it evaluates a string, which the page's CSP forbids.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0, timeout=20000)


def open_verb(page: Page, url_end: str) -> None:
    """Open a verb's dialog from the head of a record, out of the menu where it is not the primary one."""
    link = page.locator(f'.page-actions a[hx-get$="{url_end}"]')
    if not link.is_visible():
        page.click(".page-actions details[data-menu] > summary")
    link.click()
    page.wait_for_selector("#modal[open] #verb, #modal[open] #error")


def submit_verb(page: Page) -> None:
    """Send the open dialog and wait until it has closed and the page is renewed."""
    page.evaluate("document.getElementById('main').dataset.before = 1")
    page.click("#modal #verb [type=submit]")
    page.wait_for_selector("#modal:not([open])", state="attached")
    page.wait_for_selector("#main:not([data-before])")
    settle(page)


def reveal(page: Page) -> None:
    """Scroll through the page, so that every panel that loads when seen is loaded."""
    for slot in page.locator('[hx-trigger="intersect once"]:visible').all():
        slot.scroll_into_view_if_needed()
    settle(page)


def axe_violations(page: Page) -> list[dict[str, Any]]:
    """Rule, and the elements that break it; from the top, where nothing lies half under the fixed head of the page."""
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [{"rule": one["id"], "where": [node["target"] for node in one["nodes"]]} for one in result["violations"]]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def shoot(page: Page, name: str) -> Path:
    """Keep a picture of the page under LTC_DATA/shots."""
    folder = Path(os.environ.get("LTC_DATA", REPO / ".local")) / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path, full_page=True)
    return path
