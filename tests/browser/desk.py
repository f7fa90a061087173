"""People at their desks: each has a window of their own, signs in by the form, and works by clicking."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from ltc.demo.people import PASSWORD
from tests.browser.helpers import WIDE, open_verb, settle, shoot, sign_in, submit_verb, watch

LOCALES = {"zh-hans": "zh-CN", "en": "en-GB"}


class Desk:
    """One person's window."""

    def __init__(self, page: Page, address: str, username: str) -> None:
        self.page, self.address, self.username = page, address, username
        self.problems = watch(page)
        sign_in(page, address, username, PASSWORD)

    # Going about ---------------------------------------------------------------------------------
    def go(self, target: Any) -> Page:
        """The page of a record, or of a path."""
        path = target if isinstance(target, str) else target.get_absolute_url()
        answer = self.page.goto(self.address + path)
        assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"
        return self.page

    def say(self, text: str) -> bool:
        """Whether the page shows the text."""
        return text in self.page.inner_text("#main")

    # Verbs ---------------------------------------------------------------------------------------
    def verb(self, record: Any, name: str, **fields: Any) -> Page:
        """Fire a verb from the record's page: dialog, fields, button."""
        self.go(record)
        open_verb(self.page, f"/{name}/")
        self.fill("#verb", fields)
        submit_verb(self.page)
        record.refresh_from_db()
        return self.page

    def take_from_inbox(self) -> None:
        """Take over the oldest package in the inbox of the home page."""
        self.go("/")
        self.page.locator("#inbox-handovers a").first.click()
        self.page.wait_for_url("**/handovers/*/")
        open_verb(self.page, "/take/")
        submit_verb(self.page)

    # Forms ---------------------------------------------------------------------------------------
    def send(self, fields: dict[str, Any] | None = None) -> Page:
        """Fill in the form of the page and save it; ends on the record's page."""
        self.fill("#form", fields or {})
        before = self.page.url
        self.page.click("#form .form-foot [type=submit]")
        self.page.wait_for_url(lambda url: url != before)
        settle(self.page)
        return self.page

    def fill(self, form: str, fields: dict[str, Any]) -> None:
        """Fill in fields by name: text, date, file, tick, choice by value, picker by typing {"pick": words}."""
        root = self.page.locator(form)
        folded = root.locator("details.fields-folded:not([open]) > summary")
        while folded.count():
            folded.first.click()
        for name, value in fields.items():
            self._put(root.locator(f'[name="{name}"]').first, value)

    def _put(self, field: Locator, value: Any) -> None:
        kind = field.evaluate("field => field.type || field.tagName.toLowerCase()")
        if isinstance(value, dict) and "pick" in value:
            self.pick(field, value["pick"])
        elif kind == "checkbox":
            field.set_checked(bool(value))
        elif kind == "file":
            field.set_input_files(value)
        elif kind.startswith("select"):
            field.select_option(str(value))
        else:
            field.fill(str(value))

    def pick(self, select: Locator, words: str) -> None:
        """Type into a picker and choose what it offers."""
        control = self.page.locator(f"#{select.get_attribute('id')}-ts-control")
        control.fill(words)
        option = self.page.locator(".ts-dropdown:visible .option", has_text=words).first
        option.click()

    def lines(self, prefix: str, rows: list[dict[str, Any]]) -> None:
        """Fill in a grid of lines, adding rows as needed."""
        grid = self.page.locator(f'[data-formset="{prefix}"]')
        for index, row in enumerate(rows):
            if not grid.locator(f'[name^="{prefix}-{index}-"]').count():
                grid.locator("[data-add]").click()
            for name, value in row.items():
                self._put(grid.locator(f'[name="{prefix}-{index}-{name}"]').first, value)


class Office:
    """Everybody's windows, opened when needed."""

    def __init__(self, browser: Browser, address: str, *, language: str = "zh-hans", size: Any = None) -> None:
        self.browser, self.address, self.language = browser, address, language
        self.size = size or WIDE
        self.desks: dict[str, Desk] = {}

    def __getitem__(self, username: str) -> Desk:
        if username not in self.desks:
            window = self.browser.new_context(viewport=self.size, locale=LOCALES[self.language])
            self.desks[username] = Desk(window.new_page(), self.address, username)
        return self.desks[username]

    def problems(self) -> dict[str, list[str]]:
        """What the consoles of all windows complained about."""
        return {name: desk.problems for name, desk in self.desks.items() if desk.problems}

    def close(self) -> None:
        """Everybody goes home."""
        for desk in self.desks.values():
            desk.page.context.close()


@contextmanager
def office(browser: Browser, address: str, **options: Any) -> Iterator[Office]:
    """Windows that are closed in the end, and had nothing to complain about."""
    opened = Office(browser, address, **options)
    try:
        yield opened
    except BaseException:
        for name, desk in opened.desks.items():
            shoot(desk.page, f"failed-{name}")
        raise
    finally:
        opened.close()
    assert opened.problems() == {}
