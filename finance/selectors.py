"""Reading the four costings, the ledger and the dated tables of finance."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.money import ZERO
from finance import costing
from finance.models import (
    BookTotal,
    CashMonth,
    CostBook,
    CostCategory,
    CostLine,
    CostRate,
    CostSheet,
    Deposit,
    LedgerEntry,
    TaxRate,
    VarianceAlert,
    Voucher,
)
from process.models import Case

CURRENT_KINDS = ("estimate", "budget", "actual", "settlement")
FIGURES = ("estimate", "budget", "committed", "closed_month", "actual", "forecast", "settlement")


def valid_on(day: dt.date) -> Q:
    """The condition for a dated row to hold on a day."""
    return Q(from_on__lte=day) & (Q(until_on__isnull=True) | Q(until_on__gte=day))


def tax_rate(code: str, on: dt.date) -> TaxRate:
    """The VAT rate of a code on a day; Refused where none holds."""
    found = TaxRate.objects.filter(valid_on(on), code=code).first()
    if found is None:
        raise Refused(_("There is no VAT rate “%(code)s” on %(day)s.") % {"code": code, "day": on})
    return found


def day_rate(grade: str, on: dt.date) -> Decimal | None:
    """What a day of a grade costs us on a day; None where no rate holds."""
    found = CostRate.objects.filter(valid_on(on), grade=grade).first()
    return found.net_day_amount if found else None


def category(code: str) -> CostCategory:
    """The cost category of a code."""
    return CostCategory.objects.get(code=code)


def category_ids(code: str) -> list[int]:
    """A category's id with those below it; empty for an unknown code."""
    return list(CostCategory.objects.filter(Q(code=code) | Q(parent__code=code)).values_list("pk", flat=True))


def book_of(case: Case | int) -> CostBook | None:
    """The main book of a case."""
    case_id = case.pk if isinstance(case, Case) else case
    return CostBook.objects.filter(case_id=case_id, is_main=True).first()


def current_sheet(book: CostBook, kind: str) -> CostSheet | None:
    """The approved sheet that counts now: for actuals the last closed month."""
    found = CostSheet.objects.filter(book=book, kind=kind, state="approved")
    return found.order_by("-period__month", "-version").first()


def latest_sheet(book: CostBook, kind: str) -> CostSheet | None:
    """The newest version of a costing, approved or not."""
    return CostSheet.objects.filter(book=book, kind=kind).order_by("-version").first()


def open_commitments(book: CostBook) -> QuerySet[BookTotal]:
    """Categories in which something is ordered and not yet billed."""
    return book.totals.exclude(net_committed=0).select_related("category")


def unposted_vouchers(book: CostBook) -> QuerySet[Voucher]:
    """Vouchers that are still on their way into the ledger."""
    return Voucher.objects.filter(book=book, state__in=["draft", "in_review", "approved"])


def open_deposits(case_id: int) -> QuerySet[Deposit]:
    """Deposits and guarantees of a case that are not back yet."""
    return Deposit.objects.filter(case_id=case_id, state__in=Deposit.states.open)


def open_alerts(book: CostBook) -> QuerySet[VarianceAlert]:
    """Budget lines that run full now."""
    return VarianceAlert.objects.filter(book=book, cleared_at__isnull=True).select_related("category", "cause")


@dataclass
class FourRow:
    """One category in all costings; level 0 sums up its level 1."""

    code: str
    label: str
    level: int
    margin: int = 1
    amounts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(FIGURES, ZERO))
    # What stands on this very category, without what is below it.
    own: dict[str, Decimal] = field(default_factory=dict)
    used_percent: Decimal | None = None

    def __getattr__(self, name: str) -> Decimal:
        if name in FIGURES:
            return self.amounts[name]
        raise AttributeError(name)

    @property
    def used(self) -> Decimal:
        """Spent and committed."""
        return self.amounts["actual"] + self.amounts["committed"]

    @property
    def over(self) -> str:
        """How loud the budget line is: "" | "warn" | "bad"."""
        reached = costing.threshold_of(self.used, self.amounts["budget"])
        return {None: "", 90: "warn", 100: "bad"}[reached]


