"""Pages of finance by the right and the wrong person, and their query counts."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import User
from core.dictionary import Term
from finance import selectors
from finance.models import CostBook, CostSheet, Deposit, Voucher
from finance.services import deposit, ledger, period
from tests.factories.customers import make_customer
from tests.factories.finance import category, line, make_book, make_budget, make_sheet, make_voucher, rate
from tests.helpers import signed_in, unchanged

D = Decimal
SYSTEM = Actor.system("test")


def formset(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines as the grid posts them."""
    data = {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": 0, "cash-TOTAL_FORMS": 0, "cash-INITIAL_FORMS": 0}
    return data | {f"lines-{number}-{name}": value for number, one in enumerate(lines) for name, value in one.items()}


def count_queries(user: User, url: str) -> int:
    browser = signed_in(user)
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)


# Books ------------------------------------------------------------------------------------------


@pytest.fixture
def full_book(book: CostBook, delivery: User, pfc: User) -> CostBook:
    make_budget(book, by=delivery, decider=pfc, revenue=1000, lines=[line("material", 300), line("labour.pm", 100)])
    for number, code in enumerate(("labour.pm", "material.hardware", "labour.pm")):
        ledger.post(book, nature="cost", category=category(code), net_amount=D(60), source=f"t:{number}", by=SYSTEM)
    return book


def test_the_matrix_drills_down_to_entries_and_vouchers(full_book: CostBook, delivery: User, pfc: User) -> None:
    made = make_voucher(full_book, delivery)
    from finance.services import voucher

    voucher.submit(made, by=delivery)
    voucher.approve(made, by=pfc)
    browser = signed_in(delivery)
    text = browser.get(f"/books/{full_book.pk}/").content.decode()
    for figure in ("400.00", "680.00", "120.00"):
        assert figure in text
    address = f"/books/{full_book.pk}/entries/?nature=cost&amp;category=travel"
    assert address in text
    entries = browser.get(address.replace("&amp;", "&")).content.decode()
    assert made.get_absolute_url() in entries
    assert "500.00" in entries


def test_the_panel_of_the_project(full_book: CostBook, delivery: User, sales: User, stranger: User) -> None:
    address = reverse("finance:fourcost-panel", args=[full_book.case_id])
    assert "fourcost" in signed_in(delivery).get(address).content.decode()
    shown = signed_in(sales).get(address)
    assert (shown.status_code, "400.00" in shown.content.decode()) == (200, False)
    assert signed_in(stranger).get(address).status_code == 404


@pytest.mark.parametrize("page", ["", "entries/", "forecast/"])
def test_books_are_for_those_who_may_see_cost(
    book: CostBook, page: str, sales: User, stranger: User, pfc: User
) -> None:
    address = f"/books/{book.pk}/{page}"
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(sales).get(address).status_code == 403
    assert signed_in(pfc).get(address).status_code == 200


def test_the_list_of_books(full_book: CostBook, pfc: User, sales: User) -> None:
    assert "120.00" not in signed_in(pfc).get("/books/?frozen=1").content.decode()
    assert full_book.code in signed_in(pfc).get(f"/books/?q={full_book.code}").content.decode()
    assert signed_in(sales).get("/books/").status_code == 403
    assert signed_in(pfc).get("/books/?unknown=1").status_code == 400
    before = count_queries(pfc, "/books/")
    for _number in range(10):
        make_book(pfc)
    assert count_queries(pfc, "/books/") == before


@pytest.mark.parametrize("query", ["nature=x", "category=nothing", "category=%00", "unknown=1"])
def test_unknown_filters_of_the_ledger_are_refused(book: CostBook, pfc: User, query: str) -> None:
    assert signed_in(pfc).get(f"/books/{book.pk}/entries/?{query}").status_code == 400


def test_the_ledger_costs_the_same_queries_at_any_length(full_book: CostBook, pfc: User) -> None:
    address = f"/books/{full_book.pk}/entries/"
    before = count_queries(pfc, address)
    for number in range(10, 20):
        ledger.post(
            full_book, nature="cost", category=category("labour.pm"), net_amount=D(1), source=f"t:{number}", by=SYSTEM
        )
    assert count_queries(pfc, address) == before


def test_entering_a_forecast(full_book: CostBook, delivery: User) -> None:
    browser = signed_in(delivery)
    assert browser.get(f"/books/{full_book.pk}/forecast/").content.decode().count("net_to_complete") > 2
    given = formset([{"category": category("labour.pm").pk, "net_to_complete": "1,000.50"}])
    assert browser.post(f"/books/{full_book.pk}/forecast/", given).status_code == 302
    assert full_book.totals.get(category__code="labour.pm").net_to_complete == D("1000.50")
    bad = formset([{"category": 0, "net_to_complete": "x"}])
    assert browser.post(f"/books/{full_book.pk}/forecast/", bad).status_code == 422


