"""Ageing as of any day, reminders once each, and the collection page."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notice, User
from billing.ageing import age_of, ageing, bucket_of
from billing.models import Allocation, Receipt, ReceivableLine
from billing.services import receipt as receipts
from billing.services import receivable as receivables
from billing.services import reminders
from contracts import services as contracts
from core.calendar import today
from process.models import CaseRecord
from tests.api.caller import Caller
from tests.factories.billing import finance_user, line_of, make_confirmed_receipt, make_receipt
from tests.factories.contracts import ar_of, make_effective_contract, make_light_contract
from tests.factories.projects import term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
D = Decimal


def days(number: int) -> dt.date:
    return today() + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-1, "not_due"), (0, "not_due"), (1, "d30"), (30, "d30"), (31, "d60"), (90, "d90"), (91, "d180"), (366, "older")],
)
def test_buckets(late: int, bucket: str) -> None:
    assert bucket_of(days(-late), today()) == bucket


@pytest.mark.parametrize(
    ("arose", "as_of", "age"),
    [
        ("2026-03-31", "2026-09-30", "m6"),
        ("2026-03-29", "2026-09-30", "m12"),
        # Half a year before the last of August is the last of February.
        ("2026-02-28", "2026-08-31", "m6"),
        ("2025-09-30", "2026-09-30", "m12"),
        ("2025-09-29", "2026-09-30", "y2"),
        ("2024-02-28", "2025-02-28", "m12"),
        ("2024-02-27", "2025-02-28", "y2"),
        ("2021-09-30", "2026-09-30", "y5"),
        ("2021-09-29", "2026-09-30", "over"),
    ],
)
def test_ages(arose: str, as_of: str, age: str) -> None:
    assert age_of(dt.date.fromisoformat(arose), dt.date.fromisoformat(as_of)) == age


def test_both_clocks_by_hand_on_three_days(finance: User) -> None:
    """An advance of 301,800 arises 400 days ago, due 30 days later; 100,000 came in 20 days ago."""
    contract = make_effective_contract(effective_on=days(-400))
    with time_machine.travel(dt.datetime.combine(days(-20), dt.time(4), dt.UTC)):
        make_confirmed_receipt(contract, event="effect", gross_amount=D(100000))
    for day, late, age, left in (
        (0, "older", "y2", D(201800)),  # 370 days late
        (-20, "d365", "y2", D(201800)),  # 350 days late, the day of the money included
        (-21, "d365", "y2", D(301800)),
        (-300, "d90", "m6", D(301800)),  # 100 days old, 70 late
        (-371, "not_due", "m6", D(301800)),
    ):
        (row,) = ageing(days(day))
        assert {code: value for code, value in row.buckets.items() if value} == {late: left}, day
        assert {code: value for code, value in row.ages.items() if value} == {age: left}, day
        assert (row.retention, row.currency) == (D(100600), "CNY")
        assert (bucket_of(days(-370), days(day)), age_of(days(-400), days(day))) == (late, age)


def test_the_page_and_the_api_tell_the_same_of_a_day(finance: User, stranger: User) -> None:
    contract = make_effective_contract(effective_on=days(-100))
    browser, caller = signed_in(finance), Caller(finance)
    names = {
        "customer": contract.payer.title,
        "owner": str(ar_of(contract)),
        "contract": str(contract),
        "project": str(contract.project),
    }
    for by, name in names.items():
        page = browser.get(f"/collection/ageing/?on={days(-10)}&by={by}").content.decode()
        (row,) = caller.get(f"ageing/?on={days(-10)}&by={by}").json()
        assert row["name"] == name and name in page and "301,800.00" in page
        assert (D(row["buckets"]["d60"]), D(row["ages"]["m6"]), D(row["total"])) == (301800, 301800, 301800)
    assert signed_in(stranger).get("/collection/ageing/").status_code == 200
    assert contract.payer.title not in signed_in(stranger).get("/collection/ageing/").content.decode()
    for wrong in ("on=2026-02-30", "on=gestern", "on=0001-01-01", "by=colour", "at=2026-01-01"):
        assert browser.get(f"/collection/ageing/?{wrong}").status_code == 400, wrong
        assert caller.get(f"ageing/?{wrong}").status_code == 400, wrong


def test_currencies_are_never_added(finance: User) -> None:
    for currency in ("CNY", "USD"):
        contract = make_effective_contract(effective_on=days(-100))
        ReceivableLine.objects.filter(contract=contract).update(currency=currency)
    assert [(row.currency, row.total) for row in ageing()] == [("CNY", D(301800)), ("USD", D(301800))]
    page = signed_in(finance).get("/collection/ageing/").content.decode()
    assert "603,600.00" not in page and page.count("<tfoot>") == 4


def test_ageing_asks_the_same_of_one_line_and_of_many() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            ageing()
        return len(captured)

    make_effective_contract(effective_on=days(-100))
    few = count()
    make_effective_contract(effective_on=days(-50))
    assert few == count() == 2


def test_as_of_any_day_with_what_was_allocated_by_then() -> None:
    contract = make_effective_contract(effective_on=days(-80))
    make_confirmed_receipt(contract, event="effect", gross_amount=D(100000))
    (now,) = ageing()
    assert (now.label, now.buckets["d60"]) == (str(contract.payer), D(201800))
    (before,) = ageing(days(-1))
    assert before.buckets["d60"] == D(301800)
    assert ageing(days(-81)) == []
    (fresh,) = ageing(days(-60))
    assert (fresh.buckets["not_due"], fresh.overdue) == (D(301800), 0)


def test_a_retention_ages_from_the_end_of_its_warranty_on(finance: User) -> None:
    contract = make_effective_contract(effective_on=days(-100))
    term = contract.terms.get(is_retention=True)
    (held,) = ageing()
    assert (held.total, held.retention) == (D(301800), D(100600))
    assert reminders.remind_overdue() > 0
    contracts.release(term, share=D(100), source="w:1", on=days(-75), by=ar_of(contract))
    receivables.make_eligible(term, gross_amount=term.gross_amount, on=days(-75), source="w:1", by=ar_of(contract))
    line = line_of(contract, "retention")
    (now,) = ageing()
    assert (now.total, now.retention) == (D(402400), 0)
    assert now.buckets[bucket_of(line.due_on, today())] >= D(100600)
    (before,) = ageing(days(-76))
    assert (before.total, before.retention) == (D(301800), D(100600))
    assert ageing(days(-101)) == []
    assert reminders.remind_overdue() > 0
    assert Notice.objects.filter(user=ar_of(contract), key__startswith=f"overdue:{line.pk}:").count() == 1
    assert line.code in signed_in(finance).get("/collection/").content.decode()


def test_an_allocation_taken_off_counts_for_the_days_it_stood() -> None:
    contract = make_effective_contract(effective_on=days(-80))
    receipt = make_confirmed_receipt(contract, event="effect", value_on=days(-20))
    from billing.services.receipt import reverse

    # Allocated today by the service; the test moves the removal to tomorrow to look at both days.
    reverse(receipt, by=finance_user(), note="冲正")
    assert ageing()[0].total == D(301800)
    assert Allocation.objects.get(receipt=receipt).removed_on == today()


def test_reminders_are_sent_once() -> None:
    contract = make_effective_contract(effective_on=days(-31))
    finance_user()
    make_receipt(value_on=days(-4))
    assert reminders.remind_overdue() == 1
    assert reminders.remind_uninvoiced() >= 2
    assert reminders.remind_unclaimed() >= 2
    before = Notice.objects.count()
    for job in (reminders.remind_overdue, reminders.remind_uninvoiced, reminders.remind_unclaimed):
        assert job() == 0
    assert Notice.objects.count() == before
    text = Notice.objects.get(user=ar_of(contract), key__startswith="overdue:").text
    assert line_of(contract, "effect").code in text


def test_what_fell_is_told_anew() -> None:
    """Removing the last allocation restores what was: state, amounts, the case's open row, and the alert."""
    contract = make_effective_contract(effective_on=days(-31))
    line = line_of(contract, "effect")
    assert (reminders.remind_overdue(), reminders.remind_overdue()) == (1, 0)
    row = CaseRecord.objects.get(kind=line.record_kind(), object_id=line.pk)
    before = {name: getattr(line, name) for name in ("state", "gross_received", "gross_deducted", "due_on", "is_open")}
    receipt, by = make_confirmed_receipt(contract, event="effect"), finance_user()
    row.refresh_from_db()
    assert (reminders.remind_overdue(), row.is_open) == (0, False)
    receipts.unallocate(receipt, allocation=receipt.allocations.get(), by=by, note="错")
    line, receipt = line_of(contract, "effect"), Receipt.objects.get(pk=receipt.pk)
    row.refresh_from_db()
    assert {name: getattr(line, name) for name in before} == before
    assert (row.is_open, row.holder, receipt.is_open, receipt.gross_free) == (True, ar_of(contract), True, D(301800))
    assert (reminders.remind_overdue(), reminders.remind_overdue()) == (1, 0)


