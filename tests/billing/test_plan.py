"""The collection plan against what came in: by hand, who sees what, and the rows behind every figure."""

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, User
from billing.models import Allocation, DueMove, ReceivableLine
from billing.plan.figures import FLOWS, PlanRow, plan
from billing.plan.items import FIGURES, amount_of, items
from billing.plan.scope import BY, Scope, Span, usual_months
from billing.services import deduction as deductions
from billing.services import promise as promises
from billing.services import receipt as receipts
from billing.services import receivable as receivables
from billing.services import refund as refunds
from contracts import services as contracts
from contracts.models import Contract
from core.models import Currency, ExchangeRate
from tests.api.caller import Caller, problem
from tests.factories.billing import (
    finance_user,
    line_of,
    make_confirmed_receipt,
    make_issued_credit_note,
    make_issued_invoice,
)
from tests.factories.contracts import ar_of, make_effective_contract, make_light_contract
from tests.factories.projects import decide, term
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
ADVANCE = D(301800)
# Noon of the day on which the example is looked at, where the company is.
NOW = dt.datetime(2026, 5, 15, 4, tzinfo=dt.UTC)
MARCH, APRIL, MAY, JUNE, JULY = (dt.date(2026, month, 1) for month in range(3, 8))


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _deciders(_now: None, finance: User, director: User) -> None:
    """Somebody reviews, somebody decides."""


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


def due(on: dt.date, owner: User | None = None) -> Contract:
    """The usual deal, its advance of 301,800 due on a day; retention and the rest wait for their events."""
    return make_effective_contract(make_light_contract(owner), effective_on=on - dt.timedelta(days=30))


def paid(contract: Contract, amount: Any, on: dt.date, **fields: Any) -> Any:
    return make_confirmed_receipt(contract, "effect", gross_amount=D(amount), value_on=on, **fields)


def rows_of(user: User, first: dt.date = MARCH, last: dt.date = JUNE, **narrowed: Any) -> dict[dt.date, PlanRow]:
    return {row.month: row for row in plan(Scope(user, **narrowed), Span(first, last)).rows if row.month}


def said(row: PlanRow, *names: str) -> list[Any]:
    return [getattr(row, name) for name in names]


def example(sales: User, sales2: User) -> dict[str, Contract]:
    """Five deals: paid in parts, paid early, disputed, paid by a bill, and one whose money was taken off again."""
    deals = {
        "parts": due(day(3, 10), sales),
        "early": due(day(4, 20), sales2),
        "disputed": due(day(5, 31), sales),
        "bill": due(day(6, 1), sales2),
        "taken off": due(day(4, 30), sales),
    }
    with time_machine.travel(dt.datetime(2026, 4, 1, 4, tzinfo=dt.UTC)):
        line = line_of(deals["parts"], "effect")
        receivables.promise(line, promised_on=day(4, 20), gross_amount=D(50000), by=sales)
    with time_machine.travel(dt.datetime(2026, 5, 1, 4, tzinfo=dt.UTC)):
        line = line_of(deals["disputed"], "effect")
        receivables.promise(line, promised_on=day(5, 10), gross_amount=D(10000), by=sales)
    paid(deals["parts"], 100000, day(3, 31))
    paid(deals["parts"], 50000, day(4, 1))
    paid(deals["early"], ADVANCE, day(3, 31))
    bill = {"method": term("receipt_method", "bank_bill"), "acceptor": "工商银行", "bill_due_on": day(11, 10)}
    paid(deals["bill"], ADVANCE, day(5, 10), **bill)
    by = finance_user()
    wrong = paid(deals["taken off"], 200000, day(4, 30))
    receipts.unallocate(wrong, allocation=wrong.allocations.get(), by=by, note="错")
    refund = refunds.open(receipt=wrong, gross_amount=D(80000), payee_account="6222", reason="多付", by=wrong.owner)
    refund = decide(refunds.submit(refund, by=wrong.owner), refunds.approve)
    refunds.pay(refund, bank_reference="R-1", by=make_user("cash", department="treasury", roles=("cashier",)))
    assert promises.judge_promises() == 2
    line = line_of(deals["disputed"], "effect")
    receivables.dispute(line, disputed_until=day(6, 30), by=sales, note="数量不符")
    for number in (28, 25):
        line.refresh_from_db()
        receivables.promise(line, promised_on=day(5, number), gross_amount=D(30000), by=sales)
    return deals


