"""Pages and API of digital coverage: who reads, who writes, the same both ways."""

import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, User
from maturity import selectors
from maturity.models import Practice
from maturity.services import practice as practices
from tests.api.caller import Caller, problem
from tests.factories.bankfiles import upload, xlsx_file
from tests.factories.maturity import make_head, make_keeper, make_practice
from tests.helpers import signed_in
from tests.maturity.test_sheet import file, row

pytestmark = pytest.mark.django_db


def department(code: str) -> int:
    return Department.objects.get(code=code).pk


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", ("数字化覆盖", "已声明未见使用")), ("en", ("Digital coverage", "Claimed, not seen"))],
)
def test_everybody_who_works_here_reads_the_matrix(stranger: User, language: str, words: tuple[str, ...]) -> None:
    make_practice("ML-2")
    stranger.language = language
    stranger.save()
    page = signed_in(stranger).get("/maturity/").content.decode()
    assert all(word in page for word in words)
    assert "1 / 3" in page or "1 of 3" in page
    assert "/maturity/take/" not in page


def test_the_keepers_of_system_and_security_do_not(admin: User, security: User) -> None:
    for who in (admin, security):
        assert signed_in(who).get("/maturity/").status_code == 404
        assert signed_in(who).get("/practices/").status_code == 404


def test_down_to_the_pairs(stranger: User) -> None:
    make_practice("ML-2", pain="各管各的")
    practices.exclude(make_practice("ML-3"), by=make_keeper(), note="渠道部做")
    client = signed_in(stranger)
    page = client.get(f"/maturity/?department={department('sales')}&stage=lead").content.decode()
    assert "各管各的" in page and "渠道部做" in page and "ML-4" in page and "ML-1" not in page
    assert "/practices/new/" not in page.partition('id="pairs"')[2]
    assert client.get("/maturity/?stage=nowhere").status_code == 400
    assert client.get("/maturity/?department=x").status_code == 400
    assert client.get("/maturity/?colour=red").status_code == 400


def test_a_pair_nobody_has_looked_at_is_one_click_from_being_recorded() -> None:
    head = make_head("sales")
    client = signed_in(head)
    page = client.get(f"/maturity/?department={department('sales')}").content.decode()
    link = f"/practices/new/?department={department('sales')}&amp;step=ML-3"
    assert link in page
    form = client.get(link.replace("&amp;", "&")).content.decode()
    assert '<option value="ML-3" selected>' in form
    sent = {"department": department("sales"), "step": "ML-3", "medium": "excel", "fit": "2", "pain": "慢"}
    assert client.post("/practices/new/", sent).status_code == 302
    made = Practice.objects.get()
    assert (made.step, made.medium, made.fit, made.pain) == ("ML-3", "excel", 2, "慢")
    assert "ML-3" in client.get(made.get_absolute_url()).content.decode()
    answer = client.post(f"{made.get_absolute_url()}edit/", {"medium": "ltc", "fit": "3", "version": "1"})
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.medium, made.pain) == ("ltc", "")


def test_the_form_is_not_shown_to_others(sales: User) -> None:
    head = make_head("sales")
    practice = make_practice("CB-1", department="finance")
    assert signed_in(sales).get("/practices/new/").status_code == 403
    assert signed_in(head).get(f"/practices/new/?department={department('finance')}").status_code == 403
    assert signed_in(head).get("/practices/new/").status_code == 200
    assert signed_in(head).get(f"{practice.get_absolute_url()}edit/").status_code == 403
    assert signed_in(head).post(f"{practice.get_absolute_url()}exclude/", {"note": "x"}).status_code == 403


def test_the_list_is_narrowed(stranger: User) -> None:
    make_practice("ML-2", medium="excel", fit=1, due_on="2020-01-01")
    make_practice("CB-1", department="finance", medium="erp", fit=3)
    client = signed_in(stranger)
    for query, expected in (
        ("stage=lead", ["ML-2"]),
        ("medium=erp", ["CB-1"]),
        ("fit=3", ["CB-1"]),
        ("late=true", ["ML-2"]),
        ("step=CB-1", ["CB-1"]),
        (f"department={department('sales')}", ["ML-2"]),
        ("q=核实", ["ML-2"]),
    ):
        page = client.get(f"/practices/?{query}").content.decode()
        assert [code for code in ("ML-2", "CB-1") if f"{code} " in page] == expected, query
    assert client.get("/practices/?stage=nowhere").status_code == 400