def test_bills_stand_apart_until_their_day() -> None:
    contract, by = make_effective_contract(effective_on=days(-80)), finance_user()
    bill = make_confirmed_receipt(
        contract,
        "effect",
        method=term("receipt_method", "bank_bill"),
        acceptor="工商银行",
        bill_due_on=today(),
    )
    (held,) = ageing()
    assert (held.total, held.bills) == (0, D(301800))
    assert (ageing(days(-1))[0].total, ageing(days(-1))[0].bills) == (D(301800), 0)
    assert reminders.remind_bills() > 0
    assert reminders.remind_bills() == 0
    receipts.honour(bill, by=by)
    (paid,) = ageing()
    assert (paid.total, paid.bills, reminders.remind_bills()) == (0, 0, 0)


def test_due_within_a_week() -> None:
    make_effective_contract(effective_on=days(-25))
    assert reminders.remind_due() == 1
    assert reminders.remind_due() == 0


def test_collection_lists_the_most_overdue_first(finance: User, stranger: User) -> None:
    late = make_effective_contract(effective_on=days(-100))
    later = make_effective_contract(effective_on=days(-40))
    page = signed_in(finance).get("/collection/").content.decode()
    first, second = (line_of(one, "effect").code for one in (late, later))
    assert page.index(first) < page.index(second)
    assert first not in signed_in(stranger).get("/collection/").content.decode()


def test_panel_and_lists(finance: User, sales: User) -> None:
    contract = make_effective_contract(make_light_contract(owner=sales))
    browser = signed_in(sales)
    panel = browser.get(f"/receivables/panel/{contract.case_id}/").content.decode()
    assert "1,006,000.00" in panel and line_of(contract, "retention").code in panel
    for url in ("/receivable-lines/?overdue=true", "/invoices/", "/credit-notes/", "/receipts/", "/receipts/board/"):
        assert browser.get(url).status_code == 200
    assert signed_in(finance).get(line_of(contract, "effect").get_absolute_url()).status_code == 200


def test_queries_do_not_grow_with_rows(finance: User) -> None:
    make_effective_contract()
    browser = signed_in(finance)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/receivable-lines/").status_code == 200
            assert browser.get("/collection/").status_code == 200
        return len(captured)

    count()
    few = count()
    make_effective_contract()
    assert count() == few
