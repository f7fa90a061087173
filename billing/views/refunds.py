"""Pages of refunds: money of a receipt that goes back."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.forms import PayRefundForm, RefundEditForm, RefundForm
from billing.models import Refund
from billing.services import refund as services
from core.money import format_money
from process.outlet import Outlet


class RefundOutlet(Outlet):
    """Refunds: asked for, decided, paid out."""

    model = Refund
    services = services
    form = RefundForm
    edit_form = RefundEditForm
    icon = "arrow-back-up"
    verb_forms = {"pay": PayRefundForm}
    columns = ("code", "payee_name", "gross_amount", "receipt", "paid_on", "owner", "state")
    related = ("owner", "receipt")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    board_states = ("draft", "in_review", "approved")
    amount_field = "gross_amount"
    create_label = _("Request refund")
    empty_text = _("Money that was not owed goes back from the page of its receipt.")
    facts = (
        (_("Refund"), ("receipt", "gross_amount", "reason", "payee_name", "payee_account")),
        (_("Payment"), ("paid_on", "bank_reference")),
    )

    def stats(self, record: Refund, user: User) -> list[dict[str, Any]]:
        return [
            {"label": _t("Amount"), "value": format_money(record.gross_amount)},
            {"label": _t("Left on the receipt"), "value": format_money(record.receipt.gross_free)},
        ]
