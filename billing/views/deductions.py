"""Pages of deductions: what customers hold back, agreed by the account manager."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.forms import DeductionEditForm, DeductionForm
from billing.models import Deduction
from billing.services import deduction as services
from core.money import format_money
from process.outlet import Outlet


class DeductionOutlet(Outlet):
    """Deductions: proposed, agreed, settled beside the money."""

    model = Deduction
    services = services
    form = DeductionForm
    edit_form = DeductionEditForm
    icon = "discount"
    columns = ("code", "difference", "receivable", "gross_amount", "receipt", "owner", "state")
    related = ("owner", "difference", "receivable", "receipt")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    board_states = ("draft", "in_review")
    amount_field = "gross_amount"
    create_label = _("Request deduction")
    empty_text = _("What a customer holds back (a penalty, a quality claim) is requested from the page of the receipt.")
    facts = ((_("Deduction"), ("receivable", "receipt", "difference", "gross_amount", "reason")),)

    def stats(self, record: Deduction, user: User) -> list[dict[str, Any]]:
        return [
            {"label": _t("Amount"), "value": format_money(record.gross_amount)},
            {"label": _t("Open on the receivable"), "value": format_money(record.receivable.gross_open)},
        ]
