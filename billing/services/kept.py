"""Locks and kept totals of receivables: the one place where their figures are written."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models

from billing.models import ReceivableLine, ReceivableTax
from contracts.splitting import take
from core.calendar import today
from core.money import ZERO, Split
from process.models import Case, CaseRecord


def lock_cases(ids: Iterable[int]) -> None:
    """Several cases at once, always in the order of their ids, so that two acts never wait for each other."""
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk"))


def lock_line(pk: int) -> ReceivableLine:
    """One receivable, locked until the transaction ends; its case is locked before."""
    return ReceivableLine.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def add(
    line: ReceivableLine, *, invoiced: Decimal = ZERO, received: Decimal = ZERO, deducted: Decimal = ZERO
) -> ReceivableLine:
    """Move the kept totals of a locked line; the database refuses what goes beyond its amount."""
    line.gross_invoiced += invoiced
    line.gross_received += received
    line.gross_deducted += deducted
    line.save(update_fields=["gross_invoiced", "gross_received", "gross_deducted", "updated_at"])
    show_open(line)
    return line


def spoken_with(line: ReceivableLine) -> None:
    """Somebody was in touch about a line today; its act has locked it and written the log."""
    line.contacted_on = today()
    line.save(update_fields=["contacted_on", "updated_at"])


def show_open(record: Any) -> None:
    """The case's list of open records follows what money says: a settled line is nobody's work."""
    rows = CaseRecord.objects.filter(kind=record.record_kind(), object_id=record.pk)
    rows.update(is_open=record.is_open, holder_id=record.holder_id() if record.is_open else None)


def split_of(row: Any) -> Split:
    """The three amounts of a row."""
    return Split(row.gross_amount, row.net_amount, row.tax_amount)


def by_rate(line: ReceivableLine) -> dict[int, Split]:
    """A line's amounts per tax rate id."""
    return {row.tax_rate_id: split_of(row) for row in line.taxes.all()}


def uninvoiced_by_rate(line: ReceivableLine) -> dict[int, Split]:
    """What of each rate no standing invoice has taken yet."""
    from billing.models import CreditNoteLine, InvoiceLine
    from billing.models.invoice import ISSUED

    left = by_rate(line)
    taken = InvoiceLine.objects.filter(receivable=line, invoice__state__in=ISSUED)
    back = CreditNoteLine.objects.filter(invoice_line__receivable=line, credit_note__state="issued")
    for rate, split in [*_sums(taken, "tax_rate_id", -1), *_sums(back, "invoice_line__tax_rate_id", 1)]:
        left[rate] = left.get(rate, Split()) + split
    return {rate: split for rate, split in left.items() if split.gross > 0}


def _sums(rows: models.QuerySet, rate: str, sign: int) -> list[tuple[int, Split]]:
    figures = rows.values_list(rate).annotate(
        gross=models.Sum("gross_amount"), net=models.Sum("net_amount"), tax=models.Sum("tax_amount")
    )
    found = []
    for key, gross, net, tax in figures.order_by():
        split = Split(gross, net, tax)
        found.append((key, split if sign > 0 else -split))
    return found


def write_taxes(line: ReceivableLine, parts: dict[int, Split]) -> None:
    """Store a line's split per rate."""
    line.taxes.all().delete()
    ReceivableTax.objects.bulk_create(
        ReceivableTax(
            receivable=line, tax_rate_id=rate, gross_amount=part.gross, net_amount=part.net, tax_amount=part.tax
        )
        for rate, part in sorted(parts.items())
        if part.gross
    )


def cut(line: ReceivableLine, gross: Decimal) -> tuple[dict[int, Split], dict[int, Split]]:
    """(the part of `gross`, the rest) of a line, per rate and to the cent."""
    whole = by_rate(line)
    part = take(whole, gross)
    rest = {rate: split + -part.get(rate, Split()) for rate, split in whole.items()}
    return part, rest
