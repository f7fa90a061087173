"""What waits for a person: decisions, handovers, claims, overdue next steps, alerts, records held."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Notice, Role, User
from billing.models import Receipt, ReceivableLine
from core.branches import among, any_of, first, whole
from core.calendar import add_working_hours, today
from core.money import ZERO, format_money
from core.search import search
from core.selectors import Total, totals
from finance.models import VarianceAlert
from guidance.models import Activity
from leads.models import Lead
from process import show, stages
from process.models import CaseRecord, Handover, Seat, StepRecord
from process.models.case import CASE_ONLY
from process.outlet import Outlet, outlet_of, outlets
from projects.models import Project

LIMIT = 20
# Working hours before its end in which a decision is marked as due soon.
SOON_HOURS = 4
# My numbers are exact up to this many of a kind: more reads as "many", and counting it would slow the first page.
COUNTED = 300


@dataclass
class Item:
    """One line of the inbox: what, where it leads, since or until when, and how urgent."""

    title: str
    url: str
    sub: str = ""
    when: str = ""
    late: bool = False
    soon: bool = False


@dataclass
class Group:
    """One kind of work in the inbox."""

    code: str
    title: Any
    items: list[Item]
    icon: str = "inbox"

    @property
    def count(self) -> int:
        return len(self.items)


def _record_url(kind: str, object_id: int) -> str:
    outlet = outlet_of(kind)
    return outlet.url("detail", object_id) if outlet else ""


def _day(moment: datetime | None) -> str:
    return show.text_of(moment)[:16] if moment else ""


def decisions(user: User) -> list[Item]:
    """Reviews and decisions asked of the user or of those the user deputises for, most urgent first."""
    mine = Q(assignees__overlap=list(user.acting_ids))
    for document, people in user.standing.deciding_for.items():
        mine |= Q(kind=document, assignees__overlap=list(people))
    asked = list(
        StepRecord.objects.filter(mine, state=StepRecord.State.OPEN, verb="approve").order_by("due_at")[:LIMIT]
    )
    titles = _titles((step.kind, step.object_id or 0) for step in asked)
    now = timezone.now()
    soon = add_working_hours(now, SOON_HOURS)
    return [
        Item(
            titles.get((step.kind, step.object_id or 0), step.kind),
            _record_url(step.kind, step.object_id or 0),
            sub=_kind_label(step.kind),
            when=_day(step.due_at),
            late=bool(step.due_at and step.due_at < now),
            soon=bool(step.due_at and now <= step.due_at <= soon),
        )
        for step in asked
    ]


def _titles(keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    wanted = Q(pk__in=[])
    for kind, object_id in keys:
        wanted |= Q(kind=kind, object_id=object_id)
    return {(row.kind, row.object_id): str(row) for row in CaseRecord.objects.filter(wanted)}


def _kind_label(kind: str) -> str:
    outlet = outlet_of(kind)
    return str(outlet.model._meta.verbose_name) if outlet else kind


def _kind_and_state(record: CaseRecord) -> str:
    outlet = outlet_of(record.kind)
    if outlet is None:
        return record.kind
    return f"{outlet.model._meta.verbose_name} · {outlet.model.states.label(record.state)}"


def handovers(user: User) -> list[Item]:
    """Packages offered to a seat or role of the user, or of those the user deputises for: see Handover.receivers."""
    people = user.acting_ids
    holders = Seat.objects.current().filter(case=OuterRef("case"), role=OuterRef("receiver_role"))
    holders = holders.filter(user__is_active=True)
    roles = Role.objects.filter(users__in=people, is_active=True).exclude(code__in=CASE_ONLY).values("code")
    mine = Q(Exists(holders.filter(user__in=people))) | Q(~Exists(holders), receiver_role__in=roles)
    offered = Handover.objects.filter(mine, state="offered").select_related("owner").order_by("due_at")[:LIMIT]
    now = timezone.now()
    return [
        Item(
            one.title,
            one.get_absolute_url(),
            sub=_("%(stage)s, offered by %(who)s") % {"stage": stages.label(one.target), "who": one.owner or "–"},
            when=_day(one.due_at),
            late=bool(one.due_at and one.due_at < now),
        )
        for one in offered
    ]


def claims(user: User) -> list[Item]:
    """Money that arrived: unclaimed for account managers, claimed and to be confirmed for finance."""
    if user.has_role("finance") or user.has_role("cashier"):
        state = "claimed"
    elif user.has_role("ar"):
        state = "unclaimed"
    else:
        return []
    found = Receipt.objects.visible_to(user).filter(state=state)
    return [
        Item(
            f"{one.payer_name} {show.text_of(one.gross_amount)}",
            one.get_absolute_url(),
            sub=one.code,
            when=show.text_of(one.value_on),
        )
        for one in found.order_by("value_on")[:LIMIT]
    ]


def next_steps(user: User) -> list[Item]:
    """Overdue next acts of the user's leads and customer activities."""
    day = today()
    # For each person alone an index gives the earliest.
    mine = reduce(or_, (Q(owner_id=one) for one in sorted(user.acting_ids)))
    leads = any_of(Lead.objects.open(), mine).filter(next_action_on__lte=day).order_by("next_action_on")
    leads = leads.only("title", "next_action", "next_action_on")
    found = [
        Item(
            lead.title,
            lead.get_absolute_url(),
            sub=lead.next_action,
            when=show.text_of(lead.next_action_on),
            late=lead.next_action_on is not None and lead.next_action_on < day,
        )
        for lead in first(leads, LIMIT)
    ]
    activities = (
        Activity.objects.filter(holder_id__in=user.acting_ids, done_on__isnull=True, next_step_on__lte=day)
        .select_related("plan")
        .order_by("next_step_on")
    )
    found += [
        Item(
            one.next_step or one.goal,
            one.plan.get_absolute_url(),
            sub=one.plan.title,
            when=show.text_of(one.next_step_on),
            late=one.next_step_on is not None and one.next_step_on < day,
        )
        for one in activities[:LIMIT]
    ]
    return sorted(found, key=lambda item: item.when)[:LIMIT]


