"""Pages of receipts: the bank's lines, whose they are and what they pay."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.filters import ReceiptFilter
from billing.forms import AllocateForm, ClaimForm, ReceiptForm, UnallocateForm
from billing.models import Receipt
from billing.models.receipt import ALLOCATABLE, CASH
from billing.selectors import suggest
from billing.services import receipt as services
from billing.views.tables import allocations_table, receivables_table
from core.money import format_money
from process.outlet import Outlet
from process.shapes import Act, Section, Table


class ReceiptOutlet(Outlet):
    """Receipts: claimed by account managers, confirmed and allocated by finance."""

    model = Receipt
    services = services
    form = ReceiptForm
    filterset = ReceiptFilter
    icon = "cash"
    verb_forms = {"claim": ClaimForm}
    acts = {
        "allocate": Act(_("Allocate"), AllocateForm, who=CASH, states=ALLOCATABLE),
        "unallocate": Act(_("Take allocation off"), UnallocateForm, who=CASH, states=ALLOCATABLE, danger=True),
    }
    columns = ("code", "payer_name", "gross_amount", "gross_allocated", "value_on", "method", "owner", "state")
    panel_columns = ("code", "payer_name", "gross_amount", "value_on", "state")
    related = ("owner", "method")
    sorts = {"code": ("code", "id"), "value": ("value_on", "id"), "amount": ("gross_amount", "id")}
    board_states = ("unclaimed", "claimed", "confirmed", "held")
    amount_field = "gross_amount"
    create_label = _("Enter receipt")
    empty_text = _("Money that came in stands here until an account manager says whose it is.")
    facts = (
        (_("From the bank"), ("account", "payer_name", "payer_account", "value_on", "reference", "summary", "method")),
        (_("Claim"), ("contract", "receivable", "owner", "claimed_at")),
        (_("Bill of exchange"), ("acceptor", "bill_due_on")),
    )

    def stats(self, record: Receipt, user: User) -> list[dict[str, Any]]:
        free = record.gross_free
        return [
            {"label": _t("Amount"), "value": format_money(record.gross_amount)},
            {"label": _t("Allocated"), "value": format_money(record.gross_allocated)},
            {"label": _t("Not allocated"), "value": format_money(free), "tone": "warn" if free else ""},
        ]

    def sections(self, record: Receipt, user: User) -> list[Section]:
        found = super().sections(record, user)
        return found if record.is_bill else found[:-1]

    def tables(self, record: Receipt, user: User) -> list[Table]:
        found = []
        if record.allocations.exists():
            rows = record.allocations.select_related("receivable", "difference", "invoice", "by")
            found.append(allocations_table(rows, side="receivable"))
        if record.gross_free and record.state not in ("reversed", "refused"):
            table = receivables_table(suggest(record), title=_("It may be for"))
            table.empty_text = _("No open receivable fits: look for the payer's contract.")
            found.append(table)
        return found
