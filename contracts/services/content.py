"""Lines, terms and shares of a contract: planned as values first, then written in one go."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contracts.models import Contract, ContractLine, ContractShare, EffectCondition, PaymentTerm, TermTax
from contracts.splitting import percent_amounts, spread
from core.dictionary import Term
from core.money import ZERO, Split, split_gross


@dataclass
class Content:
    """What a contract says in figures, not yet stored."""

    lines: list[ContractLine] = field(default_factory=list)
    terms: list[PaymentTerm] = field(default_factory=list)
    shares: list[ContractShare] = field(default_factory=list)

    @property
    def total(self) -> Split:
        return sum((split_of(line) for line in self.lines), Split())

    @property
    def digest(self) -> str:
        """Changes with every figure and word of lines, terms and shares."""
        parts = [
            [[line.name, line.quantity, line.unit, line.tax_rate_id, *_amounts(line)] for line in self.lines],
            [
                [
                    *(term.event_id, term.percent, term.gross_amount, term.days_after, term.document),
                    *(term.precondition, term.is_retention),
                ]
                for term in self.terms
            ],
            [[share.project_id, share.percent] for share in self.shares],
        ]
        return hashlib.sha256(repr(_normal(parts)).encode()).hexdigest()


def _normal(value: Any) -> Any:
    """1 and 1.00 are the same figure."""
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def split_of(row: Any) -> Split:
    """The three amounts of a row."""
    return Split(row.gross_amount, row.net_amount, row.tax_amount)


def _amounts(row: Any) -> tuple[Decimal, Decimal, Decimal]:
    return row.gross_amount, row.net_amount, row.tax_amount


def by_rate(rows: Iterable[Any]) -> dict[int, Split]:
    """Totals per tax rate."""
    totals: dict[int, Split] = {}
    for row in rows:
        totals[row.tax_rate_id] = totals.get(row.tax_rate_id, Split()) + split_of(row)
    return totals


def plan(
    *,
    lines: Iterable[dict[str, Any]],
    terms: Iterable[dict[str, Any]],
    shares: Iterable[dict[str, Any]] = (),
) -> Content:
    """Values from a form or a quote as rows: amounts split by rate, terms by percent of the total."""
    content = Content(lines=[_line(number, values) for number, values in enumerate(lines, 1)])
    content.terms = _terms(list(terms), content.total.gross)
    content.shares = [ContractShare(project=row["project"], percent=row["percent"]) for row in shares]
    return content


def _line(number: int, values: dict[str, Any]) -> ContractLine:
    rate = values["tax_rate"]
    if "net_amount" in values:
        split = Split(values["gross_amount"], values["net_amount"], values["gross_amount"] - values["net_amount"])
    else:
        split = split_gross(values["gross_amount"], rate.percent)
    return ContractLine(
        position=number,
        name=values["name"],
        quantity=values.get("quantity") or Decimal(1),
        unit=str(values.get("unit") or ""),
        tax_rate=rate,
        gross_amount=split.gross,
        net_amount=split.net,
        tax_amount=split.tax,
        source=values.get("source", ""),
    )


def _terms(rows: list[dict[str, Any]], total: Decimal) -> list[PaymentTerm]:
    """By percent where a percent is given (the last absorbs the rounding), else by amount."""
    percents = [Decimal(row.get("percent") or 0) for row in rows]
    amounts = percent_amounts(total, percents)
    made = []
    for number, row in enumerate(rows, 1):
        percent, amount = percents[number - 1], amounts[number - 1]
        if not percent:
            amount = row.get("gross_amount") or ZERO
            percent = (amount * 100 / total).quantize(Decimal("0.0001")) if total else Decimal(0)
        event = row["event"]
        term = PaymentTerm(
            position=number,
            event=event,
            percent=percent,
            gross_amount=amount,
            days_after=row["days_after"] if row.get("days_after") is not None else 30,
            document=row.get("document") or "",
            precondition=row.get("precondition") or "",
            is_retention=bool(row.get("is_retention")) or event.code == "retention",
        )
        made.append(term)
    return made


def plain(figure: Decimal) -> Decimal:
    """Without needless zeros and never as 3E+1: as people type it."""
    return Decimal(format(figure.normalize(), "f"))


def stored(contract: Contract) -> dict[str, list[dict[str, Any]]]:
    """Lines, terms and shares of a draft in the shape `plan` takes them."""
    lines = [
        {
            "name": line.name,
            "quantity": line.quantity,
            "unit": line.unit,
            "tax_rate": line.tax_rate,
            "gross_amount": line.gross_amount,
            "net_amount": line.net_amount,
        }
        for line in contract.lines.select_related("tax_rate")
    ]
    shares = [{"project": share.project, "percent": share.percent} for share in contract.shares.all()]
    return {"lines": lines, "terms": term_rows(contract), "shares": shares}


def term_rows(contract: Contract) -> list[dict[str, Any]]:
    """The terms as people enter them: an amount only where no percent gives it."""
    terms = list(contract.terms.select_related("event"))
    amounts = percent_amounts(contract.gross_amount, [term.percent for term in terms])
    rows = []
    for term, amount in zip(terms, amounts, strict=True):
        exact = term.gross_amount == amount
        rows.append(
            {
                "event": term.event,
                "percent": plain(term.percent) if exact else None,
                "gross_amount": None if exact else term.gross_amount,
                "days_after": term.days_after,
                "document": term.document,
                "precondition": term.precondition,
                "is_retention": term.is_retention,
            }
        )
    return rows


def write(contract: Contract, content: Content) -> None:
    """Store the content of a draft in place of what stood there."""
    TermTax.objects.filter(term__contract=contract).delete()
    for rows in (contract.terms, contract.lines, contract.shares):
        rows.all().delete()
    rows_of_it: list[Any] = [*content.lines, *content.terms, *content.shares]
    for row in rows_of_it:
        row.contract = contract
    ContractLine.objects.bulk_create(content.lines)
    for term in content.terms:
        term.search_text = f"{contract.code} {contract.title} {term.event.zh} {term.event.en}".lower()[:300]
    PaymentTerm.objects.bulk_create(content.terms)
    ContractShare.objects.bulk_create(content.shares)
    total = sum((term.gross_amount for term in content.terms), ZERO)
    if content.terms and total == content.total.gross:
        write_taxes(content.terms, by_rate(content.lines))


def write_taxes(terms: list[PaymentTerm], whole: dict[int, Split]) -> None:
    """Split terms over the rates of `whole`, to the cent on every axis."""
    parts = spread(whole, [term.gross_amount for term in terms])
    TermTax.objects.bulk_create(
        TermTax(term=term, tax_rate_id=rate, gross_amount=part.gross, net_amount=part.net, tax_amount=part.tax)
        for term, split in zip(terms, parts, strict=True)
        for rate, part in split.items()
    )


def write_conditions(contract: Contract, kinds: Iterable[Term] | None) -> None:
    """The conditions of effect; signed and sealed by both where nothing else is agreed."""
    wanted = list(kinds) if kinds is not None else []
    if not wanted and not contract.conditions.exists():
        wanted = list(Term.objects.filter(dictionary="effect_condition", code="both_signed"))
    if not wanted:
        return
    contract.conditions.exclude(kind__in=wanted).delete()
    known = set(contract.conditions.values_list("kind_id", flat=True))
    EffectCondition.objects.bulk_create(
        EffectCondition(contract=contract, kind=kind) for kind in wanted if kind.pk not in known
    )
