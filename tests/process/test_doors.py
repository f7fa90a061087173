"""The four doors: who, when, what is written, and that a refusal writes nothing."""

import threading

import pytest
from django.db import connections

from accounts.actor import Actor
from core.errors import NotAllowed, Refused, Stale
from leads import services
from process import services as doors
from process.models import CaseRecord, LogEntry
from process.selectors import kernel_findings
from tests.factories.leads import make_lead
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
    lead = make_lead(by=sales, owner=sales)
    services.start(lead, by=sales)
    entries = list(LogEntry.objects.filter(case_id=lead.case_id).order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    lead.case.refresh_from_db()
    assert (lead.case.log_length, lead.case.log_head) == (entries[-1].seq, entries[-1].mac)
    assert actions(lead)[0] == "lead.open"
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