def test_by_hand(finance: User, sales: User, sales2: User) -> None:
    deals = example(sales, sales2)
    # A red letter takes back the invoice, not the receivable.
    make_issued_credit_note(make_issued_invoice(deals["parts"]))
    found = plan(Scope(finance), Span(MARCH, JUNE))
    rows = {row.month: row for row in found.rows}
    open_and_plan = ("opening", "planned", "prepaid", "collected", "other", "left", "closing")
    assert said(rows[MARCH], *open_and_plan) == [0, D(301800), 0, D(100000), 0, D(151800), D(201800)]
    assert said(rows[APRIL], *open_and_plan) == [D(201800), D(603600), D(301800), 0, 0, D(301800), D(453600)]
    assert said(rows[MAY], *open_and_plan) == [D(453600), D(301800), 0, 0, 0, D(301800), D(755400)]
    assert said(rows[JUNE], *open_and_plan) == [None, D(301800), D(301800), 0, 0, 0, None]
    money = ("received", "collected", "late", "early", "bills", "free")
    assert said(rows[MARCH], *money) == [D(401800), D(100000), 0, D(301800), 0, 0]
    assert said(rows[APRIL], *money) == [D(50000), 0, D(50000), 0, 0, D(120000)]
    assert said(rows[MAY], *money) == [D(301800), 0, 0, D(301800), D(301800), 0]
    assert said(rows[JUNE], *money) == [0, 0, 0, 0, 0, 0]
    words = ("disputed", "promised", "kept", "broken", "moved")
    assert said(rows[APRIL], *words) == [0, D(50000), D(50000), 0, 0]
    assert said(rows[MAY], *words) == [D(301800), D(40000), 0, D(10000), 0]
    # A part of a third: 100,000 of 301,800; half; nothing; nothing to say before the month begins.
    assert [str(row.rate) for row in found.rows] == ["33.1", "50.0", "0.0", "None"]
    assert [str(row.cumulative) for row in found.rows] == ["33.1", "44.4", "33.3", "None"]
    total = found.total
    assert said(total, *open_and_plan) == [0, D(1509000), D(603600), D(100000), 0, D(755400), D(755400)]
    assert (total.received, str(total.rate)) == (D(753600), "33.3")
    # What waits for arrival and acceptance has no month; nor has the retention.
    assert (found.undated, found.retention) == (5 * D(603600), 5 * D(100600))


def test_all_that_stands_is_received_in_some_month(finance: User, sales: User, sales2: User) -> None:
    example(sales, sales2)
    everything = Allocation.objects.standing().filter(difference__isnull=True).aggregate(x=Sum("gross_amount"))["x"]
    rows = rows_of(finance, day(1, 1), dt.date(2027, 12, 1))
    assert sum(row.received for row in rows.values()) == everything == D(753600)


def scenario(director: User, sales: User, sales2: User) -> None:
    """The example, a difference, a line written off, one moved out, a foreign one, and one without owner."""
    example(sales, sales2)
    by = finance_user()
    short = due(day(3, 20), sales2)
    receipt = paid(short, 301000, day(4, 2))
    line = line_of(short, "effect")
    receipts.allocate(receipt, receivable=line, gross_amount=D(100), difference=term("difference", "fee"), by=by)
    asked = deductions.open(
        receivable=line,
        receipt=receipt,
        difference=term("difference", "quality"),
        gross_amount=D(700),
        reason="划痕",
        by=by,
    )
    decide(deductions.submit(asked, by=ar_of(short)), deductions.approve)
    lost = due(day(3, 31), sales)
    with time_machine.travel(dt.datetime(2026, 4, 30, 17, tzinfo=dt.UTC)):  # May has begun where the company is
        receivables.write_off(line_of(lost, "effect"), by=director, note="破产")
    moved = due(day(5, 5), sales2)
    receivables.unrelease(source=line_of(moved, "effect").source, by=by)
    abroad = due(day(5, 6), sales2)
    ReceivableLine.objects.filter(contract=abroad).update(
        currency="USD", gross_amount="100.05", net_amount="100.05", tax_amount=0
    )
    ExchangeRate.objects.create(currency=Currency.objects.get(code="USD"), on=day(5, 1), rate=D("7.1234"))
    nobody = due(day(5, 7), sales2)
    ReceivableLine.objects.filter(contract=nobody).update(owner=None, department=None)


def opens(scope: Scope, row: PlanRow) -> None:
    """The rows behind every figure sum to it."""
    assert row.month is not None
    for figure in FIGURES:
        if getattr(row, figure) is not None:
            assert amount_of(items(scope, figure, row.month)) == getattr(row, figure), (row.month, row.label, figure)


