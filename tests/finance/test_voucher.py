"""Vouchers: priced, decided, posted, reversed."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Department, User
from core.errors import NotAllowed, Refused
from finance.models import CostBook, LedgerEntry, Voucher
from finance.services import book as books
from finance.services import voucher
from process.models import StepRecord
from process.services import take_seat
from tests.api.caller import Caller
from tests.factories.finance import category, make_voucher, rate
from tests.helpers import actions, signed_in, unchanged
from tests.people import make_user

D = Decimal


@pytest.fixture
def worker(solution: User) -> User:
    solution.grade = "P6"
    solution.save(update_fields=["grade"])
    return solution


def test_worked_days_are_priced_by_grade_and_posted_when_approved(book: CostBook, worker: User, delivery: User) -> None:
    made = make_voucher(book, worker, kind="time", days=D("2.5"), category=category("labour.solution"))
    assert (made.net_amount, made.grade, made.claimant) == (D(5000), "P6", worker)
    voucher.submit(made, by=worker)
    voucher.approve(made, by=delivery)
    assert made.state == "posted"
    entry = LedgerEntry.objects.get(source=f"finance.voucher:{made.pk}")
    assert (entry.net_amount, entry.nature, entry.category.code) == (D(5000), "cost", "labour.solution")
    assert actions(made) == ["voucher.open", "voucher.submit", "voucher.approve", "voucher.post"]


@pytest.mark.parametrize(
    ("gross", "code", "deductible", "net", "tax"),
    [(1130, "13", True, "1000", "130"), (1130, "13", False, "1130", "130"), (500, None, False, "500", "0")],
)
def test_an_expense_costs_what_cannot_be_deducted(
    book: CostBook, worker: User, gross: int, code: str | None, deductible: bool, net: str, tax: str
) -> None:
    given = {"gross_amount": D(gross), "tax_rate": rate(code) if code else None, "deductible": deductible}
    made = make_voucher(book, worker, **given)
    assert (made.net_amount, made.tax_amount) == (D(net), D(tax))
    voucher.edit(made, by=worker, gross_amount=D(226), tax_rate=rate("13"), deductible=True)
    assert (made.net_amount, made.tax_amount) == (D(200), D(26))


@pytest.mark.parametrize(
    "fields",
    [{"kind": "time", "days": D("0.3")}, {"kind": "time", "days": None}, {"gross_amount": D(0)}, {"deductible": True}],
)
def test_impossible_vouchers_are_refused(book: CostBook, worker: User, fields: dict) -> None:
    with pytest.raises(Refused):
        make_voucher(book, worker, **fields)
    assert not book.vouchers.exists()


def test_work_without_a_rate_cannot_be_submitted(book: CostBook, worker: User) -> None:
    made = make_voucher(book, worker, kind="time", worked_on=dt.date(2020, 1, 1))
    with unchanged(made), pytest.raises(Refused, match="P6"):
        voucher.submit(made, by=worker)


def test_reversing_takes_it_out_again(book: CostBook, worker: User, delivery: User, finance: User) -> None:
    made = make_voucher(book, worker)
    voucher.submit(made, by=worker)
    voucher.approve(made, by=delivery)
    with unchanged(made), pytest.raises(NotAllowed):
        voucher.reverse(made, by=worker, note="wrong")
    with unchanged(made), pytest.raises(Refused):
        voucher.reverse(made, by=finance)
    voucher.reverse(made, by=finance, note="wrong deal")
    assert made.state == "reversed"
    assert CostBook.objects.get(pk=book.pk).net_cost == 0
    assert LedgerEntry.objects.filter(book=book).count() == 2


def test_wrong_people_and_states(book: CostBook, worker: User, delivery: User, stranger: User) -> None:
    made = make_voucher(book, worker)
    with unchanged(made):
        for act in (voucher.submit, voucher.approve, voucher.post, voucher.reverse):
            with pytest.raises(NotAllowed):
                act(made, by=stranger, note="x")
    voucher.submit(made, by=worker)
    with unchanged(made), pytest.raises(NotAllowed):
        voucher.approve(made, by=worker)
    with unchanged(made), pytest.raises(Refused):
        voucher.edit(made, by=worker, title="x")
    voucher.send_back(made, by=delivery, note="which trip?")
    assert made.state == "draft"


def test_a_frozen_book_takes_no_voucher(book: CostBook, worker: User, finance: User) -> None:
    made = make_voucher(book, worker)
    books.freeze(book, by=finance)
    with unchanged(made), pytest.raises(Refused):
        voucher.submit(made, by=worker)
    with pytest.raises(Refused):
        make_voucher(book, worker)


def test_the_sweep_posts_what_is_left(book: CostBook, worker: User, delivery: User) -> None:
    made = make_voucher(book, worker)
    voucher.submit(made, by=worker)
    from approvals.services import approve

    approve(made, by=delivery)
    assert made.state == "approved"
    assert voucher.post_approved() == 1
    assert voucher.post_approved() == 0
    made.refresh_from_db()
    assert made.state == "posted"


def test_a_seatless_colleague_may_still_book_time(book: CostBook, worker: User, service: User, delivery: User) -> None:
    service.grade = "P5"
    service.save(update_fields=["grade"])
    take_seat(book.case, "member", service, by=delivery)
    made = make_voucher(book, service, kind="time", days=D(1), category=category("labour.pm"))
    assert made.net_amount == D(1500)


def test_an_expense_is_told_to_those_it_concerns(
    book: CostBook, worker: User, delivery: User, sales: User, pfc: User, finance: User, director: User
) -> None:
    """The claimant, who decides while it is asked, the department's head, finance, who may see cost; not colleagues."""
    take_seat(book.case_id, "member", worker, by=sales)
    colleague = make_user("colleague", department="sales_north")
    take_seat(book.case_id, "member", colleague, by=sales)
    head = make_user("head of those who spend", department=worker.department.code)
    Department.objects.filter(pk=worker.department_id).update(head=head)
    spent = make_voucher(book, worker)
    worked = make_voucher(book, worker, kind="time", category=category("labour.solution"))
    assert not colleague.has_right("see_cost") and not sales.has_right("see_cost")
    for user, told in [(worker, True), (head, True), (finance, True), (director, True), (colleague, False)]:
        found = set(Voucher.objects.visible_to(User.objects.get(pk=user.pk)))
        assert (spent in found) is told, user
        assert worked in found, user
        assert signed_in(user).get(spent.get_absolute_url()).status_code == (200 if told else 404), user
    listed = Caller(colleague).get("vouchers/").json()["results"]
    assert [one["id"] for one in listed] == [worked.pk]
    case = signed_in(colleague).get(f"/vouchers/{worked.pk}/timeline/").content.decode()
    assert spent.code not in case


def test_who_decides_sees_the_expense_that_is_asked_about(book: CostBook, worker: User, delivery: User) -> None:
    spent = make_voucher(book, worker)
    voucher.submit(spent, by=worker)
    asked = StepRecord.objects.get(kind="finance.voucher", object_id=spent.pk, state="open").assignees
    assert delivery.pk in asked
    assert spent in Voucher.objects.visible_to(User.objects.get(pk=delivery.pk))
