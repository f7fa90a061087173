"""Posting: once per source, into the right month, with kept totals, and never changed."""

import datetime as dt
import re
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from finance import selectors
from finance.models import BookTotal, CostBook, CostSheet, LedgerEntry
from finance.services import book as books
from finance.services import ledger, period
from tests.factories.finance import category, line, make_book, make_budget

D = Decimal
SYSTEM = Actor.system("test")


def post(book: CostBook, source: str, amount: Any, **fields: Any) -> LedgerEntry:
    values = {"nature": "cost", "category": category("material.hardware"), "by": SYSTEM} | fields
    return ledger.post(book, source=source, net_amount=D(str(amount)), **values)


def test_posting_keeps_the_totals(book: CostBook) -> None:
    post(book, "t:1", "100.10")
    post(book, "t:2", "-0.10")
    post(book, "t:3", 50, nature="recognised", category=None)
    total = BookTotal.objects.get(book=book, category__code="material.hardware")
    stored = CostBook.objects.get(pk=book.pk)
    assert (total.net_cost, stored.net_cost, stored.net_recognised) == (D(100), D(100), D(50))
    assert selectors.recompute(stored).differences == []


def test_the_same_source_posts_once(book: CostBook) -> None:
    first = post(book, "t:1", 100)
    assert post(book, "t:1", 100) == first
    assert LedgerEntry.objects.filter(book=book).count() == 1
    assert CostBook.objects.get(pk=book.pk).net_cost == D(100)


def test_the_same_source_with_other_figures_is_refused(book: CostBook) -> None:
    post(book, "t:1", 100)
    with pytest.raises(Refused):
        post(book, "t:1", 101)
    assert CostBook.objects.get(pk=book.pk).net_cost == D(100)


def test_a_reversal_is_an_entry_of_its_own_and_happens_once(book: CostBook) -> None:
    entry = post(book, "t:1", 100)
    reversal = ledger.reverse("t:1", by=SYSTEM)
    assert (reversal.net_amount, reversal.reverses) == (D(-100), entry)
    assert ledger.reverse(entry, by=SYSTEM) == reversal
    assert CostBook.objects.get(pk=book.pk).net_cost == 0
    with pytest.raises(Refused):
        ledger.reverse(reversal, by=SYSTEM)
    with pytest.raises(Refused):
        ledger.reverse("t:unknown", by=SYSTEM)


def test_a_frozen_book_refuses_everything(book: CostBook, finance: User) -> None:
    post(book, "t:1", 100)
    books.freeze(book, by=finance)
    for nature, cat in (("cost", category("labour.pm")), ("commitment", category("labour.pm")), ("recognised", None)):
        with pytest.raises(Refused):
            post(book, f"t:{nature}", 1, nature=nature, category=cat)
    with pytest.raises(Refused):
        ledger.reverse("t:1", by=SYSTEM)
    books.unfreeze(book, by=finance, note="forgot one")
    post(book, "t:2", 1)


def test_a_closed_month_moves_the_posting_to_the_next(book: CostBook, finance: User) -> None:
    march = period.open(month=dt.date(2026, 3, 9), by=finance)
    april = period.open(month=dt.date(2026, 4, 1), by=finance)
    period.start_close(march, by=finance)
    late = post(book, "t:late", 10, day=dt.date(2026, 3, 31))
    accrued = post(book, "t:accrual", 10, day=dt.date(2026, 3, 31), accrual=True)
    period.close(march, by=finance)
    period.start_close(april, by=finance)
    later = post(book, "t:later", 10, day=dt.date(2026, 3, 31))
    assert (late.day, late.month) == (dt.date(2026, 3, 31), dt.date(2026, 4, 1))
    assert accrued.month == dt.date(2026, 3, 1)
    assert later.month == dt.date(2026, 5, 1)


@pytest.mark.parametrize(
    "statement", ["UPDATE finance_ledgerentry SET net_amount = 0", "DELETE FROM finance_ledgerentry"]
)
def test_the_database_keeps_the_ledger_append_only(book: CostBook, statement: str) -> None:
    post(book, "t:1", 100)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LedgerEntry.objects.get(source="t:1").net_amount == D(100)


@pytest.mark.django_db(transaction=True)
def test_even_the_owner_of_the_schema_meets_the_trigger(owner_connection: Any, sales: User) -> None:
    import psycopg

    post(make_book(sales), "t:1", 100)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner_connection.execute("UPDATE finance_ledgerentry SET net_amount = 0")


# Budget control ---------------------------------------------------------------------------------