def test_explaining_an_overrun(full_book: CostBook, delivery: User, stranger: User) -> None:
    alert = selectors.open_alerts(full_book).get(threshold=100)
    address = reverse("finance:alert-explain", args=[full_book.pk, alert.pk])
    cause = Term.objects.filter(dictionary="variance_cause").first()
    assert address in signed_in(delivery).get(f"/books/{full_book.pk}/").content.decode()
    assert signed_in(stranger).post(address).status_code == 404
    assert signed_in(delivery).post(address, {"cause": "", "explanation": ""}).status_code == 422
    assert signed_in(delivery).post(address, {"cause": cause.pk, "explanation": "rework"}).status_code == 302
    alert.refresh_from_db()
    assert alert.cause == cause


# Records ----------------------------------------------------------------------------------------


def test_a_costing_is_written_as_a_grid(book: CostBook, delivery: User) -> None:
    browser = signed_in(delivery)
    assert browser.get(f"/cost-sheets/new/?book={book.pk}").status_code == 200
    lines = [
        {
            "category": category("material.hardware").pk,
            "gross_amount": "565,000",
            "tax_rate": rate("13").pk,
            "deductible": "on",
        },
        {"category": category("labour.pm").pk, "days": "40", "net_day_amount": "2000"},
    ]
    given = {"book": book.pk, "kind": "estimate", "label": "立项概算", "net_revenue": "900000"} | formset(lines)
    response = browser.post("/cost-sheets/new/", given)
    made = CostSheet.objects.get(book=book)
    assert (response.status_code, response["Location"]) == (302, made.get_absolute_url())
    assert made.net_cost == D(580000)
    page = browser.get(made.get_absolute_url()).content.decode()
    assert "580,000.00" in page
    edit = browser.get(f"{made.get_absolute_url()}edit/")
    assert edit.status_code == 200
    changed = {"label": "v", "net_revenue": "1", "version": made.row_version} | formset(lines[:1])
    assert browser.post(f"{made.get_absolute_url()}edit/", changed).status_code == 302
    assert browser.post(f"{made.get_absolute_url()}edit/", changed).status_code == 412
    made.refresh_from_db()
    assert made.net_cost == D(500000)


def test_a_new_costing_is_offered_to_those_who_may_write_one(
    book: CostBook, delivery: User, sales: User, purchasing: User
) -> None:
    """Purchasing reads cost, but works on no deal; the account manager reads none."""
    new = f"/cost-sheets/new/?book={book.pk}"
    assert new in signed_in(delivery).get(book.get_absolute_url()).content.decode()
    assert new in signed_in(delivery).get(f"/books/panel/{book.case_id}/").content.decode()
    assert new not in signed_in(purchasing).get(book.get_absolute_url()).content.decode()
    assert signed_in(sales).get(book.get_absolute_url()).status_code == 403
    given = {"book": book.pk, "kind": "estimate", "net_revenue": "1"}
    given |= formset([{"category": category("labour.pm").pk, "days": "1", "net_day_amount": "1"}])
    for person in (sales, purchasing):
        assert signed_in(person).post("/cost-sheets/new/", given).status_code == 403
    assert not book.sheets.exists()


def test_a_line_needs_an_amount_or_days(book: CostBook, delivery: User) -> None:
    given = {"book": book.pk, "kind": "estimate", "net_revenue": "0"} | formset(
        [{"category": category("labour.pm").pk}]
    )
    assert signed_in(delivery).post("/cost-sheets/new/", given).status_code == 422
    assert not book.sheets.exists()


def test_sheets_are_submitted_decided_and_copied_over_http(
    book: CostBook, delivery: User, pfc: User, sales: User
) -> None:
    made = make_sheet(book, delivery)
    address = made.get_absolute_url()
    with unchanged(made):
        assert signed_in(sales).get(address).status_code == 404
        assert signed_in(sales).post(f"{address}submit/").status_code == 404
        assert signed_in(pfc).post(f"{address}approve/").status_code == 403
    assert signed_in(delivery).post(f"{address}submit/").status_code == 302
    assert signed_in(delivery).post(f"{address}submit/").status_code == 409
    assert signed_in(pfc).post(f"{address}approve/", {"opinion": "agree"}).status_code == 302
    assert signed_in(delivery).post(f"{address}copy/", {"kind": "budget"}).status_code == 302
    assert book.sheets.get(kind="budget").net_cost == made.net_cost


