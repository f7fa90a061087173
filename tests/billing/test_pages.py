"""Billing's pages over HTTP: request, issue, credit, claim, confirm, allocate."""

from decimal import Decimal

import pytest

from accounts.models import User
from billing.models import Receipt
from tests.factories.billing import (
    account,
    line_of,
    make_awaiting_invoice,
    make_claimed_receipt,
    make_confirming_credit_note,
    make_issued_invoice,
    make_receipt,
    platform_number,
)
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_request_an_invoice_by_its_form(stranger: User) -> None:
    contract = make_effective_contract()
    browser = signed_in(ar_of(contract))
    assert browser.get(f"/invoices/new/?contract={contract.pk}").status_code == 200
    data = {
        "contract": contract.pk,
        "fapiao": term("fapiao", "e_special").pk,
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 0,
        "lines-0-receivable": line_of(contract, "effect").pk,
        "lines-0-gross_amount": "100,000.00",
        "idempotency_key": "a",
    }
    answer = browser.post("/invoices/new/", data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    invoice = contract.invoices.get()
    assert invoice.gross_amount == Decimal(100000)
    assert browser.get(invoice.get_absolute_url()).status_code == 200
    assert browser.get(f"/invoices/{invoice.pk}/edit/").status_code == 200
    assert signed_in(stranger).get(invoice.get_absolute_url()).status_code == 404


def test_issue_by_finance_only(finance: User) -> None:
    invoice = make_awaiting_invoice()
    url = f"/invoices/{invoice.pk}/issue/"
    data = {"platform_number": platform_number(), "issued_on": "2026-11-23", "idempotency_key": "b"}
    assert signed_in(ar_of(invoice.contract)).post(url, data).status_code == 403
    assert signed_in(finance).post(url, {**data, "platform_number": "12"}).status_code == 422
    assert signed_in(finance).post(url, {**data, "idempotency_key": "c"}).status_code == 302
    assert signed_in(finance).post(url, {**data, "idempotency_key": "d"}).status_code == 409


def test_credit_note_from_the_invoice(finance: User) -> None:
    invoice = make_issued_invoice()
    browser = signed_in(ar_of(invoice.contract))
    data = {"reason": term("red_reason", "allowance").pk, "mode": term("red_mode", "direct").pk, "idempotency_key": "e"}
    assert browser.post(f"/invoices/{invoice.pk}/request_credit/", data).status_code == 302
    credit = invoice.credit_notes.get()
    assert browser.get(credit.get_absolute_url()).status_code == 200
    assert browser.get(f"/credit-notes/{credit.pk}/edit/").status_code == 200
    waiting = make_confirming_credit_note(invoice, mode=term("red_mode", "seller"))
    assert signed_in(finance).get(f"/credit-notes/{waiting.pk}/confirm_form/").status_code == 200


def test_enter_claim_confirm_allocate(finance: User) -> None:
    contract = make_effective_contract()
    browser, ar = signed_in(finance), signed_in(ar_of(contract))
    data = {
        "account": account().pk,
        "payer_name": contract.payer.title,
        "gross_amount": "400,000.00",
        "value_on": "2026-11-20",
        "reference": "HD1",
        "method": term("receipt_method", "transfer").pk,
        "currency": "CNY",
        "idempotency_key": "f",
    }
    assert browser.get("/receipts/new/").status_code == 200
    answer = browser.post("/receipts/new/", data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    receipt = Receipt.objects.get(reference="HD1")
    assert line_of(contract, "effect").code in ar.get(receipt.get_absolute_url()).content.decode()
    claim = {"contract": contract.pk, "receivable": line_of(contract, "effect").pk, "idempotency_key": "g"}
    assert ar.post(f"/receipts/{receipt.pk}/claim/", claim).status_code == 302
    assert ar.post(f"/receipts/{receipt.pk}/confirm/", {"idempotency_key": "h"}).status_code == 403
    assert browser.post(f"/receipts/{receipt.pk}/confirm/", {"idempotency_key": "i"}).status_code == 302
    receipt.refresh_from_db()
    assert receipt.gross_free == Decimal(98200)
    more = {
        "receivable": line_of(contract, "arrival").pk,
        "gross_amount": "98,200.00",
        "idempotency_key": "j",
    }
    assert browser.get(f"/receipts/{receipt.pk}/allocate/").status_code == 200
    assert browser.post(f"/receipts/{receipt.pk}/allocate/", more).status_code == 302
    assert browser.post(f"/receipts/{receipt.pk}/allocate/", {**more, "idempotency_key": "k"}).status_code == 409
    one = receipt.allocations.last()
    off = {"allocation": one.pk, "note": "错", "idempotency_key": "l"}
    assert browser.post(f"/receipts/{receipt.pk}/unallocate/", off).status_code == 302


def test_receipts_hidden_from_strangers(stranger: User) -> None:
    receipt = make_receipt()
    claimed = make_claimed_receipt()
    for one in (receipt, claimed):
        assert signed_in(stranger).get(one.get_absolute_url()).status_code == 404


def test_follow_up_acts_of_a_receivable() -> None:
    contract = make_effective_contract()
    line, browser = line_of(contract, "effect"), signed_in(ar_of(contract))
    url = line.get_absolute_url()
    assert browser.post(f"{url}promise/", {"promised_on": "2026-12-01", "idempotency_key": "m"}).status_code == 302
    assert browser.post(f"{url}remind/", {"note": "电话", "idempotency_key": "n"}).status_code == 302
    data = {"fapiao": term("fapiao", "e_special").pk, "idempotency_key": "o"}
    assert browser.post(f"{url}request_invoice/", data).status_code == 302
    assert browser.post(f"{url}waive/", {"note": "x", "idempotency_key": "p"}).status_code == 403