@dataclass
class FourCostings:
    """四算对比 of one book: rows by category, totals, revenue and margins by costing."""

    book: CostBook
    rows: list[FourRow]
    total: FourRow
    revenue: dict[str, Decimal | None]
    sheets: dict[str, CostSheet]

    def cost(self, figure: str, upto: int = 3) -> Decimal:
        """Cost of a costing up to a margin line: 1 project margin, 2 contribution, 3 after capital cost."""
        return sum((row.own[figure] for row in self.rows if row.margin <= upto), ZERO)

    def margin(self, figure: str, upto: int = 3) -> Decimal | None:
        """Revenue less cost of a costing; None where the costing has no revenue yet."""
        revenue = self.revenue.get(figure)
        return None if revenue is None else costing.margin(revenue, self.cost(figure, upto))

    def margin_percent(self, figure: str, upto: int = 3) -> Decimal | None:
        """The margin in percent of revenue."""
        revenue = self.revenue.get(figure)
        return None if revenue is None else costing.margin_percent(revenue, self.cost(figure, upto))


def _current_sheets(book: CostBook) -> dict[str, CostSheet]:
    found = CostSheet.objects.filter(book=book, state="approved").select_related("period")
    newest = found.order_by("kind", "-period__month", "-version").distinct("kind")
    return {sheet.kind: sheet for sheet in newest}


def _tree(wanted: set[int]) -> dict[int, CostCategory]:
    """The wanted categories with those above them, by id."""
    rows = {one.pk: one for one in CostCategory.objects.all()}
    keep = wanted | {rows[pk].parent_id for pk in wanted if rows[pk].parent_id}
    return {pk: one for pk, one in rows.items() if pk in keep}


def four_costings(book: CostBook) -> FourCostings:
    """The matrix 概算 | 预算 | 核算 | 预计完工 | 决算 of one book, in three queries."""
    sheets = _current_sheets(book)
    figure_of = {sheet.pk: ("closed_month" if kind == "actual" else kind) for kind, sheet in sheets.items()}
    amounts: dict[int, dict[str, Decimal]] = {}
    to_complete: dict[int, Decimal | None] = {}
    for sheet_id, category_id, net, committed, left in _lines_and_totals(book, figure_of):
        own = amounts.setdefault(category_id, {})
        if sheet_id is not None:
            own[figure_of[sheet_id]] = net
        else:
            own["committed"], own["actual"] = committed, net
            to_complete[category_id] = left
    tree = _tree(set(amounts))
    rows = _rows(tree, amounts, to_complete)
    total_row = FourRow("", _("Total"), 0)
    for figure in FIGURES:
        total_row.amounts[figure] = sum((row.amounts[figure] for row in rows if row.level == 0), ZERO)
    total_row.used_percent = costing.used_percent(total_row.used, total_row.amounts["budget"])
    return FourCostings(book, rows, total_row, _revenue(book, sheets), sheets)


def _lines_and_totals(book: CostBook, sheet_ids: Iterable[int]) -> QuerySet:
    """Rows of (costing, category, net, committed, to complete): the lines of costings summed, and what stands in the
    book, which is of no costing.
    """
    nothing = Cast(Value(None), DecimalField(max_digits=20, decimal_places=2))
    lines = CostLine.objects.filter(sheet_id__in=sheet_ids).order_by().values("sheet_id", "category_id")
    summed = lines.annotate(net=Sum("net_amount"), committed=nothing, left=nothing)
    kept = book.totals.order_by().annotate(of=Cast(Value(None), BigIntegerField()))
    totals = kept.values_list("of", "category_id", "net_cost", "net_committed", "net_to_complete")
    return summed.values_list("sheet_id", "category_id", "net", "committed", "left").union(totals, all=True)


