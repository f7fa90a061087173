"""Current practices: who says how a department does a step, once per department and step."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Delegation, Department, User
from core.calendar import today
from core.errors import NotAllowed, Refused, Stale
from maturity.models import Practice
from maturity.services import practice as practices
from process import show
from tests.factories.maturity import make_head, make_keeper, make_practice
from tests.helpers import actions, last_log, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_the_head_says_how_the_department_does_a_step() -> None:
    head = make_head("sales")
    practice = make_practice("ML-2", by=head, medium="excel", fit=1, pain="各管各的")
    assert practice.code.startswith("AS-") and practice.state == "applicable" and practice.owner is None
    assert actions(practice) == ["practice.open"]
    assert "核实与分发" in practice.search_text and "sales" in practice.search_text


def test_the_head_of_the_department_above_and_its_deputy_say_it_too(sales: User) -> None:
    head = make_head("sales")
    make_practice("ML-2", department="sales_north", by=head)
    deputy = make_user("deputy", department="hr")
    day = today()
    Delegation.objects.create(principal=head, deputy=deputy, during=(day, day.replace(year=day.year + 1)))
    practice = make_practice("ML-3", department="sales_north", by=User.objects.get(pk=deputy.pk))
    assert str(head) in last_log(practice).actor_name


@pytest.mark.parametrize("who", ["sales", "director", "lead_manager", "admin", "auditor"])
def test_nobody_else_says_it(who: str, request: pytest.FixtureRequest) -> None:
    with unchanged(), pytest.raises(NotAllowed):
        make_practice("ML-2", by=request.getfixturevalue(who))


def test_a_head_does_not_speak_for_another_department() -> None:
    head = make_head("sales")
    foreign = make_practice("CB-1", department="finance")
    with unchanged(foreign), pytest.raises(NotAllowed):
        make_practice("DA-6", department="finance", by=head)
    for act in (practices.exclude, practices.edit):
        with unchanged(foreign), pytest.raises(NotAllowed):
            act(foreign, by=head, note="x")


def test_a_step_stands_once_in_a_department() -> None:
    first = make_practice("ML-2")
    with unchanged(first), pytest.raises(Refused, match=first.code):
        make_practice("ML-2")
    with pytest.raises(IntegrityError), transaction.atomic():
        Practice.objects.bulk_create(
            [
                Practice(
                    case=first.case,
                    code="AS-X",
                    title="x",
                    department=first.department,
                    step="ML-2",
                    medium="ltc",
                    fit=1,
                )
            ]
        )
    make_practice("ML-2", department="sales_north")


def test_the_process_must_have_the_step() -> None:
    with unchanged(), pytest.raises(Refused, match="XX-9"):
        make_practice("XX-9")


def test_what_is_not_done_does_not_fit() -> None:
    with unchanged(), pytest.raises(Refused):
        make_practice("ML-2", medium="none", fit=2)
    assert make_practice("ML-2", medium="none", fit=0).fit == 0


def test_a_fit_is_0_to_4() -> None:
    with unchanged(), pytest.raises(Refused):
        make_practice("ML-2", fit=5)


def test_the_keeper_changes_it_and_a_stale_form_does_not() -> None:
    keeper = make_keeper()
    practice = make_practice("ML-2", medium="paper", fit=1)
    practices.edit(practice, by=keeper, version=1, medium="ltc", fit=3)
    assert last_log(practice).changes == {"medium": ["paper", "ltc"], "fit": [1, 3]}
    with unchanged(practice), pytest.raises(Stale):
        practices.edit(practice, by=keeper, version=1, fit=4)


def test_what_does_not_apply_says_why_and_may_apply_again() -> None:
    keeper = make_keeper()
    practice = make_practice("ML-2")
    with unchanged(practice), pytest.raises(Refused):
        practices.exclude(practice, by=keeper, note=" ")
    practices.exclude(practice, by=keeper, note="由渠道部负责")
    assert (practice.state, practice.reason) == ("excluded", "由渠道部负责")
    with unchanged(practice), pytest.raises(Refused):
        practices.exclude(practice, by=keeper, note="again")
    with unchanged(practice), pytest.raises(Refused):
        practices.edit(practice, by=keeper, fit=1)
    practices.include(practice, by=keeper, note="收回")
    assert (practice.state, practice.reason) == ("applicable", "")
    assert actions(practice) == ["practice.open", "practice.exclude", "practice.include"]


def test_a_choice_stands_in_its_column_as_words() -> None:
    assert show.column(Practice, "fit").align == ""


def test_the_department_is_the_one_named_not_the_writers() -> None:
    practice = make_practice("CB-1", department="finance", by=make_keeper())
    assert practice.department == Department.objects.get(code="finance")
