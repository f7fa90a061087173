"""Ranges of a costing, its months of cash, and two versions side by side."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from core.errors import Refused
from finance import costing, selectors
from finance.models import CostBook
from finance.services import sheet
from tests.api.caller import Caller, problem
from tests.factories.finance import approve_sheet, category, line, make_sheet
from tests.helpers import signed_in, unchanged

D = Decimal


def month(text: str, gross_in: Any = 0, gross_out: Any = 0) -> dict[str, Any]:
    return {"month": dt.date.fromisoformat(f"{text}-15"), "gross_in": D(gross_in), "gross_out": D(gross_out)}


FLOWS = [month("2027-01", 200, 350), month("2027-03", 0, 450), month("2027-02", 0, 100), month("2027-05", 1000, 50)]


def test_the_pert_mean_and_the_80th_percentile() -> None:
    """(40 + 4·50 + 90) / 6 = 55; (90 - 40) / 6 = 8.3333; 55 + 0.841621 · 8.3333 = 62.01."""
    assert costing.expected(D(40), D(50), D(90)) == D("55.00")
    assert costing.cost_at_80(D(55), [(D(40), D(90))]) == D("62.01")
    # Two independent lines of 3 and 4 deviate together by 5.
    assert costing.cost_at_80(D(100), [(D(0), D(18)), (D(0), D(24))]) == D("104.21")


def test_the_cash_curve_by_hand() -> None:
    flows = [(one["month"].replace(day=1), one["gross_in"], one["gross_out"]) for one in FLOWS]
    curve = costing.cash_curve(flows)
    assert [point.gross_balance for point in curve] == [D(-150), D(-250), D(-700), D(-700), D(250)]
    assert [f"{point.month:%m}" for point in curve] == ["01", "02", "03", "04", "05"]
    assert costing.peak_funding(curve) == D(700)
    assert costing.payback_month(curve) == dt.date(2027, 5, 1)


def test_money_that_never_comes_back_and_money_paid_ahead() -> None:
    never = costing.cash_curve([(dt.date(2027, 1, 1), D(0), D(5))])
    ahead = costing.cash_curve([(dt.date(2027, 1, 1), D(5), D(2)), (dt.date(2027, 2, 1), D(0), D(3))])
    assert (costing.peak_funding(never), costing.payback_month(never)) == (D(5), None)
    assert (costing.peak_funding(ahead), costing.payback_month(ahead)) == (D(0), dt.date(2027, 1, 1))
    assert (costing.peak_funding([]), costing.payback_month([])) == (D(0), None)


def test_a_range_makes_the_expected_cost_count(book: CostBook, delivery: User) -> None:
    lines = [{**line("labour.pm", 50), "net_low": D(40), "net_high": D(90)}, line("travel", 45)]
    made = make_sheet(book, delivery, lines=lines, revenue=200)
    assert (made.net_cost, made.net_cost_p80, made.net_project_cost) == (D(100), D("107.01"), D(100))
    assert [one.gross_amount for one in made.lines.all()] == [D(50), D(45)]  # what was typed stays


@pytest.mark.parametrize(("low", "high"), [(None, 90), (40, None), (60, 90), (10, 49)])
def test_a_range_holds_the_likely_cost(book: CostBook, delivery: User, low: Any, high: Any) -> None:
    made = make_sheet(book, delivery)
    wrong = {**line("labour.pm", 50), "net_low": low and D(low), "net_high": high and D(high)}
    with unchanged(made), pytest.raises(Refused):
        sheet.edit(made, by=delivery, lines=[wrong])
    assert made.lines.get().net_amount == D(100000)


def test_the_database_keeps_cost_in_its_range(book: CostBook, delivery: User) -> None:
    made = make_sheet(book, delivery)
    with pytest.raises(IntegrityError), transaction.atomic():
        made.lines.update(net_low=D(1), net_high=D(2))


def test_months_of_cash_are_kept_with_their_figures(book: CostBook, delivery: User, pfc: User) -> None:
    made = make_sheet(book, delivery)
    sheet.edit(made, by=delivery, cash=FLOWS)
    assert (made.gross_peak_funding, made.payback_month) == (D(700), dt.date(2027, 5, 1))
    assert [f"{one.month:%m}" for one in made.cash.all()] == ["01", "02", "03", "05"]
    # The lines alone change: the cash stays. Approved, it is what the next version begins with.
    sheet.edit(made, by=delivery, lines=[line("labour.pm", 1)])
    copied = sheet.copy(approve_sheet(made, by=delivery, decider=pfc), by=delivery)
    assert (copied.net_cost, copied.gross_peak_funding) == (D(1), D(700))
    assert list(copied.cash.values_list("gross_out", flat=True)) == [D(350), D(100), D(450), D(50)]


@pytest.mark.parametrize("other", ["2027-01", "2927-01"])
def test_a_month_stands_there_once_and_in_this_century(book: CostBook, delivery: User, other: str) -> None:
    made = make_sheet(book, delivery)
    with unchanged(made), pytest.raises(Refused):
        sheet.edit(made, by=delivery, cash=[month("2027-01", 1), month(other, 2)])
    assert not made.cash.exists()


def test_cash_is_decided_on_with_the_costing(book: CostBook, delivery: User, pfc: User) -> None:
    """What is decided on is known by a digest, and months of cash are in it."""
    made = make_sheet(book, delivery)
    before = made.line_digest
    sheet.edit(made, by=delivery, cash=FLOWS)
    assert made.line_digest != before
    approve_sheet(made, by=delivery, decider=pfc)
    with unchanged(made), pytest.raises(Refused):
        sheet.edit(made, by=delivery, cash=[])


def test_verify_names_cash_that_was_altered(book: CostBook, delivery: User) -> None:
    made = make_sheet(book, delivery)
    sheet.edit(made, by=delivery, cash=FLOWS)
    assert [record for record, _text in selectors.check_invariants()] == []
    made.cash.filter(month=dt.date(2027, 3, 1)).update(gross_out=D(9))
    assert [record for record, _text in selectors.check_invariants()] == [made]


def test_two_versions_line_by_line(book: CostBook, delivery: User, pfc: User) -> None:
    first = make_sheet(book, delivery, lines=[line("labour.pm", 10), line("travel", 5)])
    second = make_sheet(book, delivery, lines=[line("labour.pm", 12), line("finance.capital", 3)])
    changes = {one.category.code: (one.earlier, one.later, one.difference) for one in selectors.compare(first, second)}
    assert changes == {
        "labour.pm": (D(10), D(12), D(2)),
        "travel": (D(5), None, D(-5)),
        "finance.capital": (None, D(3), D(3)),
    }


def test_the_comparison_on_page_and_api(book: CostBook, delivery: User, sales: User, stranger: User) -> None:
    first = make_sheet(book, delivery, lines=[line("labour.pm", 10)])
    second = make_sheet(book, delivery, lines=[line("labour.pm", 1234)])
    address = f"cost-sheets/{second.pk}/compare/{first.pk}/"
    page = signed_in(delivery).get(f"/{address}")
    assert page.status_code == 200
    assert "1,224.00" in page.content.decode()
    [change] = Caller(delivery).get(address).json()
    assert (change["category"], change["difference"]) == ("labour.pm", "1224.00")
    for person in (sales, stranger):  # cost is not theirs to see
        assert signed_in(person).get(f"/{address}").status_code == 404
        problem(Caller(person).get(address), 404)


def test_the_page_shows_curve_and_range(book: CostBook, delivery: User) -> None:
    lines = [{**line("labour.pm", 50), "net_low": D(40), "net_high": D(90)}]
    made = make_sheet(book, delivery, lines=lines)
    client = signed_in(delivery)
    assert "chart-cash" not in client.get(made.get_absolute_url()).content.decode()
    sheet.edit(made, by=delivery, cash=FLOWS)
    page = client.get(made.get_absolute_url()).content.decode()
    assert "chart-cash" in page
    assert "2027-05" in page


def test_lines_and_cash_over_the_api(book: CostBook, delivery: User) -> None:
    made = make_sheet(book, delivery)
    caller = Caller(delivery)
    body = caller.get(f"cost-sheets/{made.pk}/").json()
    assert (body["cash"], body["gross_peak_funding"]) == ([], None)
    given = {"cash": [{"month": "2027-01-15", "gross_in": "1.00", "gross_out": "5.00"}]}
    answer = caller.patch(f"cost-sheets/{made.pk}/", given, If_Match=f'"{made.row_version}"')
    assert answer.status_code == 200, answer.content
    assert answer.json()["cash"] == [{"month": "2027-01-01", "gross_in": "1.00", "gross_out": "5.00"}]
    wrong = {"lines": [{"category": category("labour.pm").pk, "gross_amount": "5.00", "net_low": "4.00"}]}
    answer = caller.patch(f"cost-sheets/{made.pk}/", wrong, If_Match=answer["ETag"])
    assert "net_high" in str(problem(answer, 400))
