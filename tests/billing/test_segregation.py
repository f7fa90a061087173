"""职责分离 where money comes in and goes back: claims and confirmations, refunds and their payment."""

from decimal import Decimal

import pytest

from accounts.models import Role, User
from billing.models import Receipt, Refund
from billing.services import receipt as receipts
from billing.services import refund as refunds
from core.errors import NotAllowed, Refused
from process.models import LogEntry
from tests.factories.billing import finance_user, make_confirmed_receipt, make_receipt
from tests.factories.contracts import make_effective_contract
from tests.factories.projects import decide
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


def with_role(person: User, code: str) -> User:
    person.roles.add(Role.objects.get(code=code))
    person.forget()
    return person


def test_a_claim_handed_to_somebody_else_is_not_confirmed_by_who_made_it(finance: User, sales: User) -> None:
    contract = make_effective_contract()
    receipt = receipts.claim(make_receipt(payer_name=contract.payer.title), contract=contract, by=finance)
    Receipt.objects.filter(pk=receipt.pk).update(owner=sales)
    receipt.refresh_from_db()
    assert receipt.owner == sales
    with unchanged(receipt), pytest.raises(NotAllowed):
        receipts.confirm(receipt, by=finance)
    assert signed_in(finance).get(f"{receipt.get_absolute_url()}confirm/").status_code == 403
    receipts.confirm(receipt, by=finance_user())
    assert receipt.state == "confirmed"


def test_who_made_an_earlier_claim_confirms_a_later_one(finance: User, pfc: User) -> None:
    contract = make_effective_contract()
    receipt = receipts.claim(make_receipt(payer_name=contract.payer.title), contract=contract, by=finance)
    receipts.unclaim(receipt, by=finance, note="wrong")
    receipts.claim(receipt, contract=contract, by=pfc)
    with unchanged(receipt), pytest.raises(NotAllowed):
        receipts.confirm(receipt, by=pfc)
    receipts.confirm(receipt, by=finance)
    assert receipt.state == "confirmed"


@pytest.fixture
def refund(finance: User, director: User) -> Refund:
    """Asked for by the account manager, approved."""
    receipt = make_confirmed_receipt(make_effective_contract(), "effect", gross_amount=Decimal(350000))
    made = refunds.open(receipt=receipt, reason="多付", payee_account="62178888", by=receipt.owner)
    return decide(refunds.submit(made, by=receipt.owner), refunds.approve)


def test_who_asks_for_a_refund_or_approves_it_does_not_pay_it(refund: Refund, cashier: User) -> None:
    assert refund.submitted_by is not None
    decider = User.objects.get(pk=refund_decider(refund))
    for person, word in ((refund.submitted_by, "退款申请与退款支付分离"), (decider, "退款审批与退款支付分离")):
        with unchanged(refund), pytest.raises(Refused) as refusal:
            refunds.pay(refund, bank_reference="TK1", by=with_role(person, "cashier"))
        assert word in str(refusal.value)
    refunds.pay(refund, bank_reference="TK1", by=cashier)
    assert refund.state == "paid"


def refund_decider(refund: Refund) -> int:
    entry = LogEntry.objects.get(kind="billing.refund", object_id=refund.pk, action="refund.approve")
    assert entry.user_id is not None
    return entry.user_id
