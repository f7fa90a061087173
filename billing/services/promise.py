"""Promises to pay: taken down, then judged by the money that came in."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from billing.models import Allocation, BankStatement, Promise, ReceivableLine
from billing.services import kept
from core.calendar import today
from core.errors import Refused
from core.money import ZERO, format_money
from process.services import doors

SYSTEM = Actor.system("promise")
FOLLOW = ("ar", "owner", "finance", "pfc")


@transaction.atomic
def promise(
    line: ReceivableLine,
    *,
    promised_on: dt.date | None,
    by: Actor | User,
    gross_amount: Decimal | None = None,
    promised_by: str = "",
    note: str = "",
    version: int | None = None,
) -> ReceivableLine:
    """Take down what the customer promised: day, amount (all that is open without one), and who said it.

    It takes the place of the promise before. No day: the promise is withdrawn. Raises Refused for a day that has
    passed, and for more than is open.
    """
    amount = line.gross_open if gross_amount is None else gross_amount
    _refuse_senseless(line, promised_on, amount)
    said = {"promised_on": promised_on, "gross_amount": amount, "promised_by": promised_by} if promised_on else {}
    doors.act(line, "promise", by=by, who=FOLLOW, note=note, version=version, changes=said)
    day = today()
    for before in line.promises.filter(outcome=Promise.Outcome.OPEN):
        _judge(before, Promise.Outcome.BROKEN if before.promised_on < day else Promise.Outcome.REPLACED)
    if promised_on is not None:
        Promise.objects.create(
            receivable=line,
            promised_on=promised_on,
            gross_amount=amount,
            promised_by=promised_by,
            by=Actor.of(by).user,
        )
    _mark(line, promised_on)
    return line


def _refuse_senseless(line: ReceivableLine, promised_on: dt.date | None, amount: Decimal) -> None:
    if line.is_settled:
        raise Refused(_("Nothing is open on it."))
    if promised_on is None:
        return
    reasons = []
    if promised_on < today():
        reasons.append(_("A promise is for today or a later day."))
    if not 0 < amount <= line.gross_open:
        text = _("Only %(left)s is open on %(line)s.")
        reasons.append(text % {"left": format_money(line.gross_open), "line": line})
    if reasons:
        raise Refused(reasons)


def _mark(line: ReceivableLine, promised_on: dt.date | None) -> None:
    """The line's own day follows its standing promise; the log line was written by the act."""
    line.promised_on = promised_on
    line.row_version += 1
    line.save(update_fields=["promised_on", "row_version", "updated_at"])


def paid_in_time(one: Promise) -> Decimal:
    """Money and bills that were allocated to the line since the promise, with a value date up to its day."""
    found = Allocation.objects.standing().filter(
        receivable=one.receivable_id,
        difference__isnull=True,
        created_at__gte=one.created_at,
        receipt__value_on__lte=one.promised_on,
    )
    return found.aggregate(gross=Sum("gross_amount", default=ZERO))["gross"]


def _judge(one: Promise, outcome: Promise.Outcome) -> None:
    one.outcome, one.decided_on, one.gross_paid = outcome, today(), paid_in_time(one)
    if one.outcome == Promise.Outcome.BROKEN and one.gross_paid >= one.gross_amount:
        one.outcome = Promise.Outcome.KEPT
    one.save(update_fields=["outcome", "decided_on", "gross_paid"])


def judge_promises() -> int:
    """Once a day: what was promised is kept as soon as the money is there, and broken once its day has passed.

    A promise is not called broken before the bank's data reach its day, unless no statements are kept at all. A broken
    one is told to owner and finance, and its line is dunned again. Returns how many were judged.
    """
    known, day = BankStatement.objects.known_until(), today()
    judged = 0
    waiting = Promise.objects.filter(outcome=Promise.Outcome.OPEN).select_related("receivable__contract")
    for one in waiting.order_by("promised_on", "pk").iterator(chunk_size=500):
        until = known.get(one.receivable.contract.entity_id, one.promised_on)
        paid = paid_in_time(one) >= one.gross_amount
        if paid or not one.receivable.is_open or (one.promised_on < day and until >= one.promised_on):
            judged += _close(one.pk)
    return judged


@transaction.atomic
def _close(pk: int) -> bool:
    """Judge one promise under the lock of its deal; False where somebody was faster."""
    found = Promise.objects.get(pk=pk)
    kept.lock_cases({found.receivable.case_id})
    line = kept.lock_line(found.receivable_id)
    one = Promise.objects.filter(pk=pk, outcome=Promise.Outcome.OPEN).first()
    if one is None:
        return False
    gone = line.state in line.states.ends
    if gone or (one.promised_on >= today() and paid_in_time(one) < one.gross_amount):
        _judge(one, Promise.Outcome.REPLACED)
    else:
        _judge(one, Promise.Outcome.BROKEN)
    facts = {"promised_on": one.promised_on, "gross_amount": one.gross_amount, "gross_paid": one.gross_paid}
    doors.act(line, f"promise_{one.outcome}", by=SYSTEM, states=line.states.by_code, changes=facts)
    _mark(line, None)
    if one.outcome == Promise.Outcome.BROKEN:
        _tell(one, line)
    return True


def _tell(one: Promise, line: ReceivableLine) -> None:
    finance = User.objects.filter(is_active=True, roles__code="finance").values_list("pk", flat=True)
    notify(
        [*finance, *([line.owner_id] if line.owner_id else [])],
        gettext_noop("%(record)s: the promise to pay %(amount)s on %(day)s was broken"),
        key=f"promise:{one.pk}",
        params={"record": str(line), "amount": format_money(one.gross_amount), "day": one.promised_on},
        link=line.get_absolute_url(),
        level="warning",
    )
