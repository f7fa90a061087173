"""到款: a bank's export of 500 rows in two formats, twice; claims, matching, an advance, a bill that is refused.

By page. Balances and ageing are asserted as of several days, cash and bills apart.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse

from accounts.models import BankAccount, User
from billing.ageing import ageing, bucket_of
from billing.matching import proposals
from billing.models import BankStatement, Receipt, ReceivableLine, StatementLine
from billing.selectors import check_invariants, on_account, position
from contracts.models import Contract
from core.calendar import today
from customers.models import Customer
from customers.names import core_of, key_of
from tests.factories.bankfiles import csv_file, icbc_row, xls_file
from tests.factories.billing import account, line_of
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.projects import term
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
D = Decimal
ADVANCE = D(301800)


def ago(days: int) -> dt.date:
    return today() - dt.timedelta(days=days)


def rename(contract: Contract, title: str) -> Customer:
    """Give the contract's parties one name."""
    names = {"title": title, "name_key": key_of(title), "name_core": core_of(title)}
    Customer.objects.filter(pk=contract.payer_id).update(**names)
    return Customer.objects.get(pk=contract.payer_id)


def export(contracts: dict[str, Any]) -> list[list[Any]]:
    """500 rows: the money of the story, and 490 that nobody here waits for."""
    day = f"{ago(10)} 09:00:00"
    three = contracts["three"]
    rows = [
        icbc_row("S1", day, "301800.00", "华讯(北京)有限公司", "预付款"),
        icbc_row("S2", day, "301800.00", "华讯（上海）有限公司", "预付款"),
        icbc_row("S3", day, "905400.00", "滨海港务集团有限公司", " ".join(one.code for one in three)),
        icbc_row("S4", day, "301800.00", contracts["advance"].payer.title, "首付款"),
        icbc_row("S5", day, "12345.00", "无名商贸有限公司", "往来"),
        icbc_row("S6", day, "50000.00", "集团财务有限公司", f"代付{contracts['bill'].code}"),
        icbc_row("", day, "100.00", "同日同额有限公司", "货款"),
        icbc_row("", day, "100.00", "同日同额有限公司", "货款"),
        icbc_row("S9", day, "35.00", "工商银行", "手续费", out=True),
        icbc_row("S10", day, "8800.00", "供应商甲", "采购款", out=True),
    ]
    rows += [icbc_row(f"F{at}", day, f"{at + 1}.01", f"零星客户{at}", "零售", out=at % 2 == 0) for at in range(490)]
    return rows


@pytest.fixture
def contracts(finance: User, director: User) -> dict[str, Any]:
    made = [make_effective_contract(effective_on=ago(60)) for _ in range(7)]
    rename(made[0], "华讯（北京）有限公司")
    rename(made[1], "华讯(上海)有限公司")
    payer = rename(made[2], "滨海港务集团有限公司")
    for contract in made[3:5]:
        Contract.objects.filter(pk=contract.pk).update(payer=payer, customer=payer, invoice_title=payer)
        ReceivableLine.objects.filter(contract=contract).update(customer=payer)
    named = {"beijing": made[0], "shanghai": made[1], "three": made[2:5], "advance": made[5], "bill": made[6]}
    for contract in made:
        contract.refresh_from_db()
    return named


def post(user: User, url: str, **data: Any) -> HttpResponse:
    return signed_in(user).post(url, data)


def upload(user: User, file: Any, own: BankAccount) -> HttpResponse:
    return post(user, "/bank-statements/new/", account=own.pk, file=file)


def verb(user: User, record: Any, name: str, expected: int = 302, **data: Any) -> HttpResponse:
    """Fire a verb on the record's page."""
    answer = post(user, f"{record.get_absolute_url()}{name}/", **data)
    assert answer.status_code == expected, answer.content.decode()[-1500:]
    record.refresh_from_db()
    return answer


def accept_best(user: User, receipt: Receipt, expected: int = 302) -> HttpResponse:
    """The one click on the page of unclaimed money."""
    page = signed_in(user).get("/receipts/unclaimed/").content.decode()
    best = proposals(receipt, lines=ReceivableLine.objects.visible_to(user))[0]
    assert best.key in page, "the page offers it"
    answer = post(user, "/receipts/unclaimed/", receipt=receipt.pk, proposal=best.key)
    assert answer.status_code == expected, answer.content.decode()[-1500:]
    receipt.refresh_from_db()
    return answer


def test_money_from_the_bank(contracts: dict[str, Any], cashier: User, finance: User, sales2: User) -> None:
    own = account()
    rows = export(contracts)
    _in_two_formats_twice(rows, cashier, own)
    _equal_amounts_and_brackets(contracts, finance, sales2)
    _one_transfer_for_three_contracts(contracts, cashier, finance)
    _an_advance_before_any_invoice(contracts, finance)
    _payers_nobody_knows(contracts, finance)
    _balances_of_every_day(contracts)
    _a_bill_of_six_months_refused(contracts, cashier, finance, own)
    assert list(check_invariants()) == []


def _in_two_formats_twice(rows: list[Any], cashier: User, own: BankAccount) -> None:
    assert len(rows) == 500
    assert upload(cashier, xls_file(rows), own).status_code == 302
    statement = BankStatement.objects.get()
    page = signed_in(cashier).get(statement.get_absolute_url()).content.decode()
    assert "华讯(北京)有限公司" in page and not Receipt.objects.exists(), "shown before it is taken"
    verb(cashier, statement, "take")
    assert (statement.state, statement.lines_new, statement.lines_known) == ("taken", 500, 0)
    received, lines = Receipt.objects.count(), StatementLine.objects.count()
    assert (received, lines) == (8 + 245, 500)
    assert upload(cashier, xls_file(rows), own).status_code == 409, "the same file"
    assert upload(cashier, csv_file(rows), own).status_code == 302
    again = BankStatement.objects.latest("pk")
    assert (again.lines_new, again.lines_known) == (0, 500)
    verb(cashier, again, "take")
    assert upload(cashier, csv_file(rows), own).status_code == 409
    assert (Receipt.objects.count(), StatementLine.objects.count()) == (received, lines)
    assert Receipt.objects.filter(payer_name="同日同额有限公司").count() == 2
    total = sum(receipt.gross_amount for receipt in Receipt.objects.all())
    assert statement.gross_in == total == again.gross_in


