"""Pages of contracts: list, draft, the contract with its lines, terms, deviations and conditions."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from approvals.forms import MeetConditionForm
from contracts import services
from contracts.filters import ContractFilter
from contracts.forms import (
    ActivateForm,
    ContractEditForm,
    ContractForm,
    ContractLineForm,
    DeviationForm,
    EffectForm,
    HandOverForm,
    PaymentTermForm,
    SignForm,
    TemplateForm,
    TextForm,
)
from contracts.models import Contract, TermTax
from contracts.selectors import original_gross
from contracts.services.content import plain, term_rows
from core.money import format_money
from process.outlet import Outlet
from process.shapes import Act, Action, Cell, Column, Lines, Row, Table

NUMBER = "num"


def _lines(contract: Contract) -> list[dict[str, Any]]:
    return [
        {
            "name": line.name,
            "quantity": plain(line.quantity),
            "unit": line.unit,
            "tax_rate": line.tax_rate,
            "gross_amount": line.gross_amount,
        }
        for line in contract.lines.select_related("tax_rate")
    ]


class ContractOutlet(Outlet):
    """Contracts: from the accepted quote to their closing."""

    model = Contract
    services = services
    form = ContractForm
    edit_form = ContractEditForm
    filterset = ContractFilter
    icon = "contract"
    lines = {
        "lines": Lines(ContractLineForm, _("Lines"), read=_lines, add_label=_("Add line")),
        "terms": Lines(PaymentTermForm, _("Payment terms"), read=term_rows, add_label=_("Add term")),
    }
    verb_forms = {"sign": SignForm, "activate": ActivateForm}
    acts = {
        "apply_template": Act(_("Use a set of payment terms"), TemplateForm, who=("ar", "owner"), states=("draft",)),
        "attach_text": Act(_("Attach the text"), TextForm, who=("ar", "owner", "legal"), states=("draft",)),
        "add_deviation": Act(
            _("Add deviation"), DeviationForm, who=("ar", "sr", "fr", "owner", "legal", "pfc"), states=("draft",)
        ),
        "meet_condition": Act(
            _("Condition of the review is met"), MeetConditionForm, who=("@may_meet_condition",), states=("approved",)
        ),
        "meet_effect": Act(
            _("Condition of effect is met"),
            EffectForm,
            who=("ar", "owner", "finance", "pfc", "legal", "seal_keeper"),
            states=("approved", "signed"),
        ),
        "hand_over": Act(_("Offer to delivery again"), HandOverForm, who=("ar", "owner"), states=("effective",)),
    }
    log_labels = {"text": _("text for review")}
    columns = ("code", "title", "customer", "gross_amount", "signed_on", "owner", "state")
    panel_columns = ("code", "title", "gross_amount", "signed_on", "state")
    related = ("owner", "customer")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id"), "signed": ("signed_on", "id")}
    board_states = ("draft", "in_review", "approved", "signed", "effective", "completed")
    amount_field = "gross_amount"
    create_label = _("New contract")
    empty_text = _("A contract starts from the quote a customer accepted: win the solution, then take it over here.")
    facts = (
        (_("Parties"), ("project", "customer", "payer", "invoice_title", "end_user", "entity")),
        (
            _("Contract value"),
            ("gross_amount", "net_amount", "tax_amount", "amount_capital", "currency", "price_kind", "tax_clause"),
        ),
        (
            _("Clauses"),
            ("kind", "customer_number", "starts_on", "ends_on", "warranty_months", "penalty", "promises", "parent"),
        ),
        (_("Signature"), ("signer", "signed_on", "effective_on", "quote", "solution")),
    )

    def stats(self, record: Contract, user: User) -> list[dict[str, Any]]:
        """Value, what was changed since signing, what is released."""
        original = original_gross(record)
        terms = list(record.terms.all())
        released = sum((term.released_gross_amount for term in terms), Decimal(0))
        share = f"{released * 100 / record.gross_amount:.1f} %" if record.gross_amount else ""
        retention = sum((term.gross_amount for term in terms if term.is_retention), Decimal(0))
        return [
            {
                "label": _t("Value with tax"),
                "value": format_money(record.gross_amount),
                "sub": _t("as signed %(amount)s") % {"amount": format_money(original)},
            },
            {"label": _t("Value without tax"), "value": format_money(record.net_amount)},
            {"label": _t("Released"), "value": format_money(released), "sub": share},
            {"label": _t("Retention"), "value": format_money(retention)},
        ]

    def tables(self, record: Contract, user: User) -> list[Table]:
        found = [_lines_table(record), _terms_table(record), _conditions_table(record)]
        deviations = list(record.deviations.select_related("kind", "holder", "accepted_by"))
        if deviations:
            found.append(_deviations_table(deviations))
        return found

    def actions(self, record: Contract, user: User) -> list[Action]:
        if record.state not in ("effective", "completed"):
            return []
        url = f"{reverse('contracts:contract-new')}?parent={record.pk}&project={record.project_id}"
        return [Action(_("Supplement"), url)]


def _money_cells(row: Any) -> list[Cell]:
    amounts = (row.gross_amount, row.net_amount, row.tax_amount)
    return [Cell(format_money(amount), cls=NUMBER) for amount in amounts]


def _lines_table(contract: Contract) -> Table:
    rows = [
        Row(
            [
                Cell(line.name, sub=line.source),
                Cell(f"{line.quantity.normalize():f} {line.unit}".strip(), cls=NUMBER),
                Cell(str(line.tax_rate)),
                *_money_cells(line),
            ]
        )
        for line in contract.lines.select_related("tax_rate")
    ]
    columns = [
        Column("name", _("Name")),
        Column("quantity", _("Quantity"), "end"),
        Column("tax_rate", _("Tax rate")),
        Column("gross", _("With tax"), "end"),
        Column("net", _("Without tax"), "end"),
        Column("tax", _("Tax"), "end"),
    ]
    footer = [Cell(_t("Total")), Cell(), Cell(), *_money_cells(contract)] if rows else []
    return Table(_("Lines"), columns, rows, footer_cells=footer, empty_text=_("No lines yet: edit the contract."))


def _terms_table(contract: Contract) -> Table:
    terms = list(contract.terms.select_related("event"))
    taxes: dict[int, list[str]] = {}
    for tax in TermTax.objects.filter(term__in=terms).select_related("tax_rate"):
        shown = f"{tax.tax_rate.percent.normalize():f} % {format_money(tax.tax_amount)}"
        taxes.setdefault(tax.term_id, []).append(shown)
    rows = [
        Row(
            [
                Cell(str(term.event), sub=term.document),
                Cell(f"{term.percent.normalize():f} %", cls=NUMBER),
                Cell(format_money(term.gross_amount), cls=NUMBER),
                Cell(" · ".join(taxes.get(term.pk, [])), cls="wrap"),
                Cell(_t("%(days)s days after") % {"days": term.days_after}),
                Cell(format_money(term.released_gross_amount), cls=NUMBER),
            ]
        )
        for term in terms
    ]
    columns = [
        Column("event", _("Payment event")),
        Column("percent", _("Percent"), "end"),
        Column("gross", _("With tax"), "end"),
        Column("tax", _("Tax by rate")),
        Column("due", _("Due")),
        Column("released", _("Released"), "end"),
    ]
    total = sum((term.gross_amount for term in terms), Decimal(0))
    footer = [Cell(_t("Total")), Cell(), Cell(format_money(total), cls=NUMBER), Cell(), Cell(), Cell()] if rows else []
    return Table(_("Payment terms"), columns, rows, footer_cells=footer, empty_text=_("No payment terms yet."))


def _conditions_table(contract: Contract) -> Table:
    rows = [
        Row(
            [
                Cell(str(one.kind)),
                Cell(_t("met"), badge="green") if one.met_on else Cell(_t("waits"), badge="orange"),
                Cell(one.met_on.isoformat() if one.met_on else "–"),
                Cell(str(one.met_by or "–")),
            ]
        )
        for one in contract.conditions.select_related("kind", "met_by")
    ]
    columns = [
        Column("kind", _("Condition of effect")),
        Column("state", _("State")),
        Column("met_on", _("Met on")),
        Column("met_by", _("Confirmed by")),
    ]
    return Table(_("Conditions of effect"), columns, rows)


def _deviations_table(deviations: list[Any]) -> Table:
    colours = {"low": "secondary", "medium": "orange", "high": "red"}
    rows = [
        Row(
            [
                Cell(str(one.kind), sub=one.text),
                Cell(one.get_risk_display(), badge=colours[one.risk]),
                Cell(str(one.holder or "–")),
                Cell(str(one.accepted_by or "–")),
            ]
        )
        for one in deviations
    ]
    columns = [
        Column("kind", _("Clause")),
        Column("risk", _("Risk")),
        Column("holder", _("Answers for it")),
        Column("accepted_by", _("Accepted by")),
    ]
    return Table(_("Deviations"), columns, rows)
