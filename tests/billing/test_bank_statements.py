"""Bank statements: read in every format, shown, taken in whole or not at all, and twice is once."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing.models import BankStatement, Receipt, StatementLine, StatementPreset
from billing.selectors import check_invariants
from billing.services import bank_statement as statements
from billing.services import receipt as receipts
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.factories.bankfiles import ICBC, camt_entry, camt_file, csv_file, icbc_row, xls_file, xlsx_file
from tests.factories.billing import account, make_receipt
from tests.helpers import actions, signed_in, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
ROWS = [
    icbc_row("HQP001", "2026-10-08 09:30:11", "301,800.00", "北方测试有限公司", "预付款"),
    icbc_row("HQP002", "2026-10-09 10:01:00", "50.00", "工商银行", "手续费", out=True),
    icbc_row("HQP003", "2026-10-09 11:00:00", 1234.56, "华讯（北京）有限公司", "项目款"),
]


def take(cashier: User, file: Any, **given: Any) -> BankStatement:
    return statements.import_(account=given.pop("account", None) or account(), file=file, by=cashier, **given)


def refusal(cashier: User, file: Any, **given: Any) -> list[str]:
    before = BankStatement.objects.count(), Receipt.objects.count(), StatementLine.objects.count()
    with pytest.raises(Refused) as refused:
        take(cashier, file, **given)
    assert before == (BankStatement.objects.count(), Receipt.objects.count(), StatementLine.objects.count())
    return [str(reason) for reason in refused.value.reasons]


def test_it_is_shown_before_it_is_taken(cashier: User) -> None:
    statement = statements.open(account=account(), file=csv_file(ROWS), by=cashier)
    assert (statement.state, statement.lines_read, statement.lines_new) == ("checked", 3, 3)
    assert (statement.gross_in, statement.gross_out) == (D("303034.56"), D("50.00"))
    assert (statement.period_from, statement.period_until) == (dt.date(2026, 10, 8), dt.date(2026, 10, 9))
    assert statement.preset.code == "icbc"
    assert [line["gross_amount"] for line in statement.preview] == ["301800.00", "50.00", "1234.56"]
    assert not Receipt.objects.exists()
    statements.take(statement, by=cashier)
    assert statement.state == "taken"
    assert actions(statement)[-1] == "bank_statement.take"


def test_money_in_becomes_receipts_and_money_out_is_kept(cashier: User) -> None:
    statement = take(cashier, csv_file(ROWS))
    first, second = Receipt.objects.order_by("pk")
    assert (first.state, first.payer_name, first.gross_amount) == ("unclaimed", "北方测试有限公司", D("301800.00"))
    assert (first.reference, first.value_on, first.owner) == ("HQP001", dt.date(2026, 10, 8), None)
    assert actions(first) == ["receipt.open"]
    assert second.gross_amount == D("1234.56")
    out = statement.lines.get(is_credit=False)
    assert (out.receipt, out.gross_amount, out.summary) == (None, D(50), "手续费")
    assert not list(check_invariants())


@pytest.mark.parametrize("make", [csv_file, xls_file, xlsx_file])
def test_every_format_reads_the_same(make: Any, cashier: User) -> None:
    take(cashier, make(ROWS))
    lines = StatementLine.objects.values_list("booked_on", "is_credit", "gross_amount", "name", "reference")
    assert list(lines) == [
        (dt.date(2026, 10, 8), True, D("301800.00"), "北方测试有限公司", "HQP001"),
        (dt.date(2026, 10, 9), False, D("50.00"), "工商银行", "HQP002"),
        (dt.date(2026, 10, 9), True, D("1234.56"), "华讯（北京）有限公司", "HQP003"),
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_of_text(encoding: str, cashier: User) -> None:
    take(cashier, csv_file(ROWS, encoding=encoding))
    assert Receipt.objects.filter(payer_name="华讯（北京）有限公司").exists()


def test_camt_with_balances(cashier: User) -> None:
    entries = [
        camt_entry("A1", "2026-10-08", "1000.50", "North Ltd", "CT-2026-000001"),
        camt_entry("A2", "2026-10-08", "0.50", "Bank", "fee", out=True),
    ]
    statement = take(cashier, camt_file(entries, closing="1100.00"))
    assert (statement.opening_balance, statement.closing_balance) == (D(100), D(1100))
    receipt = Receipt.objects.get()
    assert (receipt.gross_amount, receipt.payer_name, receipt.reference) == (D("1000.50"), "North Ltd", "A1")
    assert (receipt.summary, receipt.payer_account) == ("CT-2026-000001", "99887766")
    reasons = refusal(cashier, camt_file(entries, closing="1100.01", name="other.xml"))
    assert "closing balance" in reasons[0]


def test_the_same_file_twice_is_one(cashier: User) -> None:
    first = take(cashier, csv_file(ROWS))
    assert first.code in refusal(cashier, csv_file(ROWS), account=first.account)[0]


def test_the_same_movements_in_another_format_add_nothing(cashier: User) -> None:
    own = account()
    take(cashier, xls_file(ROWS), account=own)
    again = take(cashier, csv_file(ROWS), account=own)
    assert (again.lines_new, again.lines_known, Receipt.objects.count()) == (0, 3, 2)
    assert not list(check_invariants())


def test_an_overlapping_period_adds_only_what_is_new(cashier: User) -> None:
    own = account()
    take(cashier, csv_file(ROWS), account=own)
    later = [*ROWS[1:], icbc_row("HQP004", "2026-10-12 08:00:00", "7", "丙")]
    again = take(cashier, csv_file(later), account=own)
    assert (again.lines_new, again.lines_known, again.gross_in_new) == (1, 2, D(7))


def test_equal_lines_without_reference_are_counted(cashier: User) -> None:
    own, equal = account(), icbc_row("", "2026-10-08", "100", "甲公司")
    take(cashier, csv_file([equal, equal]), account=own)
    assert Receipt.objects.count() == 2
    again = take(cashier, csv_file([equal, equal, equal]), account=own)
    assert (again.lines_new, again.lines_known) == (1, 2)


def test_one_reference_for_a_batch_of_movements(cashier: User) -> None:
    rows = [icbc_row("B1", "2026-10-08", "100", "甲"), icbc_row("B1", "2026-10-08", "200", "乙")]
    own = account()
    take(cashier, csv_file(rows), account=own)
    assert sorted(Receipt.objects.values_list("gross_amount", flat=True)) == [D(100), D(200)]
    assert take(cashier, csv_file(rows[1:]), account=own).lines_new == 0


def test_a_receipt_typed_before_is_not_doubled(cashier: User) -> None:
    typed = make_receipt(reference="HQP001", gross_amount=D(301800))
    statement = take(cashier, csv_file(ROWS), account=typed.account)
    assert Receipt.objects.count() == 2
    assert statement.lines.get(reference="HQP001").receipt == typed


def test_every_faulty_line_is_named(cashier: User) -> None:
    rows = [
        icbc_row("1", "2026-13-08", "100", "甲"),
        icbc_row("2", "2026-10-08", "abc", "乙"),
        icbc_row("3", "2026-10-08", "1.005", "丙"),
        ["4", "", "", "2026-10-08", "", "5", "6", "", "", "丁", ""],
        icbc_row("5", "2026-10-08", "", "戊"),
        icbc_row("6", (today() + dt.timedelta(days=9)).isoformat(), "1", "己"),
        icbc_row("7", "2026-10-08", "1e30", "庚"),
    ]
    reasons = refusal(cashier, csv_file(rows))
    assert [reason.split(":")[0] for reason in reasons] == [f"Line {number}" for number in range(2, 9)]


def test_summing_and_blank_rows_are_no_lines(cashier: User) -> None:
    rows = [*ROWS, ["", "", "", "", "", "", "", "", "", "", ""], ["合计", "", "", "", "", "50.00", "303034.56"]]
    assert take(cashier, csv_file(rows, above=[["账户明细"], ["起止日期", "20261001"]])).lines_read == 3


def test_running_balances_give_opening_and_closing(cashier: User) -> None:
    rows = [
        icbc_row("2", "2026-10-09", "30", "乙", out=True, balance="1,070.00"),
        icbc_row("1", "2026-10-08", "100", "甲", balance="1,100.00"),
    ]
    statement = take(cashier, csv_file(rows))
    assert (statement.opening_balance, statement.closing_balance) == (D(1000), D(1070))


@pytest.mark.parametrize(
    ("code", "header", "row", "payer", "amount"),
    [
        (
            "boc",
            [
                "交易类型[ Transaction Type ]",
                "付款人名称[ Payer's Name ]",
                "收款人名称",
                "交易日期",
                "交易金额",
                "交易流水号",
                "用途",
            ],
            ["来账", "甲公司", "我们", "20261008", "88.00", "BOC1", "货款"],
            "甲公司",
            D(88),
        ),
        (
            "cmb",
            ["交易日", "交易时间", "借方金额", "贷方金额", "余额", "摘要", "流水号", "收(付)方名称", "收(付)方账号"],
            ["20261008", "10:00:00", "", "99.10", "99.10", "货款", "C1", "乙公司", "123"],
            "乙公司",
            D("99.10"),
        ),
        (
            "ccb",
            [
                "交易时间",
                "借方发生额（支取）",
                "贷方发生额（收入）",
                "余额",
                "币种",
                "对方户名",
                "对方账号",
                "摘要",
                "账户明细编号-交易流水号",
            ],
            ["20261008 10:11:12", "0.00", "55.00", "55.00", "人民币元", "丙公司", "62", "货款", "X-1"],
            "丙公司",
            D(55),
        ),
        (
            "abc",
            ["交易时间", "收入金额", "支出金额", "账户余额", "对方账号", "对方户名", "交易用途"],
            ["2026-10-08 10:11:12", "66.00", "", "66.00", "62", "丁公司", "货款"],
            "丁公司",
            D(66),
        ),
        (
            "general",
            ["日期", "金额", "收支", "户名", "附言", "流水号"],
            ["2026年10月8日", "77.00", "收入", "戊公司", "货款", "G1"],
            "戊公司",
            D(77),
        ),
    ],
)
def test_templates_are_found_by_their_columns(
    code: str, header: list[str], row: list[Any], payer: str, amount: Decimal, cashier: User
) -> None:
    statement = take(cashier, csv_file([row], header=header))
    receipt = Receipt.objects.get()
    assert (statement.preset.code, receipt.payer_name, receipt.gross_amount) == (code, payer, amount)
    assert receipt.value_on == dt.date(2026, 10, 8)


def test_an_administrator_adds_a_template(cashier: User, admin: User) -> None:
    header = ["Valuta", "Betrag", "Wer"]
    file = csv_file([["08-10-2026", "12.00", "Nord GmbH"]], header=header)
    assert "template" in refusal(cashier, file)[0]
    page = "/admin/billing/statementpreset/add/"
    data = {
        "code": "de",
        "zh": "德国",
        "en": "German bank",
        "position": 1,
        "is_active": "on",
        "columns": '{"booked_on": ["Valuta"], "amount": ["Betrag"], "name": ["Wer"]}',
        "date_formats": "%d-%m-%Y",
    }
    assert signed_in(admin).post(page, {**data, "columns": '{"x": ["y"]}'}).status_code == 200
    assert signed_in(admin).post(page, data).status_code == 302
    file.seek(0)
    assert take(cashier, file).preset == StatementPreset.objects.get(code="de")


def test_the_file_of_another_account_is_refused(cashier: User) -> None:
    other = account()
    file = csv_file(ROWS, above=[["账号", other.number]])
    assert other.number in refusal(cashier, file)[0]
    file.seek(0)
    assert take(cashier, file, account=other).lines_new == 3


def test_who_takes_statements_in(cashier: User, sales: User) -> None:
    with pytest.raises(NotAllowed):
        statements.open(account=account(), file=csv_file(ROWS), by=sales)
    statement = statements.open(account=account(), file=csv_file(ROWS), by=cashier)
    with unchanged(statement), pytest.raises(NotAllowed):
        statements.take(statement, by=sales)
    statements.discard(statement, by=cashier)
    with unchanged(statement), pytest.raises(Refused):
        statements.take(statement, by=cashier)
    assert signed_in(sales).get(statement.get_absolute_url()).status_code == 404
    assert take(cashier, csv_file(ROWS)).state == "taken", "a discarded file may come again"


def test_all_or_nothing(cashier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = statements.open(account=account(), file=csv_file(ROWS), by=cashier)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise Refused("stop")

    monkeypatch.setattr(statements.StatementLine.objects, "bulk_create", broken)
    with unchanged(statement), pytest.raises(Refused):
        statements.take(statement, by=cashier)
    assert not Receipt.objects.exists()


def test_a_large_file_is_taken_in_behind_the_scenes(cashier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.models.bank_statement.LARGE", 2)
    statement = statements.open(account=account(), file=csv_file(ROWS), by=cashier)
    statements.take(statement, by=cashier)
    assert (statement.state, Receipt.objects.count()) == ("taking", 0)
    assert statements.run_waiting() == 1
    statement.refresh_from_db()
    assert (statement.state, Receipt.objects.count(), statements.progress(statement)) == ("taken", 2, 3)
    assert statements.run_waiting() == 0
    assert not list(check_invariants())


def test_what_stops_a_large_file_is_told(cashier: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.models.bank_statement.LARGE", 2)
    statement = statements.open(account=account(), file=csv_file(ROWS), by=cashier)
    statements.take(statement, by=cashier)
    BankStatement.objects.filter(pk=statement.pk).update(sha256="0" * 64)
    assert statements.run_waiting() == 0
    statement.refresh_from_db()
    assert (statement.state, Receipt.objects.count()) == ("checked", 0)
    assert cashier.notices.filter(link=statement.get_absolute_url()).exists()


def test_four_hundred_lines_ask_as_often_as_four(cashier: User) -> None:
    asked = []
    for count in (4, 400):
        rows = [icbc_row(f"R{number}", "2026-10-08", "1.00", f"公司{number}") for number in range(count)]
        own = account()
        with CaptureQueriesContext(connection) as queries:
            take(cashier, csv_file(rows), account=own)
        asked.append(len(queries))
    assert asked[1] <= asked[0]


def test_upload_look_and_take_in_by_page(cashier: User) -> None:
    browser, own = signed_in(cashier), account()
    assert browser.get("/bank-statements/new/").status_code == 200
    data = {"account": own.pk, "file": csv_file(ROWS), "idempotency_key": "s1"}
    answer = browser.post("/bank-statements/new/", data)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    statement = BankStatement.objects.get()
    page = browser.get(statement.get_absolute_url()).content.decode()
    assert "华讯（北京）有限公司" in page and "301,800.00" in page
    assert browser.post(f"{statement.get_absolute_url()}take/", {"idempotency_key": "s2"}).status_code == 302
    page = browser.get(statement.get_absolute_url()).content.decode()
    assert Receipt.objects.get(reference="HQP003").get_absolute_url() in page
    again = browser.post("/bank-statements/new/", {**data, "file": csv_file(ROWS), "idempotency_key": "s3"})
    assert again.status_code == 409 and statement.code in again.content.decode()
    assert browser.get("/bank-statements/").status_code == 200


def test_a_line_stays_as_the_bank_wrote_it(cashier: User) -> None:
    from django.db import DatabaseError, transaction

    take(cashier, csv_file(ROWS))
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementLine.objects.update(gross_amount=1)
    receipts.edit(Receipt.objects.get(reference="HQP003"), by=cashier, gross_amount=D(1))
    assert [sentence for _record, sentence in check_invariants()] == ["The receipt differs from the line of the bank."]


def test_text_as_formula_is_text_and_a_formula_is_refused(cashier: User) -> None:
    kept = icbc_row('="000123"', "2026-10-08", "1", "甲")
    assert take(cashier, csv_file([kept])).lines.get().reference == "000123"
    assert "formula" in refusal(cashier, csv_file([icbc_row("1", "2026-10-08", "1", "=cmd|'/c calc'!A1")]))[0]


def test_a_number_that_lost_digits_is_refused(cashier: User) -> None:
    row = icbc_row("x", "2026-10-08", "1", "甲")
    row[0] = 12345678901234567890
    assert "lost digits" in refusal(cashier, xlsx_file([row], header=ICBC))[0]


def known(statement: BankStatement) -> dt.date | None:
    return BankStatement.objects.known_until().get(statement.account.entity_id)


def test_a_statement_reaches_beyond_its_last_movement_where_that_is_said(cashier: User) -> None:
    own, day = account(), today()
    for wrong in (dt.date(2026, 10, 8), day + dt.timedelta(days=1)):
        assert "from 2026-10-09 to today" in refusal(cashier, csv_file(ROWS), reaches_until=wrong)[0]
    statement = take(cashier, csv_file(ROWS), account=own, reaches_until=dt.date(2026, 10, 20))
    assert (statement.period_until, known(statement)) == (dt.date(2026, 10, 9), dt.date(2026, 10, 20))
    silent = take(cashier, csv_file(ROWS, name="b.csv", above=[["x"]]))
    assert (silent.reaches_until, silent.reach) == (None, dt.date(2026, 10, 9))


@pytest.mark.parametrize(
    ("closed_on", "expected"),
    [("2026-10-15", dt.date(2026, 10, 15)), ("2026-10-07", None), ("2999-12-31", None), ("soon", None), ("", None)],
)
def test_the_day_of_the_closing_balance_says_how_far_it_reaches(
    closed_on: str, expected: dt.date | None, cashier: User
) -> None:
    entries = [camt_entry("A1", "2026-10-08", "1000.50", "North Ltd", "CT-2026-000001")]
    statement = take(cashier, camt_file(entries, closing="1100.50", closed_on=closed_on))
    assert statement.reaches_until == expected


def test_nothing_moved_since_and_who_may_say_so(cashier: User, sales: User) -> None:
    own, day = account(), today()
    statement = take(cashier, csv_file(ROWS), account=own)
    with unchanged(statement), pytest.raises(NotAllowed):
        statements.extend(statement, reaches_until=day, by=sales)
    for wrong in (statement.period_until, day + dt.timedelta(days=1)):
        with unchanged(statement), pytest.raises(Refused, match="from 2026-10-10 to today"):
            statements.extend(statement, reaches_until=wrong, by=cashier)
    statements.extend(statement, reaches_until=day, by=cashier)
    statement.refresh_from_db()
    assert (statement.reach, known(statement), actions(statement)[-1]) == (day, day, "bank_statement.extend")
    with unchanged(statement), pytest.raises(Refused, match="until today already"):
        statements.extend(statement, reaches_until=day, by=cashier)
    later = [icbc_row("HQP009", "2026-10-12 09:30:11", "1.00", "北方测试有限公司")]
    behind = take(cashier, csv_file(later, name="c.csv"), account=own)
    with unchanged(behind), pytest.raises(Refused, match=f"{statement.code} reaches further"):
        statements.extend(behind, reaches_until=day, by=cashier)
    shown = statements.open(account=account(), file=csv_file(later, name="d.csv", above=[["y"]]), by=cashier)
    with unchanged(shown), pytest.raises(Refused):
        statements.extend(shown, reaches_until=day, by=cashier)
    page = signed_in(cashier).get(statement.get_absolute_url()).content.decode()
    assert day.isoformat() in page and f"{statement.get_absolute_url()}extend/" in page