def _rows(
    tree: dict[int, CostCategory], amounts: dict[int, dict[str, Decimal]], to_complete: dict[int, Decimal | None]
) -> list[FourRow]:
    rows: list[FourRow] = []
    roots = [one for one in tree.values() if one.parent_id is None]
    for root in sorted(roots, key=lambda one: (one.position, one.pk)):
        children = [one for one in tree.values() if one.parent_id == root.pk]
        below = [_leaf(one, amounts.get(one.pk, {}), to_complete.get(one.pk)) for one in sorted(children, key=_place)]
        top = _leaf(root, amounts.get(root.pk, {}), to_complete.get(root.pk))
        # A budget on the group itself also pays for those below it that have none of their own.
        unbudgeted = sum((row.used for row in below if not row.amounts["budget"]), ZERO)
        if top.amounts["budget"] and to_complete.get(root.pk) is None:
            top.amounts["forecast"] = max(top.amounts["budget"] - unbudgeted, top.used)
        top.own = dict(top.amounts)
        for figure in FIGURES:
            top.amounts[figure] += sum((row.amounts[figure] for row in below), ZERO)
        top.used_percent = costing.used_percent(top.used, top.amounts["budget"])
        rows += [top, *below]
    return rows


def _place(one: CostCategory) -> tuple[int, int]:
    return one.position, one.pk


def _leaf(one: CostCategory, own: dict[str, Decimal], to_complete: Decimal | None) -> FourRow:
    row = FourRow(one.code, one.label, 0 if one.parent_id is None else 1, one.margin)
    row.amounts.update(own)
    row.amounts["forecast"] = costing.forecast(
        row.amounts["actual"], row.amounts["committed"], row.amounts["budget"], to_complete
    )
    row.own = dict(row.amounts)
    row.used_percent = costing.used_percent(row.used, row.amounts["budget"])
    return row


def _revenue(book: CostBook, sheets: dict[str, CostSheet]) -> dict[str, Decimal | None]:
    revenue = {kind: sheets[kind].net_revenue if kind in sheets else None for kind in CURRENT_KINDS}
    return {
        "estimate": revenue["estimate"],
        "budget": revenue["budget"],
        "committed": None,
        "closed_month": revenue["actual"],
        "actual": book.net_recognised,
        "forecast": revenue["budget"] if revenue["budget"] is not None else revenue["estimate"],
        "settlement": revenue["settlement"],
    }


@dataclass
class FourSummary:
    """One line of the list of books: revenue and cost of each costing."""

    book: CostBook
    revenue: dict[str, Decimal]
    cost: dict[str, Decimal]

    def margin_percent(self, kind: str) -> Decimal | None:
        """The margin of a costing in percent; None where it does not exist."""
        if kind not in self.cost:
            return None
        return costing.margin_percent(self.revenue[kind], self.cost[kind])

    @property
    def used_percent(self) -> Decimal | None:
        """Spent and committed in percent of the budget."""
        used = self.book.net_cost + self.book.net_committed
        return costing.used_percent(used, self.cost.get("budget", ZERO))


def four_costings_of(books: Iterable[CostBook]) -> dict[int, FourSummary]:
    """Summaries of many books by book id, in one query."""
    found = {book.pk: FourSummary(book, {}, {}) for book in books}
    sheets = CostSheet.objects.filter(
        book_id__in=found, state="approved", kind__in=["estimate", "budget", "settlement"]
    ).only("book_id", "kind", "net_revenue", "net_cost", "state")
    for sheet in sheets:
        found[sheet.book_id].revenue[sheet.kind] = sheet.net_revenue
        found[sheet.book_id].cost[sheet.kind] = sheet.net_cost
    for one in found.values():
        one.revenue["actual"], one.cost["actual"] = one.book.net_recognised, one.book.net_cost
    return found


@dataclass(frozen=True)
class BudgetLine:
    """One budget line with what draws on it."""

    category: CostCategory
    net_budget: Decimal
    net_used: Decimal


