"""The log as people read it: words for codes, local time, separators; nothing that only machines read."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import User
from leads import services
from process.models import LogEntry
from process.views import history
from tests.factories.customers import make_customer
from tests.factories.leads import make_working_lead
from tests.helpers import last_log, signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outlets_known() -> None:
    """Outlets are registered when the addresses are read, as they are before every page."""
    reverse("desk:home")


@pytest.mark.parametrize(
    ("name", "stored", "shown"),
    [
        ("gross_amount", "1006000.00", "1,006,000.00"),
        ("share", "100.0000", "100"),
        ("ended_at", "2026-11-23 15:31:24.797507+00:00", "2026-11-23 23:31"),
        ("due_on", "2026-12-23", "2026-12-23"),
        ("platform_number", "26110000000000000001", "26110000000000000001"),
        ("note", "2026-99-99 10:00 is no moment", "2026-99-99 10:00 is no moment"),
    ],
)
def test_stored_values_are_written_as_people_do(name: str, stored: str, shown: str) -> None:
    assert history.plain_text(name, stored) == shown


def _reader() -> User:
    return make_user("reader", department="hr", roles=("director",))


def _entry(changes: dict, **fields: object) -> dict:
    values = {"kind": "leads.lead", "object_id": 1, "action": "lead.edit", "actor_kind": "user", "actor_name": "王芳"}
    with override("en"):
        shown = history.entry(LogEntry(changes=changes, **(values | fields)), _reader(), on="projects.project")
        return shown | {"changes": [{**one, "field": str(one["field"])} for one in shown["changes"]]}


def test_codes_have_words_and_what_is_technical_is_left_out() -> None:
    shown = _entry(
        {
            "temperature": ["cold", "warm"],
            "budget_known": ["False", "True"],
            "customer": [None, {"id": make_customer().pk, "text": "市第一人民医院"}],
            "file_sha256": ["", "4c20fd5b"],
            "released_by": ["", "contracts.contract:1:effect:1"],
            "gross_amount": ["1.00", "1.0"],
        }
    )
    assert [(one["field"], one["old"], one["new"]) for one in shown["changes"]] == [
        ("temperature", "Cold", "Warm"),
        ("budget known", "No", "Yes"),
        ("customer", "", "市第一人民医院"),
    ]


def test_a_job_is_the_system_and_another_record_is_named_and_linked() -> None:
    shown = _entry({}, actor_kind="system", actor_name="billing", note="counter.billing")
    assert (shown["who"], shown["note"]) == ("System", "")
    assert shown["what"] == {"label": "lead", "url": "/leads/1/"}


def test_the_timeline_shows_it(sales) -> None:
    lead = make_working_lead(sales)
    services.edit(lead, by=sales, gross_amount=Decimal("1234567.00"))
    assert last_log(lead).changes["gross_amount"][1] == "1234567.00"
    page = signed_in(sales).get(f"{lead.get_absolute_url()}timeline/").content.decode()
    assert "1,234,567.00" in page
