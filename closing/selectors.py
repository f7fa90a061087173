"""What still stands between a project and its final accounts: asked of every floor below, each with its link."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing.models import Invoice, Receipt, ReceivableLine
from closing.models import Closing
from contracts.models import Contract
from core.errors import Reason
from core.money import ZERO, format_money
from delivery.models import ChangeOrder, Deliverable, DeliveryOrder, EarlyStart
from finance import selectors as finance
from process.models import CaseRecord
from process.outlet import outlet_of
from projects.models import Project
from purchasing.models import Bill, PurchaseOrder

# Beyond these a difference between budget and final accounts needs a cause.
VARIANCE_PERCENT = Decimal(10)
VARIANCE_AMOUNT = Decimal(10_000)
MOST = 20


@dataclass(frozen=True)
class Position:
    """What a project is worth and what came in, with tax."""

    gross_contract: Decimal = ZERO
    gross_invoiced: Decimal = ZERO
    gross_received: Decimal = ZERO
    gross_retention: Decimal = ZERO


def position(project: Project) -> Position:
    """Contract value, invoiced, received and retention outstanding of all the project's contracts in effect."""
    counted = Contract.objects.filter(project=project, state__in=("effective", "completed", "closed"))
    lines = ReceivableLine.objects.filter(contract__project=project)
    sums = lines.aggregate(
        invoiced=Sum("gross_invoiced"),
        received=Sum("gross_received"),
        retention=Sum(
            F("gross_amount") - F("gross_received") - F("gross_deducted"),
            filter=Q(is_retention=True, state__in=ReceivableLine.states.open),
        ),
    )
    return Position(
        counted.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO,
        sums["invoiced"] or ZERO,
        sums["received"] or ZERO,
        sums["retention"] or ZERO,
    )


def figures(closing: Closing) -> dict[str, Decimal]:
    """The figures that are kept with the accounts: both bases, as they stand now."""
    stand = position(closing.project)
    closing.book.refresh_from_db()
    return {
        "gross_contract": stand.gross_contract,
        "gross_invoiced": stand.gross_invoiced,
        "gross_received": stand.gross_received,
        "gross_retention": stand.gross_retention,
        "net_recognised": closing.book.net_recognised,
        "net_cost": closing.book.net_cost,
    }


def _waiting(rows: Iterable[Any], text: Callable[[Any], str]) -> list[Reason]:
    return [Reason(text(row), link=row.get_absolute_url()) for row in list(rows)[:MOST]]


def _is_still(row: Any) -> str:
    return _("%(record)s is still %(state)s.") % {"record": row, "state": row.state_label}


def gaps_before_provisional(closing: Closing) -> list[Reason]:
    """Everything provisional accounts wait for, at once."""
    project = closing.project
    reasons = _delivery_gaps(closing) if closing.kind == Closing.Type.NORMAL else _termination_gaps(closing)
    reasons += _waiting(_receivables(project, is_retention=False), _not_received)
    reasons += _waiting(_invoices(project), _is_still)
    reasons += _receipt_gaps(project)
    return reasons + _cost_gaps(closing)


def _delivery_gaps(closing: Closing) -> list[Reason]:
    """Finally accepted, and nothing of delivery left open."""
    orders = DeliveryOrder.objects.filter(project=closing.project)
    reasons = []
    if not orders.exists():
        reasons.append(Reason(_("Nothing has been delivered."), link=closing.project.get_absolute_url()))
    reasons += _waiting(orders.exclude(state__in=("accepted", "closed")), _not_accepted)
    reasons += _waiting(Deliverable.objects.filter(order__in=orders).exclude(state="accepted"), _is_still)
    changes = ChangeOrder.objects.filter(contract__project=closing.project)
    reasons += _waiting(changes.filter(state__in=ChangeOrder.states.open), _is_still)
    permits = EarlyStart.objects.filter(project=closing.project, state__in=("in_review", "active"))
    return reasons + _waiting(permits, _is_still)


def _not_accepted(order: Any) -> str:
    return _("%(record)s has not been accepted finally.") % {"record": order}


def _termination_gaps(closing: Closing) -> list[Reason]:
    """A project that was lost or broken off: its contracts are ended first."""
    living = Contract.objects.filter(project=closing.project, state__in=Contract.states.open)
    return _waiting(living, _is_still)


def _receivables(project: Project, **condition: Any) -> QuerySet:
    """Lines of which something is still to come."""
    lines = ReceivableLine.objects.filter(contract__project=project, state__in=ReceivableLine.states.open, **condition)
    lines = lines.exclude(contract__state__in=("terminated", "void"), state="planned")
    return lines.filter(
        Q(gross_amount__gt=F("gross_received") + F("gross_deducted")) | Q(gross_amount__gt=F("gross_invoiced"))
    )


def _not_received(line: Any) -> str:
    text = _("%(line)s: invoiced %(invoiced)s, received %(received)s.")
    figures = {"invoiced": format_money(line.gross_invoiced), "received": format_money(line.gross_received)}
    return text % {"line": line, **figures}


