"""What the catalogue wants to see before a verb: evidence on the record, and steps that people do by hand."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from core.dictionary import word_of
from core.errors import Reason
from process import catalogue
from process.models import Attachment, CaseRecord, StageRecord, StepRecord


@dataclass(frozen=True)
class Permit:
    """What lets one act on one record pass one missing thing: a special approval that is in force today."""

    kind: str
    object_id: int
    action: str
    key: str
    code: str
    url: str
    by: str
    until: dt.date


# Upper floors say which permits stand on a case. There is no other way past what lacks.
permits: list[Callable[[int], Iterable[Permit]]] = []


def standing(case_id: int) -> list[Permit]:
    """The permits that stand on a case today."""
    return [permit for read in permits for permit in read(case_id)]


def passed(record: StageRecord, action: str, reasons: list[Reason]) -> tuple[list[Reason], list[Permit]]:
    """(what still stands in the way of `action`, the permits by which the rest of `reasons` is passed).

    A permit passes the thing it names, for the record and the act it names; what has no key is never passed.
    """
    if not any(reason.key for reason in reasons):
        return reasons, []
    wanted = (record.record_kind(), record.pk, action)
    named = {one.key: one for one in standing(record.case_id) if (one.kind, one.object_id, one.action) == wanted}
    left = [reason for reason in reasons if reason.key not in named]
    return left, [named[reason.key] for reason in reasons if reason.key in named]


def lacking(record: StageRecord, action: str) -> list[Reason]:
    """Every piece of evidence and every step by hand that is missing for `action` ("contract.approve").

    Data may add a lock, never a door: what the machine itself checks is asked beside this.
    """
    found = catalogue.of_case(record.case_id)
    wanted, locks = found.evidence.get(action, []), found.locks.get(action, [])
    reasons = [
        Reason(
            _("%(step)s: “%(evidence)s” is missing.") % {"step": step, "evidence": word_of(item)},
            _place(record, item),
            f"{step.code}:{item['code']}",
        )
        for step, item in wanted
        if not is_shown(record, item)
    ]
    return reasons + [
        Reason(_("%(step)s is not done yet.") % {"step": f"{step.code} {step}"}, record.get_absolute_url(), step.code)
        for step in _undone(record, locks)
    ]


def is_shown(record: StageRecord, item: dict[str, Any]) -> bool:
    """Whether one piece of evidence is there: fields filled in, a file of a purpose, or a record of the case.

    What a check of the machine asks for is refused by that check, in its own words.
    """
    if "check" in item:
        return True
    if "field" in item:
        return all(getattr(record, name, None) not in (None, "", [], {}) for name in item["field"])
    if "file" in item:
        files = Attachment.objects.filter(kind=record.record_kind(), object_id=record.pk, purpose=item["file"])
        return files.exists()
    kind, states = item["record"]["kind"], item["record"]["state"]
    return CaseRecord.objects.filter(case_id=record.case_id, kind=kind, state__in=states).exists()


def _place(record: StageRecord, item: dict[str, Any]) -> str:
    """Where the missing thing is put right."""
    address = record.get_absolute_url()
    return f"{address}edit/" if "field" in item else address


def _undone(record: StageRecord, locks: list[Any]) -> list[Any]:
    if not locks:
        return []
    ended = StepRecord.objects.filter(
        case_id=record.case_id, definition__code__in=[step.code for step in locks]
    ).exclude(state=StepRecord.State.OPEN)
    done = set(ended.values_list("definition__code", flat=True))
    return [step for step in locks if step.code not in done]
