"""What no browser of ours sends: refused where it arrives, with a sentence, and never with a fault."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from core.text import HIGHEST_KEY, row_key
from process.models import LogEntry
from process.outlet import outlets
from tests.api.caller import Caller, problem
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
TURNED = "\u202eedoc\u2066 name\ufeff"


def english(user: User) -> Any:
    user.language = "en"
    user.save()
    return signed_in(user)


@pytest.mark.parametrize("text", ["", "-1", "x", "²", "1e3", "1\x00", "9" * 19, "9" * 5000])
def test_what_no_row_can_have_is_no_key(text: str) -> None:
    assert row_key(text) is None


def test_the_highest_key_is_one() -> None:
    assert row_key(str(HIGHEST_KEY)) == HIGHEST_KEY and row_key(str(HIGHEST_KEY + 1)) is None


@pytest.mark.parametrize("case", ["9" * 5000, "9" * 19, "\x00", "x"])
def test_every_new_form_ignores_a_case_that_is_none(sales: User, case: str) -> None:
    client = signed_in(sales)
    for outlet in outlets():
        if outlet.form is not None:
            assert client.get(outlet.url("new"), {"case": case}).status_code in (200, 403), outlet.plural


@pytest.mark.parametrize(
    "url",
    ["/process/steps/%00/", f"/leads/panel/{HIGHEST_KEY + 1}/", "/leads/%00/", f"/files/{10**30}/", "/pick/%00/"],
)
def test_an_address_that_no_row_can_have_is_404(sales: User, url: str) -> None:
    assert signed_in(sales).get(url).status_code == 404


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/leads/?columns=nonsense", "Unknown column: nonsense"),
        ("/leads/columns/?columns=nonsense", "Unknown column: nonsense"),
        ("/leads/views/?columns=nonsense", "Unknown column: nonsense"),
        ("/leads/?sort=nonsense", "Unknown sort order."),
        ("/leads/?nonsense=1", "Unknown filter: nonsense"),
        ("/leads/?cursor=nonsense", "This list has no such page."),
        ("/leads/board/?nonsense=1", "Unknown filter: nonsense"),
        ("/projects/board/?nonsense=1", "Unknown filter: nonsense"),
        ("/projects/board/?column=nonsense", "Unknown filter: nonsense"),
        ("/leads/export/?format=pdf", "Unknown file format."),
        ("/pick/accounts.user/?nonsense=1", "Unknown filter: nonsense"),
    ],
)
def test_a_400_says_why_in_ones_own_language(sales: User, url: str, sentence: str) -> None:
    client = english(sales)
    posted = url.startswith("/leads/views/")
    answer = client.post(url, {"name": "x", "sharing": "own"}) if posted else client.get(url)
    assert answer.status_code == 400 and sentence in answer.content.decode()
    User.objects.filter(pk=sales.pk).update(language="zh-hans")
    answer = client.post(url, {"name": "x", "sharing": "own"}) if posted else client.get(url)
    assert (
        answer.status_code == 400
        and sentence not in answer.content.decode()
        and 'id="error"' in answer.content.decode()
    )


def test_a_role_that_no_database_can_hold_finds_nobody(sales: User) -> None:
    answer = signed_in(sales).get("/pick/accounts.user/?role=%00")
    assert answer.status_code == 200 and answer.json() == []


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_is_too_large_is_413_in_the_look_of_the_house(sales: User, headers: dict[str, str]) -> None:
    client = english(sales)
    large, many = {"note": "x" * 20_000_000}, {f"x{number}": "1" for number in range(4001)}
    for body in (large, many):
        answer = client.post("/leads/new/", body, headers=headers)
        text = answer.content.decode()
        assert answer.status_code == 413 and 'id="error"' in text and "Nothing was stored" in text
    files = {f"x{number}": SimpleUploadedFile("x", b"x") for number in range(101)}
    assert client.post("/leads/new/", files, headers=headers).status_code == 413
    problem(Caller(sales).post("leads/", {"title": "x" * 20_000_000}), 413)


def test_a_name_cannot_be_shown_turned_round(sales: User) -> None:
    """What hides or turns text is dropped from what was typed, on pages and in the API, and is not shown again."""
    shown = signed_in(sales).post("/leads/new/", {"company_name": TURNED}).content.decode()
    assert 'value="edoc name"' in shown
    answer = Caller(sales).post("leads/", {"company_name": TURNED, "title": TURNED})
    assert not {"\u202e", "\u2066", "\ufeff"} & set(answer.content.decode())


def test_nul_is_the_fields_own_error(sales: User) -> None:
    answer = signed_in(sales).post("/leads/new/", {"company_name": "a\x00b"})
    assert answer.status_code == 422 and "company_name" in answer.context["form"].errors


@pytest.mark.parametrize("sent", [{"title": "a\ud800"}, {"\udfff": 1}, {"source": "\ud800"}, {"owner": "\ud800"}])
def test_half_a_character_is_the_fields_own_error(sales: User, sent: dict[str, Any]) -> None:
    before = LogEntry.objects.count()
    errors = problem(Caller(sales).post("leads/", sent, Idempotency_Key="one"), 400)["errors"]
    name = next(iter(sent))
    assert any(error["field"] == ("" if name == "\udfff" else name) and error["message"] for error in errors)
    assert LogEntry.objects.count() == before


def test_a_wrong_choice_on_the_profile_is_422_and_kept(sales: User) -> None:
    client = signed_in(sales)
    answer = client.post("/profile/mail/", {"mail_wish": "nonsense"})
    assert answer.status_code == 422 and answer.context["mail_form"].errors
    answer = client.post("/profile/", {"deputy": "x", "first_day": "2026-02-30"})
    assert answer.status_code == 422 and "2026-02-30" in answer.content.decode()