def test_a_commitment_beyond_the_budget_is_refused_without_a_figure(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("material.hardware", 1000)])
    post(book, "t:1", 900, nature="commitment")
    with pytest.raises(Refused) as refused:
        post(book, "t:2", "100.01", nature="commitment")
    text = str(refused.value)
    assert "预算" in text
    assert not re.search(r"\d", text), "who may not see cost reads it too"
    assert CostBook.objects.get(pk=book.pk).net_committed == D(900)
    post(book, "t:3", 100, nature="commitment")


def test_an_incurred_cost_always_posts(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("material.hardware", 1000)])
    post(book, "t:1", 5000)
    assert CostBook.objects.get(pk=book.pk).net_cost == D(5000)


def test_a_budget_on_the_group_pays_for_those_below_it(book: CostBook, delivery: User, pfc: User) -> None:
    make_budget(book, by=delivery, decider=pfc, lines=[line("material", 1000), line("material.freight", 10)])
    post(book, "t:1", 600, nature="commitment")
    post(book, "t:2", 400, nature="commitment", category=category("material.software"))
    for code in ("material.software", "material.freight", "labour.pm"):
        with pytest.raises(Refused):
            post(book, f"t:{code}", "10.01", nature="commitment", category=category(code))
    post(book, "t:3", 10, nature="commitment", category=category("material.freight"))


def test_before_a_budget_only_what_was_released_may_be_committed(book: CostBook, finance: User) -> None:
    with pytest.raises(Refused):
        post(book, "t:1", 1, nature="commitment")
    books.release_advance(book, D(300000), by=finance, note="early start")
    post(book, "t:1", 300000, nature="commitment")
    with pytest.raises(Refused):
        post(book, "t:2", 1, nature="commitment")


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_commitments_never_exceed_the_budget(sales: User, delivery: User, pfc: User) -> None:
    book = make_book(sales, seats={"fr": delivery, "pfc": pfc})
    make_budget(book, by=delivery, decider=pfc, lines=[line("material.hardware", 1000)])
    hardware = category("material.hardware")
    refused: list[str] = []

    def commit(number: int) -> None:
        try:
            post(CostBook.objects.get(pk=book.pk), f"t:{number}", 150, nature="commitment", category=hardware)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=commit, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = CostBook.objects.get(pk=book.pk)
    assert (stored.net_committed, len(refused)) == (D(900), 14)
    assert selectors.recompute(stored).agrees


@pytest.mark.django_db(transaction=True)
def test_a_source_posted_in_parallel_stands_once(sales: User) -> None:
    book = make_book(sales)
    hardware = category("material.hardware")

    def again() -> None:
        try:
            post(CostBook.objects.get(pk=book.pk), "t:same", 10, category=hardware)
        finally:
            connection.close()

    threads = [threading.Thread(target=again) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CostBook.objects.get(pk=book.pk).net_cost == D(10)
    assert LedgerEntry.objects.filter(source="t:same").count() == 1


def test_recompute_finds_a_total_that_is_wrong(book: CostBook) -> None:
    post(book, "t:1", 100)
    CostBook.objects.filter(pk=book.pk).update(net_cost=99)
    found = selectors.recompute(CostBook.objects.get(pk=book.pk))
    assert found.differences == [("cost", D(99), D(100))]
    assert [record for record, _sentence in selectors.check_invariants()] == [book]


def test_verify_looks_at_every_total_and_costing(book: CostBook, delivery: User, pfc: User) -> None:
    made = make_budget(book, by=delivery, decider=pfc)
    post(book, "t:1", 100)
    assert list(selectors.check_invariants()) == []
    book.totals.update(net_cost=1)
    CostSheet.objects.filter(pk=made.pk).update(net_cost=1)
    assert [record for record, _sentence in selectors.check_invariants()] == [book, made]
    book.totals.update(net_cost=100)
    BookTotal.objects.filter(book=book).delete()
    assert book in [record for record, _sentence in selectors.check_invariants()]


def test_opening_a_second_main_book_is_refused(book: CostBook, sales: User) -> None:
    with pytest.raises(Refused):
        books.open_book(book.case, by=sales)
    assert not books.open_book(book.case, by=sales, main=False).is_main


def test_a_refused_forecast_changes_nothing(book: CostBook, stranger: User, delivery: User) -> None:
    from core.errors import NotAllowed

    given = [{"category": category("material.hardware"), "net_to_complete": D(5)}]
    with pytest.raises(NotAllowed):
        books.forecast(book, lines=given, by=stranger)
    assert not book.totals.exists()
    books.forecast(book, lines=given, by=delivery)
    assert book.totals.get().net_to_complete == D(5)
    with pytest.raises(Refused):
        books.forecast(book, lines=[given[0] | {"net_to_complete": D(-1)}], by=delivery)
