"""授权: the lowest layer whose every dimension fits decides; at the edge of a band the cent counts."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Department
from approvals import authority, what_if
from approvals.models import ApprovalRequest, AuthorityRule
from approvals.selectors import requests_of
from approvals.services.deciding import _digest
from core.errors import Refused
from finance.services import sheet as sheets
from projects.services import project as projects
from tests.factories.contracts import make_contract
from tests.factories.finance import make_book, make_sheet
from tests.factories.projects import make_ready_project
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
CONTRACT = "contracts.contract"


@pytest.fixture
def rule(db: None) -> Callable[..., AuthorityRule]:
    """Replaces the rules for contracts; the first call clears what the house has."""
    AuthorityRule.objects.filter(document=CONTRACT).delete()

    def make(name: str, **fields: Any) -> AuthorityRule:
        values = {"document": CONTRACT, "decider": "director", "zh": name, "en": name, "reviewers": [], **fields}
        return AuthorityRule.objects.create(**values)

    return make


def decides(department: Department | None = None, **measures: Any) -> str:
    found = authority.judge(CONTRACT, department.pk if department else None, measures).rule
    return found.en if found else "nobody"


# One dimension after the other, at its edge: (limit's field, limit, measure, reaches, does not reach).
EDGES = [
    ("up_to_amount", Decimal(1_000_000), "gross_amount", Decimal(1_000_000), Decimal(1_000_000) + CENT),
    ("up_to_amount", Decimal(1_000_000), "gross_amount", Decimal(-1_000_000) + CENT, Decimal(-1_000_000) - CENT),
    ("min_margin", Decimal(25), "margin", Decimal(25), Decimal(25) - CENT),
    ("max_discount", Decimal(10), "discount", Decimal(10), Decimal(10) + CENT),
    ("min_advance", Decimal(10), "advance_percent", Decimal(10), Decimal(10) - CENT),
    ("max_days", 90, "payment_days", 90, 91),
    ("max_funding", Decimal(20), "funding_percent", Decimal(20), Decimal(20) + CENT),
    ("max_overrun", Decimal(0), "overrun_percent", Decimal(0), CENT),
    ("max_deviations", 0, "deviations", 0, 1),
    ("worst_credit", "B", "credit", "B", "C"),
    ("worst_credit", "D", "credit", "D", "frozen"),
]


@pytest.mark.parametrize(("limit", "value", "measure", "reaches", "beyond"), EDGES)
def test_the_edge_of_every_dimension(rule, limit, value, measure, reaches, beyond) -> None:
    rule("head", **{limit: value}, position=1)
    rule("company", position=2)
    assert decides(**{measure: reaches}) == "head"
    assert decides(**{measure: beyond}) == "company"
    assert decides(**{measure: None}) == "company", "what is not known fits no limit"
    assert decides() == "company"


def test_every_dimension_must_fit(rule) -> None:
    rule("head", up_to_amount=Decimal(1_000_000), min_margin=Decimal(25), max_days=90, position=1)
    rule("company", position=2)
    fits = {"gross_amount": Decimal(10), "margin": Decimal(30), "payment_days": 30}
    assert decides(**fits) == "head"
    for measure, value in (("gross_amount", Decimal(2_000_000)), ("margin", Decimal(24)), ("payment_days", 91)):
        assert decides(**(fits | {measure: value})) == "company", measure


def test_the_lowest_layer_comes_first(rule) -> None:
    """Department before region before company; where the own layer does not reach, the one above it decides."""
    company = Department.objects.get(code="sales")
    own = Department.objects.get(code="sales_north")
    assert own.parent == company
    rule("house", position=1)
    rule("region", department=company, up_to_amount=Decimal(5_000), position=2)
    rule("department", department=own, up_to_amount=Decimal(1_000), position=3)
    other = Department.objects.get(code="sales_east")
    for where, amount, expected in (
        (own, 1_000, "department"),
        (own, Decimal(1_000) + CENT, "region"),
        (own, Decimal(5_000) + CENT, "house"),
        (other, 1_000, "region"),
        (company, 1_000, "region"),
        (Department.objects.get(code="legal"), 1_000, "house"),
        (None, 1_000, "house"),
    ):
        assert decides(where, gross_amount=Decimal(amount)) == expected, (where, amount)


def test_without_a_rule_nothing_is_submitted_and_the_gap_is_named(sales, solution) -> None:
    AuthorityRule.objects.filter(document="finance.costsheet").delete()
    small = AuthorityRule.objects.create(
        document="finance.costsheet", decider="director", zh="小额", en="Small", up_to_amount=Decimal(1000)
    )
    rich = AuthorityRule.objects.create(
        document="finance.costsheet", decider="director", zh="高毛利", en="Rich", min_margin=Decimal("99.5"), position=1
    )
    sheet = make_sheet(make_book(sales, seats={"sr": solution}), solution)
    with unchanged(sheet), pytest.raises(Refused) as caught:
        sheets.submit(sheet, by=solution)
    said = [str(reason) for reason in caught.value.reasons]
    assert len(said) == 3
    assert small.label in said[1]
    assert "1,000.00" in said[1]
    assert rich.label in said[2]
    assert "99.5 %" in said[2], "who may see cost is told the limit of margin"
    blind = authority.judge("finance.costsheet", None, sheet.measures()).tried[1]
    assert "99.5" not in "".join(blind.gaps(sheet.measures(), authority.hidden_from(sales, sheet)))


def test_a_budget_above_the_estimate_overruns_it(sales, solution, director) -> None:
    book = make_book(sales, seats={"sr": solution})
    estimate = make_sheet(book, solution)
    assert estimate.measures()["overrun_percent"] == 0, "the first of its kind follows nothing"
    sheets.submit(estimate, by=solution)
    decider = requests_of(estimate)[0].decisions.get().assignees[0]
    estimate = sheets.approve(estimate, by=type(sales).objects.get(pk=decider))
    budget = sheets.copy(estimate, kind="budget", by=solution)
    assert budget.measures()["overrun_percent"] == 0
    budget.net_cost = estimate.net_cost * Decimal("1.1")
    assert budget.measures()["overrun_percent"] == 10


def test_a_figure_measured_since_is_no_change(sales, solution, director) -> None:
    """A request from before an upgrade knows fewer figures; it goes on."""
    sheet = make_sheet(make_book(sales, seats={"sr": solution}), solution)
    sheets.submit(sheet, by=solution)
    request = requests_of(sheet)[0]
    older = {**request.snapshot, "measures": dict(request.snapshot["measures"])}
    older["measures"].pop("overrun_percent")
    ApprovalRequest.objects.filter(pk=request.pk).update(snapshot=older, digest=_digest(older))
    decider = type(sales).objects.get(pk=request.decisions.get().assignees[0])
    assert sheets.approve(sheet, by=decider).state == "approved"


def test_what_a_contract_says_about_itself() -> None:
    contract = make_contract()
    measures = contract.measures()
    assert measures["payment_days"] == max(term.days_after for term in contract.terms.filter(is_retention=False))
    assert measures["credit"] == contract.customer.credit
    assert measures["funding_percent"] is None, "no months of cash were planned"
    sheet = contract._estimate()
    assert sheet is not None
    type(sheet).objects.filter(pk=sheet.pk).update(gross_peak_funding=contract.gross_amount / 4)
    assert contract.measures()["funding_percent"] == 25


def test_nobody_sits_on_the_seats_of_a_project_to_come(rule, director) -> None:
    rule("大单", reviewers=["sr", "legal"], fallback="director")
    answer = what_if.of_figures(CONTRACT, None, {})
    assert [(one.role, one.count) for one in answer.asked] == [("sr", 0), ("legal", 1), ("director", 1)]
    assert answer.asked[1].names == [str(director)], "where no lawyer works, the fallback is asked"


# What if ---------------------------------------------------------------------------------------------------
def test_what_would_happen_is_what_happens() -> None:
    """The dialog names the people who are then asked, the submitter left out."""
    project = make_ready_project()
    owner = project.owner
    foreseen = what_if.of_record(project, owner)
    projects.submit(project, by=owner)
    asked = requests_of(project)[0].decisions.all()
    names = {(one.kind, one.role): sorted(one.assignees) for one in asked}
    people = type(owner).objects.in_bulk([pk for found in names.values() for pk in found])
    assert {(one.kind.value, one.role): sorted(one.names) for one in foreseen.asked} == {
        key: sorted(str(people[pk]) for pk in found) for key, found in names.items()
    }
    assert all(str(owner) not in one.names for one in foreseen.asked)


def test_the_dialog_of_a_submission_names_who_decides() -> None:
    project = make_ready_project()
    decision = what_if.of_record(project, project.owner).asked[-1]
    assert decision.kind == "decision"
    dialog = signed_in(project.owner).get(f"{project.get_absolute_url()}submit/").content.decode()
    assert "立项决策 ATI" in dialog
    assert decision.names[0] in dialog


def test_the_page_tries_rules_out(rule, sales) -> None:
    rule("小单", up_to_amount=Decimal(1_000_000), min_margin=Decimal(25), decider="department_head", position=1)
    rule("大单", reviewers=["legal"], position=2)
    client = signed_in(sales)
    url = reverse("approvals:authority")
    before = client.get(url)
    assert before.status_code == 200
    assert before.context["answer"] is None
    found = client.get(url, {"document": CONTRACT, "gross_amount": "1000000.01", "margin": "25"})
    assert found.context["answer"].judgement.rule.zh == "大单"
    assert [row.cells[0].text for row in found.context["tried"].rows] == ["小单", "大单"]
    assert "1,000,000.01" in str(found.context["tried"].rows[0].cells[2].text)
    nothing = client.get(url, {"document": "leads.lead"})
    assert nothing.context["answer"] is None
    assert nothing.context["form"].errors["document"]
    assert client.get(url, {"profit": "1"}).status_code == 400


def test_the_api_tries_rules_out(rule, sales, stranger) -> None:
    small = rule("小单", up_to_amount=Decimal(1000), position=1)
    client = signed_in(sales)
    listed = client.get("/api/v1/authority/").json()
    own = next(one for one in listed if one["id"] == small.pk)
    assert own["limits"] == [{"measure": "gross_amount", "limit": "1000.00", "at_least": False}]
    url = "/api/v1/authority/what-if/"
    fits = client.get(url, {"document": CONTRACT, "gross_amount": "1000"}).json()
    assert fits["rule"]["id"] == small.pk
    gap = client.get(url, {"document": CONTRACT, "gross_amount": "1000.01"}).json()
    assert gap["rule"] is None
    assert len(gap["tried"][0]["gaps"]) == 1
    assert client.get(url, {"document": CONTRACT, "gross_amount": "NaN"}).status_code == 400
    assert client.get(url, {"profit": "1"}).status_code == 400
    project = make_ready_project()
    asked = {"document": "projects.project", "id": project.pk}
    assert signed_in(project.owner).get(url, asked).json()["rule"]["document"] == "projects.project"
    assert signed_in(stranger).get(url, asked).status_code == 404


def test_what_is_hidden_is_named_without_figures(rule, sales) -> None:
    """Who may not see cost learns which figure is beyond, not by how much."""
    found = rule("小单", min_margin=Decimal(25), up_to_amount=Decimal(1000))
    measures = {"margin": Decimal("12.34"), "gross_amount": Decimal(2000)}
    tried = authority.judge(CONTRACT, None, measures).tried[0]
    assert [one.measure for one in tried.short] == ["gross_amount", "margin"]
    seen, hidden = tried.gaps(measures), tried.gaps(measures, {"margin"})
    assert "12.34 %" in seen[1]
    assert "2,000.00" in hidden[0]
    assert "12.34" not in hidden[1]
    assert "25" not in hidden[1]
    assert len(authority.limits(found)) == 2
    blind = SimpleNamespace(tells_cost_to=lambda user: False, hidden_from=lambda user: (), cost_fields=())
    assert authority.hidden_from(sales, blind) == {"margin", "funding_percent", "overrun_percent"}
