"""Who sees a record: owner, seat, heads of departments above, deputies, those asked; for all others it is not there."""

import pytest

from accounts.actor import Actor
from accounts.models import Department
from accounts.services import delegate
from core.calendar import today
from leads.models import Lead
from process.models import StageRecord
from process.services import ask, close_ask, take_seat
from tests.factories.leads import make_working_lead
from tests.factories.projects import make_project
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


def sees(user, record: StageRecord) -> bool:
    """By the queryset and by the page, which must agree."""
    listed = type(record)._default_manager.visible_to(user).filter(pk=record.pk).exists()
    status = signed_in(user).get(record.get_absolute_url()).status_code
    assert status == (200 if listed else 404)
    return listed


def head(code: str, user) -> None:
    Department.objects.filter(code=code).update(head=user)


def test_the_owner_and_whoever_sits_on_the_case(sales, sales2, solution) -> None:
    lead = make_working_lead(sales)
    assert sees(sales, lead)
    assert not sees(sales2, lead)
    assert not sees(solution, lead)
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert sees(solution, lead)


def test_heads_see_what_the_tree_below_them_holds(sales) -> None:
    """Sales north is part of sales: both heads see the lead, the head of another branch does not."""
    above, own, other = (make_user(name, department="hr") for name in ("above", "own", "other"))
    head("sales", above)
    head("sales_north", own)
    head("sales_south", other)
    lead = make_working_lead(sales)
    assert lead.department.code == "sales_north"
    assert [sees(user, lead) for user in (above, own, other)] == [True, True, False]


def test_the_right_to_ones_department_reaches_down_only(sales) -> None:
    lead = make_working_lead(sales)
    assert sees(make_user("in_sales", department="sales", roles=("head",)), lead)
    assert not sees(make_user("in_south", department="sales_south", roles=("head",)), lead)


def test_a_deputy_sees_what_the_principal_sees_while_deputising(sales, sales2, stranger) -> None:
    lead = make_working_lead(sales)
    delegation = delegate(sales, stranger, first_day=today(), last_day=today())
    assert sees(stranger, lead)
    delegation.delete()
    stranger.forget()
    assert not sees(stranger, lead)


def test_an_administrator_of_rules_sees_no_deal(sales, admin, director, stranger) -> None:
    """No superuser path around the doors: an administrator manages rules, not deals."""
    lead = make_working_lead(sales)
    assert admin.is_staff
    assert not sees(admin, lead)
    assert not sees(stranger, lead)
    assert sees(director, lead)


def test_whoever_is_asked_to_decide_sees_the_question(sales, stranger) -> None:
    """A rule may name any role, also one without further rights: the question must reach its people."""
    project = make_project(sales)
    assert not sees(stranger, project)
    step = ask(project, assignees=[stranger.pk])
    assert sees(stranger, project)
    close_ask(project, by=Actor.of(stranger), step_id=step.pk)
    assert not sees(stranger, project)


def test_lists_search_board_and_pickers_are_scoped_alike(sales, sales2) -> None:
    mine, theirs = make_working_lead(sales, title="本人的线索"), make_working_lead(sales2, title="他人的线索")
    client = signed_in(sales)
    for address in ("/leads/", "/leads/?q=线索", "/leads/board/", "/search/?q=线索", "/pick/leads.lead/?q=线索"):
        page = client.get(address).content.decode("unicode_escape" if "pick" in address else "utf-8")
        assert mine.title in page, address
        assert theirs.title not in page, address


def test_pickers_offer_what_may_be_seen(sales, sales2, stranger) -> None:
    lead = make_working_lead(sales, title="可选线索")
    found = signed_in(sales).get("/pick/leads.lead/?q=可选").json()
    assert found == [{"id": lead.pk, "text": str(lead)}]
    assert signed_in(stranger).get("/pick/leads.lead/?q=可选").json() == []
    people = signed_in(stranger).get(f"/pick/accounts.user/?q={sales2.username}").json()
    assert [one["id"] for one in people] == [sales2.pk]
    sales2.is_active = False
    sales2.save()
    assert signed_in(stranger).get(f"/pick/accounts.user/?q={sales2.username}").json() == []


@pytest.mark.parametrize(
    "kind", ["process.logentry", "accounts.role", "sessions.session", "nonsense", "no.such", "a.b.c"]
)
def test_there_are_no_pickers_for_anything_else(sales, kind) -> None:
    assert signed_in(sales).get(f"/pick/{kind}/?q=a").status_code == 404


def test_a_reference_outside_ones_view_cannot_be_posted(sales, sales2) -> None:
    """The form takes only what its picker would offer: another's lead cannot be named as the survivor of a merge."""
    mine, theirs = make_working_lead(sales), make_working_lead(sales2)
    answer = signed_in(sales).post(f"{mine.get_absolute_url()}merge/", {"survivor": theirs.pk, "into": theirs.pk})
    assert answer.status_code == 422
    mine.refresh_from_db()
    assert mine.state == "working"
    assert Lead.objects.filter(state="merged").count() == 0
