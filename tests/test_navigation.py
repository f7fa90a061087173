"""The menu: what a person's work is, and where on it they are."""

import re

import pytest

from accounts.models import User
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def offered(user: User, path: str = "/profile/") -> tuple[list[str], list[str]]:
    """The addresses in the menu of a page, and those marked as where one is."""
    text = signed_in(user).get(path).content.decode()
    menu = text[text.index('<nav id="nav"') :].partition("</nav>")[0]
    links = re.findall(r'<a href="([^"]+)"([^>]*)>', menu)
    return [url for url, _rest in links], [url for url, rest in links if "aria-current" in rest]


def test_pages_beside_a_list_stand_after_it(sales) -> None:
    urls, _here = offered(sales)
    assert urls.index("/collection/") == urls.index("/receivable-lines/") + 1
    assert urls.index("/receipts/unclaimed/") == urls.index("/receipts/") + 1


def test_nobody_is_offered_a_page_that_refuses_them(legal) -> None:
    urls, _here = offered(legal)
    assert "/receipts/" in urls and "/receipts/unclaimed/" not in urls
    assert signed_in(legal).get("/receipts/unclaimed/").status_code == 403


def test_the_nearest_entry_is_marked(cashier) -> None:
    assert offered(cashier, "/receipts/unclaimed/")[1] == ["/receipts/unclaimed/"]
    assert offered(cashier, "/receipts/")[1] == ["/receipts/"]
    assert offered(cashier, "/profile/")[1] == []
