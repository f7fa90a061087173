"""The four doors: who, when, what is written, and that a refusal writes nothing."""

import datetime as dt
import threading

import pytest
from django.db import connections
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Notice
from accounts.services import delegate
from core.calendar import today
from core.errors import NotAllowed, Refused, Stale
from leads import services
from leads.models import Lead
from process import services as doors
from process.models import Case, CaseRecord, LogEntry, StepRecord
from process.selectors import kernel_findings
from process.services import seat
from tests.factories.leads import make_assigned_lead, make_lead, make_working_lead, term
from tests.helpers import actions, last_log, unchanged

pytestmark = pytest.mark.django_db


def test_open_numbers_the_record_and_leaves_one_line(sales) -> None:
    lead = make_lead(by=sales, title="智慧医院平台")
    assert lead.code.startswith("LD-")
    entry = last_log(lead)
    assert (entry.action, entry.user, entry.state_to) == ("lead.open", sales, lead.state)
    kept = CaseRecord.objects.get(kind="leads.lead", object_id=lead.pk)
    assert (kept.state, kept.is_open, kept.title) == (lead.state, True, "智慧医院平台")


def test_edit_logs_old_and_new_and_raises_the_version(sales, lead_manager) -> None:
    lead = make_lead(by=sales, owner=sales)
    before = lead.row_version
    services.edit(lead, by=sales, version=before, title="改名后的线索")
    assert lead.row_version == before + 1
    assert last_log(lead).changes["title"][1] == "改名后的线索"


def test_a_stale_edit_is_refused_with_both_values(sales) -> None:
    lead = make_lead(by=sales, owner=sales)
    version = lead.row_version
    services.edit(lead, by=sales, version=version, title="first")
    with unchanged(lead), pytest.raises(Stale) as conflict:
        services.edit(lead, by=sales, version=version, title="second")
    assert ("second", "first") in conflict.value.conflict.values()


def test_the_wrong_person_is_refused(sales, stranger) -> None:
    lead = make_lead(by=sales, owner=sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.edit(lead, by=stranger, title="mine now")


def test_the_wrong_state_is_refused_and_names_it(sales) -> None:
    lead = make_lead(by=sales, owner=sales)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        doors.fire(lead, "wake", by=Actor.system("test"))
    assert lead.state_label in refusal.value.reasons[0]


def test_the_log_is_a_chain_per_case(sales) -> None:
    lead = make_assigned_lead(sales)
    services.start(lead, by=sales)
    entries = list(LogEntry.objects.filter(case_id=lead.case_id).order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    lead.case.refresh_from_db()
    assert (lead.case.log_length, lead.case.log_head) == (entries[-1].seq, entries[-1].mac)
    assert actions(lead)[0] == "lead.open"
    assert list(kernel_findings()) == []


def test_what_the_doors_keep_cannot_be_set_past_them(sales) -> None:
    lead = make_lead(by=sales)
    for name in ("state", "code", "row_version", "search_text", "case"):
        with unchanged(lead), pytest.raises(AttributeError):
            doors.edit(lead, by=sales, changes={name: "x"})
    with pytest.raises(AttributeError):
        Lead.objects.filter(pk=lead.pk).update(state="converted")
    with pytest.raises(AttributeError):
        lead.state = "converted"


def test_an_edit_that_changes_nothing_writes_nothing(sales) -> None:
    lead = make_lead(by=sales)
    with unchanged(lead):
        services.edit(lead, by=sales, title=lead.title)


def test_a_refused_value_names_field_and_reason(sales) -> None:
    lead = make_lead(by=sales)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.edit(lead, by=sales, email="no address", gross_amount=-1)
    assert len(refusal.value.reasons) == 2


def test_the_owner_learns_what_somebody_else_did(sales, lead_manager) -> None:
    lead = make_working_lead(sales)
    Notice.objects.all().delete()
    services.invalidate(lead, by=lead_manager, note="nothing in it", invalid_reason=term("lead.invalid", "no_budget"))
    told = Notice.objects.filter(user=sales, key__startswith=f"leads.lead:{lead.pk}:")
    assert [lead_manager.name in notice.text for notice in told] == [True]


def test_a_deputy_is_logged_as_deputy(sales, sales2) -> None:
    """B may do what A may, and the log says "B for A"; what B may do anyway is done in B's own name."""
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.edit(lead, by=sales2, title="not yet")
    delegate(sales, sales2, first_day=today(), last_day=today())
    services.edit(lead, by=sales2, title="by the deputy")
    entry = last_log(lead)
    assert entry.user == sales2
    assert entry.actor_name == Actor.of(sales2).standing_in_for(sales).name != sales2.name
    own = make_working_lead(sales2)
    services.edit(own, by=sales2, title="by oneself")
    assert last_log(own).actor_name == sales2.name
    assert list(kernel_findings()) == []


def test_adopted_history_is_marked_and_logged_once(sales) -> None:
    """The fourth door: any state, no notices, no steps, one log row each; rows of one deal share a case."""
    case, since = Case(title="old deal"), timezone.now() - dt.timedelta(days=400)
    common = {"company_name": "旧客户", "owner": sales, "department": sales.department}
    rows = [
        Lead(code=f"OLD-{number}", title="old", state=state, case=case, **common)
        for number, state in enumerate(("working", "converted"))
    ]
    doors.adopt(rows, by=Actor.system("test"), source="old-crm", at=[since, since], seats=[{"ar": sales.pk}])
    assert Notice.objects.count() == 0
    assert not StepRecord.objects.filter(case=case).exists()
    assert {row.case_id for row in rows} == {case.pk}
    entries = LogEntry.objects.filter(case=case).order_by("seq")
    assert [(one.action, one.note, one.actor_name) for one in entries] == [("lead.adopt", "old-crm", "test")] * 2
    stored = list(Lead.objects.filter(case=case).order_by("code"))
    assert [(one.state, one.imported, one.state_since) for one in stored] == [
        ("working", True, since),
        ("converted", True, since),
    ]
    kept = CaseRecord.objects.filter(case=case).order_by("code").values_list("is_open", "holder_id")
    assert list(kept) == [(True, sales.pk), (False, None)]
    assert seat(case.pk, "ar") == sales
    services.edit(stored[0], by=sales, title="worked with")
    assert list(kernel_findings()) == []


@pytest.mark.django_db(transaction=True)
def test_200_parallel_pairs_of_edits_lose_none(sales) -> None:
    """Two people save the same form at once, 200 times: one is told, the other stands."""
    lead = make_lead(by=sales, owner=sales)
    outcomes: list[str] = []

    def save(text: str, version: int, gate: threading.Barrier) -> None:
        gate.wait()
        try:
            services.edit(type(lead).objects.get(pk=lead.pk), by=sales, version=version, title=text)
            outcomes.append("saved")
        except Stale:
            outcomes.append("stale")
        finally:
            connections.close_all()

    start = lead.row_version
    for number in range(200):
        lead.refresh_from_db()
        gate = threading.Barrier(2)
        pair = [threading.Thread(target=save, args=(f"{number}-{side}", lead.row_version, gate)) for side in "ab"]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
    lead.refresh_from_db()
    assert outcomes.count("saved") == 200
    assert outcomes.count("stale") == 200
    assert lead.row_version == start + 200
    assert list(kernel_findings()) == []
