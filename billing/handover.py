"""合同 → 开票: the payment terms of an effective contract become receivables."""

from django.db import transaction

from accounts.actor import Actor
from billing.models import ReceivableLine
from billing.services import make_eligible, open_lines
from contracts.models import Contract, TermRelease
from process.models import Handover


@transaction.atomic
def take(handover: Handover, *, by: Actor) -> list[ReceivableLine]:
    """Open the receivables; what is released already (the advance) is payable at once."""
    contract = Contract.objects.get(pk=handover.source_id)
    lines = open_lines(contract, by=by)
    released = TermRelease.objects.filter(term__contract=contract, reverses__isnull=True, reversed_by__isnull=True)
    for one in released.select_related("term"):
        make_eligible(one.term, gross_amount=one.gross_amount, on=one.on, source=one.source, by=by)
    return lines
