"""Reading billing: where a deal stands in money, what is overdue since when, and whether kept figures fit."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from billing.models import (
    Allocation,
    BankStatement,
    CreditNoteLine,
    DunningItem,
    Invoice,
    InvoiceLine,
    Promise,
    Receipt,
    ReceivableLine,
    ReceivableTax,
    Refund,
    StatementLine,
)
from billing.models.invoice import ISSUED
from billing.models.receipt import BILLS
from contracts.models import Contract
from contracts.selectors import effective_of
from core.calendar import today
from core.money import ZERO
from process.models import Case as DealCase


@dataclass(frozen=True)
class Position:
    """Where a deal stands in money, all with tax and in the contract's currency."""

    contract: Decimal = ZERO
    invoiced: Decimal = ZERO
    received: Decimal = ZERO
    deducted: Decimal = ZERO
    eligible: Decimal = ZERO
    overdue: Decimal = ZERO
    retention: Decimal = ZERO
    given_up: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """Still to come in, whatever it waits for."""
        return self.contract - self.received - self.deducted - self.given_up

    @property
    def invoiced_not_received(self) -> Decimal:
        """已开票未回款."""
        return max(self.invoiced - self.received - self.deducted, ZERO)


def _money(condition: Q, value: Any) -> Sum:
    found = Case(When(condition, then=value), default=ZERO, output_field=DecimalField(max_digits=18, decimal_places=2))
    return Sum(found, default=ZERO)


def position(of: Any) -> Position:
    """The position of a contract, a project or a case (object or case id), in two queries.

    `eligible` is payable and not yet received; `overdue` the part past its due day; `retention` what is
    still held back: a contract asset until its warranty ends, payable after it.
    """
    contracts: Any
    if isinstance(of, Contract):
        lines, contracts = ReceivableLine.objects.filter(contract=of), Contract.objects.filter(pk=of.pk)
    else:
        case_id = of.pk if isinstance(of, DealCase) else of if isinstance(of, int) else of.case_id
        lines, contracts = ReceivableLine.objects.filter(case_id=case_id), effective_of(case_id)
    gross = contracts.aggregate(gross=Sum("gross_amount", default=ZERO))["gross"]
    return Position(contract=gross, **lines.aggregate(**_sums()))


def position_for(user: User, case_id: int) -> Position | None:
    """The position of a case for somebody who sees at least one of its receivables; None for everybody else."""
    seen = ReceivableLine.objects.visible_to(user).filter(case_id=case_id)
    visible = Count("pk", filter=Q(pk__in=seen.values("pk")))
    bound = effective_of(case_id).order_by().values("case_id").annotate(gross=Sum("gross_amount")).values("gross")
    contract = Max(Coalesce(Subquery(bound), ZERO, output_field=DecimalField()))
    sums = ReceivableLine.objects.filter(case_id=case_id).aggregate(**_sums(), contract=contract, visible=visible)
    return Position(**sums) if sums.pop("visible") else None


def _sums() -> dict[str, Any]:
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    payable = Q(state="eligible")
    return {
        "invoiced": Sum("gross_invoiced", default=ZERO),
        "received": Sum("gross_received", default=ZERO),
        "deducted": Sum("gross_deducted", default=ZERO),
        "eligible": _money(payable, left),
        "overdue": _money(payable & Q(due_on__lt=today()), left),
        "retention": _money(Q(is_retention=True, state="planned"), left),
        "given_up": _money(Q(state__in=("waived", "written_off")), left),
    }


def receivables_of(case_id: int) -> QuerySet[ReceivableLine]:
    """The receivables of a case in the order of their terms."""
    found = ReceivableLine.objects.filter(case_id=case_id).select_related("customer", "contract", "term__event")
    return found.order_by("contract_id", "term__position", "pk")


def unsettled_of(case_id: int, *, retention: bool) -> QuerySet[ReceivableLine]:
    """What final accounts still wait for: lines neither settled nor given up, with or without the retention."""
    found = ReceivableLine.objects.filter(case_id=case_id).open()
    return found.filter(is_retention=retention).select_related("customer").order_by("pk")


def unissued_of(case_id: int) -> QuerySet[Invoice]:
    """Requests of a case that are under way but not issued."""
    return Invoice.objects.filter(case_id=case_id, state__in=("draft", "in_review", "awaiting")).order_by("pk")


