"""Cost sheets, vouchers, accounting months and deposits."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.request import Request
from core.money import format_money
from core.paging import Keyset
from core.text import row_key
from finance import costing, forms, selectors
from finance.filters import CostSheetFilter, DepositFilter, VoucherFilter
from finance.models import CostLine, CostSheet, Deposit, Period, Voucher
from finance.rows import amount, cash_chart, comparison, percent
from finance.services import deposit as deposit_services
from finance.services import period as period_services
from finance.services import sheet as sheet_services
from finance.services import voucher as voucher_services
from process import show
from process.outlet import Outlet
from process.shapes import Act, Action, Cell, Column, Lines, Row, Table


class OnBook(Outlet):
    """Records that stand on a book: `?case=` of a project page fills it in."""

    def initial(self, request: Request, form: type) -> dict[str, Any]:
        given = super().initial(request, form)
        case_id = row_key(request.GET.get("case", ""))
        if "book" in getattr(form, "base_fields", {}) and "book" not in given and case_id is not None:
            book = selectors.book_for(request.user, case_id)
            if book is not None:
                given["book"] = book.pk
        return given


def stored_lines(sheet: Any) -> list[dict[str, Any]]:
    """A costing's lines as the grid takes them."""
    rows = []
    for line in sheet.lines.select_related("category", "tax_rate"):
        row = {name: getattr(line, name) for name in sheet_services.LINE_INPUT}
        if line.days:
            row["gross_amount"] = None
        rows.append(row)
    return rows


def stored_cash(sheet: Any) -> list[dict[str, Any]]:
    """A costing's months of cash as the grid takes them."""
    return list(sheet.cash.values(*sheet_services.CASH_INPUT))


def _line_cell(line: CostLine, name: str) -> Cell:
    if name == "days" and line.days is not None:
        return Cell(plain_days(line.days), cls="num")
    return show.cell(line, name)


def plain_days(days: Decimal) -> str:
    """Days without trailing zeros: 40, 2.5."""
    return f"{days.normalize():f}"


