"""合同变更与结算审定: a change order or a price settlement changes lines, value and the terms still open."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from contracts.models import Contract, ContractLine, PaymentTerm, TermTax
from contracts.services import content
from contracts.services.terms import LIVE
from core.errors import Refused
from core.money import ZERO, Split, format_money, round_money
from process.services import act


@transaction.atomic
def amend(
    contract: Contract, *, lines: Iterable[dict[str, Any]], source: str, by: Actor | User, note: str = ""
) -> Contract:
    """Add signed lines (name, tax_rate, gross_amount ±) out of `source`; terms not yet released follow.

    Released terms keep their amounts; of the others each keeps its percent of the new value, and the last
    that is no retention absorbs the rest. Raises Refused when less would be left than is released already.
    The caller then calls billing.services.adjust(contract).
    """
    if contract.lines.filter(source=source).exists():
        return contract
    known = contract.lines.count()
    planned = content.plan(lines=[{**line, "source": source} for line in lines], terms=())
    changes = {"source": source, "gross_amount": planned.total.gross}
    act(contract, "amend", by=by, who=("anyone",), states=LIVE, note=note, changes=changes)
    for number, line in enumerate(planned.lines, known + 1):
        line.contract, line.position = contract, number
    ContractLine.objects.bulk_create(planned.lines)
    rates = content.by_rate(contract.lines.all())
    total = sum(rates.values(), Split())
    _redistribute(contract, rates, total.gross)
    contract.gross_amount, contract.net_amount, contract.tax_amount = total.gross, total.net, total.tax
    contract.row_version += 1
    contract.save(update_fields=["gross_amount", "net_amount", "tax_amount", "row_version", "updated_at"])
    return contract


def _redistribute(contract: Contract, rates: dict[int, Split], gross: Decimal) -> None:
    terms = list(contract.terms.select_for_update(of=("self",)).order_by("position"))
    kept = [term for term in terms if term.settled_gross_amount > 0]
    free = [term for term in terms if term.settled_gross_amount == 0]
    payable = gross - sum((term.gross_amount for term in kept), ZERO)
    taken = content.by_rate(TermTax.objects.filter(term__in=kept))
    left = {rate: split + -taken.get(rate, Split()) for rate, split in rates.items()}
    if payable < 0 or any(split.gross < 0 for split in left.values()) or (payable and not free):
        text = _("%(amount)s of the terms is released already: the new value %(value)s does not fit.")
        raise Refused(text % {"amount": format_money(gross - payable), "value": format_money(gross)})
    if not free:
        return
    _amounts(free, gross, payable)
    for term in free:
        term.save(update_fields=["gross_amount"])
    TermTax.objects.filter(term__in=free).delete()
    content.write_taxes(free, left)


def _amounts(free: list[PaymentTerm], gross: Decimal, payable: Decimal) -> None:
    """Percent of the new value for each; the last term that is no retention takes what is left."""
    absorber = next((term for term in reversed(free) if not term.is_retention), free[-1])
    for term in free:
        term.gross_amount = round_money(gross * term.percent / 100)
    absorber.gross_amount = ZERO
    absorber.gross_amount = payable - sum((term.gross_amount for term in free), ZERO)
    if absorber.gross_amount < 0:
        raise Refused(_("The open terms cannot carry this change."))
