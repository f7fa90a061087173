"""Cost sheets: written as lines, decided on, copied forward; actuals and settlement are frozen from the ledger."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.actor import Actor
from accounts.models import User
from approvals.services import approve as approve_record
from approvals.services import send_back, submit, withdraw
from core.errors import Refused
from core.money import ZERO, round_money
from finance import costing
from finance.models import CashMonth, CostBook, CostLine, CostSheet, LedgerEntry, Period
from finance.services import alerts
from finance.services.book import lock_book
from process.services import doors

__all__ = [
    "approve",
    "copy",
    "edit",
    "freeze_actual",
    "make_current",
    "open",
    "send_back",
    "settle",
    "submit",
    "supersede",
    "withdraw",
]

TYPED = ("estimate", "budget")
# What is typed of a line and of a month of cash; all else is computed.
LINE_INPUT = (
    "category",
    "text",
    "gross_amount",
    "tax_rate",
    "deductible",
    "days",
    "net_day_amount",
    "net_low",
    "net_high",
)
# A wrong digit in a year would draw a curve of centuries.
CASH_YEARS = 20
CASH_INPUT = ("month", "gross_in", "gross_out")


def _line(position: int, line: dict[str, Any]) -> CostLine:
    """One unsaved line with its cost computed: days by their rate, else the gross amount without deductible VAT."""
    given = {**line}
    days, day_amount = given.get("days"), given.get("net_day_amount") or given.get("day_rate")
    rate, deductible = given.get("tax_rate"), bool(given.get("deductible"))
    category = given["category"]
    if days and day_amount:
        net = costing.labour_net(Decimal(days), Decimal(day_amount))
        gross, rate, deductible = net, None, False
    else:
        gross = round_money(given.get("gross_amount") or ZERO)
        if deductible and rate is None:
            raise Refused(_("%(category)s: deductible VAT needs its rate.") % {"category": category})
        net = costing.line_net(gross, rate.percent if rate else None, deductible)
    if net < 0:
        raise Refused(_("%(category)s: a cost must not be negative.") % {"category": category})
    low, high = given.get("net_low"), given.get("net_high")
    if low is not None or high is not None:
        if low is None or high is None or not ZERO <= round_money(low) <= net <= round_money(high):
            raise Refused(
                _("%(category)s: a range needs both ends, with the likely cost between them.") % {"category": category}
            )
        low, high = round_money(low), round_money(high)
        net = costing.expected(low, net, high)
    return CostLine(
        position=position,
        category=category,
        text=(given.get("text") or "")[:200],
        gross_amount=gross,
        tax_rate=rate,
        deductible=deductible,
        days=days or None,
        net_day_amount=day_amount or None,
        net_low=low,
        net_high=high,
        net_amount=net,
    )


def _months(cash: Any) -> list[CashMonth]:
    """Unsaved months of cash; a month may be named by any of its days, and once only."""
    made: dict[dt.date, CashMonth] = {}
    for one in cash:
        month = one["month"].replace(day=1)
        if month in made:
            raise Refused(_("%(month)s stands there twice.") % {"month": f"{month:%Y-%m}"})
        gross_in, gross_out = (round_money(one.get(name) or ZERO) for name in ("gross_in", "gross_out"))
        made[month] = CashMonth(month=month, gross_in=gross_in, gross_out=gross_out)
    if made and max(made).year - min(made).year > CASH_YEARS:
        raise Refused(_("The months of cash span more than %(years)s years.") % {"years": CASH_YEARS})
    return [made[month] for month in sorted(made)]


def _figures(lines: list[CostLine], cash: list[CashMonth]) -> dict[str, Any]:
    """Kept figures of lines and cash, and a digest by which a decider's figures are known to be these."""

    def upto(limit: int) -> Decimal:
        return sum((one.net_amount for one in lines if one.category.margin <= limit), ZERO)

    content = ";".join(
        f"{one.category_id}|{one.text}|{one.gross_amount}|{one.tax_rate_id}|{one.deductible}|{one.days}|{one.net_amount}"
        + (f"|{one.net_low}|{one.net_high}" if one.net_low is not None else "")
        for one in lines
    )
    content += "".join(f";{one.month}|{one.gross_in}|{one.gross_out}" for one in cash)
    curve = costing.cash_curve((one.month, one.gross_in, one.gross_out) for one in cash)
    ranges = [(one.net_low, one.net_high) for one in lines if one.net_low is not None and one.net_high is not None]
    return {
        "net_cost": upto(3),
        "net_cost_p80": costing.cost_at_80(upto(3), ranges) if ranges else None,
        "gross_peak_funding": costing.peak_funding(curve) if curve else None,
        "payback_month": costing.payback_month(curve),
        "net_project_cost": upto(1),
        "net_contribution_cost": upto(2),
        "line_digest": hashlib.sha256(content.encode()).hexdigest(),
    }


