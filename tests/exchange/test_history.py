"""Taking in history with a second mapping: another file, encoding, date, currency and tax basis, no new code."""

import csv
import datetime as dt
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Notice, User
from approvals.models import ApprovalRequest
from billing.models import Invoice, Receipt, ReceivableLine
from contracts.models import Contract
from customers.models import Customer
from exchange.mapping import read_mapping
from exchange.reading import check_files
from guidance import services as guidance
from guidance.models import GuidancePlan
from leads import services as leads
from leads.models import Lead
from ltc.management.commands.verify import CHECKS
from process.models import Case, LogEntry
from process.services import seat
from projects import services as projects
from projects.models import Project
from tests.exchange.history import CHINESE, ROWS, everything, take_in, write, write_mapping
from tests.factories.leads import make_working_lead
from tests.helpers import actions, signed_in

pytestmark = pytest.mark.django_db


def rejected(folder: Path) -> list[dict[str, str]]:
    with (folder / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    return [dict(zip(("line", "key", "reason"), line, strict=False)) for line in lines[1:]]


def findings() -> list[Any]:
    return [finding for _area, check in CHECKS for finding in check()]


def test_each_deal_becomes_what_it_was(tmp_path) -> None:
    tally = take_in(write(tmp_path))
    assert (tally.read, tally.imported, tally.present, tally.rejected) == (5, 5, 0, 0)
    lead = Lead.objects.get(external_ref="old-crm:A-3")
    assert (lead.state, lead.title, lead.gross_amount, lead.currency) == ("working", "某园区意向", None, "CNY")
    running = Project.objects.get(title="产线升级")
    assert (running.state, running.stage, running.starts_on) == ("approved", "guidance", dt.date(2023, 6, 1))
    assert GuidancePlan.objects.get(project=running).state == "in_progress"
    lost = Project.objects.get(title="旧厂改造")
    assert (lost.state, lost.book.is_frozen) == ("lost", True)
    assert {one.imported for one in Project.objects.all()} == {True}
    assert seat(running.case_id, "ar") == User.objects.get(name="王芳") == running.owner
    assert findings() == []


def test_a_won_deal_has_its_money_on_the_closing_day(tmp_path) -> None:
    """106,000 with tax at 6 % is 100,000 net: contract, receivable, invoice and receipt say the same."""
    take_in(write(tmp_path))
    contract = Contract.objects.get(customer_number="A-1")
    day = dt.date(2023, 3, 17)
    assert (contract.gross_amount, contract.net_amount, contract.tax_amount) == (106000, 100000, 6000)
    assert (contract.state, contract.signed_on, contract.project.state) == ("closed", day, "closed")
    line = ReceivableLine.objects.get(contract=contract)
    assert (line.gross_invoiced, line.gross_received, line.due_on) == (106000, 106000, day)
    invoice = Invoice.objects.get(contract=contract)
    assert (invoice.state, invoice.issued_on, invoice.gross_amount) == ("delivered", day, 106000)
    receipt = Receipt.objects.get(contract=contract)
    assert (receipt.state, receipt.value_on, receipt.gross_allocated) == ("confirmed", day, 106000)
    assert Contract.objects.get(customer_number="A-2").gross_amount == Decimal("1060.00"), "a comma between thousands"


def test_history_passes_no_gate_and_tells_nobody(tmp_path) -> None:
    take_in(write(tmp_path))
    assert (Notice.objects.count(), ApprovalRequest.objects.count()) == (0, 0)
    project = Project.objects.get(title="产线升级")
    assert actions(project) == ["project.adopt"]
    entry = LogEntry.objects.get(kind="projects.project", object_id=project.pk)
    assert (entry.actor_kind, entry.actor_name, entry.note) == ("system", "import_history", "old-crm")


def test_an_alias_makes_two_spellings_one_customer(tmp_path) -> None:
    take_in(write(tmp_path))
    names = set(Customer.objects.values_list("title", flat=True))
    assert {"华讯(北京)有限公司", "南方制造厂"} <= names
    assert "北京华讯公司" not in names
    assert Contract.objects.filter(customer__title="华讯(北京)有限公司").count() == 2


def test_what_cannot_be_taken_in_is_written_down_with_its_reason(tmp_path) -> None:
    wrong = [
        ["", "王芳", "甲", "", "", "线索", "", "", ""],
        ["B-1", "", "甲", "", "", "线索", "", "", ""],
        ["B-2", "王芳", "甲", "", "", "梦想", "", "", ""],
        ["B-3", "王芳", "", "", "", "赢单", "", "01.01.2023", "1"],
        ["B-4", "王芳", "甲", "", "", "赢单", "", "", "1"],
        ["B-5", "王芳", "甲", "", "", "赢单", "", "01.01.2023", ""],
        ["B-6", "王芳", "甲", "", "", "线索", "2023-01-05", "", ""],
        ["B-7", "王芳", "甲", "", "", "线索", "01.01.0001", "", ""],
        ["B-8", "王芳", "甲", "", "", "跟进", "02.01.2023", "01.01.2023", ""],
        ["B-9", "王芳", "甲", "", "", "线索", "", "", "many"],
        ["B-10", "王芳", "甲", "", "", "线索", "", "", "-5"],
        ["B-11", "王芳", "甲", "", "", "线索", "", "", "1e30"],
        ["B-12", "王芳", "甲" * 300, "", "", "线索", "", "", ""],
        ["k" * 200, "王芳", "甲", "", "", "线索", "", "", ""],
        ["A-1", "王芳", "甲", "", "", "线索", "", "", ""],
    ]
    tally = take_in(write(tmp_path, [*ROWS, *wrong]))
    assert (tally.read, tally.imported, tally.rejected) == (20, 5, 15)
    assert tally.read == tally.imported + tally.rejected
    found = rejected(tmp_path)
    assert [int(row["line"]) for row in found] == list(range(7, 22))
    assert [row["key"] for row in found] == [row[0] for row in wrong]
    assert all(row["reason"] for row in found)
    assert len({row["reason"] for row in found}) >= 11, "each says its own reason"
    assert findings() == []


def test_the_same_run_again_doubles_nothing(tmp_path) -> None:
    folder = write(tmp_path, [*ROWS, ["B-1", "", "甲", "", "", "线索", "", "", ""]])
    take_in(folder)
    before = everything()
    tally = take_in(folder)
    assert (tally.read, tally.imported, tally.present, tally.rejected) == (6, 0, 5, 1)
    assert everything() == before
    grown = take_in(write(tmp_path, [*ROWS, ["A-6", "王芳", "南方制造厂", "", "新线", "线索", "", "", ""]]))
    assert (grown.imported, grown.present) == (1, 5), "what is new in the file is taken in"


def test_a_row_put_right_is_taken_in_by_the_next_run(tmp_path) -> None:
    take_in(write(tmp_path, [["B-1", "王芳", "甲", "", "", "梦想", "", "", ""]]))
    assert rejected(tmp_path)[0]["key"] == "B-1"
    tally = take_in(write(tmp_path, [["B-1", "王芳", "甲", "", "", "线索", "", "", ""]]))
    assert (tally.imported, tally.rejected, rejected(tmp_path)) == (1, 0, [])


def test_one_source_knows_nothing_of_another(tmp_path) -> None:
    take_in(write(tmp_path))
    tally = take_in(tmp_path, source="older-crm")
    assert (tally.imported, tally.present) == (5, 0)


def test_chinese_names_of_products_and_departments_are_kept_apart(tmp_path) -> None:
    """No letter of them may stand in a code: each gets one of its own all the same."""
    write(tmp_path)
    (tmp_path / "people.csv").write_text("姓名;主管;部门\n王芳;高总;北区\n陈磊;李总;南区\n", encoding="gb18030")
    (tmp_path / "products.csv").write_text("名称;价格\n平台;1,000.00\n服务;\n", encoding="gb18030")
    columns = {"name": "姓名", "manager": "主管", "department": "部门"}
    files = {
        **CHINESE["files"],
        "people": {"path": "people.csv", "columns": columns},
        "products": {"path": "products.csv", "columns": {"name": "名称", "price": "价格"}},
    }
    tally = take_in(tmp_path, files=files)
    assert (tally.imported, tally.rejected) == (5, 0)
    people = {user.name: user for user in User.objects.filter(name__in=["王芳", "陈磊"])}
    assert people["王芳"].department != people["陈磊"].department
    assert people["王芳"].department.zh == "北区"
    assert people["王芳"].department.head.name == "高总"
    assert not people["王芳"].has_usable_password()


def test_a_company_known_by_its_tax_id_stays_one_company(tmp_path) -> None:
    from tests.factories.customers import make_customer

    known = make_customer(title="登记名称有限公司")
    write(tmp_path, [["C-1", "王芳", "曾用名公司", "", "", "线索", "", "", ""]])
    lines = [
        "名称;税号",
        f"曾用名公司;{known.tax_id}",
        "第二个名字;91350000000000000X",
        "第三个名字;91350000000000000X",
    ]
    (tmp_path / "customers.csv").write_text("\n".join(lines), encoding="gb18030")
    columns = {"name": "名称", "tax_id": "税号"}
    files = {**CHINESE["files"], "customers": {"path": "customers.csv", "columns": columns}}
    assert take_in(tmp_path, files=files).imported == 1
    assert Lead.objects.get().customer == known
    assert Customer.objects.filter(tax_id="91350000000000000X").count() == 1
    assert take_in(tmp_path, files=files).present == 1


# Worked with ------------------------------------------------------------------------------------------
def test_an_imported_deal_is_worked_on_like_any_other(tmp_path, sales2, solution, delivery) -> None:
    take_in(write(tmp_path))
    owner = User.objects.get(name="王芳")
    lead = Lead.objects.get(external_ref="old-crm:A-3")
    leads.edit(lead, by=owner, next_action="拜访", need="一套平台")
    project = Project.objects.get(title="产线升级")
    projects.name_triangle(project, by=owner, sr=solution, fr=delivery)
    assert (seat(project.case_id, "sr"), seat(project.case_id, "fr")) == (solution, delivery)
    plan = GuidancePlan.objects.get(project=project)
    guidance.edit(plan, by=owner, goals="继续引导")
    assert actions(plan) == ["guidance_plan.adopt", "guidance_plan.edit"]
    assert findings() == []


def test_imported_deals_stand_in_lists_search_and_dashboard(tmp_path, director) -> None:
    take_in(write(tmp_path))
    client = signed_in(director)
    assert "产线升级" in client.get("/projects/").content.decode()
    assert "某园区意向" in client.get("/leads/board/").content.decode()
    assert "一期平台" in client.get("/search/?q=一期平台").content.decode()
    assert client.get("/dashboard/").status_code == 200
    for record in (*Project.objects.all(), *Lead.objects.all(), *Contract.objects.all(), *ReceivableLine.objects.all()):
        assert client.get(record.get_absolute_url()).status_code == 200, record


def test_new_deals_begin_after_the_imported_numbers(tmp_path, sales) -> None:
    take_in(write(tmp_path))
    fresh = make_working_lead(sales)
    assert not Lead.objects.filter(code=fresh.code).exclude(pk=fresh.pk).exists()
    assert not fresh.imported


# Streaming --------------------------------------------------------------------------------------------
def peak(folder: Path, rows: int) -> int:
    """The most memory that reading a file of so many rows takes."""

    def lines() -> Iterator[str]:
        yield ";".join(["编号", "客户经理", "阶段"])
        for number in range(rows):
            yield f"K-{number};王芳;线索"

    (folder / "商机.csv").write_text("\n".join(lines()), encoding="gb18030")
    columns = {"key": "编号", "owner": "客户经理", "stage": "阶段"}
    mapping = read_mapping(write_mapping(folder, files={"deals": {"path": "商机.csv", "columns": columns}}), folder)
    tracemalloc.start()
    try:
        assert check_files(mapping) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_files_are_read_as_a_stream(tmp_path) -> None:
    small, large = peak(tmp_path, 500), peak(tmp_path, 20_000)
    assert large < small + 200_000, "forty times the rows, the same memory"


def test_the_log_of_a_case_begins_with_its_source(tmp_path) -> None:
    take_in(write(tmp_path))
    case = Case.objects.get(pk=Project.objects.get(title="一期平台").case_id)
    kinds = LogEntry.objects.filter(case=case).order_by("seq").values_list("action", flat=True)
    assert set(kinds) == {
        "project.adopt",
        "contract.adopt",
        "receivable_line.adopt",
        "invoice.adopt",
        "receipt.adopt",
    }
