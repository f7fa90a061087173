"""The inventory as a spreadsheet: what is given out can be taken in again, all of it or nothing."""

import datetime as dt
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from accounts.models import User
from core.errors import NotAllowed, Refused
from maturity import selectors, sheets
from maturity.models import Practice
from maturity.services import practice as practices
from maturity.services import sheet as services
from maturity.services.sheet import Taken
from process.models import LogEntry
from tests.factories.bankfiles import upload, xlsx_file
from tests.factories.maturity import make_head, make_keeper, make_practice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
HEADS = [sheets.head(zh, en) for _key, zh, en in sheets.COLUMNS]
ORDER = [key for key, _zh, _en in sheets.COLUMNS]


def row(department: str, step: str, **said: Any) -> list[Any]:
    """One row of the sheet; what is not said is empty."""
    values = {"department": department, "step": step, **said}
    return [values.get(key, "") for key in ORDER]


def file(*rows: list[Any], heads: list[str] = HEADS, name: str = "现状.xlsx") -> SimpleUploadedFile:
    return xlsx_file(rows, header=heads, name=name)


def given_out() -> SimpleUploadedFile:
    return upload("现状.xlsx", sheets.write(selectors.pairs()).read())


def cells(content: SimpleUploadedFile) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content.read()))
    content.seek(0)
    return [list(one) for one in book.active.iter_rows(values_only=True)]


def refused(content: Any, by: User) -> list[str]:
    """The reasons why a file is refused; nothing is written."""
    before = list(Practice.objects.order_by("pk").values()), LogEntry.objects.count()
    with pytest.raises(Refused) as error:
        services.take(file=content, by=by)
    assert (list(Practice.objects.order_by("pk").values()), LogEntry.objects.count()) == before
    return [str(reason) for reason in error.value.reasons]


def test_every_pair_stands_in_it_heads_in_both_languages() -> None:
    make_practice("ML-2", medium="excel", fit=2, pain="各管各的", due_on=dt.date(2027, 1, 31))
    found = cells(given_out())
    assert found[0][:4] == ["部门代码 Department code", "部门 Department", "步骤代码 Step code", "步骤 Step"]
    assert len(found) == 1 + 28
    said = next(one for one in found if one[2] == "ML-2")
    assert said[4:11] == ["yes", "Excel", 2, "各管各的", None, None, dt.datetime(2027, 1, 31)]
    assert next(one for one in found if one[2] == "ML-3")[4:] == [None] * 8


def test_what_was_given_out_changes_nothing_when_it_comes_back(sales: User) -> None:
    make_practice("ML-2", medium="none", fit=0, pain="=1+1", owner=sales, due_on=dt.date(2027, 1, 31))
    practices.exclude(make_practice("ML-3"), by=make_keeper(), note="渠道部做")
    make_practice("ML-1", department="channel", medium="other", fit=3, gap="不查重")
    lines = LogEntry.objects.count()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert services.take(file=given_out(), by=make_keeper()) == Taken(same=3)
    assert LogEntry.objects.count() == lines


def test_only_what_differs_is_written(sales: User) -> None:
    changed, same = make_practice("ML-2", medium="excel", fit=2), make_practice("ML-3", medium="paper", fit=1)
    taken = services.take(
        file=file(
            row("sales", "ML-2", medium="LTC", fit=3, owner=sales.username, due_on="2027-01-31"),
            row("sales", "ML-3", medium="纸质", fit="1 较少适配"),
            row("sales", "ML-4", medium="oa", fit=2.0, pain="慢"),
            row("marketing", "ML-1"),
        ),
        by=make_keeper(),
    )
    assert taken == Taken(opened=1, changed=1, same=1)
    changed.refresh_from_db()
    same.refresh_from_db()
    assert (changed.medium, changed.fit, changed.owner, changed.due_on) == ("ltc", 3, sales, dt.date(2027, 1, 31))
    assert (changed.row_version, same.row_version) == (2, 1)
    made = Practice.objects.get(step="ML-4")
    assert (made.medium, made.fit, made.pain) == ("oa", 2, "慢")
    assert not Practice.objects.filter(step="ML-1").exists()


def test_what_does_not_apply() -> None:
    practice = make_practice("ML-2", medium="excel", fit=2)
    out = row("sales", "ML-2", applies="否", reason="渠道部做")
    new = row("sales", "ML-3", applies="no", reason="没有这一步")
    assert services.take(file=file(out, new), by=make_keeper()) == Taken(opened=1, changed=1)
    practice.refresh_from_db()
    assert (practice.state, practice.reason, practice.medium) == ("excluded", "渠道部做", "excel")
    assert Practice.objects.get(step="ML-3").state == "excluded"
    assert services.take(file=file(out, new), by=make_keeper()) == Taken(same=2)
    other = row("sales", "ML-2", applies="no", reason="另有原因")
    assert services.take(file=file(other), by=make_keeper()) == Taken(changed=1)
    back = row("sales", "ML-2", medium="ltc", fit=4)
    assert services.take(file=file(back), by=make_keeper()) == Taken(changed=1)
    practice.refresh_from_db()
    assert (practice.state, practice.reason, practice.medium) == ("applicable", "", "ltc")


