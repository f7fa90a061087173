"""方案 → 合同: the accepted quote becomes the draft of a contract."""

from typing import Any

from django.db import transaction

from accounts.actor import Actor
from contracts.models import Contract
from contracts.services import open as open_contract
from process.models import Handover
from projects.selectors import project_of
from projects.services import enter_stage
from solutions.models import Quote, Solution


@transaction.atomic
def take(handover: Handover, *, by: Actor) -> Contract:
    """Draft the contract from the quote the customer accepted; the project enters the contract stage."""
    solution = Solution.objects.filter(pk=handover.source_id).select_related("project").get()
    project = project_of(handover.case_id)
    assert project is not None, "a solution is won on a project's case"
    quote = Quote.objects.filter(solution=solution, state="accepted").order_by("-pk").first()
    enter_stage(project, "contract", handover, by=by)
    return open_contract(
        by=by,
        note=handover.code,
        project=project,
        solution=solution,
        quote=quote,
        title=project.title,
        currency=quote.currency if quote else project.currency,
        customer_number=getattr(quote, "customer_number", "") or "",
        promises=_promises(quote),
        lines=_lines(quote),
    )


def _lines(quote: Quote | None) -> list[dict[str, Any]]:
    """The quote's lines without the options the customer did not take, to the cent."""
    if quote is None:
        return []
    return [
        {
            "name": line.name,
            "quantity": line.quantity,
            "unit": line.unit,
            "tax_rate": line.tax_rate,
            "gross_amount": line.gross_amount,
            "net_amount": line.net_amount,
        }
        for line in quote.lines.filter(is_optional=False).select_related("tax_rate").order_by("position")
    ]


def _promises(quote: Quote | None) -> str:
    if quote is None:
        return ""
    return "\n".join(f"{line.name}: {line.promise}" for line in quote.lines.exclude(promise="").order_by("position"))