def _title(kind: str, label: str, version: int, book: CostBook) -> str:
    """Titles are stored, so they are written in the company's language."""
    with override("zh-hans"):
        name = label or str(CostSheet.Kind(kind).label)
    return f"{name} v{version} {book.title}"[:200]


def _next_version(book: CostBook, kind: str) -> int:
    return (CostSheet.objects.filter(book=book, kind=kind).aggregate(top=Max("version"))["top"] or 0) + 1


def _make(
    book: CostBook,
    kind: str,
    label: str,
    lines: list[CostLine],
    by: Actor,
    note: str,
    cash: Sequence[CashMonth] = (),
    **fields: Any,
) -> CostSheet:
    version = _next_version(book, kind)
    sheet = CostSheet(
        book=book,
        kind=kind,
        version=version,
        label=label,
        title=fields.pop("title", "") or _title(kind, label, version, book),
        **_figures(lines, list(cash)),
        **fields,
    )
    if by.is_system:
        sheet.owner = sheet.owner or book.owner
    doors.open(sheet, by=by, note=note, case=book.case)
    _keep(sheet, lines, cash)
    return sheet


def _keep(sheet: CostSheet, lines: Sequence[CostLine], cash: Sequence[CashMonth]) -> None:
    """Store the lines and the months of a sheet."""
    for line in lines:
        line.sheet = sheet
    CostLine.objects.bulk_create(lines)
    for month in cash:
        month.sheet = sheet
    CashMonth.objects.bulk_create(cash)


@transaction.atomic
def open(
    *,
    book: CostBook,
    kind: str = "estimate",
    label: str = "",
    net_revenue: Decimal = ZERO,
    lines: Any = (),
    cash: Any = (),
    accuracy_percent: Decimal | None = None,
    by: Actor | User,
    note: str = "",
    **fields: Any,
) -> CostSheet:
    """Start the next version of an estimate or a budget with its lines and its months of cash.

    A line: {category, text, gross_amount, tax_rate, deductible} or {category, text, days, net_day_amount}, perhaps
    with a range {net_low, net_high} around its likely cost; then its expected cost counts (`costing.expected`).
    A month of cash: {month, gross_in, gross_out}, with VAT.
    Actuals and final accounts are never typed: see freeze_actual and settle.
    """
    if kind not in TYPED:
        raise Refused(_("Actuals and final accounts are frozen from the ledger, not typed."))
    lock_book(book)
    made = [_line(position, line) for position, line in enumerate(lines, 1)]
    return _make(
        book,
        kind,
        label,
        made,
        Actor.of(by),
        note,
        _months(cash),
        net_revenue=round_money(net_revenue or ZERO),
        accuracy_percent=accuracy_percent,
        **fields,
    )


@transaction.atomic
def edit(
    sheet: CostSheet,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Any = None,
    cash: Any = None,
    **changes: Any,
) -> CostSheet:
    """Change a draft; `lines` replaces all its lines, `cash` all its months of cash."""
    if changes.pop("kind", sheet.kind) != sheet.kind:
        raise Refused(_("A costing keeps its kind: copy it to another one."))
    made = None if lines is None else [_line(position, line) for position, line in enumerate(lines, 1)]
    months = None if cash is None else _months(cash)
    if made is not None or months is not None:
        changes |= _figures(
            list(sheet.lines.select_related("category")) if made is None else made,
            list(sheet.cash.all()) if months is None else months,
        )
    doors.edit(sheet, by=by, changes=changes, version=version, note=note)
    # Lines of a draft are its text, not documents: nothing refers to them, the log keeps the sums.
    if made is not None:
        sheet.lines.all().delete()
    if months is not None:
        sheet.cash.all().delete()
    _keep(sheet, made or [], months or [])
    return sheet