def budget_lines(book: CostBook) -> dict[str, BudgetLine]:
    """Budget and use by the budget line's category code; what has no line draws on nothing."""
    tree = {one.pk: one for one in CostCategory.objects.all()}
    by_code = {one.code: one for one in tree.values()}
    parents = {one.code: tree[one.parent_id].code if one.parent_id else None for one in tree.values()}
    lines = CostLine.objects.filter(sheet__book=book, sheet__kind="budget", sheet__state="approved")
    budget = {
        tree[row["category_id"]].code: row["net"]
        for row in lines.order_by().values("category_id").annotate(net=Sum("net_amount"))
    }
    used = {tree[row.category_id].code: row.net_committed + row.net_cost for row in book.totals.all()}
    drawn = costing.grouped(used, parents, budget)
    return {
        code: BudgetLine(by_code[code], budget.get(code, ZERO), drawn.get(code, ZERO)) for code in {*budget, *drawn}
    }


@dataclass
class Recomputed:
    """Kept totals of a book beside what the ledger says; `differences` is empty when they agree."""

    book: CostBook
    differences: list[tuple[str, Decimal, Decimal]]

    @property
    def agrees(self) -> bool:
        return not self.differences


def recompute(book: CostBook) -> Recomputed:
    """Add the whole ledger up again and compare it with every total that is kept of the book and its sheets."""
    sums = LedgerEntry.objects.filter(book=book).order_by().values("nature", "category__code")
    truth: dict[tuple[str, str | None], Decimal] = {
        (row["nature"], row["category__code"]): row["net"] for row in sums.annotate(net=Sum("net_amount"))
    }
    kept: dict[tuple[str, str | None], Decimal] = {}
    for total in book.totals.select_related("category"):
        kept["commitment", total.category.code] = total.net_committed
        kept["cost", total.category.code] = total.net_cost
    kept["recognised", None] = book.net_recognised
    names = sorted({*truth, *kept}, key=str)
    found = [
        (f"{nature} {code or ''}".strip(), kept.get((nature, code), ZERO), truth.get((nature, code), ZERO))
        for nature, code in names
    ]
    found += [
        (name, value, sum((net for (nature, _code), net in truth.items() if nature == name), ZERO))
        for name, value in (("commitment", book.net_committed), ("cost", book.net_cost))
    ]
    for sheet in book.sheets.annotate(true_cost=Sum("lines__net_amount")):
        found.append((str(sheet.code), sheet.net_cost, sheet.true_cost or ZERO))
    return Recomputed(book, [one for one in found if one[1] != one[2]])


def cash_curve(sheet: CostSheet) -> list[costing.CashPoint]:
    """The months of cash of a costing, with VAT, and what of our own money is out at the end of each."""
    return costing.cash_curve(sheet.cash.values_list("month", "gross_in", "gross_out"))


@dataclass(frozen=True)
class LineChange:
    """One line of two costings side by side, net; None where one of them does not have it."""

    category: CostCategory
    text: str
    earlier: Decimal | None
    later: Decimal | None

    @property
    def difference(self) -> Decimal:
        """How much the later costing is above the earlier one."""
        return costing.variance(self.later or ZERO, self.earlier or ZERO)


def compare(earlier: CostSheet, later: CostSheet) -> list[LineChange]:
    """Two costings line by line, in the order of the cost tree.

    Lines are the same where category and text are; several of the same words are taken together.
    """
    sums: dict[tuple[int, str], list[Decimal | None]] = {}
    lines = CostLine.objects.filter(sheet__in=[earlier, later]).select_related("category")
    categories = {}
    for line in lines:
        categories[line.category_id] = line.category
        pair = sums.setdefault((line.category_id, line.text), [None, None])
        side = 0 if line.sheet_id == earlier.pk else 1
        pair[side] = (pair[side] or ZERO) + line.net_amount
    changes = [LineChange(categories[pk], text, *pair) for (pk, text), pair in sums.items()]
    return sorted(changes, key=lambda one: (one.category.position, one.category.pk, one.text))