class CostSheetOutlet(OnBook):
    """The four costings, sheet by sheet."""

    model = CostSheet
    services = sheet_services
    form = forms.CostSheetForm
    edit_form = forms.CostSheetEditForm
    acts = {
        "copy": Act(
            _("Copy to a new draft"), forms.CopySheetForm, who=("@may_estimate",), states=("approved", "superseded")
        )
    }
    lines = {
        "lines": Lines(forms.CostLineForm, _("Cost lines"), read=stored_lines, add_label=_("Add line")),
        "cash": Lines(forms.CashMonthForm, _("Cash by month"), read=stored_cash, add_label=_("Add month")),
    }
    template_detail = "finance/sheet.html"
    filterset = CostSheetFilter
    icon = "calculator"
    columns = ("code", "title", "kind", "version", "net_revenue", "net_cost", "margin_percent", "owner", "state")
    related = ("owner", "book", "period")
    facts = (
        (
            _("Costing"),
            ("kind", "label", "version", "accuracy_percent", "book", "origin", "owner", "submitted_by", "approved_at"),
        ),
    )
    sorts = {"code": ("code", "id"), "cost": ("net_cost", "id")}
    create_label = _("New costing")
    empty_text = _("Estimates and budgets of deals stand here. Start one from the project's four costings.")

    def shown_to(self, user: User) -> bool:
        return user.has_right("see_cost")

    def stats(self, record: Any, user: User) -> list[dict[str, Any]]:
        """Revenue, cost and the three margins."""
        found = [
            {"label": _now("Revenue, net"), "value": format_money(record.net_revenue)},
            {"label": _now("Cost, net"), "value": format_money(record.net_cost)},
        ]
        for label, cost in (
            (_now("Project margin"), record.net_project_cost),
            (_now("Contribution"), record.net_contribution_cost),
            (_now("Profit after capital cost"), record.net_cost),
        ):
            margin = costing.margin(record.net_revenue, cost)
            share = costing.margin_percent(record.net_revenue, cost)
            tone = "bad" if margin < 0 else ""
            found.append({"label": label, "value": format_money(margin), "sub": percent(share).text, "tone": tone})
        if record.net_cost_p80 is not None:
            found.append({"label": _now("Cost at 80 % confidence"), "value": format_money(record.net_cost_p80)})
        if record.gross_peak_funding is not None:
            month = record.payback_month
            back = _now("paid back from %(month)s") % {"month": f"{month:%Y-%m}"} if month else _now("never paid back")
            found.append(
                {
                    "label": _now("Peak funding"),
                    "value": format_money(record.gross_peak_funding),
                    "sub": back,
                    "tone": "" if month else "bad",
                }
            )
        return found

    def context(self, record: Any, user: User) -> dict[str, Any]:
        """The cash curve, where months of cash are planned."""
        return {"chart": cash_chart(selectors.cash_curve(record))}

    def tables(self, record: Any, user: User) -> list[Table]:
        """The lines, and the other versions of the same costing."""
        return [self._lines(record), self._versions(record)]

    def _lines(self, record: Any) -> Table:
        lines = list(record.lines.select_related("category", "tax_rate"))
        ranged = any(line.net_low is not None for line in lines)
        unused = () if ranged else ("net_low", "net_high")
        names = [name for name in (*sheet_services.LINE_INPUT, "net_amount") if name not in unused]
        columns = [show.column(CostLine, name) for name in names]
        rows = [Row([_line_cell(line, name) for name in names]) for line in lines]
        empty_cells = [Cell()] * (len(names) - 2)
        footer = [Cell(_now("Total")), *empty_cells, Cell(format_money(record.net_cost), cls="num")]
        empty = _("No lines yet: edit the costing to enter them.")
        return Table(_("Cost lines"), columns, rows, id="lines", footer_cells=footer if rows else [], empty_text=empty)

    def _versions(self, record: Any) -> Table:
        names = ("title", "kind", "version", "net_revenue", "net_cost", "margin_percent", "state")
        columns = [show.column(CostSheet, name) for name in names]
        others = CostSheet.objects.filter(book=record.book).exclude(pk=record.pk).order_by("-pk")
        rows = [
            Row(
                [show.cell(one, name) for name in names],
                url=one.get_absolute_url(),
                actions=[Action(_("Compare"), reverse("finance:cost-sheet-compare", args=[record.pk, one.pk]))],
            )
            for one in others[:20]
        ]
        empty = _("This is the only costing of the book.")
        return Table(_("Other costings"), columns, rows, id="versions", has_actions=bool(rows), empty_text=empty)

    def actions(self, record: Any, user: User) -> list[Action]:
        return [Action(_("Four costings"), record.book.get_absolute_url())]


def compare(request: Request, pk: int, other_pk: int) -> HttpResponse:
    """Two costings of a book line by line: what the later one has changed."""
    visible = CostSheet.objects.visible_to(request.user).select_related("book")
    later = get_object_or_404(visible, pk=pk)
    earlier = get_object_or_404(visible, pk=other_pk, book=later.book)
    context = {
        "title": _now("%(later)s compared with %(earlier)s") % {"later": later.code, "earlier": earlier.code},
        "sheets": [later, earlier],
        "table": comparison(selectors.compare(earlier, later), (earlier.title, later.title)),
    }
    return render(request, "finance/compare.html", context)


class VoucherOutlet(OnBook):
    """Worked time and expenses."""

    model = Voucher
    services = voucher_services
    form = forms.VoucherForm
    filterset = VoucherFilter
    icon = "clock"
    columns = ("code", "title", "kind", "claimant", "worked_on", "days", "gross_amount", "book", "state")
    related = ("owner", "book", "category", "claimant", "tax_rate")
    panel_columns = ("code", "title", "kind", "claimant", "worked_on", "days", "gross_amount", "state")
    facts = (
        (_("Voucher"), ("kind", "claimant", "worked_on", "book", "category", "title", "approved_at")),
        (_("Worked time"), ("days", "grade", "net_day_amount")),
        (_("Amounts"), ("gross_amount", "tax_rate", "deductible", "tax_amount", "net_amount")),
    )
    sorts = {"code": ("code", "id"), "day": ("worked_on", "id")}
    create_label = _("New voucher")
    empty_text = _("Enter the days you worked for a deal and what you spent; approved, they count in its actuals.")

    def initial(self, request: Request, form: type) -> dict[str, Any]:
        return {"worked_on": timezone.localdate(), "gross_amount": None} | super().initial(request, form)

    def row(self, record: Any, columns: Any, user: User) -> Row:
        row = super().row(record, columns, user)
        for column, cell in zip(columns, row.cells, strict=True):
            if column.key == "days" and record.days is not None:
                cell.text = plain_days(record.days)
        return row

    def sections(self, record: Any, user: User) -> list[Any]:
        """What a day costs is nobody's business without the right to cost."""
        found = super().sections(record, user)
        if record.kind == Voucher.Kind.TIME and not user.has_right("see_cost"):
            return found[:2]
        return found


