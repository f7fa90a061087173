"""The clock of opinions and decisions: reminders at part of the time and at its end, then the next head up."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import letters, selectors
from approvals.models import ESCALATE_HOURS, REMIND_PERCENT, Decision, Reminder
from core.calendar import add_working_hours, working_hours_between
from process.machine import message_id
from process.models import StageRecord
from process.services import steps
from process.services.log import lock_case, write_log

JOB = "approval clock"
Kind = Reminder.Kind

MESSAGES = {
    Kind.EARLY: gettext_noop("%(record)s still waits for your %(kind)s, due %(due)s"),
    Kind.OVERDUE: gettext_noop("%(record)s: the time for your %(kind)s ran out on %(due)s"),
    Kind.ESCALATION: gettext_noop("%(record)s: the %(kind)s is late and is now asked of you too"),
}


def sweep() -> int:
    """Every few minutes: remind and escalate what is due on running requests; how many people were told.

    Each step is looked at under the lock of its case, so two workers at once, or the job run twice, tell once.
    """
    told = 0
    running = Decision.objects.filter(decided_at__isnull=True, request__state="pending", step__due_at__isnull=False)
    for pk, case_id in running.order_by("pk").values_list("pk", "request__case_id"):
        with transaction.atomic():
            lock_case(case_id)
            one = running.select_related("request", "step").filter(pk=pk).first()
            if one is not None:
                told += _look_at(one)
    return told


def _look_at(one: Decision) -> int:
    """Do what is due on one step that is waited for."""
    given = set(one.reminders.exclude(kind=Kind.NUDGE).values_list("kind", flat=True))
    present = list(User.objects.filter(pk__in=one.assignees, is_active=True).values_list("pk", flat=True))
    told = 0
    for kind in due_kinds(one, timezone.now(), is_left=not present):
        if kind in given:
            continue
        told += _escalate(one, present) if kind == Kind.ESCALATION else _remind(one, kind, present)
    return told


def due_kinds(one: Decision, now: dt.datetime, *, is_left: bool = False) -> list[Reminder.Kind]:
    """What the working clock asks for at a moment; `is_left`: nobody who was asked works here any more.

    The early reminder is not made up for once the time has run out.
    """
    assert one.step is not None
    assert one.step.due_at is not None
    opened, limit, rule = one.step.opened_at, one.step.due_at, one.request.frozen_rule
    percent = rule.get("remind_percent", REMIND_PERCENT)
    found = []
    if now >= limit:
        found.append(Kind.OVERDUE)
    elif percent and now >= add_working_hours(opened, working_hours_between(opened, limit) * percent / 100):
        found.append(Kind.EARLY)
    hours = rule.get("escalate_hours", ESCALATE_HOURS)
    if is_left or (hours is not None and now >= add_working_hours(limit, hours)):
        found.append(Kind.ESCALATION)
    return found


def _remind(one: Decision, kind: Reminder.Kind, people: Collection[int]) -> int:
    for pk in people:
        Reminder.objects.create(decision=one, kind=kind, to_id=pk)
    return _tell(one, one.request.document(), kind, people)


def _escalate(one: Decision, present: Collection[int]) -> int:
    """Ask the next head up beside those who are asked, who may still answer; how many were told.

    Nobody is left to ask where every head above, and everybody in the fallback role, submitted it or is asked already.
    """
    record = one.request.document()
    found = selectors.heads_above(one)
    people = list(found)
    if not people:
        return 0
    assert one.step is not None
    one.assignees = [*present, *people]
    one.letters |= {str(pk): letters.kept(line) for pk, line in found.items() if line is not None}
    one.save(update_fields=["assignees", "letters"])
    steps.ask_instead(one.step, assignees=one.assignees)
    head = User.objects.get(pk=people[0])
    steps.hold(record, user_id=head.pk, department_id=head.department_id)
    for pk in people:
        Reminder.objects.create(decision=one, kind=Kind.ESCALATION, to_id=pk)
    names = ", ".join(str(user) for user in User.objects.filter(pk__in=people).order_by("pk"))
    write_log(
        lock_case(record.case_id),
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.escalate",
        by=Actor.system(JOB),
        changes={"asked": ["", names]},
    )
    return _tell(one, record, Kind.ESCALATION, people)


def _tell(one: Decision, record: StageRecord, kind: Reminder.Kind, people: Collection[int]) -> int:
    """Tell these people and whoever stands in for them today, once per step and kind."""
    assert one.step is not None
    assert one.step.due_at is not None
    return notify(
        selectors.with_deputies(people, record.record_kind()),
        MESSAGES[kind],
        key=f"decision:{one.pk}:{kind}",
        params={"record": str(record), "due": timezone.localtime(one.step.due_at).strftime("%Y-%m-%d %H:%M")},
        words={"kind": message_id(Decision.Kind(one.kind).label)},
        link=record.get_absolute_url(),
        level="warning" if kind == Kind.EARLY else "danger",
    )
