"""Pages of receipts: the bank's lines, whose they are and what they pay."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from billing.filters import ReceiptFilter
from billing.forms import AcceptForm, AllocateForm, ClaimForm, ReceiptForm, UnallocateForm
from billing.matching import proposals
from billing.models import Deduction, Receipt, ReceivableLine, Refund
from billing.models.receipt import ALLOCATABLE, CASH, REFUNDABLE
from billing.services import receipt as services
from billing.views.tables import allocations_table, claim_table, proposals_table, refunds_table
from billing.views.unclaimed import may_match
from core.money import format_money
from process import access
from process.outlet import Outlet
from process.shapes import Act, Action, MenuPage, Section, Table


class ReceiptOutlet(Outlet):
    """Receipts: claimed by account managers, confirmed and allocated by finance."""

    model = Receipt
    services = services
    form = ReceiptForm
    filterset = ReceiptFilter
    icon = "cash"
    menu_pages = (MenuPage(_("Unclaimed money"), "billing:unclaimed", "zoom-money", may_match),)
    verb_forms = {"claim": ClaimForm}
    acts = {
        "accept": Act(_("Accept a proposal"), AcceptForm, who=("@is_account_manager", *CASH), states=("unclaimed",)),
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
            *(
                [{"label": _t("Paid back"), "value": format_money(record.gross_refunded)}]
                if record.gross_refunded
                else []
            ),
        ]

    def sections(self, record: Receipt, user: User) -> list[Section]:
        found = super().sections(record, user)
        return found if record.is_bill else found[:-1]

    def tables(self, record: Receipt, user: User) -> list[Table]:
        found = []
        if record.allocations.exists():
            rows = record.allocations.select_related("receivable", "difference", "invoice", "by")
            found.append(allocations_table(rows, side="receivable"))
        if record.state == "claimed" and (parts := list(record.claim_parts.select_related("receivable__contract"))):
            found.append(claim_table(parts))
        if record.gross_free and record.state not in ("claimed", "reversed", "refused"):
            found.append(proposals_table(proposals(record, lines=ReceivableLine.objects.visible_to(user))))
        if refunds := list(record.refunds.order_by("pk")):
            found.append(refunds_table(refunds))
        return found

    def actions(self, record: Receipt, user: User) -> list[Action]:
        """What can be done next to the money: look at all that waits, ask for a deduction or a refund."""
        found = [Action(_t("Unclaimed money"), reverse("billing:unclaimed"))] if record.state == "unclaimed" else []
        return [*found, *self._deduction(record, user), *self._refund(record, user)]

    def _deduction(self, record: Receipt, user: User) -> list[Action]:
        contract = record.contract
        if contract is None or record.state not in ALLOCATABLE:
            return []
        if not access.may(Deduction(receipt=record, case_id=contract.case_id), "open", Actor.of(user)):
            return []
        address = f"{reverse('billing:deduction-new')}?receipt={record.pk}"
        if record.receivable_id:
            address += f"&receivable={record.receivable_id}"
        return [Action(_t("Request deduction"), address)]

    def _refund(self, record: Receipt, user: User) -> list[Action]:
        may = record.state in REFUNDABLE and record.gross_free > 0
        if not may or not access.may(Refund(receipt=record, case_id=record.case_id), "open", Actor.of(user)):
            return []
        return [Action(_t("Pay back"), f"{reverse('billing:refund-new')}?receipt={record.pk}")]