class PeriodOutlet(Outlet):
    """Accounting months."""

    model = Period
    services = period_services
    form = forms.PeriodForm
    icon = "calendar"
    columns = ("code", "month", "reclose_on", "owner", "state")
    facts = ((_("Accounting month"), ("month", "reclose_on", "state_since")),)
    order = Keyset(("-month", "-id"))
    create_label = _("Open a month")
    empty_text = _("No accounting month is open yet: postings go to the month of their day.")

    def shown_to(self, user: User) -> bool:
        return user.has_right("see_cost")

    def tables(self, record: Any, user: User) -> list[Table]:
        """What moves on to the next month, and the actuals frozen for this one."""
        if not user.has_right("see_cost"):
            return []
        tables = [self._sheets(record)] if record.state == "closed" else []
        return [*tables, self._waiting(record, user)]

    def _waiting(self, record: Any, user: User) -> Table:
        names = ("code", "title", "claimant", "worked_on", "state")
        columns = [show.column(Voucher, name) for name in names]
        waiting = Voucher.objects.visible_to(user).filter(
            worked_on__year=record.month.year,
            worked_on__month=record.month.month,
            state__in=["draft", "in_review", "approved"],
        )
        found = waiting.select_related("claimant").order_by("pk")[:100]
        rows = [Row([show.cell(one, name) for name in names], url=one.get_absolute_url()) for one in found]
        title = _("Vouchers that are not posted: they move on to the next open month")
        return Table(title, columns, rows, id="waiting", empty_text=_("None: everything is posted."))

    def _sheets(self, record: Any) -> Table:
        columns = [
            Column("title", _("Actuals")),
            Column("net_revenue", _("Revenue"), "end"),
            Column("c", _("Cost"), "end"),
        ]
        sheets = record.sheets.select_related("book").order_by("pk")[:200]
        rows = [
            Row([Cell(one.book.title), amount(one.net_revenue), amount(one.net_cost)], url=one.get_absolute_url())
            for one in sheets
        ]
        return Table(
            _("Frozen actuals"), columns, rows, id="actuals", empty_text=_("Nothing was posted in this month.")
        )


class DepositOutlet(OnBook):
    """Deposits and guarantees."""

    model = Deposit
    services = deposit_services
    form = forms.DepositForm
    verb_forms = {
        "approve": forms.VerbForm,
        "pay": forms.PayDepositForm,
        "return": forms.ReturnDepositForm,
        "convert": forms.ConvertDepositForm,
        "forfeit": forms.ForfeitDepositForm,
    }
    filterset = DepositFilter
    icon = "shield"
    columns = ("code", "title", "kind", "form", "gross_amount", "customer", "due_back_on", "valid_until", "state")
    related = ("owner", "kind", "customer")
    panel_columns = ("code", "title", "form", "gross_amount", "due_back_on", "state")
    facts = (
        (_("Deposit or guarantee"), ("kind", "form", "gross_amount", "customer", "book", "owner", "converted_from")),
        (_("Dates"), ("needed_on", "paid_on", "due_back_on", "valid_until", "ended_on")),
        (_("Bank"), ("bank_reference", "net_fee_amount")),
    )
    sorts = {"code": ("code", "id"), "due": ("due_back_on", "id")}
    create_label = _("Request a deposit")
    empty_text = _("Tender and performance deposits and guarantees stand here until they are back.")
