"""Cost sheets: lines and their cost, versions, who may do what, freezes of the ledger."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.actor import Actor
from accounts.models import User
from core.errors import NotAllowed, Refused
from finance import selectors
from finance.models import CostBook, CostSheet
from finance.services import book as books
from finance.services import ledger, period, sheet
from tests.factories.finance import approve_sheet, category, line, make_budget, make_sheet, rate
from tests.helpers import actions, unchanged

D = Decimal
SYSTEM = Actor.system("test")


def example() -> list[dict[str, Any]]:
    """The mixed-tax deal of the buyer's scenario."""
    return [
        line("material.hardware", 565000, tax_rate=rate("13"), deductible=True),
        line("subcontract.service", 51500, tax_rate=rate("3"), deductible=True),
        line("management.entertainment", 10600, tax_rate=rate("6")),
        {"category": category("labour.implementation"), "days": D(40), "net_day_amount": D(2000)},
    ]


def test_the_example_comes_out_to_the_cent(book: CostBook, delivery: User, pfc: User) -> None:
    made = approve_sheet(make_sheet(book, delivery, lines=example(), revenue=900000), by=delivery, decider=pfc)
    assert [one.net_amount for one in made.lines.all()] == [D(500000), D(50000), D(10600), D(80000)]
    assert (made.net_cost, made.net_margin, made.margin_percent) == (D(640600), D(259400), D("28.82"))
    four = selectors.four_costings(book)
    assert four.total.estimate == D(640600)
    assert (four.margin("estimate"), four.margin_percent("estimate")) == (D(259400), D("28.82"))
    assert four.margin("estimate", upto=1) == D(259400)
    assert actions(made) == ["cost_sheet.open", "cost_sheet.submit", "cost_sheet.approve"]


def test_the_three_margin_lines(book: CostBook, delivery: User, pfc: User) -> None:
    lines = [
        line("labour.pm", 100),
        line("management.overhead", 20),
        line("management.tender", 5),
        line("finance.capital", 7),
    ]
    made = approve_sheet(make_sheet(book, delivery, lines=lines, revenue=200), by=delivery, decider=pfc)
    four = selectors.four_costings(book)
    assert [four.margin("estimate", upto) for upto in (1, 2, 3)] == [D(95), D(75), D(68)]
    assert (made.net_project_cost, made.net_contribution_cost, made.net_cost) == (D(105), D(125), D(132))