@transaction.atomic
def approve(
    sheet: CostSheet,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> CostSheet:
    """Give opinion or decision; approved, it replaces the version before and the budget lines are looked at."""
    lock_book(sheet.book)
    approve_record(sheet, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if sheet.state == "approved":
        make_current(sheet)
    return sheet


def make_current(sheet: CostSheet) -> None:
    """The version before gives way; a new budget moves the thresholds."""
    if sheet.kind != CostSheet.Kind.ACTUAL:
        earlier = CostSheet.objects.filter(book=sheet.book, kind=sheet.kind, state="approved")
        for one in earlier.exclude(pk=sheet.pk):
            supersede(one, by=Actor.system("cost sheet"), note=f"v{sheet.version}")
    if sheet.kind == CostSheet.Kind.BUDGET:
        alerts.scan(sheet.book)


@transaction.atomic
def supersede(sheet: CostSheet, *, by: Actor | User, note: str = "", version: int | None = None) -> CostSheet:
    """A newer version was approved."""
    return doors.fire(sheet, "supersede", by=by, note=note, version=version)


@transaction.atomic
def copy(
    sheet: CostSheet,
    kind: str = "",
    *,
    by: Actor | User,
    label: str = "",
    accuracy_percent: Decimal | None = None,
    note: str = "",
    version: int | None = None,
) -> CostSheet:
    """A new draft with the same lines and cash: the next version, or the budget out of the signed estimate."""
    lines = [
        {name: getattr(line, name) for name in LINE_INPUT}
        for line in sheet.lines.select_related("category", "tax_rate")
    ]
    return open(
        book=sheet.book,
        kind=kind or sheet.kind,
        label=label,
        net_revenue=sheet.net_revenue,
        accuracy_percent=accuracy_percent if accuracy_percent is not None else sheet.accuracy_percent,
        lines=lines,
        cash=sheet.cash.values(*CASH_INPUT),
        origin=sheet,
        by=by,
        note=note,
    )


def _ledger_lines(book: CostBook, **condition: Any) -> list[CostLine]:
    """The ledger's cost by category as unsaved lines."""
    entries = LedgerEntry.objects.filter(book=book, nature="cost", **condition).select_related("category")
    sums: dict[int, CostLine] = {}
    for entry in entries.order_by("category__position", "category_id"):
        assert entry.category_id is not None  # a cost has its category, the table says so
        line = sums.get(entry.category_id)
        if line is None:
            line = sums[entry.category_id] = CostLine(
                position=len(sums) + 1, category=entry.category, net_amount=ZERO, gross_amount=ZERO
            )
        line.net_amount += entry.net_amount
        line.gross_amount = line.net_amount
    return list(sums.values())


def _frozen(sheet: CostSheet, by: Actor) -> CostSheet:
    """A freeze of the ledger needs no opinion: the job that made it walks it to approved."""
    doors.fire(sheet, "submit", by=by)
    doors.fire(sheet, "approve", by=by)
    make_current(sheet)
    return sheet


@transaction.atomic
def freeze_actual(book: CostBook, period: Period, *, by: Actor | User) -> CostSheet:
    """核算: the ledger up to and with a month, cumulated, as an immutable sheet; done once per book and month."""
    lock_book(book)
    found = CostSheet.objects.filter(book=book, kind="actual", period=period).first()
    if found is not None:
        return found
    if period.state != "closed":
        raise Refused(_("%(month)s is not closed yet.") % {"month": f"{period.month:%Y-%m}"})
    upto = {"month__lte": period.month}
    recognised = LedgerEntry.objects.filter(book=book, nature="recognised", **upto).aggregate(net=Sum("net_amount"))
    system = Actor.system("period close")
    sheet = _make(
        book,
        "actual",
        f"{period.month:%Y-%m}",
        _ledger_lines(book, **upto),
        system,
        "",
        net_revenue=recognised["net"] or ZERO,
        period=period,
    )
    return _frozen(sheet, system)


@transaction.atomic
def settle(book: CostBook, *, by: Actor | User, label: str = "", note: str = "") -> CostSheet:
    """决算: freeze the whole ledger as final accounts; a later one supersedes it. Called by closing."""
    row = lock_book(book)
    system = Actor.system(f"final accounts: {Actor.of(by)}")
    sheet = _make(
        row,
        "settlement",
        label,
        _ledger_lines(row),
        system,
        note,
        net_revenue=row.net_recognised,
        accuracy_percent=ZERO,
    )
    return _frozen(sheet, system)
