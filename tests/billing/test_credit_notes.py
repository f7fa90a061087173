"""Credit notes: in part, in full, with the 72-hour form; the invoice itself never changes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from billing.models import CreditNote, Invoice
from billing.selectors import check_invariants
from billing.services import credit_note as credit_notes
from billing.services import invoice as invoices
from core.errors import NotAllowed, Refused
from tests.api.caller import Caller, problem
from tests.factories.billing import (
    finance_user,
    line_of,
    make_confirming_credit_note,
    make_credit_note,
    make_issued_credit_note,
    make_issued_invoice,
    platform_number,
)
from tests.factories.contracts import ar_of
from tests.factories.projects import term
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db
D = Decimal


def test_in_full_ends_the_invoice_and_frees_the_receivable() -> None:
    invoice = make_issued_invoice()
    credit = make_issued_credit_note(invoice)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.gross_standing) == ("credited", 0)
    assert (credit.state, credit.net_amount, credit.tax_amount) == ("issued", invoice.net_amount, invoice.tax_amount)
    assert credit.internal_number.endswith("000001") or "-CN-" in credit.internal_number
    line = line_of(invoice.contract, "effect")
    assert (line.gross_invoiced, line.state) == (0, "eligible")
    again = make_issued_invoice(invoice.contract)
    assert again.gross_amount == D(301800)
    assert not list(check_invariants())


def test_in_part_twice_keeps_every_cent() -> None:
    invoice = make_issued_invoice()
    row = invoice.lines.get(tax_rate__percent=13)
    make_issued_credit_note(invoice, lines=[{"invoice_line": row, "gross_amount": D("100000.01")}])
    invoice.refresh_from_db()
    assert (invoice.state, invoice.gross_credited) == ("issued", D("100000.01"))
    assert "invoice.credit" in actions(invoice)
    with pytest.raises(Refused):
        make_credit_note(invoice, lines=[{"invoice_line": row, "gross_amount": D("137300.00")}])
    rest = make_issued_credit_note(invoice)
    invoice.refresh_from_db()
    assert invoice.state == "credited"
    credits = CreditNote.objects.filter(invoice=invoice)
    assert sum(one.net_amount for one in credits) == invoice.net_amount
    assert rest.gross_amount == D("201799.99")
    assert not list(check_invariants())


def test_a_delivered_invoice_is_credited_too() -> None:
    invoice = make_issued_invoice()
    invoices.deliver(invoice, by=ar_of(invoice.contract))
    make_issued_credit_note(invoice)
    invoice.refresh_from_db()
    assert invoice.state == "credited"


def test_wrongly_issued_only_in_full() -> None:
    invoice = make_issued_invoice()
    finance_user()
    part = [{"invoice_line": invoice.lines.first(), "gross_amount": D(1)}]
    credit = make_credit_note(invoice, reason=term("red_reason", "wrong"), lines=part)
    with unchanged(credit), pytest.raises(Refused):
        credit_notes.submit(credit, by=ar_of(invoice.contract))


def test_the_form_must_be_confirmed_before_issue() -> None:
    credit = make_confirming_credit_note(mode=term("red_mode", "seller"))
    by = finance_user()
    with unchanged(credit), pytest.raises(Refused):
        credit_notes.issue(credit, platform_number=platform_number(), by=by)
    credit_notes.confirm_form(credit, confirmation_number="44032611230001", by=by)
    credit_notes.issue(credit, platform_number=platform_number(), by=by)
    assert credit.state == "issued"


def test_unconfirmed_for_72_hours_lapses_and_starts_again() -> None:
    credit = make_confirming_credit_note(mode=term("red_mode", "seller"))
    direct = make_confirming_credit_note()
    assert credit_notes.lapse_unconfirmed() == 0
    old = timezone.now() - dt.timedelta(hours=73)
    CreditNote.objects.filter(pk__in=(credit.pk, direct.pk)).update(state_since=old)
    assert credit_notes.lapse_unconfirmed() == 1
    assert credit_notes.lapse_unconfirmed() == 0
    credit.refresh_from_db()
    direct.refresh_from_db()
    assert (credit.state, direct.state) == ("draft", "confirming")
    credit_notes.submit(credit, by=credit.owner)
    assert credit.state == "in_review"


def test_two_notes_over_the_same_invoice_the_second_is_refused() -> None:
    invoice = make_issued_invoice()
    first, second = make_confirming_credit_note(invoice), make_confirming_credit_note(invoice)
    by = finance_user()
    credit_notes.issue(first, platform_number=platform_number(), by=by)
    with unchanged(second), pytest.raises(Refused):
        credit_notes.issue(second, platform_number=platform_number(), by=by)


def test_only_issued_invoices_and_only_by_finance() -> None:
    invoice = make_issued_invoice()
    credit = make_confirming_credit_note(invoice)
    with unchanged(credit), pytest.raises(NotAllowed):
        credit_notes.issue(credit, platform_number=platform_number(), by=ar_of(invoice.contract))
    from tests.factories.billing import make_invoice

    with pytest.raises(Refused):
        make_credit_note(make_invoice())


def test_an_issued_note_never_changes() -> None:
    credit = make_issued_credit_note()
    with pytest.raises(DatabaseError), transaction.atomic():
        CreditNote.objects.filter(pk=credit.pk).update(gross_amount=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        credit.lines.update(gross_amount=1)
    invoice = Invoice.objects.get(pk=credit.invoice_id)
    with pytest.raises(Refused):
        credit_notes.open(
            invoice=invoice,
            reason=credit.reason,
            mode=credit.mode,
            by=ar_of(invoice.contract),
        )


def test_a_line_without_the_invoice_line_it_takes_back_is_named() -> None:
    invoice = make_issued_invoice()
    body = {
        "invoice": invoice.pk,
        "reason": term("red_reason", "allowance").pk,
        "mode": term("red_mode", "direct").pk,
        "lines": [{"gross_amount": "1"}],
    }
    with unchanged(invoice):
        found = problem(Caller(ar_of(invoice.contract)).post("credit-notes/", body), 400)
    assert [one["field"] for one in found["errors"]] == ["lines.0.invoice_line"]
