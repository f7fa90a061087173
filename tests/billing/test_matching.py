"""Whose money it is: by reference, payer, amount, several lines together, then the oldest; accepted by one click."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from billing.matching import combination, proposals, propose, tokens
from billing.models import ClaimPart, PayerAlias, Receipt, ReceivableLine
from billing.selectors import check_invariants, position
from billing.services import receipt as receipts
from contracts.models import Contract
from core.errors import NotAllowed, Refused
from customers.models import Customer
from tests.factories.billing import finance_user, line_of, make_confirmed_receipt, make_issued_invoice, make_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.helpers import last_log, signed_in, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def codes(receipt: Receipt) -> list[list[tuple[str, Decimal]]]:
    return [[(line.code, amount) for line, amount in one.parts] for one in proposals(receipt)]


def test_a_contract_number_in_the_text_and_the_exact_amount() -> None:
    contract, other = make_effective_contract(), make_effective_contract()
    line = line_of(contract, "effect")
    plain = contract.code.replace("-", "")
    for text in (f"付{contract.code}预付款", f"货款{plain}", f"合同号：{contract.code}"):
        receipt = make_receipt(payer_name="谁也不是", gross_amount=D(301800), summary=text)
        best = proposals(receipt)[0]
        assert [part[0].pk for part in best.parts] == [line.pk]
        assert best.strength == "strong"
        assert "names contract" in best.reasons[0]
        assert not best.knows_payer
    assert line_of(other, "effect").gross_amount == D(301800), "the other has a line of the same amount"


def test_the_customers_own_number() -> None:
    contract = make_effective_contract()
    Contract.objects.filter(pk=contract.pk).update(customer_number="北测采〔2026〕017号")
    receipt = make_receipt(payer_name="谁也不是", summary="合同号:北测采〔2026〕017号 首付", gross_amount=D(5))
    assert proposals(receipt)[0].parts[0][0].contract_id == contract.pk


def test_an_invoice_number_names_its_lines() -> None:
    contract = make_effective_contract()
    make_effective_contract()
    invoice = make_issued_invoice(contract)
    for number in (invoice.platform_number, invoice.code, invoice.internal_number):
        receipt = make_receipt(payer_name="谁也不是", summary=f"发票{number}", gross_amount=D(301800))
        best = proposals(receipt)[0]
        assert best.parts[0][0].pk == line_of(contract, "effect").pk
        assert "names invoice" in best.reasons[0]


def test_payer_and_exact_amount_are_sure_the_amount_alone_is_not() -> None:
    contract = make_effective_contract()
    known = make_receipt(payer_name=contract.payer.title, gross_amount=D(100600))
    best = proposals(known)[0]
    assert (best.parts[0][0].pk, best.strength, best.knows_payer) == (line_of(contract, "retention").pk, "strong", True)
    strange = make_receipt(payer_name="谁也不是", gross_amount=D(100600))
    assert [(one.strength, one.knows_payer) for one in proposals(strange)] == [("weak", False)]
    assert proposals(make_receipt(payer_name="谁也不是", gross_amount=D(7))) == []


def test_the_oldest_due_is_paid_first_and_the_rest_stays() -> None:
    contract = make_effective_contract()
    first = line_of(contract, "effect")
    receipt = make_receipt(payer_name=contract.payer.title, gross_amount=D(7))
    assert codes(receipt) == [[(first.code, D(7))]]
    more = make_receipt(payer_name=contract.payer.title, gross_amount=D(9_000_000))
    best = proposals(more)[0]
    assert (best.rest, len(best.parts)) == (D(9_000_000 - 1_006_000), 4)
    assert any("on account" in reason for reason in best.reasons)


def test_several_lines_together() -> None:
    contract = make_effective_contract()
    two = [line_of(contract, "effect"), line_of(contract, "retention")]
    receipt = make_receipt(payer_name=contract.payer.title, gross_amount=sum(line.gross_amount for line in two))
    best = proposals(receipt)[0]
    assert {line.pk for line, _amount in best.parts} == {line.pk for line in two}
    assert any("2 lines together" in reason for reason in best.reasons)


@pytest.mark.parametrize(
    ("registered", "paid"),
    [
        ("华讯（北京）有限公司", "华讯(北京)有限公司"),
        ("华讯(北京)有限公司", "华讯 （北京） 有限公司"),
        ("ABC（上海）有限公司", "ＡＢＣ(上海)有限公司"),
    ],
)
def test_width_and_brackets_are_the_same_name(registered: str, paid: str) -> None:
    contract = make_effective_contract()
    Customer.objects.filter(pk=contract.payer_id).update(name_key=receipt_key(registered), title=registered)
    receipt = make_receipt(payer_name=paid, gross_amount=D(301800))
    best = proposals(receipt)[0]
    assert (best.strength, best.knows_payer) == ("strong", True)


def receipt_key(name: str) -> str:
    from customers.names import key_of

    return key_of(name)


def test_another_legal_form_is_like_the_name_and_needs_a_word() -> None:
    contract = make_effective_contract()
    short = contract.payer.title.removesuffix("有限公司")
    receipt = make_receipt(payer_name=short, gross_amount=D(301800))
    best = proposals(receipt)[0]
    assert (best.strength, best.knows_payer) == ("likely", False)
    with unchanged(receipt), pytest.raises(Refused):
        receipts.accept(receipt, proposal=best.key, by=ar_of(contract))
    receipts.accept(receipt, proposal=best.key, by=ar_of(contract), note="简称")
    receipts.confirm(receipt, by=finance_user())
    again = make_receipt(payer_name=short, gross_amount=D(402400))
    best = proposals(again)[0]
    assert best.knows_payer and "paid for this customer before" in best.reasons[0]
    receipts.accept(again, proposal=best.key, by=ar_of(contract))
    assert PayerAlias.objects.count() == 1


def test_a_name_is_learnt_only_when_finance_agrees() -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name="集团财务公司")
    receipts.claim(receipt, contract=contract, by=ar_of(contract), note="集团代付")
    assert not PayerAlias.objects.exists()
    receipts.confirm(receipt, by=finance_user())
    assert PayerAlias.objects.get().customer == contract.payer


def test_accepting_claims_and_confirming_allocates() -> None:
    contract, finance = make_effective_contract(), finance_user()
    receipt = make_receipt(payer_name=contract.payer.title, gross_amount=D(301800))
    best = proposals(receipt)[0]
    receipts.accept(receipt, proposal=best.key, by=ar_of(contract))
    assert (receipt.state, receipt.contract, receipt.owner) == ("claimed", contract, ar_of(contract))
    assert line_of(contract, "effect").gross_received == 0, "finance has not agreed yet"
    with unchanged(receipt), pytest.raises(NotAllowed):
        receipts.confirm(receipt, by=ar_of(contract))
    receipts.confirm(receipt, by=finance)
    assert line_of(contract, "effect").is_settled and receipt.gross_free == 0
    assert not list(check_invariants())


def test_one_transfer_for_three_contracts() -> None:
    contracts = [make_effective_contract() for _ in range(3)]
    payer = contracts[0].payer
    for contract in contracts[1:]:
        Contract.objects.filter(pk=contract.pk).update(payer=payer)
        ReceivableLine.objects.filter(contract=contract).update(customer=payer)
    text = " ".join(contract.code for contract in contracts)
    receipt = make_receipt(payer_name=payer.title, summary=text, gross_amount=D(301800) * 3)
    best = proposals(receipt)[0]
    assert {line.contract_id for line, _amount in best.parts} == {contract.pk for contract in contracts}
    receipts.accept(receipt, proposal=best.key, by=finance_user())
    assert receipt.claim_parts.count() == 3
    receipts.confirm(receipt, by=finance_user())
    assert [position(contract).received for contract in Contract.objects.order_by("pk")] == [D(301800)] * 3
    assert receipt.gross_free == 0
    assert not list(check_invariants())


def test_giving_a_claim_back_takes_its_parts_with_it() -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    receipts.accept(receipt, proposal=proposals(receipt)[0].key, by=ar_of(contract))
    receipts.unclaim(receipt, by=ar_of(contract), note="认错")
    assert not ClaimPart.objects.exists()
    receipts.accept(receipt, proposal=proposals(receipt)[0].key, by=ar_of(contract))
    assert receipt.state == "claimed"


def test_a_proposal_that_no_longer_fits_is_refused() -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    best = proposals(receipt)[0]
    make_confirmed_receipt(contract, "effect")
    with unchanged(receipt), pytest.raises(Refused):
        receipts.accept(receipt, proposal=best.key, by=ar_of(contract))
    with unchanged(receipt), pytest.raises(Refused):
        receipts.accept(receipt, proposal="1:9,x", by=ar_of(contract))


def test_a_line_paid_otherwise_stops_the_confirmation() -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    receipts.accept(receipt, proposal=proposals(receipt)[0].key, by=ar_of(contract))
    make_confirmed_receipt(contract, "effect")
    with unchanged(receipt), pytest.raises(Refused):
        receipts.confirm(receipt, by=finance_user())


def test_an_account_manager_is_offered_own_lines_only(sales2: User) -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    seen = ReceivableLine.objects.visible_to(sales2)
    assert proposals(receipt, lines=seen) == []
    mine = ReceivableLine.objects.visible_to(ar_of(contract))
    assert proposals(receipt, lines=mine)


def test_many_receipts_ask_as_often_as_one(django_assert_num_queries: Any) -> None:
    contract = make_effective_contract()
    one = [make_receipt(payer_name=contract.payer.title)]
    many = [make_receipt(payer_name=f"公司{number}", gross_amount=D(number)) for number in range(1, 30)]
    list(propose(one))
    for given_receipts in (one, one + many):
        with django_assert_num_queries(7):
            list(propose(given_receipts))


def test_numbers_in_a_text() -> None:
    assert "CT-2026-000123" in tokens("付合同CT2026000123款")
    assert "CT-2026-000123" in tokens("ＣＴ－２０２６－０００１２３")
    assert "26112000000012345678" in tokens("发票26112000000012345678")
    assert "HT-88/A" in tokens("支付HT-88/A号合同")
    assert tokens("货款") == set()


@given(
    amounts=st.lists(st.integers(1, 200), min_size=1, max_size=9),
    chosen=st.sets(st.integers(0, 8), min_size=2, max_size=6),
)
def test_a_combination_is_found_where_there_is_one(amounts: list[int], chosen: set[int]) -> None:
    positions = [at for at in chosen if at < len(amounts)]
    target = D(sum(amounts[at] for at in positions))
    found = combination([D(amount) for amount in amounts], target)
    if len(positions) >= 2:
        assert found is not None
    if found is not None:
        assert sum(amounts[at] for at in found) == target and 2 <= len(found) <= 6


def test_the_page_of_unclaimed_money(sales: User, cashier: User, stranger: User) -> None:
    contract = make_effective_contract()
    good = make_receipt(payer_name=contract.payer.title, summary="首付")
    odd = make_receipt(payer_name="谁也不是", gross_amount=D(3))
    browser, url = signed_in(cashier), "/receipts/unclaimed/"
    assert signed_in(stranger).get(url).status_code == 403
    text = browser.get(url).content.decode()
    best = proposals(good)[0]
    assert best.key in text and odd.payer_name in text
    data = {"receipt": good.pk, "proposal": best.key, "version": good.row_version, "idempotency_key": "p1"}
    assert browser.post(url, data).status_code == 302
    good.refresh_from_db()
    assert (good.state, good.owner) == ("claimed", cashier)
    answer = signed_in(ar_of(contract)).post(url, {**data, "idempotency_key": "p2"})
    assert answer.status_code == 409 and str(cashier) in answer.content.decode(), "told who was faster"
    assert signed_in(sales).post(url, {**data, "idempotency_key": "p3"}).status_code == 404, "no longer in the list"
    for bad in ("", "x", "9" * 30):
        assert browser.post(url, {**data, "receipt": bad, "idempotency_key": f"p{bad}"}).status_code == 404


def test_accepting_on_the_receipts_page(cashier: User) -> None:
    contract = make_effective_contract()
    receipt = make_receipt(payer_name=contract.payer.title)
    browser, url = signed_in(cashier), f"{receipt.get_absolute_url()}accept/"
    best = proposals(receipt)[0]
    assert best.key in browser.get(url).content.decode()
    assert line_of(contract, "effect").code in browser.get(receipt.get_absolute_url()).content.decode()
    assert browser.post(url, {"proposal": "9:9", "idempotency_key": "q0"}).status_code == 422
    assert browser.post(url, {"proposal": best.key, "idempotency_key": "q1"}).status_code == 302
    assert last_log(receipt).action == "receipt.claim"
    assert browser.get(receipt.get_absolute_url()).status_code == 200
