"""How lines of orders and bills are priced; shared by both."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from core.money import ZERO, Split, round_money, split_gross
from purchasing.models import BillLine, PurchaseLine


def _split(gross: Decimal, line: dict[str, Any]) -> tuple[Split, Decimal]:
    """(gross, net, tax) and what of it is cost: the net where the VAT is deductible, else all of it."""
    rate = line.get("tax_rate")
    split = split_gross(gross, rate.percent if rate is not None else 0)
    deductible = bool(line.get("deductible")) and rate is not None
    return split, split.net if deductible else split.gross


def order_line(position: int, line: dict[str, Any]) -> PurchaseLine:
    """One unsaved order line with its amounts."""
    quantity, price = Decimal(line.get("quantity") or 0), round_money(line.get("gross_price") or ZERO)
    if quantity <= 0 or price < 0:
        raise Refused(_("Line %(number)s needs a quantity and a price.") % {"number": position})
    split, cost = _split(round_money(quantity * price), line)
    rate = line.get("tax_rate")
    return PurchaseLine(
        position=position,
        category=line["category"],
        text=(line.get("text") or "")[:200],
        quantity=quantity,
        unit=line.get("unit"),
        gross_price=price,
        tax_rate=rate,
        deductible=bool(line.get("deductible")) and rate is not None,
        gross_amount=split.gross,
        net_amount=split.net,
        tax_amount=split.tax,
        net_cost=cost,
    )


def bill_line(ordered: PurchaseLine, line: dict[str, Any]) -> BillLine:
    """One unsaved bill line; without an amount of its own it is billed at the ordered price."""
    quantity = Decimal(line.get("quantity") or 0)
    if quantity <= 0:
        raise Refused(_("%(line)s: a quantity is missing.") % {"line": ordered.text})
    gross = line.get("gross_amount")
    gross = round_money(quantity * ordered.gross_price) if gross is None else round_money(gross)
    split, cost = _split(gross, {"tax_rate": ordered.tax_rate, "deductible": ordered.deductible})
    return BillLine(
        order_line=ordered,
        quantity=quantity,
        gross_amount=split.gross,
        net_amount=split.net,
        tax_amount=split.tax,
        net_cost=cost,
    )


def sums(lines: list[Any]) -> dict[str, Decimal]:
    """The header's amounts: lines round, then the header adds."""
    return {
        name: sum((getattr(one, name) for one in lines), ZERO)
        for name in ("gross_amount", "net_amount", "tax_amount", "net_cost")
    }