def test_a_voucher_over_http(book: CostBook, delivery: User, pfc: User, stranger: User, solution: User) -> None:
    browser = signed_in(solution)
    given = {
        "kind": "expense",
        "book": book.pk,
        "category": category("travel.transport").pk,
        "worked_on": "2026-05-05",
        "gross_amount": "109",
        "tax_rate": rate("9").pk,
        "deductible": "on",
    }
    assert browser.get(f"/vouchers/new/?case={book.case_id}").status_code == 200
    assert browser.post("/vouchers/new/", given).status_code == 302
    made = Voucher.objects.get(book=book)
    address = made.get_absolute_url()
    assert made.net_amount == D(100)
    assert browser.get(f"{address}edit/").status_code == 200
    assert signed_in(stranger).get(address).status_code == 404
    assert signed_in(delivery).post(f"{address}submit/").status_code == 403
    assert browser.post(f"{address}submit/").status_code == 302
    assert signed_in(delivery).post(f"{address}approve/").status_code == 302
    made.refresh_from_db()
    assert made.state == "posted"
    assert signed_in(stranger).post("/vouchers/new/", given).status_code == 422


def test_a_month_over_http(finance: User, sales: User) -> None:
    browser = signed_in(finance)
    assert browser.post("/periods/new/", {"month": "2026-02-14"}).status_code == 302
    month = period.Period.objects.get(month=dt.date(2026, 2, 1))
    address = month.get_absolute_url()
    assert signed_in(sales).post(f"{address}start_close/").status_code == 403
    for verb in ("start_close", "close"):
        assert browser.post(f"{address}{verb}/").status_code == 302
    assert browser.get(address).status_code == 200
    assert browser.post(f"{address}close/").status_code == 409


def test_a_deposit_over_http(book: CostBook, sales: User, finance: User, cashier: User, stranger: User) -> None:
    browser = signed_in(sales)
    kind = Term.objects.get(dictionary="guarantee", code="bid_deposit")
    given = {
        "kind": kind.pk,
        "form": "cash",
        "gross_amount": "200,000",
        "customer": make_customer().pk,
        "book": book.pk,
        "net_fee_amount": "0",
    }
    assert browser.post("/deposits/new/", given).status_code == 302
    made = Deposit.objects.get(book=book)
    address = made.get_absolute_url()
    assert signed_in(stranger).get(address).status_code == 404
    assert browser.post(f"{address}approve/").status_code == 403
    assert signed_in(finance).get(f"{address}approve/").status_code == 200
    assert signed_in(finance).post(f"{address}approve/").status_code == 302
    assert signed_in(cashier).post(f"{address}return/").status_code == 409
    assert signed_in(cashier).post(f"{address}pay/", {"net_fee_amount": "100"}).status_code == 302
    assert signed_in(finance).post(f"{address}forfeit/", {"note": "lost"}).status_code == 409
    assert signed_in(cashier).post(f"{address}return/").status_code == 302
    assert browser.get(address).status_code == 200


def _sheets(book: CostBook, by: User) -> None:
    make_sheet(book, by)


def _vouchers(book: CostBook, by: User) -> None:
    make_voucher(book, by)


def _deposits(book: CostBook, by: User) -> None:
    kind = Term.objects.get(dictionary="guarantee", code="bid_deposit")
    deposit.open(kind=kind, gross_amount=D(1), customer=make_customer(), book=book, by=by)


@pytest.mark.parametrize(
    ("address", "make"), [("/cost-sheets/", _sheets), ("/vouchers/", _vouchers), ("/deposits/", _deposits)]
)
def test_lists_cost_the_same_queries_at_any_length(
    book: CostBook, delivery: User, address: str, make: Callable[[CostBook, User], None]
) -> None:
    for _number in range(2):
        make(book, delivery)
    before = count_queries(delivery, address)
    for _number in range(10):
        make(book, delivery)
    assert count_queries(delivery, address) == before
    assert signed_in(delivery).get(f"{address}?nonsense=1").status_code == 400


def test_a_grid_of_many_lines_reads_its_choices_once(book: CostBook, delivery: User) -> None:
    small = make_sheet(book, delivery)
    large = make_sheet(book, delivery, lines=[line("labour.pm", number) for number in range(1, 13)])
    counts = [count_queries(delivery, f"{one.get_absolute_url()}edit/") for one in (small, large)]
    assert counts[0] == counts[1]
