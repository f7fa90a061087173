"""What the measurements themselves must get right: the data set, the counter, the bars, the plans."""

import json
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, Resolver404, resolve

from core.dictionary import Term
from leads.models import Lead
from ltc.bench import company, report
from ltc.bench.copying import text_of
from ltc.bench.measure import Result, growth
from ltc.bench.plans import scans, statements, violations
from ltc.bench.workloads import WORKLOADS, Ask, Workload
from ltc.local.console import Problem
from projects.models import Project
from tests.factories.leads import make_lead
from tests.helpers import signed_in

PAGES = override_settings(
    ROOT_URLCONF="ltc.bench.urls", MIDDLEWARE=["ltc.bench.counting.CountStatements", *settings.MIDDLEWARE]
)


def test_a_company_has_every_state_a_board_shows_and_one_chinese_name_in_twenty() -> None:
    states = Counter(company.lead_state(number) for number in range(1, 1001))
    assert set(states) <= set(Lead.states.by_code)
    assert all(states[state] >= 100 for state in company.LEAD_STATES)
    assert states["converted"] == 250
    for number in range(1, 501):
        state, stage = company.project_state(number)
        assert state in Project.states.by_code
        assert stage in dict(Project._meta.get_field("stage").choices)
    chinese = [number for number in range(1, 1001) if not company.company_name(number).isascii()]
    assert len(chinese) == 50


def test_the_amounts_of_a_deal_add_up() -> None:
    for number in range(1, 2000):
        gross, net, tax = company.amounts(number)
        assert gross == net + tax
        assert tax * 100 == net * 13


@pytest.mark.parametrize("leads", [1000, 100_000])
def test_every_case_belongs_to_one_deal_customer_or_receipt(leads: int) -> None:
    size = company.Size(leads)
    own = [size.case_of_project(number) for number in range(size.quarter + 1, size.half + 1)]
    customers = [size.case_of_customer(number) for number in range(1, size.half + 1)]
    receipts = [size.case_of_receipt(number) for number in range(1, size.quarter + 1)]
    assert sorted([*range(1, leads + 1), *own, *customers, *receipts]) == list(range(1, size.cases + 1))


def test_values_are_written_as_copy_reads_them() -> None:
    assert [text_of(value) for value in (None, True, False, {}, [], 1)] == ["\\N", "t", "f", "{}", "{}", "1"]


@pytest.mark.django_db
def test_the_bare_pages_exist_under_the_measuring_settings_only(sales) -> None:
    make_lead(sales)
    with pytest.raises(Resolver404):
        resolve("/bench/html-50/")
    with PAGES:
        client = Client()
        assert client.get("/bench/html-50/").status_code == 302  # nobody is let past the sign-in
        client.force_login(sales)
        page = client.get("/bench/html-50/", headers={"X-Bench": "count"})
        assert page.content.count(b"<tr>") == Lead.objects.count()
        assert int(page["X-Statements"]) >= 3  # session, person, leads
        assert "X-Statements" not in client.get("/bench/html-50/")
        assert len(client.get("/bench/drf-50/").json()) == Lead.objects.count()


def test_growth_is_taken_pair_by_pair_so_that_a_slow_second_meets_both() -> None:
    # By pairs 1.1, 1.1, 1.1, 2.0 and 1.0; the medians of both sides would say 20 / 10.
    small, large = [10.0, 30.0, 10.0, 10.0, 40.0], [11.0, 33.0, 11.0, 20.0, 40.0]
    assert growth(small, large) == pytest.approx(1.1)
    assert growth([10.0] * 3, [20.0] * 3) == 2.0


def _result(ratio: float, statements: int, growth: float = 1.0) -> Result:
    bars = Workload("list", lambda visit, turn: Ask("/"), 2.5, 1.3, 10)
    return Result(bars, "admin", ratio, {1000: growth}, {100: statements}, {100: 1.0}, 10.0, {100: 25.0})


def _report(tmp_path: Path, *results: Result) -> report.Report:
    return report.Report(tmp_path / "report.json", list(results))


def test_a_missed_bar_is_named_and_ends_with_1(capsys, tmp_path) -> None:
    assert report.verdict(_report(tmp_path, _result(2.5, 10))) == 0
    assert report.verdict(_report(tmp_path, _result(2.51, 11, 1.4))) == 1
    said = capsys.readouterr().out
    assert "cost 2.51 > 2.5" in said
    assert "11 statements > 10" in said
    assert "growth 1.40 > 1.3" in said
    found = _report(tmp_path)
    found.plans.append("lead list scans leads_lead")
    assert report.verdict(found) == 1
    found = _report(tmp_path)
    found.bulk.append({"workload": "import", "misses": ["10 rows/s < 2000"]})
    assert report.verdict(found) == 1


def test_an_error_costs_one_figure_and_is_reported(tmp_path) -> None:
    found = _report(tmp_path, _result(2.5, 10))
    with found.guard("board as admin"):
        raise Problem("/leads/board/ answered 500")
    kept = json.loads(found.path.read_text(encoding="utf-8"))
    assert [row["workload"] for row in kept["results"]] == ["list"]
    assert kept["failed"] == ["board as admin: /leads/board/ answered 500"]
    assert report.verdict(found) == 1


def test_scans_are_found_however_deep_they_lie() -> None:
    leaf = {"Node Type": "Seq Scan", "Relation Name": "leads_lead"}
    plan = {"Node Type": "Limit", "Plans": [{"Node Type": "Hash Join", "Plans": [leaf, {"Node Type": "Index Scan"}]}]}
    assert list(scans(plan)) == ["leads_lead"]


@pytest.mark.django_db
def test_the_statements_of_a_page_can_be_explained_again(sales) -> None:
    make_lead(sales)
    client = Client()
    client.force_login(sales)
    asked = statements(client, Ask("/leads/"))
    assert any('FROM "leads_lead"' in sql for sql, _params in asked)
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN {sql}", params)
            assert cursor.fetchall()


@pytest.mark.django_db
def test_the_sign_in_page_is_explained_as_a_stranger_sees_it(sales, monkeypatch) -> None:
    monkeypatch.setattr("ltc.bench.visits.visits_of", lambda user: {"panels": []})
    monkeypatch.setattr("ltc.bench.workloads.WORKLOADS", [one for one in WORKLOADS if one.anonymous])
    assert list(violations("admin", sales)) == []


@pytest.mark.django_db(transaction=True)
def test_a_new_lead_takes_no_more_statements_than_its_bar(sales, monkeypatch) -> None:
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    create = next(one for one in WORKLOADS if one.name == "create a lead")
    visit = {"source": Term.objects.filter(dictionary="lead.source").values_list("pk", flat=True)[0]}
    client = signed_in(sales)
    for _warm in range(2):
        ask = create.asks(visit, 0)
        with CaptureQueriesContext(connection) as asked:
            assert client.post(ask.path, ask.form, headers={"HX-Request": "true"}).status_code == 204
    sent = [one["sql"] for one in asked if one["sql"] not in ("BEGIN", "COMMIT")]
    assert len(sent) <= create.statements, sent


def test_every_address_that_is_measured_exists() -> None:
    visit: dict[str, object] = dict.fromkeys(("lead", "project", "book", "moved", "source"), 1)
    visit |= {"deep_leads": "x", "deep_projects": "x", "panels": ["/projects/1/first-screen/"]}
    for workload in WORKLOADS:
        try:
            resolve(workload.asks(visit, 0).path.partition("?")[0])
        except NoReverseMatch:
            pytest.fail(workload.name)
