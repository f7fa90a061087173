"""四算对比, forecast and alerts of one book."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.models import Notice, User
from core.dictionary import Term
from core.errors import NotAllowed, Refused
from finance import selectors
from finance.models import CostBook, VarianceAlert
from finance.services import alerts, ledger
from finance.services import book as books
from tests.factories.finance import category, line, make_budget

D = Decimal
SYSTEM = Actor.system("test")


def spend(book: CostBook, code: str, amount: str, source: str, nature: str = "cost") -> None:
    ledger.post(
        book,
        nature=nature,
        category=category(code),
        net_amount=D(amount),
        source=source,
        by=SYSTEM,
        commitment_check=False,
    )


def test_the_matrix_sums_up_by_group(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(
        book,
        by=delivery,
        decider=pfc,
        revenue=1000,
        lines=[line("material", 300), line("material.hardware", 100), line("labour.pm", 200)],
    )
    spend(book, "material.hardware", "40", "t:1")
    spend(book, "material.software", "50", "t:2")
    spend(book, "material.software", "20", "t:3", "commitment")
    four = selectors.four_costings(book)
    rows = {row.code: row for row in four.rows}
    assert (rows["material"].budget, rows["material"].actual, rows["material"].committed) == (D(400), D(90), D(20))
    # 100 for the hardware line, and the group's own 300 of which software has used 70.
    assert rows["material"].forecast == D(400)
    assert rows["material"].used_percent == D("27.50")
    assert (rows["material.software"].forecast, rows["material.software"].used_percent) == (D(70), None)
    assert four.total.forecast == D(600)
    assert four.margin("forecast") == D(400)


def test_a_forecast_is_cost_and_what_is_still_to_come(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 200)])
    spend(book, "labour.pm", "150", "t:1")
    books.forecast(book, lines=[{"category": category("labour.pm"), "net_to_complete": D(90)}], by=delivery)
    assert selectors.four_costings(book).total.forecast == D(240)
    books.forecast(book, lines=[{"category": category("labour.pm"), "net_to_complete": None}], by=delivery)
    assert selectors.four_costings(book).total.forecast == D(200)


def test_the_matrix_needs_four_queries(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 200), line("travel.lodging", 10)])
    spend(book, "labour.pm", "150", "t:1")
    fresh = CostBook.objects.get(pk=book.pk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        selectors.four_costings(fresh)
    assert len(queries) <= 4


def test_summaries_of_many_books_need_one_query(book: CostBook, delivery: User, pfc: User, sales: User) -> None:
    make_budget(book, by=delivery, decider=pfc, revenue=200)
    with CaptureQueriesContext(connection) as queries:
        found = selectors.four_costings_of([book])
    assert len(queries) == 1
    assert found[book.pk].margin_percent("budget") == D("-49900.00")
    assert found[book.pk].margin_percent("estimate") is None


def test_thresholds_alert_once_and_tell_the_triangle(
    book: CostBook, delivery: User, pfc: User, sales: User, solution: User
) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 100)])
    spend(book, "labour.pm", "89", "t:1")
    assert not VarianceAlert.objects.exists()
    spend(book, "labour.pm", "1", "t:2")
    spend(book, "labour.pm", "1", "t:3")
    assert [one.threshold for one in selectors.open_alerts(book)] == [90]
    told = Notice.objects.filter(key__startswith="variance:")
    assert set(told.values_list("user_id", flat=True)) == {delivery.pk, pfc.pk, sales.pk}
    spend(book, "labour.pm", "20", "t:4")
    assert sorted(one.threshold for one in selectors.open_alerts(book)) == [90, 100]
    assert told.count() == 6
    assert alerts.scan_all() == 0
    spend(book, "labour.pm", "-50", "t:5")
    assert not selectors.open_alerts(book).exists()


def test_cost_without_any_budget_is_no_alert(book: CostBook) -> None:
    spend(book, "labour.presales", "500", "t:1")
    assert not VarianceAlert.objects.exists()


def test_spending_where_nothing_is_budgeted_is_an_overrun(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 100)])
    spend(book, "travel.lodging", "1", "t:1")
    assert sorted((one.category.code, one.threshold) for one in selectors.open_alerts(book)) == [
        ("travel.lodging", 90),
        ("travel.lodging", 100),
    ]


def test_a_new_budget_clears_the_alert(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 100)])
    spend(book, "labour.pm", "120", "t:1")
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 200)])
    assert not selectors.open_alerts(book).exists()


def test_an_overrun_is_explained_by_a_cause(book: CostBook, delivery: User, pfc: User, stranger: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("labour.pm", 100)])
    spend(book, "labour.pm", "120", "t:1")
    alert = selectors.open_alerts(book).get(threshold=100)
    cause = Term.objects.filter(dictionary="variance_cause").first()
    with pytest.raises(NotAllowed):
        alerts.explain(alert, cause=cause, explanation="rework", by=stranger)
    with pytest.raises(Refused):
        alerts.explain(alert, cause=cause, explanation=" ", by=delivery)
    alerts.explain(alert, cause=cause, explanation="rework", by=delivery)
    alert.refresh_from_db()
    assert (alert.cause, alert.explanation, alert.explained_by) == (cause, "rework", delivery)