def _equal_amounts_and_brackets(contracts: dict[str, Any], finance: User, sales2: User) -> None:
    """Two customers pay the same amount; the names differ by place only, and by width not at all."""
    for code, place in (("S1", "beijing"), ("S2", "shanghai")):
        receipt, contract = Receipt.objects.get(reference=code), contracts[place]
        ar = ar_of(contract)
        accept_best(ar, receipt)
        assert (receipt.state, receipt.contract, receipt.owner) == ("claimed", contract, ar)
        beaten = post(sales2, f"{receipt.get_absolute_url()}claim/", contract=contract.pk, note="也是我的")
        assert beaten.status_code == 404, "another account manager no longer sees it"
        late = post(finance, f"{receipt.get_absolute_url()}claim/", contract=contract.pk)
        assert late.status_code == 409 and str(ar) in late.content.decode(), "told who was faster"
        verb(ar, receipt, "confirm", expected=403)
        verb(finance, receipt, "confirm")
        assert (position(contract).received, receipt.gross_free) == (ADVANCE, 0)


def _one_transfer_for_three_contracts(contracts: dict[str, Any], cashier: User, finance: User) -> None:
    receipt = Receipt.objects.get(reference="S3")
    accept_best(cashier, receipt)
    verb(cashier, receipt, "confirm", expected=403)
    verb(finance, receipt, "confirm")
    assert [position(one).received for one in contracts["three"]] == [ADVANCE] * 3
    assert receipt.gross_free == 0


def _an_advance_before_any_invoice(contracts: dict[str, Any], finance: User) -> None:
    contract = contracts["advance"]
    assert not contract.invoices.exists()
    receipt = Receipt.objects.get(reference="S4")
    accept_best(ar_of(contract), receipt)
    verb(finance, receipt, "confirm")
    where = position(contract)
    assert (where.received, where.invoiced, where.open) == (ADVANCE, 0, D(1006000) - ADVANCE)


def _payers_nobody_knows(contracts: dict[str, Any], finance: User) -> None:
    """One is told by the text and needs a word; the other stays unclaimed."""
    unknown = Receipt.objects.get(reference="S5")
    assert proposals(unknown) == []
    contract = contracts["bill"]
    paid_for = Receipt.objects.get(reference="S6")
    best = proposals(paid_for)[0]
    url = f"{paid_for.get_absolute_url()}accept/"
    ar = ar_of(contract)
    assert post(ar, url, proposal=best.key).status_code == 409, "who is not a party needs a word"
    assert post(ar, url, proposal=best.key, note="集团代付").status_code == 302
    verb(finance, paid_for, "confirm")
    assert position(contract).received == D(50000)


def _balances_of_every_day(contracts: dict[str, Any]) -> None:
    total = sum(receipt.gross_amount for receipt in Receipt.objects.all())
    allocated = ADVANCE * 6 + D(50000)
    assert on_account(ago(11)) == 0
    assert on_account(ago(10)) == total, "it came in, and was allocated today"
    assert on_account() == total - allocated
    assert sum(row.total for row in ageing(ago(1))) == ADVANCE * 7
    assert sum(row.total for row in ageing()) == ADVANCE * 7 - allocated


def _a_bill_of_six_months_refused(contracts: dict[str, Any], cashier: User, finance: User, own: BankAccount) -> None:
    contract = contracts["bill"]
    line = line_of(contract, "effect")
    left = line.gross_open
    assert left == D(251800)
    before, on_hand = today(), on_account()
    due = today() + dt.timedelta(days=180)
    data = {
        "account": own.pk,
        "payer_name": contract.payer.title,
        "gross_amount": "251,800.00",
        "value_on": today(),
        "reference": "CD-0001",
        "method": term("receipt_method", "bank_bill").pk,
        "currency": "CNY",
        "acceptor": "某城商行",
        "bill_due_on": due,
    }
    assert post(cashier, "/receipts/new/", **data).status_code == 302
    bill = Receipt.objects.get(reference="CD-0001")
    verb(ar_of(contract), bill, "accept", proposal=proposals(bill)[0].key)
    verb(finance, bill, "confirm")
    row = _row(contract)
    assert (bill.state, row.total, row.bills) == ("held", 0, left), "settled, but by a bill"
    assert on_account() == on_hand, "a bill is no money yet"
    verb(cashier, bill, "honour", expected=409)
    with time_machine.travel(dt.datetime.combine(due, dt.time(3), dt.UTC), tick=False):
        verb(cashier, bill, "refuse", note="承兑人拒付")
        row = _row(contract)
        assert (bill.state, row.total, row.bills) == ("refused", left, 0)
        assert row.buckets[bucket_of(line.due_on, due)] == left, "as old as it always was"
        assert _row(contract, before).bills == left, "on that day a bill was on hand"
        assert position(contract).received == D(50000)
    line.refresh_from_db()
    assert (line.state, line.gross_open) == ("eligible", left)


def _row(contract: Contract, day: dt.date | None = None) -> Any:
    return next(row for row in ageing(day) if row.key == contract.payer_id)