def test_the_months_lead_into_each_other_and_rows_sum_to_every_figure(
    director: User, finance: User, sales: User, sales2: User
) -> None:
    scenario(director, sales, sales2)
    for user in (finance, sales):
        rows = rows_of(user)
        for month, following in ((MARCH, APRIL), (APRIL, MAY)):
            one = rows[month]
            settled = one.prepaid + one.collected + one.late + one.other
            assert one.opening is not None and one.closing == rows[following].opening
            assert one.closing == one.opening + one.planned - settled
        for row in rows.values():
            opens(Scope(user), row)


@pytest.mark.parametrize("by", BY)
def test_a_breakdown_sums_to_the_whole(by: str, director: User, finance: User, sales: User, sales2: User) -> None:
    scenario(director, sales, sales2)
    found, whole = (plan(Scope(finance), Span(MARCH, JUNE), one) for one in (by, ""))
    for name in (*FLOWS, "opening", "closing"):
        assert getattr(found.total, name) == getattr(whole.total, name), name
    assert "" not in {row.label for row in found.rows}
    for row in found.rows:
        opens(Scope(finance).of(by, row.key), row)


def test_what_is_settled_without_money(director: User, finance: User, sales: User, sales2: User) -> None:
    scenario(director, sales, sales2)
    rows = rows_of(finance)
    # Fee and deduction came with the money of April on what was due in March; written off on the first of May at one.
    assert [rows[month].other for month in (MARCH, APRIL, MAY)] == [0, D(800), ADVANCE]
    assert rows[APRIL].late == D(50000) + D(301000)


def test_a_retention_is_planned_from_the_end_of_its_warranty_on(finance: User) -> None:
    contract = due(day(3, 10))
    held = contract.terms.get(is_retention=True)
    before = plan(Scope(finance), Span(MARCH, JUNE))
    assert (before.retention, before.total.planned) == (D(100600), ADVANCE)
    by = ar_of(contract)
    contracts.release(held, share=D(100), source="w:1", on=day(5, 2), by=by)
    receivables.make_eligible(held, gross_amount=held.gross_amount, on=day(5, 2), source="w:1", by=by)
    after = plan(Scope(finance), Span(MARCH, JUNE))
    assert (after.retention, after.total.planned, line_of(contract, "retention").due_on) == (0, D(402400), day(6, 1))
    assert {row.month: row.planned for row in after.rows}[JUNE] == D(100600)


def test_what_leaves_a_month_after_it_began_is_not_forgotten(finance: User, sales: User) -> None:
    contract, by = due(day(5, 20), sales), finance_user()
    line = line_of(contract, "effect")
    source, held = line.source, line.term
    with time_machine.travel(dt.datetime(2026, 4, 30, 15, 59, tzinfo=dt.UTC)):  # still April where the company is
        receivables.unrelease(source=source, by=by)
    assert rows_of(finance)[MAY].moved == 0
    receivables.make_eligible(held, gross_amount=held.gross_amount, on=day(4, 25), source="y:1", by=by)
    assert (rows_of(finance)[MAY].planned, rows_of(finance)[MAY].moved) == (ADVANCE, 0)
    receivables.unrelease(source="y:1", by=by)
    assert (rows_of(finance)[MAY].planned, rows_of(finance)[MAY].moved) == (0, ADVANCE)
    # Back into the same month: nothing has left it.
    receivables.make_eligible(held, gross_amount=held.gross_amount, on=day(4, 26), source="y:2", by=by)
    assert (rows_of(finance)[MAY].planned, rows_of(finance)[MAY].moved) == (ADVANCE, 0)
    receivables.unrelease(source="y:2", by=by)
    receivables.make_eligible(held, gross_amount=held.gross_amount, on=day(5, 5), source="y:3", by=by)
    rows = rows_of(finance)
    assert (rows[MAY].planned, rows[MAY].moved, rows[JUNE].planned) == (0, ADVANCE, ADVANCE)
    assert DueMove.objects.count() == 3


def test_a_bill_that_is_refused_never_came_in(finance: User, sales: User) -> None:
    contract = due(day(5, 20), sales)
    bill = {"method": term("receipt_method", "bank_bill"), "acceptor": "工商银行", "bill_due_on": day(11, 10)}
    receipt = paid(contract, ADVANCE, day(5, 10), **bill)
    assert said(rows_of(finance)[MAY], "received", "bills", "left") == [ADVANCE, ADVANCE, 0]
    receipts.refuse(receipt, by=finance_user(), note="拒付")
    assert said(rows_of(finance)[MAY], "received", "bills", "free", "left") == [0, 0, 0, ADVANCE]


