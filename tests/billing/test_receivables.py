"""Receivables: opened by the contract, payable by facts, split by a partial release."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from billing import services
from billing.models import ReceivableLine
from billing.selectors import check_invariants, position, recompute
from billing.services import receivable as receivables
from billing.services.receipt import allocate
from contracts import services as contracts
from core.calendar import today
from core.errors import NotAllowed, Refused
from finance.selectors import tax_rate
from process.models import CaseRecord
from tests.factories.billing import finance_user, line_of, make_confirmed_receipt, make_issued_invoice
from tests.factories.contracts import ar_of, make_effective_contract
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db
D = Decimal


def test_four_lines_with_their_tax_split() -> None:
    contract = make_effective_contract()
    lines = list(contract.receivables.order_by("pk"))
    assert [line.gross_amount for line in lines] == [D(301800), D(301800), D(301800), D(100600)]
    assert [line.state for line in lines] == ["eligible", "planned", "planned", "planned"]
    assert [line.is_retention for line in lines] == [False, False, False, True]
    for line in lines:
        assert sum(row.net_amount for row in line.taxes.all()) == line.net_amount
    assert sum(line.net_amount for line in lines) == D(900000)
    assert lines[0].due_on == contract.effective_on + dt.timedelta(days=30)
    assert lines[0].owner == ar_of(contract)
    assert not list(check_invariants())


def test_opening_twice_is_harmless() -> None:
    contract = make_effective_contract()
    assert services.open_lines(contract, by=finance_user()) == []


def release(contract, event: str, share: int, source: str) -> list[ReceivableLine]:
    term = contract.terms.get(event__code=event)
    made = contracts.release(term, share=D(share), source=source, on=today(), by=ar_of(contract))
    return services.make_eligible(term, gross_amount=made.gross_amount, on=today(), source=source, by=ar_of(contract))


def test_partial_release_splits_the_line_to_the_cent() -> None:
    contract = make_effective_contract()
    (part,) = release(contract, "arrival", 40, "ac:1")
    assert (part.state, part.gross_amount) == ("eligible", D(120720))
    rest = contract.receivables.get(term__event__code="arrival", state="planned")
    assert rest.gross_amount == D(181080)
    assert rest.part_of_id == part.pk
    assert part.net_amount + rest.net_amount == D(270000)
    (last,) = release(contract, "arrival", 60, "ac:2")
    assert last == rest
    assert not list(check_invariants())


def test_the_same_source_is_one_release() -> None:
    contract = make_effective_contract()
    once = release(contract, "arrival", 40, "ac:1")
    term = contract.terms.get(event__code="arrival")
    again = services.make_eligible(term, gross_amount=D(120720), on=today(), source="ac:1", by=ar_of(contract))
    assert once == again
    assert contract.receivables.count() == 5


def test_more_than_planned_is_refused() -> None:
    contract = make_effective_contract()
    term = contract.terms.get(event__code="arrival")
    with pytest.raises(Refused):
        services.make_eligible(term, gross_amount=D("301800.01"), on=today(), source="x", by=ar_of(contract))


def test_money_received_early_stays_with_the_half_that_holds_it() -> None:
    contract = make_effective_contract()
    receipt = make_confirmed_receipt(contract, gross_amount=D(150000))
    allocate(receipt, receivable=line_of(contract, "arrival"), gross_amount=D(150000), by=finance_user())
    (part,) = release(contract, "arrival", 40, "ac:1")
    assert (part.gross_received, part.gross_amount) == (0, D(120720))
    kept = contract.receivables.get(term__event__code="arrival", state="planned")
    assert kept.gross_received == D(150000)
    assert not list(check_invariants())


def test_unrelease_only_while_not_invoiced() -> None:
    contract = make_effective_contract()
    (part,) = release(contract, "arrival", 100, "ac:1")
    services.unrelease(source="ac:1", by=ar_of(contract))
    part.refresh_from_db()
    assert (part.state, part.due_on) == ("planned", None)
    contracts.unrelease(source="ac:1", by=ar_of(contract))
    release(contract, "arrival", 100, "ac:2")
    make_issued_invoice(contract, events=("arrival",))
    with pytest.raises(Refused) as refused:
        services.unrelease(source="ac:2", by=ar_of(contract))
    assert part.code in str(refused.value)


def test_retention_is_outside_ageing_until_its_warranty_ends_and_overdue_like_any_other_after() -> None:
    contract = make_effective_contract(effective_on=today() - dt.timedelta(days=100))
    term = contract.terms.get(is_retention=True)
    held = position(contract)
    assert (held.eligible, held.overdue, held.retention) == (D(301800), D(301800), D(100600))
    assert line_of(contract, "retention").days_overdue == 0
    long_ago = today() - dt.timedelta(days=90)
    contracts.release(term, share=D(100), source="w:1", on=long_ago, by=ar_of(contract))
    services.make_eligible(term, gross_amount=term.gross_amount, on=long_ago, source="w:1", by=ar_of(contract))
    overdue = ReceivableLine.objects.overdue().order_by("pk")
    assert [line.term.event.code for line in overdue] == ["effect", "retention"]
    assert line_of(contract, "retention").days_overdue == 90 - term.days_after
    where = position(contract)
    assert (where.eligible, where.overdue, where.retention) == (D(402400), D(402400), 0)
    assert where == position(contract.case_id) == position(contract.project)


def test_waive_is_decided_by_a_director_and_counts_as_settled(director: User) -> None:
    contract = make_effective_contract()
    line = line_of(contract, "retention")
    with unchanged(line), pytest.raises(NotAllowed):
        receivables.waive(line, by=ar_of(contract), note="x")
    with unchanged(line), pytest.raises(Refused):
        receivables.waive(line, by=director)
    receivables.waive(line, by=director, note="质保金折抵")
    assert line.state == "waived"
    term = contract.terms.get(is_retention=True)
    assert term.settled_gross_amount == term.gross_amount
    assert term.released_gross_amount == 0
    assert position(contract).given_up == D(100600)


def test_waive_refuses_what_is_invoiced_or_paid(director: User) -> None:
    contract = make_effective_contract()
    make_issued_invoice(contract)
    make_confirmed_receipt(contract, event="effect", gross_amount=D(100))
    line = line_of(contract, "effect")
    with unchanged(line), pytest.raises(Refused) as refused:
        receivables.waive(line, by=director, note="x")
    assert len(refused.value.reasons) == 2
    receivables.write_off(line, by=director, note="破产")
    assert position(contract).given_up == D(301700)


def test_write_off_of_a_planned_line_is_refused(director: User) -> None:
    line = line_of(make_effective_contract(), "arrival")
    with unchanged(line), pytest.raises(Refused):
        receivables.write_off(line, by=director, note="x")


def test_promise_dispute_and_reminder_are_logged(sales2: User) -> None:
    contract = make_effective_contract()
    line, ar = line_of(contract, "effect"), ar_of(contract)
    receivables.promise(line, promised_on=today(), by=ar)
    receivables.dispute(line, disputed_until=today(), dispute_note="数量", by=ar)
    with pytest.raises(Refused):
        receivables.remind(line, by=ar)
    receivables.remind(line, by=ar, note="电话, 答应周五付")
    assert {"receivable_line.promise", "receivable_line.dispute", "receivable_line.remind"} <= set(actions(line))
    with unchanged(line), pytest.raises(NotAllowed):
        receivables.promise(line, promised_on=today(), by=sales2)


def test_a_settled_line_is_nobodys_work() -> None:
    contract = make_effective_contract()
    make_confirmed_receipt(contract, event="effect")
    line = line_of(contract, "effect")
    assert line.is_settled
    row = CaseRecord.objects.get(kind=line.record_kind(), object_id=line.pk)
    assert (row.is_open, row.holder) == (False, None)
    assert line not in ReceivableLine.objects.open()


def test_planned_receivables_follow_a_change_order() -> None:
    contract = make_effective_contract()
    more = [{"name": "扩容", "gross_amount": D(106000), "tax_rate": tax_rate("6", today())}]
    contracts.amend(contract, lines=more, source="co:1", by=ar_of(contract))
    services.adjust(contract, by=ar_of(contract))
    amounts = {line.term.event.code: line.gross_amount for line in contract.receivables.all()}
    assert sum(amounts.values()) == D(1112000)
    assert amounts["retention"] == D(111200)
    assert amounts["effect"] == D(301800)
    assert not list(check_invariants())


def test_a_split_term_follows_a_change_order_too() -> None:
    contract = make_effective_contract()
    release(contract, "final", 40, "ac:1")
    services.unrelease(source="ac:1", by=ar_of(contract))
    contracts.unrelease(source="ac:1", by=ar_of(contract))
    less = [{"name": "审定", "gross_amount": D("-22600.00"), "tax_rate": tax_rate("13", today())}]
    contracts.amend(contract, lines=less, source="co:1", by=ar_of(contract))
    services.adjust(contract, by=ar_of(contract))
    final = contract.receivables.filter(term__event__code="final")
    assert final.count() == 2
    assert sum(line.gross_amount for line in final) == contract.terms.get(event__code="final").gross_amount
    assert not list(check_invariants())


def test_the_database_refuses_more_than_is_owed() -> None:
    line = line_of(make_effective_contract(), "effect")
    for name in ("gross_invoiced", "gross_received"):
        with pytest.raises(DatabaseError), transaction.atomic():
            ReceivableLine.objects.filter(pk=line.pk).update(**{name: line.gross_amount + 1})


def test_invariants_find_a_wrong_kept_total() -> None:
    line = line_of(make_effective_contract(), "effect")
    ReceivableLine.objects.filter(pk=line.pk).update(gross_received=D(5))
    assert recompute(line).received == 0
    assert [record for record, _sentence in check_invariants()] == [line]