def alerts(user: User) -> list[Item]:
    """Budget thresholds passed on the user's cases."""
    if not user.has_right("see_cost"):
        return []
    cases = Seat.objects.current().filter(user_id__in=user.acting_ids).values("case_id")
    found = VarianceAlert.objects.filter(cleared_at__isnull=True, book__case_id__in=cases)
    return [
        Item(
            f"{one.book.title}: {one.category}",
            one.book.get_absolute_url(),
            sub=_("%(percent)s %% of the budget used") % {"percent": one.threshold},
            when=_day(one.opened_at)[:10],
            late=one.threshold >= 100,
        )
        for one in found.select_related("book", "category").order_by("-threshold", "-opened_at")[:LIMIT]
    ]


def held(user: User) -> list[Item]:
    """Open records that wait for the user, the longest waiting first."""
    # What is offered over the counter is shown as the handover it is.
    offered = Handover.objects.filter(state="offered", source_kind=OuterRef("kind"), source_id=OuterRef("object_id"))
    records = CaseRecord.objects.filter(is_open=True, holder_id__in=user.acting_ids).order_by("since")
    records = records.exclude(Exists(offered))
    # Receivables whose event has not happened yet ask nothing of their owner.
    records = records.exclude(kind="billing.receivableline", state="planned")[:LIMIT]
    return [
        Item(str(one), _record_url(one.kind, one.object_id), sub=_kind_and_state(one), when=_day(one.since)[:10])
        for one in records
    ]


def inbox(user: User) -> list[Group]:
    """Everything that waits for the user, in the order in which it should be dealt with, and each thing once."""
    groups = [
        Group("decisions", _("Decisions"), decisions(user), "gavel"),
        Group("handovers", _("Handovers"), handovers(user), "arrows-exchange"),
        Group("claims", _("Receipts"), claims(user), "cash"),
        Group("next_steps", _("Next steps due"), next_steps(user), "calendar-due"),
        Group("alerts", _("Alerts"), alerts(user), "alert-triangle"),
    ]
    shown = {item.url for group in groups for item in group.items}
    rest = [item for item in held(user) if item.url not in shown]
    return [group for group in (*groups, Group("held", _("Waiting for me"), rest, "hand-finger")) if group.items]


def recent_notices(user: User) -> list[Notice]:
    """The newest unread notices."""
    return list(Notice.objects.filter(user=user, read_at__isnull=True).order_by("-created_at", "-id")[:8])


def numbers(user: User) -> list[dict[str, Any]]:
    """My numbers: leads I own, deals I sit on, and the money still to come from them, in base currency.

    Counted now, and exactly up to `COUNTED` of a kind; beyond that they say so (300+, ≥), so that home costs the same
    however much a person has.
    """
    mine = among("case_id", Seat.objects.current().filter(user_id__in=user.acting_ids), "case_id")
    leads = Lead.objects.open().filter(owner_id__in=user.acting_ids).annotate(worth=F("gross_amount"))
    running = Project.objects.filter(mine, state__in=("draft", "in_review", "approved"))
    deals = running.annotate(worth=F("gross_amount"))
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    due = whole(ReceivableLine.objects.visible_to(user)).ageing().filter(mine, is_retention=False)
    due = due.annotate(worth=left)
    rows = [leads, deals, due, due.filter(due_on__lt=today())]
    my_leads, my_deals, to_come, overdue = totals(rows, day=today(), amount="worth", currency="currency", cap=COUNTED)
    shown: list[dict[str, Any]] = []
    if my_leads.number:
        url = "/leads/?state=open&scope=mine"
        shown.append({"label": _("My open leads"), "value": my_leads.number_text, "url": url})
    if my_deals.number:
        sub = _("%(amount)s incl. tax") % {"amount": _worth(my_deals)}
        shown.append(
            {"label": _("My deals"), "value": my_deals.number_text, "sub": sub, "url": "/projects/?scope=mine"}
        )
    if to_come.number:
        shown.append({"label": _("Receivable from my deals"), "value": _worth(to_come)})
    if overdue.number:
        shown.append({"label": _("Overdue"), "value": _worth(overdue), "tone": "bad"})
    return shown


def _worth(total: Total) -> str:
    """What counted rows are worth; "≥" where not all were added up."""
    text = format_money(total.amount or ZERO)
    return f"≥ {text}" if total.is_at_least else text


def find(user: User, text: str, *, per_kind: int = 5) -> list[tuple[Outlet, list[Any]]]:
    """The global search: up to `per_kind` visible records of every kind that match all words."""
    found = []
    # Deals and their papers first: the counter's slips repeat the names of what they carried.
    for outlet in sorted(outlets(), key=lambda one: one.model._meta.app_label == "process"):
        if not outlet.icon or not outlet.shown_to(user):
            continue
        rows = list(search(outlet.queryset(user), "search_text", text).order_by("-pk")[:per_kind])
        if rows:
            found.append((outlet, rows))
    return found