def book_for(user: User, case_id: int) -> CostBook | None:
    """The book a new record on a case is written on by default, where the user may see it."""
    return CostBook.objects.visible_to(user).filter(case_id=case_id).order_by("-is_main", "pk").first()


def _summed(rows: QuerySet, key: str, amount: str) -> Coalesce:
    """The sum of `amount` over the rows that belong to the outer row; 0 where there are none."""
    sums = rows.order_by().values(key).annotate(sum=Sum(amount)).values("sum")
    return Coalesce(Subquery(sums), Value(ZERO), output_field=DecimalField(max_digits=20, decimal_places=2))


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(record, sentence) for every total that differs from its ledger, and every costing from its lines."""
    entries = LedgerEntry.objects.filter(book=OuterRef("pk"))
    books = CostBook.objects.annotate(
        true_committed=_summed(entries.filter(nature="commitment"), "book", "net_amount"),
        true_cost=_summed(entries.filter(nature="cost"), "book", "net_amount"),
        true_recognised=_summed(entries.filter(nature="recognised"), "book", "net_amount"),
    )
    right = {name: F(f"true_{name.removeprefix('net_')}") for name in ("net_committed", "net_cost", "net_recognised")}
    for book in books.exclude(**right).iterator():
        yield book, _("The kept totals differ from the ledger.")
    posted = LedgerEntry.objects.filter(book=OuterRef("book"), category=OuterRef("category"))
    totals = BookTotal.objects.annotate(
        true_committed=_summed(posted.filter(nature="commitment"), "category", "net_amount"),
        true_cost=_summed(posted.filter(nature="cost"), "category", "net_amount"),
    ).select_related("book", "category")
    for total in totals.exclude(net_committed=F("true_committed"), net_cost=F("true_cost")).iterator():
        yield total.book, _("The total of %(category)s differs from the ledger.") % {"category": total.category}
    kept = BookTotal.objects.filter(book=OuterRef("book"), category=OuterRef("category"))
    lost = LedgerEntry.objects.filter(~Exists(kept), category__isnull=False).select_related("book", "category")
    for entry in lost.iterator():
        yield entry.book, _("The total of %(category)s differs from the ledger.") % {"category": entry.category}
    lines = CostLine.objects.filter(sheet=OuterRef("pk"))
    sheets = CostSheet.objects.filter(imported=False).annotate(true_cost=_summed(lines, "sheet", "net_amount"))
    for sheet in sheets.exclude(net_cost=F("true_cost")).iterator():
        yield sheet, _("The lines do not sum to the costing.")
    with_range = CostLine.objects.filter(sheet=OuterRef("pk"), net_low__isnull=False)
    with_cash = CashMonth.objects.filter(sheet=OuterRef("pk"))
    planned = CostSheet.objects.filter(
        Exists(with_range) | Exists(with_cash) | Q(gross_peak_funding__isnull=False) | Q(net_cost_p80__isnull=False)
    )
    for one in planned.prefetch_related("lines", "cash").iterator(chunk_size=500):
        if (one.net_cost_p80, one.gross_peak_funding, one.payback_month) != _planned(one):
            yield one, _("The kept range and cash figures differ from the lines of the costing.")


def _planned(sheet: CostSheet) -> tuple[Decimal | None, Decimal | None, dt.date | None]:
    """P80, peak funding and payback month as the lines and months of a costing say."""
    ranges = [
        (one.net_low, one.net_high) for one in sheet.lines.all() if one.net_low is not None and one.net_high is not None
    ]
    curve = costing.cash_curve((one.month, one.gross_in, one.gross_out) for one in sheet.cash.all())
    p80 = costing.cost_at_80(sheet.net_cost, ranges) if ranges else None
    return p80, costing.peak_funding(curve) if curve else None, costing.payback_month(curve)