def test_every_mistake_is_named_by_row_and_column_and_nothing_is_written() -> None:
    kept = make_practice("ML-3", medium="paper", fit=1)
    wrong = file(
        row("sales", "ML-3", medium="ltc", fit=4),
        row("nowhere", "ML-2", medium="ltc", fit=4),
        row("sales", "XX-1", medium="ltc", fit=4),
        row("sales", "ML-2", medium="fax", fit=9),
        row("sales", "ML-4", medium="none", fit=2, due_on="soon", owner="nobody"),
        row("sales", "ML-3", medium="oa", fit=1),
        row("solution", "PI-2", pain="slow"),
        row("solution", "CG-2", applies="perhaps", medium="oa", fit=1),
        row("solution", "SS-1", applies="no"),
        row("solution", "SS-2", medium="oa", fit=1, pain="长" * 2001),
    )
    assert refused(wrong, make_keeper()) == [
        "Row 3, column A 部门代码 Department code: unknown: nowhere",
        "Row 4, column C 步骤代码 Step code: The process in force has no step XX-1.",
        "Row 5, column F 现用载体 Done in: unknown: fax",
        "Row 5, column G 适配度（0–4） Fit (0-4): a whole number from 0 to 4 is expected",
        "Row 6, column G 适配度（0–4） Fit (0-4): What is not done does not fit: choose 0.",
        "Row 6, column J 责任人账号 Owner's account: nobody who works here signs in as nobody",
        "Row 6, column K 计划上线日 In LTC by: a day as YYYY-MM-DD is expected",
        "Row 7, column C 步骤代码 Step code: row 2 says it already",
        "Row 8, column F 现用载体 Done in: say in what the step is done",
        "Row 8, column G 适配度（0–4） Fit (0-4): a whole number from 0 to 4 is expected",
        "Row 9, column E 是否适用 Applies: yes or no is expected",
        "Row 10, column L 不适用原因 Why not applicable: Please give a reason.",
        "Row 11, column H 痛点 Pain point: this text is too long",
    ]
    kept.refresh_from_db()
    assert kept.medium == "paper"


def test_a_file_full_of_mistakes_is_not_read_to_its_end() -> None:
    reasons = refused(file(*[row("x", "y", medium="ltc")] * 3000), make_keeper())
    assert len(reasons) == sheets.MOST_PROBLEMS + 1


def test_a_head_writes_the_own_department_and_may_leave_the_others_as_they_are() -> None:
    head = make_head("sales")
    make_practice("CB-1", department="finance", medium="erp", fit=3)
    whole = [row("finance", "CB-1", medium="ERP", fit=3), row("sales", "ML-2", medium="ltc", fit=4)]
    assert services.take(file=file(*whole), by=head) == Taken(opened=1, same=1)
    foreign = file(row("sales", "ML-3", medium="ltc", fit=4), row("finance", "CB-1", medium="ltc", fit=3))
    text = "Row 3, column A 部门代码 Department code: only the head of the department and the keeper say this"
    assert refused(foreign, head) == [text]


@pytest.mark.parametrize("who", ["sales", "director", "admin", "auditor"])
def test_nobody_else_takes_a_file_in(who: str, request: pytest.FixtureRequest) -> None:
    by = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        services.take(file=file(row("sales", "ML-2", medium="ltc", fit=4)), by=by)
    assert not Practice.objects.exists()


def bomb() -> SimpleUploadedFile:
    out = io.BytesIO()
    with zipfile.ZipFile(file()) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
        new.writestr("xl/media/x.xml", b"0" * 90_000_000)
    return upload("a.xlsx", out.getvalue())


def formula() -> SimpleUploadedFile:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(HEADS)
    book.active.append(row("sales", "ML-2", medium="ltc", fit="=2+2"))
    book.save(out)
    return upload("a.xlsx", out.getvalue())


HOSTILE: dict[str, tuple[Any, str]] = {
    "a bomb": (bomb, "unpacks"),
    "a formula": (formula, "Line 2: A cell holds a formula"),
    "text named as a workbook": (lambda: upload("a.xlsx", b"a,b"), "not what the name"),
    "macros by name": (lambda: upload("a.xlsm", b"PK\x03\x04"), ".xlsx only"),
    "another kind": (lambda: upload("a.csv", b"a,b"), ".xlsx only"),
    "a damaged workbook": (lambda: upload("a.xlsx", file().read()[:-900]), "damaged"),
    "nothing": (lambda: upload("a.xlsx", b""), "empty"),
    "no heads": (lambda: file(heads=["a", "b"]), "Row 1 lacks the columns: 部门代码 Department code"),
    "a head too few": (lambda: file(heads=HEADS[:6]), "Fit (0-4)"),
    "too many rows": (lambda: file(*[row("sales", "ML-2")] * 5002), "more than 5000"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_read_at_all(name: str) -> None:
    make, sentence = HOSTILE[name]
    reasons = refused(make(), make_keeper())
    assert any(sentence in reason for reason in reasons), reasons


def test_heads_may_stand_in_one_language_and_in_another_order() -> None:
    heads = ["Fit (0-4)", "步骤代码", "department code", "现用载体", "remark of ours"]
    taken = services.take(file=xlsx_file([[3, "ml-2", "sales", "ltc", "x"]], header=heads), by=make_keeper())
    assert taken == Taken(opened=1)