def uninvoiced_of(case_id: int) -> QuerySet[ReceivableLine]:
    """Payable lines of a case that are not invoiced in full."""
    found = ReceivableLine.objects.filter(case_id=case_id, state="eligible", gross_invoiced__lt=F("gross_amount"))
    return found.order_by("pk")


def may_be_unreleased(source: str) -> bool:
    """Whether what `source` released can be taken back: nothing of it is invoiced."""
    return not ReceivableLine.objects.filter(source=source, gross_invoiced__gt=0).exists()


def on_account(as_of: dt.date | None = None, *, receipts: QuerySet[Receipt] | None = None) -> Decimal:
    """Money that came in by a day and was then neither allocated nor paid back: what we hold for others.

    Bills of exchange are no money until they are honoured or discounted; what was reversed counts until then.
    """
    day = as_of or today()
    found = Receipt.objects.all() if receipts is None else receipts
    gone = Q(state__in=("reversed", "refused"), state_since__date__lte=day)
    unpaid_bill = Q(method__code__in=BILLS) & ~Q(state__in=("honoured", "discounted"), state_since__date__lte=day)
    found = found.filter(value_on__lte=day).exclude(gone).exclude(unpaid_bill)
    standing = Allocation.objects.filter(
        Q(removed_on__isnull=True) | Q(removed_on__gt=day), allocated_on__lte=day, difference__isnull=True
    )
    paid_back = Refund.objects.filter(state="paid", paid_on__lte=day)
    left = F("gross_amount") - _total(standing, "receipt") - _total(paid_back, "receipt")
    return found.annotate(left=left).aggregate(sum=Sum("left", default=ZERO))["sum"]


@dataclass(frozen=True)
class Kept:
    """The kept totals of a receivable as its documents give them."""

    invoiced: Decimal
    received: Decimal
    deducted: Decimal


def recompute(line: ReceivableLine) -> Kept:
    """Invoiced, received and deducted of a receivable, summed anew from invoices, credit notes and allocations."""
    issued = InvoiceLine.objects.filter(receivable=line, invoice__state__in=ISSUED)
    credited = CreditNoteLine.objects.filter(invoice_line__receivable=line, credit_note__state="issued")
    standing = line.allocations.standing()
    return Kept(
        invoiced=_sum(issued) - _sum(credited),
        received=_sum(standing.filter(difference__isnull=True)),
        deducted=_sum(standing.filter(difference__isnull=False)),
    )


def _sum(rows: QuerySet) -> Decimal:
    return rows.aggregate(gross=Sum("gross_amount", default=ZERO))["gross"]