def test_a_later_version_supersedes_the_one_before(book: CostBook, delivery: User, pfc: User) -> None:
    first = approve_sheet(make_sheet(book, delivery), by=delivery, decider=pfc)
    second = sheet.copy(first, by=delivery, label="投标概算")
    assert (second.state, second.version, second.net_cost) == ("draft", 2, first.net_cost)
    approve_sheet(second, by=delivery, decider=pfc)
    first.refresh_from_db()
    assert (first.state, selectors.current_sheet(book, "estimate")) == ("superseded", second)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_allows_one_current_sheet(book: CostBook, delivery: User, pfc: User) -> None:
    from django.db import IntegrityError, transaction

    approve_sheet(make_sheet(book, delivery), by=delivery, decider=pfc)
    other = make_sheet(book, delivery)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE finance_costsheet SET state = 'in_review' WHERE id = %s", [other.pk])
        cursor.execute("UPDATE finance_costsheet SET state = 'approved' WHERE id = %s", [other.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_approved_sheet_is_immutable(book: CostBook, delivery: User, pfc: User) -> None:
    made = approve_sheet(make_sheet(book, delivery), by=delivery, decider=pfc)
    with unchanged(made), pytest.raises(Refused):
        sheet.edit(made, by=delivery, lines=[line("labour.pm", 1)])
    assert made.lines.get().net_amount == D(100000)


def test_editing_replaces_the_lines(book: CostBook, delivery: User) -> None:
    made = make_sheet(book, delivery)
    sheet.edit(
        made, by=delivery, version=made.row_version, net_revenue=D(5), lines=[line("labour.pm", 1), line("travel", 2)]
    )
    assert (made.net_cost, made.net_project_cost, made.lines.count()) == (D(3), D(3), 2)
    assert actions(made)[-1] == "cost_sheet.edit"


@pytest.mark.parametrize("who", ["stranger", "sales2"])
def test_the_wrong_person(book: CostBook, delivery: User, who: str, request: pytest.FixtureRequest) -> None:
    made = make_sheet(book, delivery)
    person = request.getfixturevalue(who)
    with unchanged(made):
        for act in (sheet.submit, sheet.supersede, sheet.approve):
            with pytest.raises(NotAllowed):
                act(made, by=person)
        with pytest.raises(NotAllowed):
            sheet.edit(made, by=person, net_revenue=D(1))
    with pytest.raises(NotAllowed):
        make_sheet(book, person)


def test_sales_write_no_cost_and_nobody_what_they_cannot_read(
    book: CostBook, sales: User, delivery: User, solution: User
) -> None:
    """The seller owns the book and sits on the deal; a seat alone gives no right to cost either."""
    made = make_sheet(book, delivery)
    solution.roles.clear()
    solution.forget()
    for person in (sales, User.objects.get(pk=solution.pk)):
        with unchanged(made):
            with pytest.raises(NotAllowed):
                make_sheet(book, person)
            with pytest.raises(NotAllowed):
                sheet.edit(made, by=person, net_revenue=D(1))
            with pytest.raises(NotAllowed):
                sheet.submit(made, by=person)
            with pytest.raises(NotAllowed):
                sheet.copy(made, by=person)
    assert sheet.submit(made, by=delivery).state == "in_review"


def test_the_wrong_state(book: CostBook, delivery: User, pfc: User) -> None:
    made = make_sheet(book, delivery, lines=[])
    with unchanged(made), pytest.raises(Refused):
        sheet.submit(made, by=delivery)
    with unchanged(made), pytest.raises(Refused):
        sheet.supersede(made, by=SYSTEM)
    sheet.edit(made, by=delivery, lines=[line("labour.pm", 1)])
    sheet.submit(made, by=delivery)
    with unchanged(made), pytest.raises(Refused):
        sheet.submit(made, by=delivery)
    sheet.send_back(made, by=pfc, note="too low")
    assert made.state == "draft"
    sheet.submit(made, by=delivery)
    sheet.withdraw(made, by=delivery)
    assert made.state == "draft"


@pytest.mark.parametrize("kind", ["actual", "settlement"])
def test_actuals_and_final_accounts_are_never_typed(book: CostBook, delivery: User, kind: str) -> None:
    with pytest.raises(Refused):
        make_sheet(book, delivery, kind=kind)
    assert not book.sheets.exists()


def test_deductible_needs_its_rate(book: CostBook, delivery: User) -> None:
    with pytest.raises(Refused):
        make_sheet(book, delivery, lines=[line("labour.pm", 1, deductible=True)])


def test_a_closed_month_is_frozen_as_actuals(book: CostBook, finance: User) -> None:
    march = period.open(month=dt.date(2026, 3, 1), by=finance)
    hardware = category("material.hardware")
    for number, (amount, day) in enumerate(
        [(100, dt.date(2026, 2, 5)), (50, dt.date(2026, 3, 5)), (7, dt.date(2026, 4, 5))]
    ):
        ledger.post(
            book, nature="cost", category=hardware, net_amount=D(amount), day=day, source=f"t:{number}", by=SYSTEM
        )
    with pytest.raises(Refused):
        sheet.freeze_actual(book, march, by=finance)
    period.start_close(march, by=finance)
    period.close(march, by=finance)
    assert period.freeze_actuals() == 1
    assert period.freeze_actuals() == 0
    frozen = selectors.current_sheet(book, "actual")
    assert frozen is not None
    assert (frozen.net_cost, frozen.period, frozen.state) == (D(150), march, "approved")
    assert selectors.four_costings(book).total.closed_month == D(150)
    assert selectors.four_costings(book).total.actual == D(157)


def test_settlement_is_the_frozen_ledger(book: CostBook, finance: User, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc)
    hardware = category("material.hardware")
    ledger.post(book, nature="cost", category=hardware, net_amount=D(70), source="t:1", by=SYSTEM)
    ledger.post(book, nature="recognised", net_amount=D(100), source="t:2", by=SYSTEM)
    first = sheet.settle(book, by=finance)
    books.freeze(book, by=finance)
    again = sheet.settle(book, by=finance)
    first.refresh_from_db()
    assert (again.net_revenue, again.net_cost, again.state, first.state) == (D(100), D(70), "approved", "superseded")
    four = selectors.four_costings(book)
    assert (four.total.settlement, four.margin_percent("settlement")) == (D(70), D("30.00"))
    with pytest.raises(Refused):
        make_sheet(book, delivery)


def test_cost_is_shown_to_those_with_the_right(book: CostBook, sales: User, delivery: User) -> None:
    made = make_sheet(book, delivery)
    assert made in CostSheet.objects.visible_to(delivery)
    assert made not in CostSheet.objects.visible_to(sales)
