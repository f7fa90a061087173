"""The log's chain and the anchors outside the database. What happens to a forged log stands in test_verify."""

import json
from pathlib import Path

import pytest

from leads import services
from process.models import Case, LogEntry
from process.selectors import broken_anchors, kernel_findings
from process.services.anchors import anchor_heads, anchors_in
from process.services.log import mac_of
from process.tasks import anchor
from tests.factories.leads import make_lead, make_working_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def anchors(tmp_path: Path, settings) -> Path:
    settings.LTC_ANCHOR_FILE = tmp_path / "log" / "anchors.jsonl"
    return settings.LTC_ANCHOR_FILE


def test_every_entry_is_chained_to_the_one_before(sales, settings) -> None:
    lead = make_working_lead(sales)
    entries = list(LogEntry.objects.filter(case_id=lead.case_id).order_by("seq"))
    before = ""
    for entry in entries:
        assert entry.mac == mac_of(entry, before)
        before = entry.mac
    settings.LTC_LOG_KEY = "another key"
    assert mac_of(entries[0], "") != entries[0].mac, "without the key nobody can forge an entry"


def test_heads_are_anchored_once_per_growth(sales, anchors) -> None:
    first, second = make_working_lead(sales), make_lead(by=sales)
    cases = Case.objects.filter(log_length__gt=0).count()
    assert anchor_heads() == cases
    assert anchor_heads() == 0, "nothing has grown"
    services.edit(second, by=sales, title="renamed")
    assert anchor_heads() == 1
    kept = [one for one in anchors_in(anchors) if one]
    assert [one["case"] for one in kept].count(second.case_id) == 2
    assert [one["case"] for one in kept].count(first.case_id) == 1
    assert list(kernel_findings()) == []


def test_the_task_anchors(sales, anchors) -> None:
    make_lead(by=sales)
    anchor()
    assert anchors.exists()


def test_an_anchor_the_log_does_not_hold_is_found(sales, anchors) -> None:
    lead = make_lead(by=sales)
    anchor_heads()
    line = json.loads(anchors.read_text(encoding="utf-8").splitlines()[-1])
    with anchors.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**line, "mac": "0" * 64}) + "\n")
        file.write(json.dumps({**line, "seq": 99}) + "\n")
    found = [sentence for _kind, sentence in broken_anchors()]
    assert len(found) == 2
    assert all(f"case {lead.case_id}" in sentence for sentence in found)


def test_a_line_cut_off_by_a_crash_is_named_and_not_continued(sales, anchors) -> None:
    make_lead(by=sales)
    anchor_heads()
    with anchors.open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-')
    assert [kind for kind, _sentence in broken_anchors()] == ["anchor"]
    later = make_lead(by=sales)
    assert anchor_heads() == 1
    assert [one["case"] for one in anchors_in(anchors) if one][-1] == later.case_id
    assert len(list(broken_anchors())) == 1


def test_without_an_anchor_file_there_is_nothing_to_say(anchors) -> None:
    assert list(broken_anchors()) == []