def _total(rows: QuerySet, by: str) -> Coalesce:
    """The gross sum of the rows that belong to the outer row; 0 where there are none."""
    grouped = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(total=Sum("gross_amount"))
    return Coalesce(Subquery(grouped.values("total")), ZERO)


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(record, sentence) for every receivable, receipt, invoice or contract whose figures do not fit.

    Also of what was taken in from history: each check is one statement that gives only what is wrong.
    """
    yield from _check_receivables()
    standing = Allocation.objects.standing().filter(difference__isnull=True)
    receipts = Receipt.objects.annotate(true_allocated=_total(standing, "receipt"))
    for receipt in receipts.exclude(gross_allocated=F("true_allocated")).iterator(chunk_size=500):
        yield receipt, _("The allocations do not sum to what is kept as allocated.")
    paid_back = Receipt.objects.annotate(true_refunded=_total(Refund.objects.filter(state="paid"), "receipt"))
    for refunded in paid_back.exclude(gross_refunded=F("true_refunded")).iterator(chunk_size=500):
        yield refunded, _("The refunds do not sum to what is kept as paid back.")
    used = F("gross_allocated") + F("gross_refunded")
    for greedy in Receipt.objects.filter(gross_amount__lt=used).iterator(chunk_size=500):
        yield greedy, _("More is allocated and paid back than came in.")
    invoices = Invoice.objects.filter(state__in=ISSUED).annotate(
        true_gross=_total(InvoiceLine.objects.all(), "invoice")
    )
    for invoice in invoices.exclude(gross_amount=F("true_gross")).iterator(chunk_size=500):
        yield invoice, _("The lines do not sum to the invoice.")
    yield from _check_following()
    yield from _check_contracts()
    yield from _check_statements()


def _check_receivables() -> Iterator[tuple[Any, str]]:
    """Kept totals of every receivable against its documents, as in `recompute`, and its tax split."""
    issued = InvoiceLine.objects.filter(invoice__state__in=ISSUED)
    credited = CreditNoteLine.objects.filter(credit_note__state="issued")
    standing = Allocation.objects.standing()
    lines = ReceivableLine.objects.annotate(
        true_invoiced=_total(issued, "receivable") - _total(credited, "invoice_line__receivable"),
        true_received=_total(standing.filter(difference__isnull=True), "receivable"),
        true_deducted=_total(standing.filter(difference__isnull=False), "receivable"),
        true_gross=_total(ReceivableTax.objects.all(), "receivable"),
    )
    right = {
        name: F(f"true_{name.removeprefix('gross_')}")
        for name in ("gross_invoiced", "gross_received", "gross_deducted")
    }
    for line in lines.exclude(**right).iterator(chunk_size=500):
        yield line, _("Invoiced or received differs from what its documents sum to.")
    for line in lines.exclude(gross_amount=F("true_gross")).iterator(chunk_size=500):
        yield line, _("The tax split does not sum to the receivable.")


def _check_following() -> Iterator[tuple[Any, str]]:
    """A line's promised day is that of its standing promise, its level that of a letter that went out."""
    never = Value(dt.date.max)
    standing = Promise.objects.filter(receivable=OuterRef("pk"), outcome=Promise.Outcome.OPEN).values("promised_on")
    days = ReceivableLine.objects.annotate(
        kept_day=Coalesce("promised_on", never), true_day=Coalesce(Subquery(standing), never)
    )
    for line in days.exclude(kept_day=F("true_day")).iterator(chunk_size=500):
        yield line, _("The promised day is not that of its promise.")
    sent = DunningItem.objects.filter(receivable=OuterRef("pk"), level=OuterRef("dunning_level"), letter__state="sent")
    for chased in ReceivableLine.objects.filter(dunning_level__gt=0).exclude(Exists(sent)).iterator(chunk_size=500):
        yield chased, _("No letter of its level went out.")


def _check_contracts() -> Iterator[tuple[Any, str]]:
    """Receivables sum to the contract, and no more stands invoiced than it is worth."""
    live = Contract.objects.filter(state__in=("effective", "completed", "closed"))
    lines = ReceivableLine.objects.filter(contract=OuterRef("pk")).order_by().values("contract")
    contracts = live.annotate(
        due=_total(ReceivableLine.objects.all(), "contract"),
        invoiced=Coalesce(Subquery(lines.annotate(total=Sum("gross_invoiced")).values("total")), ZERO),
    )
    for contract in contracts.exclude(gross_amount=F("due")).iterator(chunk_size=500):
        yield contract, _("The receivables do not sum to the contract.")
    for contract in contracts.filter(invoiced__gt=F("gross_amount")).iterator(chunk_size=500):
        yield contract, _("More stands invoiced than the contract is worth.")


def _check_statements() -> Iterator[tuple[Any, str]]:
    """A statement counts its lines, its lines are its money, and money in stands on receipts of the same amount."""
    lines = StatementLine.objects.filter(statement=OuterRef("pk")).order_by().values("statement")
    statements = BankStatement.objects.filter(state="taken").annotate(
        true_count=Coalesce(Subquery(lines.annotate(count=Count("pk")).values("count")), 0),
        true_in=_total(StatementLine.objects.filter(is_credit=True), "statement"),
        true_out=_total(StatementLine.objects.filter(is_credit=False), "statement"),
    )
    right = {"lines_new": F("true_count"), "gross_in_new": F("true_in"), "gross_out_new": F("true_out")}
    for statement in statements.exclude(**right).iterator(chunk_size=500):
        yield statement, _("The statement's totals are not what its lines sum to.")
    wrong = StatementLine.objects.filter(is_credit=True).exclude(
        receipt__gross_amount=F("gross_amount"), receipt__account_id=F("account_id")
    )
    for line in wrong.select_related("receipt").iterator(chunk_size=500):
        yield line.receipt, _("The receipt differs from the line of the bank.")
    loose = StatementLine.objects.exclude(statement__state="taken", account_id=F("statement__account_id"))
    for line in loose.select_related("statement").iterator(chunk_size=500):
        yield line.statement, _("A line stands on a statement that is not taken in, or on another account.")