def test_the_spreadsheet_goes_out_and_in(stranger: User) -> None:
    answer = signed_in(stranger).get("/maturity/sheet/")
    assert answer["Content-Disposition"].startswith("attachment")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.active.max_row == 29
    keeper = signed_in(make_keeper())
    assert keeper.get("/maturity/take/").status_code == 200
    assert keeper.post("/maturity/take/", {}).status_code == 422
    sent = keeper.post("/maturity/take/", {"file": file(row("sales", "ML-2", medium="ltc", fit=4))}, follow=True)
    assert sent.redirect_chain == [("/maturity/", 302)] and Practice.objects.count() == 1
    wrong = keeper.post("/maturity/take/", {"file": file(row("sales", "XX-1", medium="ltc", fit=4))})
    assert wrong.status_code == 409 and "XX-1" in wrong.content.decode()
    assert signed_in(stranger).get("/maturity/take/").status_code == 403
    refused = signed_in(stranger).post("/maturity/take/", {"file": file(row("sales", "ML-3", medium="ltc", fit=4))})
    assert refused.status_code == 403 and Practice.objects.count() == 1


def test_programs_read_and_write_the_same(stranger: User) -> None:
    make_practice("ML-2", fit=3)
    body = Caller(stranger).get(f"maturity/coverage/?department={department('sales')}&stage=lead").json()
    assert body["company"]["applicable"] == 28 and body["company"]["covered"] == 1
    cell = next(
        one for one in body["cells"] if one["department"]["id"] == department("sales") and one["stage"] == "lead"
    )
    assert (cell["coverage"], cell["weighted"]) == (33, 25)
    assert [(one["step"], one["claimed_only"]) for one in body["pairs"]] == [
        ("ML-2", True),
        ("ML-3", False),
        ("ML-4", False),
    ]
    assert len(Caller(stranger).get("maturity/coverage/").json()["pairs"]) == 28
    problem(Caller(stranger).get("maturity/coverage/?stage=nowhere"), 400)
    content = Caller(stranger).get("maturity/sheet/")
    assert content["Content-Type"] == "application/octet-stream"
    keeper = Caller(make_keeper())
    answer = keeper.upload("maturity/take/", {"file": file(row("sales", "ML-3", medium="oa", fit=2))})
    assert answer.json() == {"opened": 1, "changed": 0, "same": 0}
    problem(keeper.upload("maturity/take/", {"file": xlsx_file([], header=["a"])}), 409)
    problem(keeper.upload("maturity/take/", {}), 400)
    problem(Caller(stranger).upload("maturity/take/", {"file": upload("a.xlsx", b"x")}), 403)
    made = Practice.objects.get(step="ML-3")
    body = {"department": department("sales"), "step": "ML-4", "medium": "ltc", "fit": "4"}
    assert keeper.post("practices/", body).status_code == 201
    problem(Caller(stranger).post("practices/", {**body, "step": "ML-1"}), 403)
    assert keeper.post(f"practices/{made.pk}/exclude/", {"note": "渠道部做"}).status_code == 200
    assert selectors.coverage().company.excluded == 1


def test_the_pages_ask_the_same_for_few_and_many(monkeypatch: pytest.MonkeyPatch, stranger: User) -> None:
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    keeper, client = make_keeper(), signed_in(stranger)
    urls = ["/maturity/", f"/maturity/?department={department('sales')}", "/practices/", "/api/v1/practices/"]
    make_practice("ML-2", by=keeper)

    def asked() -> list[int]:
        found = []
        for url in urls:
            assert client.get(url).status_code == 200
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            found.append(len(queries))
        return found

    few = asked()
    for step in ("ML-1", "ML-3", "ML-4", "PI-1", "CG-1", "SS-3", "DA-1", "CB-2"):
        make_practice(step, by=keeper, owner=keeper)
    many = asked()
    assert few == many
    assert max(many[:3]) <= 10 and many[3] <= 5


def test_the_process_map_leads_there(stranger: User) -> None:
    assert 'href="/maturity/"' in signed_in(stranger).get("/process/").content.decode()
