"""The figures of a collection plan, added up by the database: six statements, however many rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import TruncMonth

from billing.models import Allocation, DueMove, Promise, ReceivableLine
from billing.models.receipt import BILLS
from billing.models.receivable import PAID
from billing.plan.scope import BY, LEFT, Scope, Span, of_receipt
from core.calendar import add_months, today
from core.money import ZERO, round_money
from core.selectors import InBase
from process.visibility import is_scoped, seen

ENDS = ReceivableLine.states.ends
_GROSS = F("gross_amount")
# What a receipt has that is neither allocated nor paid back.
FREE = F("gross_amount") - F("gross_allocated") - F("gross_refunded")


@dataclass
class PlanRow:
    """One month (or all of them), perhaps of one department or person; gross and in base currency.

    `opening` is what was overdue when the month began, `closing` what of all due by its end is open then; None where
    the month has not begun. Received are `collected` (due in the month), `late` (due before) and `early` (due later,
    or not yet payable). `prepaid` came in before the month on what is due in it, `other` was settled without money.
    """

    month: dt.date | None
    key: int | None = None
    label: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None
    planned: Decimal = ZERO
    disputed: Decimal = ZERO
    promised: Decimal = ZERO
    kept: Decimal = ZERO
    broken: Decimal = ZERO
    prepaid: Decimal = ZERO
    collected: Decimal = ZERO
    late: Decimal = ZERO
    early: Decimal = ZERO
    bills: Decimal = ZERO
    other: Decimal = ZERO
    left: Decimal = ZERO
    moved: Decimal = ZERO
    free: Decimal = ZERO
    # Of all months up to this one: planned, and what of it had come in by the end of its month.
    until_planned: Decimal = ZERO
    until_in: Decimal = ZERO

    @property
    def has_begun(self) -> bool:
        return self.month is None or self.month <= today()

    @property
    def received(self) -> Decimal:
        """What came in within the month, whatever it was for."""
        return self.collected + self.late + self.early

    @property
    def cash(self) -> Decimal:
        """What of it came as money: all but bills of exchange."""
        return self.received - self.bills

    @property
    def rate(self) -> Decimal | None:
        """Percent of the plan that had come in by the end of the month; None without a plan, or before it begins."""
        if self.month is None:
            return self.cumulative
        return _percent(self.prepaid + self.collected, self.planned) if self.has_begun else None

    @property
    def cumulative(self) -> Decimal | None:
        """The same over all months up to this one."""
        return _percent(self.until_in, self.until_planned) if self.has_begun else None


FLOWS = (
    *("planned", "disputed", "promised", "kept", "broken", "prepaid", "collected"),
    *("late", "early", "bills", "other", "left", "moved", "free"),
)


def _percent(part: Decimal, of: Decimal) -> Decimal | None:
    return round_money(part * 100 / of, 1) if of else None


@dataclass
class Plan:
    """The months, their sum, and what has no month yet: planned lines and retentions whose event has not happened."""

    rows: list[PlanRow]
    total: PlanRow
    currency: str
    undated: Decimal = ZERO
    retention: Decimal = ZERO
    # Other currencies met, and those of them that nobody has entered a rate for: they count as nothing.
    foreign: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    """Receivables with the same months: due in, given up in."""

    due: dt.date | None
    given_up: dt.date | None
    is_retention: bool
    gross: Decimal
    left: Decimal
    disputed: Decimal


@dataclass(frozen=True)
class _Paid:
    """Allocations with the same months: due in, value date in. A `difference` settles without money."""

    due: dt.date | None
    value: dt.date
    difference: bool
    bill: bool
    gross: Decimal


@dataclass
class _Found:
    """What the statements found for one key."""

    lines: list[_Line] = field(default_factory=list)
    paid: list[_Paid] = field(default_factory=list)
    # (figure, month) → amount, for what needs no reckoning.
    sums: dict[tuple[str, dt.date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def plan(scope: Scope, span: Span, by: str = "") -> Plan:
    """Plan and actual of the months; `by` a word of BY: a row per month and key, those with any figure.

    Everything by the days documents carry: due day, promised day, value date. What was taken off or refused since does
    not count in its month either. Other currencies at today's rate.
    """
    reading = _Reading(scope, span, by)
    found = reading.read()
    rows = [row for key, one in found.items() for row in _rows(key, one, span)]
    if by:
        rows = [row for row in rows if _has_figures(row)]
        _name(rows, by, scope)
    rows.sort(key=lambda row: (row.month or span.end, -row.planned, -row.received, row.label))
    return Plan(
        rows=rows,
        total=_total(rows, span),
        currency=reading.money.currency,
        undated=_undated(found, retention=False),
        retention=_undated(found, retention=True),
        foreign=sorted(reading.currencies - {reading.money.currency}),
        missing=sorted(reading.currencies - set(reading.money.rates)),
    )


class _Reading:
    """The statements of one plan."""

    def __init__(self, scope: Scope, span: Span, by: str) -> None:
        self.scope, self.span, self.by = scope, span, by
        self.money = InBase(today())
        self.lines = scope.lines()
        self.currencies: set[str] = set()
        self.found: dict[int | None, _Found] = {} if by else {None: _Found()}

    def read(self) -> dict[int | None, _Found]:
        self._read_lines()
        self._read_paid()
        self._sum("promised", kept_promises(self.lines, self.span), "promised_on", "receivable__", more=("outcome",))
        self._sum("moved", moves(self.lines, self.span), "due_on", "receivable__")
        free = free_receipts(self.scope, self.span)
        self._sum("free", free, "value_on", "", amount=FREE, key=of_receipt(self.by) if self.by else "")
        return self.found

    def _of(self, key: int | None) -> _Found:
        return self.found.setdefault(key, _Found())

    def _read_lines(self) -> None:
        """Everything due in the months, and what is open or given up of the time before or has no day."""
        span, gross, left = self.span, self.money.row(F("gross_amount"), "currency"), self.money.row(LEFT, "currency")
        older = Q(due_on__lt=span.first, gross_amount__gt=PAID)
        wanted = Q(due_on__gte=span.first, due_on__lt=span.end) | older | Q(due_on__isnull=True, state="planned")
        rows = self.lines.filter(wanted).annotate(due_month=span.month("due_on"), ended=span.month_given_up(ENDS))
        groups = rows.order_by().values_list(self._key(""), "due_month", "ended", "is_retention")
        sums = groups.annotate(
            sum_gross=Sum(gross, default=ZERO),
            sum_left=Sum(left, default=ZERO),
            sum_disputed=Sum(left, filter=is_disputed(), default=ZERO),
            codes=ArrayAgg("currency", distinct=True),
        )
        for key, *line, currencies in sums:
            self.currencies.update(currencies)
            self._of(key).lines.append(_Line(*line))

    def _read_paid(self) -> None:
        """What was allocated by value dates from the first month on, and before on what is due in the months."""
        span, lines = self.span, self.lines
        rows = (
            Allocation.objects.standing()
            .filter(receivable__in=lines)
            .annotate(
                due_month=span.month("receivable__due_on"),
                value_month=span.month("receipt__value_on"),
                no_money=Q(difference__isnull=False),
                by_bill=Q(receipt__method__code__in=BILLS),
            )
        )
        since = rows.filter(receipt__value_on__gte=span.first)
        before = rows.filter(
            receipt__value_on__lt=span.first, receivable__due_on__gte=span.first, receivable__due_on__lt=span.end
        )
        gross = self.money.row(F("gross_amount"), "receivable__currency")
        for part in (since, before):
            groups = part.order_by().values_list(
                self._key("receivable__"), "due_month", "value_month", "no_money", "by_bill"
            )
            codes = ArrayAgg("receivable__currency", distinct=True)
            sums = groups.annotate(sum_gross=Sum(gross, default=ZERO), codes=codes)
            for key, *paid, currencies in sums:
                self.currencies.update(currencies)
                self._of(key).paid.append(_Paid(*paid))

    def _sum(
        self,
        figure: str,
        rows: QuerySet[Any],
        day: str,
        path: str,
        *,
        amount: Any = _GROSS,
        key: str = "",
        more: tuple[str, ...] = (),
    ) -> None:
        """A figure by the month of a day; with an outcome, also under its name."""
        groups = (
            rows.order_by().annotate(of_month=TruncMonth(day)).values_list(key or self._key(path), "of_month", *more)
        )
        gross = self.money.row(amount, f"{path}currency")
        codes = ArrayAgg(f"{path}currency", distinct=True)
        sums = groups.annotate(sum_gross=Sum(gross, default=ZERO), codes=codes)
        for one, month, *outcome, gross_sum, currencies in sums:
            self.currencies.update(currencies)
            for name in (figure, *(word for word in outcome if word in ("kept", "broken"))):
                self._of(one).sums[name, month] += gross_sum

    def _key(self, path: str) -> Any:
        """What rows are grouped by beside their months."""
        return f"{path}{self.by}_id" if self.by else Value(None, output_field=ReceivableLine._meta.pk)


# The rows behind figures ---------------------------------------------------------------------------
def is_disputed() -> Q:
    """Open, payable, and disputed for today or a later day."""
    return Q(state="eligible", disputed_until__gte=today(), gross_amount__gt=PAID)


def kept_promises(lines: QuerySet[ReceivableLine], span: Span) -> QuerySet[Promise]:
    """Promises for a day of the months that nobody withdrew or replaced: open, kept or broken."""
    found = Promise.objects.filter(receivable__in=lines, promised_on__gte=span.first, promised_on__lt=span.end)
    return found.exclude(outcome=Promise.Outcome.REPLACED)


def moves(lines: QuerySet[ReceivableLine], span: Span) -> QuerySet[DueMove]:
    """Due days of the months that were taken away after their month had begun, from lines not due in it any more.

    A line that left the same month twice is counted once, as it last left.
    """
    month = TruncMonth("due_on")
    found = DueMove.objects.filter(receivable__in=lines, due_on__gte=span.first, due_on__lt=span.end)
    found = found.annotate(left_month=month, now_month=TruncMonth("receivable__due_on"))
    found = found.filter(moved_on__gte=F("left_month"))
    found = found.filter(Q(now_month__isnull=True) | ~Q(now_month=F("left_month")))
    again = DueMove.objects.annotate(left_month=month).filter(
        receivable=OuterRef("receivable"), left_month=OuterRef("left_month"), pk__gt=OuterRef("pk")
    )
    return found.exclude(Exists(again))


def free_receipts(scope: Scope, span: Span) -> QuerySet[Any]:
    """Receipts of the months with money that is neither allocated nor paid back."""
    found = scope.receipts().filter(value_on__gte=span.first, value_on__lt=span.end)
    return found.filter(gross_amount__gt=F("gross_allocated") + F("gross_refunded"))


# Reckoning -----------------------------------------------------------------------------------------
def _rows(key: int | None, found: _Found, span: Span) -> list[PlanRow]:
    rows, planned, came = [], ZERO, ZERO
    for month in span.months:
        row = PlanRow(month, key)
        for line in found.lines:
            _add_line(row, line, month)
        for paid in found.paid:
            _add_paid(row, paid, month)
        for (figure, of), amount in found.sums.items():
            if of == month:
                setattr(row, figure, getattr(row, figure) + amount)
        if row.has_begun:
            row.opening, row.closing = _open_on(found, month), _open_on(found, add_months(month, 1))
        planned, came = planned + row.planned, came + row.prepaid + row.collected
        row.until_planned, row.until_in = planned, came
        rows.append(row)
    return rows


def _add_line(row: PlanRow, line: _Line, month: dt.date) -> None:
    if line.due is None:
        return
    if line.due == month:
        row.planned += line.gross
        row.disputed += line.disputed
        row.left += line.left if line.given_up is None else ZERO
    within = line.given_up == month and line.due <= month
    # Given up within the month; what is due in it, also before.
    if within or (line.due == month and line.given_up is not None and line.given_up < month):
        row.other += line.left


def _add_paid(row: PlanRow, paid: _Paid, month: dt.date) -> None:
    due_now, now = paid.due == month, paid.value == month
    if paid.difference:
        if paid.due is not None and ((now and paid.due <= month) or (due_now and paid.value < month)):
            row.other += paid.gross
        return
    if due_now and paid.value < month:
        row.prepaid += paid.gross
    if not now:
        return
    row.bills += paid.gross if paid.bill else ZERO
    if due_now:
        row.collected += paid.gross
    elif paid.due is not None and paid.due < month:
        row.late += paid.gross
    else:
        row.early += paid.gross


def _open_on(found: _Found, day: dt.date) -> Decimal:
    """What of all due before a first of a month was open when it began: what is open now, and what has gone since."""
    standing = (line for line in found.lines if line.due is not None and line.due < day)
    settled = (paid for paid in found.paid if paid.due is not None and paid.due < day <= paid.value)
    left = _sum_of(line.left for line in standing if line.given_up is None or line.given_up >= day)
    return left + _sum_of(paid.gross for paid in settled)


def _undated(found: dict[int | None, _Found], *, retention: bool) -> Decimal:
    lines = (line for one in found.values() for line in one.lines if line.due is None)
    return _sum_of(line.left for line in lines if line.is_retention is retention)


def _total(rows: list[PlanRow], span: Span) -> PlanRow:
    """Flows add up; open amounts are those of the first month's beginning and of the last begun month's end."""
    total = PlanRow(None)
    for name in FLOWS:
        setattr(total, name, _sum_of(getattr(row, name) for row in rows))
    begun = [row for row in rows if row.has_begun]
    if begun:
        first, last = span.first, max(row.month for row in begun if row.month)
        total.opening = _sum_of(row.opening or ZERO for row in begun if row.month == first)
        total.closing = _sum_of(row.closing or ZERO for row in begun if row.month == last)
    total.until_planned = _sum_of(row.planned for row in begun)
    total.until_in = _sum_of(row.prepaid + row.collected for row in begun)
    return total


def _has_figures(row: PlanRow) -> bool:
    return any(getattr(row, name) for name in (*FLOWS, "opening", "closing"))


def _name(rows: list[PlanRow], by: str, scope: Scope) -> None:
    """The names of the keys; one that is hidden from the reader counts without its name."""
    model = BY[by][1]
    keys = {row.key for row in rows} - {None}
    names = model._default_manager.in_bulk(keys)
    kind = model._meta.label_lower
    known = seen({(kind, key) for key in keys}, scope.user) if is_scoped(model) else {(kind, key) for key in keys}
    for row in rows:
        row.label = str(names[row.key]) if (kind, row.key) in known and row.key in names else "–"


def _sum_of(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
