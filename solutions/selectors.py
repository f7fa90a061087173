"""Reading solutions and quotes: the quote that counts, its totals per tax rate, what the package holds."""

from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal

from core.money import Split
from solutions.models import Quote, QuoteLine, Solution

# A quote in one of these states has been decided upon and still stands.
STANDING = ("approved", "sent", "accepted")


def solution_of(case_id: int) -> Solution | None:
    """The newest solution of a case."""
    return Solution.objects.filter(case_id=case_id).order_by("-pk").first()


def current_quote(solution: Solution) -> Quote | None:
    """The quote that counts: the accepted one, else the newest approved or sent, main offers before alternatives."""
    found = list(solution.quotes.filter(state__in=STANDING).order_by("is_alternative", "-pk")[:20])
    return next((quote for quote in found if quote.state == "accepted"), found[0] if found else None)


def accepted_quote(case_id: int) -> Quote | None:
    """The quote the customer accepted on a case."""
    return Quote.objects.filter(case_id=case_id, state="accepted").order_by("-pk").first()


@dataclass(frozen=True)
class RateTotal:
    """What a quote sells at one tax rate."""

    label: str
    percent: Decimal
    split: Split


def lines_of(quote: Quote) -> list[QuoteLine]:
    """The quote's lines with rate, product and category at hand."""
    return list(quote.lines.select_related("tax_rate", "product", "category"))


def totals_by_rate(lines: list[QuoteLine]) -> list[RateTotal]:
    """Sums per tax rate over the lines that count, in the order of the lines."""
    sums: OrderedDict[int, tuple[str, Decimal, Split]] = OrderedDict()
    for line in lines:
        if line.is_optional:
            continue
        label, percent, before = sums.get(line.tax_rate_id, (line.tax_rate.label, line.tax_rate.percent, Split()))
        split = Split(line.gross_amount, line.net_amount, line.tax_amount)
        sums[line.tax_rate_id] = (label, percent, before + split)
    return [RateTotal(*values) for values in sums.values()]


def revisions_of(quote: Quote) -> list[Quote]:
    """All revisions under the same base number, newest first."""
    found = Quote.objects.filter(base_number=quote.base_number).select_related("owner")
    return list(found.order_by("-revision"))
