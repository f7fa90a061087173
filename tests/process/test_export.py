"""Exports: what the list shows, as a file; never more rows, columns or formulas than its reader may have."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from finance.models import CostSheet
from process import export
from process.guards import stage_models
from process.models import SavedView
from process.outlet import outlets
from tests.factories.contracts import make_effective_contract
from tests.factories.finance import line, make_book, make_sheet
from tests.factories.leads import make_lead, make_working_lead
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def fetch(user, address: str) -> list[list[str]]:
    """The lines of a CSV export."""
    answer = signed_in(user).get(address)
    assert answer.status_code == 200, address
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_list_is_exported_as_it_is_shown(lead_manager, sales) -> None:
    hot = make_working_lead(sales, title="智慧水务", gross_amount=Decimal("1234.50"), temperature="hot")
    make_working_lead(sales, title="Other", temperature="cold")
    head, row = fetch(lead_manager, "/leads/export/?temperature=hot&q=水务")
    assert head[:2] == ["编号", "名称"]
    shown = dict(zip(head, row, strict=True))
    assert shown["编号"] == hot.code
    assert shown["名称"] == "智慧水务"
    assert "1234.50" in row, "a number without separators"
    assert hot.state_label in row and str(hot.owner) in row and hot.get_temperature_display() in row


def test_the_columns_of_the_list_are_kept(lead_manager, sales) -> None:
    """Those of the address, else those the person is used to; a column nobody has is refused."""
    lead = make_working_lead(sales)
    head, row = fetch(lead_manager, "/leads/export/?columns=owner,code")
    assert (head, row) == (["负责人", "编号"], [str(sales), lead.code])
    SavedView.objects.create(kind="leads.lead", owner=lead_manager, name="", columns=["code"])
    assert fetch(lead_manager, "/leads/export/") == [["编号"], [lead.code]]
    assert signed_in(lead_manager).get("/leads/export/?columns=colour").status_code == 400
    book = openpyxl.load_workbook(
        io.BytesIO(b"".join(signed_in(lead_manager).get("/leads/export/?columns=code,owner&format=xlsx")))
    )
    assert [cell.value for cell in next(book.active.iter_rows())] == ["编号", "负责人"]


def test_heads_and_words_are_in_the_readers_language(lead_manager) -> None:
    make_lead(by=lead_manager)
    lead_manager.language = "en"
    lead_manager.save()
    head, row = fetch(lead_manager, "/leads/export/")
    assert head[:2] == ["Number", "Title"]
    assert "New" in row


def test_the_sort_of_the_list_is_kept(lead_manager) -> None:
    for amount in (300, 100, 200):
        make_lead(by=lead_manager, gross_amount=amount)
    _head, *rows = fetch(lead_manager, "/leads/export/?sort=-amount")
    place = next(index for index, cell in enumerate(rows[0]) if cell == "300.00")
    assert [row[place] for row in rows] == ["300.00", "200.00", "100.00"]


def test_nobody_exports_what_the_list_would_not_show(sales, stranger) -> None:
    lead = make_working_lead(sales)
    assert any(lead.code in row for row in fetch(sales, "/leads/export/"))
    assert len(fetch(stranger, "/leads/export/")) == 1


def test_cost_needs_the_right_to_cost(pfc, sales, solution) -> None:
    book = make_book(sales, seats={"sr": solution})
    make_sheet(book, solution, lines=[line("material.hardware", 100)])
    label = str(CostSheet._meta.get_field("net_cost").verbose_name)
    assert any(label.lower() == head.lower() for head in fetch(pfc, "/cost-sheets/export/")[0])
    head, *rows = fetch(sales, "/cost-sheets/export/")
    assert not rows and not any(label.lower() == one.lower() for one in head)


@pytest.mark.parametrize(
    "query", ["colour=red", "sort=secret", "state=nonsense", "format=exe", "temperature=nonsense", "owner=1e30"]
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_the_list_refuses_is_refused(sales, query, form) -> None:
    address = f"/leads/export/?{query}" + ("" if "format" in query else f"&format={form}")
    assert signed_in(sales).get(address).status_code == 400


def test_formulas_are_made_harmless(sales) -> None:
    evil = make_lead(by=sales, title='=HYPERLINK("http://x","y")', company_name="@SUM(A1)")
    (row,) = [row for row in fetch(sales, "/leads/export/") if evil.code in row]
    assert '\'=HYPERLINK("http://x","y")' in row and "'@SUM(A1)" in row
    assert export.safe(["+1", "-1", "@x", "\tx", "\rx", "a=b", ""]) == ["'+1", "'-1", "'@x", "'\tx", "'\rx", "a=b", ""]
    assert export.safe([Decimal("-1.00"), None, dt.date(2026, 1, 2)]) == [Decimal("-1.00"), None, dt.date(2026, 1, 2)]


def plain(found: export.Rows) -> list[list[str]]:
    """Rows out of the batches of columns that an export is made in."""
    return [[str(value or "") for value in row] for batch in found for row in zip(*batch, strict=True)]


def book_of(user, address: str) -> Any:
    answer = signed_in(user).get(address)
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active


def test_a_spreadsheet_has_numbers_days_and_no_formula(sales) -> None:
    make_lead(by=sales, title="=1+1", gross_amount=Decimal("12.30"), next_action_on=dt.date(2030, 1, 2))
    page = book_of(sales, "/leads/export/?format=xlsx")
    assert page.max_row == 2
    cells = [cell for cell in page[2] if cell.value is not None]
    values = [cell.value for cell in cells]
    assert 12.3 in values and dt.datetime(2030, 1, 2) in values
    assert next(cell for cell in cells if cell.value == "=1+1").data_type == "s"


def test_a_spreadsheet_has_a_limit_and_says_so(sales, monkeypatch) -> None:
    monkeypatch.setattr(export, "MOST_SHEET_ROWS", 2)
    for _number in range(3):
        make_lead(by=sales)
    answer = signed_in(sales).get("/leads/export/?format=xlsx")
    assert answer.status_code == 400
    assert "CSV" in answer.content.decode()
    assert len(fetch(sales, "/leads/export/")) == 4


def test_an_export_asks_the_same_five_questions_however_long_it_is(lead_manager) -> None:
    def statements() -> int:
        client = signed_in(lead_manager)
        with CaptureQueriesContext(connection) as asked:
            b"".join(client.get("/leads/export/").streaming_content)
        return len(asked)

    make_lead(by=lead_manager)
    few = statements()
    for _number in range(12):
        make_lead(by=lead_manager)
    assert few == statements() <= 5


def test_every_list_can_be_exported_and_offers_it(director) -> None:
    make_effective_contract()
    client = signed_in(director)
    for outlet in outlets():
        lines = fetch(director, outlet.url("export"))
        assert len(lines[0]) == len(outlet.list_columns(director)), outlet.plural
        assert len(lines) - 1 == outlet.list_queryset(director).count(), outlet.plural
        assert f'href="{outlet.url("export")}?format=csv"' in client.get(outlet.url("list")).content.decode()


def test_tuples_and_records_say_the_same(director) -> None:
    """What is read without a record is what the record itself says."""
    make_effective_contract()
    for outlet in outlets():
        rows = outlet.list_queryset(director).order_by("pk")
        columns = outlet.list_columns(director)
        quick = plain(export.rows(outlet, rows, columns, director))
        slow = plain(export._from_records(outlet, rows, columns, director))
        for one, other in zip(quick, slow, strict=True):
            assert [_same(cell) for cell in one] == [_same(cell) for cell in other], outlet.plural


def _same(text: str) -> str:
    return text.replace(",", "").removesuffix(".00")


def test_a_reference_is_named_as_the_record_names_itself() -> None:
    for model in stage_models():
        if model.shown_by != ("code", "title"):
            parts = {name: f"{name} text" for name in model.shown_by}
            assert str(model(**parts)) == " ".join(parts.values()), model
