"""The figures of the dashboard: the same counted and kept, narrowed to what a reader answers for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Department
from core.calendar import today
from core.selectors import InBase
from dashboard import selectors, services, tasks
from dashboard.counting import Scope, count
from dashboard.models import Count, Figure
from process.models import CaseRecord
from projects import services as projects
from tests.api.caller import Caller
from tests.factories.contracts import ar_of, make_effective_contract
from tests.factories.leads import make_lead, make_working_lead
from tests.factories.projects import make_project, term
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(monkeypatch):
    """A company too large to be counted on every look."""
    monkeypatch.setattr(selectors, "LIVE_ROWS", 0)


def stages(user) -> dict[str, tuple[int, Decimal]]:
    rows = selectors.funnel(selectors.figures(user), InBase(today()))
    return {row.code: (row.count, row.gross_amount) for row in rows if row.count}


def test_open_leads_are_counted_with_their_amounts(sales, director) -> None:
    make_working_lead(sales, gross_amount=Decimal(100))
    make_lead(sales, gross_amount=Decimal("20.50"))
    assert stages(director) == {"lead": (2, Decimal("120.50"))}


def test_receivables_age_and_retention_stands_apart(director) -> None:
    contract = make_effective_contract()
    money = selectors.receivables(selectors.figures(director), InBase(today()))
    lines = contract.receivables.all()
    payable = sum(line.gross_open for line in lines if line.state == "eligible" and not line.is_retention)
    assert money.open == payable == sum(amount for _label, amount in money.buckets)
    assert money.retention == sum(line.gross_open for line in lines if line.is_retention)


def test_kept_figures_are_those_that_are_counted(director, kept) -> None:
    make_effective_contract()
    tasks.recount()
    assert Figure.objects.count() == len(count(Scope(), today())) > 5
    live = set(count(Scope(), today()))
    found = selectors.figures(director)
    assert found.counted_at == Count.objects.get().counted_at
    assert set(found.totals) == live


def test_counting_again_keeps_one_count_and_nothing_twice(kept) -> None:
    make_effective_contract()
    services.recount()
    before = Figure.objects.count()
    services.recount()
    assert (Count.objects.count(), Figure.objects.count()) == (1, before)


def test_a_head_sees_the_figures_of_the_departments_below(sales, kept) -> None:
    make_working_lead(sales, gross_amount=Decimal(100))
    tasks.recount()
    head = make_user("regional head", department="sales_north")
    other = make_user("other head", department="sales_south")
    Department.objects.filter(code="sales_north").update(head=head)
    Department.objects.filter(code="sales_south").update(head=other)
    assert sales.department.code == "sales_north"
    assert stages(head) == {"lead": (1, Decimal(100))}
    assert stages(other) == {}


def test_whoever_heads_nothing_sees_the_own_deals_counted_now(sales, sales2, kept) -> None:
    tasks.recount()
    make_working_lead(sales, gross_amount=Decimal(100))
    assert stages(sales) == {"lead": (1, Decimal(100))}
    assert stages(sales2) == {}
    contract = make_effective_contract()
    ar = ar_of(contract)
    assert sum(number for number, _amount in stages(ar).values()) == 1


def test_the_page_says_whose_figures_they_are_and_from_when(sales, director, kept) -> None:
    make_working_lead(sales)
    tasks.recount()
    page = signed_in(director).get("/dashboard/").content.decode()
    assert "统计于" in page
    assert "您参与的项目" in signed_in(sales).get("/dashboard/").content.decode()


@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_the_page_asks_twelve_questions_at_most(director, monkeypatch, limit) -> None:
    monkeypatch.setattr(selectors, "LIVE_ROWS", limit)
    make_effective_contract()
    services.recount()
    client = signed_in(director)
    client.get("/dashboard/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/dashboard/").status_code == 200
    assert len(asked) <= 12


@pytest.mark.parametrize("kept_too", [False, True])
def test_the_project_on_which_nothing_moved_longest_comes_first(sales, director, monkeypatch, kept_too) -> None:
    """It moves when anything open on it moves; what has ended counts for nothing."""
    if kept_too:
        monkeypatch.setattr(selectors, "LIVE_ROWS", 0)
    old, new, gone = make_project(sales), make_project(sales), make_project(sales)
    for project, days in ((old, 30), (new, 90), (gone, 99)):
        CaseRecord.objects.filter(case=project.case).update(since=timezone.now() - timedelta(days=days))
    CaseRecord.objects.create(
        case=new.case, kind="x", object_id=1, code="x", title="x", state="x", stage="x", holder=director
    )
    projects.lose(gone, by=sales, note="too dear", lost_reason=term("lost", "price"))
    services.recount()
    rows = selectors.still(selectors.figures(director))
    assert [(row.project, row.days) for row in rows] == [(old, 30), (new, 0)]
    assert (rows[0].holders, rows[0].departments) == ([sales.name], [str(sales.department)])
    assert rows[1].holders == [sales.name, director.name]
    page = signed_in(director).get("/dashboard/").content.decode()
    assert page.index("停滞最久") < page.index(str(old)) < page.index(str(new))
    body = Caller(director).get("dashboard/").json()["still"]
    assert [(one["project"]["id"], one["days"]) for one in body] == [(old.pk, 30), (new.pk, 0)]


def test_projects_of_others_do_not_stand_on_the_own_dashboard(sales, stranger) -> None:
    make_project(sales)
    assert len(selectors.still(selectors.figures(sales))) == 1
    assert selectors.still(selectors.figures(stranger)) == []


def test_verify_names_a_kept_figure_that_is_wrong_but_not_one_that_is_old(sales) -> None:
    make_working_lead(sales, gross_amount=Decimal(100))
    services.recount()
    assert list(selectors.check_invariants()) == []
    Figure.objects.filter(kind="funnel").update(amount=7)
    assert len(list(selectors.check_invariants())) == 2  # the wrong one, and the one that is not there
    make_lead(sales)  # from now on the kept figures may be older than the company
    assert list(selectors.check_invariants()) == []