def test_months_are_those_of_the_company(finance: User, sales: User) -> None:
    with time_machine.travel(dt.datetime(2026, 4, 30, 16, 30, tzinfo=dt.UTC)):
        assert usual_months() == (dt.date(2025, 11, 1), dt.date(2026, 11, 1))
    with time_machine.travel(dt.datetime(2026, 4, 30, 15, 30, tzinfo=dt.UTC)):
        assert usual_months() == (dt.date(2025, 10, 1), dt.date(2026, 10, 1))
    for on in (day(4, 30), day(5, 1), day(5, 31), day(6, 1)):
        paid(due(on, sales), 1000, on if on <= day(5, 15) else day(5, 15))
    rows = rows_of(finance)
    assert [rows[month].planned for month in (APRIL, MAY, JUNE)] == [ADVANCE, 2 * ADVANCE, ADVANCE]
    assert [rows[month].received for month in (APRIL, MAY, JUNE)] == [1000, 3000, 0]


def test_who_sees_what(finance: User, sales: User, sales2: User, stranger: User) -> None:
    deals = example(sales, sales2)
    own, other = rows_of(sales), rows_of(sales2)
    all_ = rows_of(finance)
    for month in (MARCH, APRIL, MAY, JUNE):
        for name in FLOWS:
            if name != "free":
                assert getattr(own[month], name) + getattr(other[month], name) == getattr(all_[month], name)
    assert (own[APRIL].planned, other[APRIL].planned) == (ADVANCE, ADVANCE)
    assert all(not any(said(row, *FLOWS)) for row in rows_of(stranger).values())
    # Asking for somebody else's gives nothing, by whatever narrowing.
    south = Department.objects.get(code="sales_south")
    for narrowed in ({"owner": sales2}, {"department": south}):
        assert all(not row.planned and not row.received for row in rows_of(sales, **narrowed).values())
        assert rows_of(finance, **narrowed)[APRIL].planned == ADVANCE
    hidden = line_of(deals["early"], "effect")
    for path in (
        "collection/plan/items/?figure=early&month=2026-03",
        f"collection/plan/items/?figure=early&month=2026-03&by=owner&key={sales2.pk}",
    ):
        assert Caller(sales).get(path).json()["results"] == []
        (row,) = Caller(finance).get(path).json()["results"]
        assert (row["record"]["id"], row["owner"]["id"], D(row["amount"])) == (hidden.pk, sales2.pk, ADVANCE)
        assert hidden.code not in signed_in(sales).get("/" + path).content.decode()
    head = make_user("head", department="sales_south")
    Department.objects.filter(pk=south.pk).update(head=head)
    assert said(rows_of(head)[APRIL], "planned", "prepaid") == [ADVANCE, ADVANCE]


def test_the_plan_is_narrowed(finance: User, sales: User, sales2: User) -> None:
    deals = example(sales, sales2)
    sums = {
        "owner": (sales, 3 * ADVANCE),
        "department": (Department.objects.get(code="sales"), 5 * ADVANCE),
        "customer": (deals["parts"].payer, None),
        "entity": (deals["parts"].entity, 5 * ADVANCE),
    }
    for name, (value, expected) in sums.items():
        planned = sum(row.planned for row in rows_of(finance, **{name: value}).values())
        assert expected in (None, planned), name
    of_payer = ReceivableLine.objects.filter(customer=deals["parts"].payer, due_on__isnull=False)
    assert sum(row.planned for row in rows_of(finance, customer=deals["parts"].payer).values()) == sum(
        line.gross_amount for line in of_payer
    )


def test_other_currencies_count_at_todays_rate_or_are_named(finance: User, sales: User) -> None:
    for code in ("USD", "EUR"):
        ReceivableLine.objects.filter(contract=due(day(5, 20), sales)).update(currency=code)
    ExchangeRate.objects.filter(currency_id__in=("USD", "EUR")).delete()
    ExchangeRate.objects.create(currency_id="USD", on=day(5, 1), rate=D("7.1234"))
    found = plan(Scope(finance), Span(MAY, MAY))
    assert (found.foreign, found.missing, found.total.planned) == (["EUR", "USD"], ["EUR"], D("2149842.12"))
    page = signed_in(finance).get("/collection/plan/").content.decode()
    assert "2,149,842.12" in page and "EUR" in page