def _invoices(project: Project) -> QuerySet:
    return Invoice.objects.filter(contract__project=project, state__in=("in_review", "awaiting"))


def _receipt_gaps(project: Project) -> list[Reason]:
    """Money that came in for the project's contracts and serves no receivable yet."""
    # Reversed or refused: that money did not come in, and the receivable is open again by itself.
    found = Receipt.objects.filter(contract__project=project).exclude(state__in=("reversed", "refused"))
    found = found.filter(gross_amount__gt=F("gross_allocated"))
    text = _("%(receipt)s is not allocated in full.")
    return _waiting(found, lambda one: text % {"receipt": one})


def _cost_gaps(closing: Closing) -> list[Reason]:
    """Orders not billed, bills and vouchers not posted."""
    book = closing.book
    link = book.get_absolute_url()
    text = _("%(category)s: something is committed and not billed.")
    reasons = [Reason(text % {"category": total.category}, link=link) for total in finance.open_commitments(book)]
    reasons += _waiting(finance.unposted_vouchers(book), _is_still)
    reasons += _waiting(Bill.objects.filter(order__book=book, state__in=("draft", "in_review", "approved")), _is_still)
    orders = PurchaseOrder.objects.filter(book=book, state__in=("in_review", "approved"))
    return reasons + _waiting(orders, _is_still)


def gaps_before_final(closing: Closing) -> list[Reason]:
    """Everything final accounts wait for, at once; what provisional ones needed is asked again."""
    project = closing.project
    reasons = gaps_before_provisional(closing)
    reasons += _waiting(_receivables(project, is_retention=True), _not_received)
    reasons += _waiting(Contract.objects.filter(project=project, state__in=Contract.states.open), _contract_open)
    reasons += _waiting(finance.open_deposits(closing.case_id), _deposit_out)
    # How much it is stands in the costings, which not everybody who reads a reason may see.
    text = _("%(category)s: please explain the difference to the budget.")
    reasons += [Reason(text % {"category": row.label}) for row in unexplained(closing)]
    if not closing.lessons.strip():
        reasons.append(Reason(_("The lessons learnt are not written down."), link=_edit_url(closing)))
    return list(dict.fromkeys(reasons))


def _edit_url(closing: Closing) -> str:
    outlet = outlet_of(closing.record_kind())
    return outlet.url("edit", closing.pk) if outlet else ""


def _contract_open(contract: Any) -> str:
    return _("%(record)s is neither closed nor terminated.") % {"record": contract}


def _deposit_out(deposit: Any) -> str:
    return _("%(record)s is not back: %(state)s.") % {"record": deposit, "state": deposit.state_label}


def variances(closing: Closing) -> list[Any]:
    """Categories whose actual cost differs too much from their budget."""
    if closing.kind == Closing.Type.TERMINATED:
        return []
    return [row for row in finance.four_costings(closing.book).rows if row.level == 0 and _differs(row.amounts)]


def _differs(amounts: dict[str, Decimal]) -> bool:
    gap = abs(amounts["actual"] - amounts["budget"])
    return gap > VARIANCE_AMOUNT or (gap > 0 and gap * 100 > amounts["budget"] * VARIANCE_PERCENT)


def unexplained(closing: Closing) -> list[Any]:
    """Those of them that have no cause yet."""
    explained = set(closing.lines.filter(cause__isnull=False).values_list("category__code", flat=True))
    return [row for row in variances(closing) if row.code not in explained]


def still_open(closing: Closing) -> QuerySet[CaseRecord]:
    """Records of the deal that somebody still has work with; they do not stand in the way of a project broken off."""
    kept = (Closing.record_kind(), Project.record_kind())
    rows = CaseRecord.objects.filter(case_id=closing.case_id, is_open=True).exclude(kind__in=kept)
    return rows.select_related("holder").order_by("pk")


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(record, sentence) for accounts whose kept figures do not add up, or that are final and yet not at rest."""
    settled = Closing.objects.exclude(state="draft").select_related("book", "project", "settlement")
    for closing in settled.annotate(lines_cost=Sum("lines__net_actual")).iterator(chunk_size=500):
        if (closing.lines_cost or ZERO) != closing.net_cost:
            yield closing, _("The lines do not sum to the cost of the accounts.")
        if closing.state == "final":
            yield from _check_final(closing)


def _check_final(closing: Closing) -> Iterator[tuple[Any, str]]:
    """Final means final: book frozen, project closed, settlement = ledger, and the figures those of the documents."""
    book, sheet = closing.book, closing.settlement
    if not book.is_frozen:
        yield closing, _("The accounts are final, but the book is not frozen.")
    if closing.project.stage != "closed":
        yield closing, _("The accounts are final, but the project is not closed.")
    ledger = (book.net_recognised, book.net_cost)
    if sheet is None or sheet.state != "approved" or (sheet.net_revenue, sheet.net_cost) != ledger:
        yield closing, _("The settlement sheet differs from the ledger.")
    if any(getattr(closing, name) != value for name, value in figures(closing).items()):
        yield closing, _("The final figures differ from what the documents sum to.")