def test_page_api_and_file_tell_the_same(finance: User, sales: User, sales2: User) -> None:
    example(sales, sales2)
    browser, caller = signed_in(finance), Caller(finance)
    asked = "from_month=2026-03&to_month=2026-06"
    page = browser.get(f"/collection/plan/?{asked}&month=2026-04").content.decode()
    body = caller.get(f"collection/plan/?{asked}").json()
    april = body["rows"][1]
    assert (april["month"], D(april["planned"]), D(april["rate"]), body["rows"][3]["rate"]) == (
        "2026-04",
        603600,
        50,
        None,
    )
    for figure in ("opening", "planned", "prepaid", "closing"):
        assert f"{D(april[figure]):,.2f}" in page
        assert (
            f"/collection/plan/items/?from_month=2026-03&amp;to_month=2026-06&amp;month=2026-04&amp;figure={figure}"
            in page
        )
    assert f'<a href="?{asked.replace("&", "&amp;")}&amp;month=2026-05#month">2026-05</a>' in page
    text = browser.get(f"/collection/plan/export/?{asked}&format=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text)))
    assert len(rows) == 5 and rows[2][0] == "2026-04" and "603600.00" in rows[2]
    sheet = BytesIO(browser.get(f"/collection/plan/export/?{asked}&format=xlsx&by=owner").getvalue())
    names = [row[1].value for row in openpyxl.load_workbook(sheet).active.iter_rows(min_row=2)]
    assert {str(sales), str(sales2)} <= set(names)
    by = caller.get(f"collection/plan/?{asked}&by=owner").json()["rows"]
    assert sum(D(row["planned"]) for row in by) == D(body["total"]["planned"])
    items_page = browser.get("/collection/plan/items/?figure=planned&month=2026-04").content.decode()
    assert "603,600.00" in items_page


def test_a_page_of_rows_leads_to_the_next(finance: User, sales: User, sales2: User) -> None:
    example(sales, sales2)
    caller, rows = Caller(finance), []
    answer = caller.get("collection/plan/items/?figure=planned&month=2026-04&limit=1")
    while True:
        body = answer.json()
        rows += body["results"]
        if not body["next"]:
            break
        answer = caller.follow(body["next"])
    assert (len(rows), sum(D(row["amount"]) for row in rows)) == (2, 2 * ADVANCE)


WRONG = (
    "from_month=2026-13",
    "from_month=2026-06&to_month=2026-05",
    "from_month=2024-01&to_month=2026-01",
    "from_month=0001-01",
    "month=yesterday",
    "department=0",
    "owner=x",
    "by=colour",
    "colour=red",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_it_does_not_know_is_refused(finance: User, wrong: str) -> None:
    assert signed_in(finance).get(f"/collection/plan/?{wrong}").status_code == 400
    if not wrong.startswith("month="):
        problem(Caller(finance).get(f"collection/plan/?{wrong}"), 400)
    for path in (
        "figure=planned",
        "month=2026-04",
        "figure=colour&month=2026-04",
        "figure=planned&month=2026-04&key=-1",
    ):
        assert signed_in(finance).get(f"/collection/plan/items/?{path}").status_code == 400
        problem(Caller(finance).get(f"collection/plan/items/?{path}"), 400)


def test_ten_lines_and_three_hundred_ask_the_same(finance: User, sales: User) -> None:
    contract = due(day(4, 20), sales)
    receipt = paid(contract, 1000, day(4, 2))
    line = line_of(contract, "effect")
    browser = signed_in(finance)

    def copies(number: int) -> None:
        made = []
        for place in range(number):
            row = ReceivableLine.objects.get(pk=line.pk)
            row.imported = True
            row.pk, row._state.adding, row.code = None, True, f"RL-X-{ReceivableLine.objects.count()}-{place}"
            row.due_on = day(1 + place % 9, 10)
            made.append(row)
        made = ReceivableLine.objects.bulk_create(made)
        Allocation.objects.bulk_create(
            Allocation(receipt=receipt, receivable=row, gross_amount=D(1000), allocated_on=day(5, 1)) for row in made
        )

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            for path in ("", "items/?figure=planned&month=2026-04", "items/?figure=prepaid&month=2026-04", "export/"):
                answer = browser.get(f"/collection/plan/{path}")
                assert answer.status_code == 200
                b"".join(answer.streaming_content if answer.streaming else [answer.content])
        return len(captured)

    copies(9)
    count()
    few = count()
    copies(291)
    assert count() == few
    with CaptureQueriesContext(connection) as captured:
        found = plan(Scope(finance), Span(*usual_months()))
    assert len(captured) <= 9
    assert found.total.planned == 301 * ADVANCE
