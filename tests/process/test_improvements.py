"""Improvements: who proposes, who decides, what proves that a version brought the change, and what came of it."""

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notice, User
from core.errors import NotAllowed, Refused
from process import improvements as pages
from process import pace
from process.models import Improvement, ProcessVersion, StepDefinition, StepRecord
from process.services import definitions
from process.services import improvements as service
from tests.api.caller import Caller
from tests.factories.leads import make_lead
from tests.helpers import actions, last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
STEP = "PI-2"


@pytest.fixture
def keeper() -> User:
    """Who writes the process."""
    return make_user("keeper", department="it", roles=("sysadmin",))


@pytest.fixture
def owner() -> User:
    """Who answers for the step."""
    (role,) = (
        StepDefinition.objects.filter(code=STEP)
        .order_by("-version__number")
        .values_list("content__owner", flat=True)[:1]
    )
    return make_user("step-owner", department="sales", roles=(role,))


@pytest.fixture
def proposal(sales: User, owner: User) -> Improvement:
    return propose(sales)


def propose(by: User, step: str = STEP) -> Improvement:
    return service.open(by=by, step=step, title="One form", problem="Two forms ask the same.", idea="One form.")


def changed(keeper: User, code: str = STEP, **values: Any) -> ProcessVersion:
    """A version that changes one step."""
    definitions.start_draft(by=keeper)
    (step,) = (one for one in ProcessVersion.objects.order_by("-number")[0].content if one["code"] == code)
    definitions.write_step({**copy.deepcopy(step), **(values or {"sla_hours": 6})}, by=keeper, code=code)
    return definitions.publish_draft(by=keeper, note="one form")


def walked(by: User, hours: float, *, began: dt.datetime, limit: float = 6) -> None:
    """A case that did the step of the newest version in so many hours."""
    StepRecord.objects.create(
        case_id=make_lead(by=by).case_id,
        definition=StepDefinition.objects.filter(code=STEP).order_by("-version__number")[0],
        state="done",
        opened_at=began,
        due_at=began + dt.timedelta(hours=limit),
        ended_at=began + dt.timedelta(hours=hours),
    )


def test_a_proposal_is_told_to_the_owner_of_the_step(proposal: Improvement, owner: User, sales: User) -> None:
    assert (proposal.state, proposal.owner, proposal.code[:3]) == ("proposed", sales, "IM-")
    assert proposal.deciders() == [owner.pk]
    notice = Notice.objects.get(user=owner)
    assert (notice.key, notice.link) == (f"improvement:{proposal.pk}", proposal.get_absolute_url())
    assert actions(proposal) == ["improvement.open"]


def test_only_for_a_step_in_force(sales: User) -> None:
    with pytest.raises(Refused, match="XX-9"):
        propose(sales, step="XX-9")
    assert not Improvement.objects.exists()


def test_its_way_to_the_end(proposal: Improvement, owner: User, sales: User, keeper: User) -> None:
    """By hand: 10 and 30 hours before give a median of 20, none in time; 4 and 5 after give 4.5, both in time."""
    now = timezone.now()
    for hours in (10, 30):
        walked(sales, hours, began=now - dt.timedelta(days=20))
    walked(sales, 999, began=now - dt.timedelta(days=200))  # long before
    service.accept(proposal, by=owner, target=Decimal("8"))
    assert proposal.aim == "8 小时"
    version = changed(keeper)
    service.realise(proposal, by=owner, realised_by=version)
    assert proposal.before == {"done": 2, "in_time_percent": 0, "median": 20.0, "p90": 28.0}
    for hours in (4, 5):
        walked(sales, hours, began=timezone.now())
    service.conclude(proposal, by=owner, result="better", note="half the time")
    assert (proposal.state, proposal.result, proposal.target) == ("concluded", "better", Decimal("8"))
    assert proposal.after == {"done": 2, "in_time_percent": 100, "median": 4.5, "p90": 4.9}
    walked(sales, 99, began=timezone.now())
    rows = [[cell.text for cell in row.cells][1:] for row in pages.compared(proposal).rows]
    assert rows[0] == ["2", "2"], "what was concluded stays as it was"
    assert actions(proposal) == [f"improvement.{verb}" for verb in ("open", "accept", "realise", "conclude")]
    assert last_log(proposal).note == "half the time"


def test_running_cases_keep_their_version_and_count_as_before(owner: User, sales: User, keeper: User) -> None:
    old = StepDefinition.objects.filter(code=STEP).order_by("-version__number")[0]
    version = changed(keeper)
    StepRecord.objects.create(
        case_id=make_lead(by=sales).case_id,
        definition=old,
        state="done",
        opened_at=timezone.now(),
        ended_at=timezone.now(),
    )
    assert pace.under(STEP, version) == pace.Pace()


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_who_proposed_or_does_not_answer_for_the_step_decides_nothing(
    verb: str, proposal: Improvement, owner: User, sales: User, stranger: User
) -> None:
    for person in (sales, stranger):
        with unchanged(proposal), pytest.raises(NotAllowed):
            getattr(service, verb)(proposal, by=person, note="because")


def test_the_owner_of_a_step_does_not_decide_on_the_own_idea(owner: User) -> None:
    director = make_user("the-director", department="sales", roles=("director",))
    own = propose(owner)
    assert own.deciders() == [director.pk], "nobody else answers for the step: directors do"
    with unchanged(own), pytest.raises(NotAllowed):
        service.accept(own, by=owner)
    assert service.accept(own, by=director).state == "accepted"


def test_declined_for_a_reason_and_then_over(proposal: Improvement, owner: User) -> None:
    with unchanged(proposal), pytest.raises(Refused):
        service.decline(proposal, by=owner)
    service.decline(proposal, by=owner, note="the form is the law's")
    with unchanged(proposal), pytest.raises(Refused):
        service.accept(proposal, by=owner)


def test_taken_back_or_said_better_while_nobody_decided(proposal: Improvement, owner: User, sales: User) -> None:
    service.edit(proposal, by=sales, idea="One form, on the phone.")
    assert proposal.idea == "One form, on the phone."
    with unchanged(proposal), pytest.raises(NotAllowed):
        service.withdraw(proposal, by=owner)
    service.withdraw(proposal, by=sales)
    with unchanged(proposal), pytest.raises(Refused):
        service.edit(proposal, by=sales, idea="No form.")


def test_given_up_after_all(proposal: Improvement, owner: User) -> None:
    service.accept(proposal, by=owner)
    with unchanged(proposal), pytest.raises(Refused):
        service.give_up(proposal, by=owner)
    assert service.give_up(proposal, by=owner, note="the law changed").state == "declined"


def test_only_a_later_version_that_changes_the_step_realises_it(
    proposal: Improvement, owner: User, sales: User, keeper: User
) -> None:
    early = changed(keeper, sla_hours=7)
    service.accept(proposal, by=owner)
    other = changed(keeper, code="ML-1", sla_hours=9)
    for version, reason in ((early, "之前"), (other, STEP), (None, "版本")):
        with unchanged(proposal), pytest.raises(Refused, match=reason):
            service.realise(proposal, by=owner, realised_by=version)
    assert service.realise(proposal, by=owner, realised_by=changed(keeper, sla_hours=5)).state == "in_force"


def test_nothing_is_concluded_out_of_nothing(proposal: Improvement, owner: User, keeper: User) -> None:
    service.accept(proposal, by=owner)
    service.realise(proposal, by=owner, realised_by=changed(keeper))
    with unchanged(proposal), pytest.raises(Refused):
        service.conclude(proposal, by=owner, result="better", note="I think so")


def test_who_does_not_answer_is_reminded_once(proposal: Improvement, owner: User, sales: User) -> None:
    assert service.remind_undecided() == 0
    answered = service.decline(propose(sales), by=owner, note="no")
    Improvement.objects.update(due_at=timezone.now())
    assert [service.remind_undecided(), service.remind_undecided()] == [1, 0]
    assert Notice.objects.filter(user=owner, key=f"improvement-late:{proposal.pk}").count() == 1
    assert not Notice.objects.filter(key=f"improvement-late:{answered.pk}").exists()


def test_the_database_wants_a_version_and_a_result(proposal: Improvement) -> None:
    rows = Improvement.objects.filter(pk=proposal.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(result="better")


def test_pages_of_step_draft_and_proposal(proposal: Improvement, owner: User, sales: User, keeper: User) -> None:
    sheet = signed_in(sales).get(f"/process/steps/{STEP}/").content.decode()
    assert proposal.title in sheet and f"/improvements/new/?step={STEP}" in sheet
    form = signed_in(sales).get(f"/improvements/new/?step={STEP}").content.decode()
    assert f'value="{STEP}" selected' in form
    service.accept(proposal, by=owner)
    draft = signed_in(keeper).get("/process/draft/").content.decode()
    assert proposal.idea in draft and f'href="{proposal.get_absolute_url()}"' not in draft
    assert signed_in(keeper).get(proposal.get_absolute_url()).status_code == 404
    service.realise(proposal, by=owner, realised_by=changed(keeper))
    assert 'id="compared"' in signed_in(sales).get(proposal.get_absolute_url()).content.decode()


def test_a_program_walks_the_same_way(owner: User, sales: User, keeper: User) -> None:
    given = {"step": STEP, "title": "One form", "problem": "Two forms.", "idea": "One form.", "figure": "hours"}
    made = Caller(sales).post("improvements/", given)
    assert made.status_code == 201, made.content
    where = f"improvements/{made.json()['id']}/"
    accepted = Caller(owner).post(f"{where}accept/", {"target": "8"})
    assert accepted.json()["state"] == "accepted"
    refused = Caller(owner).post(f"{where}realise/", {"realised_by": changed(keeper, code="ML-1", sla_hours=9).pk})
    assert refused.status_code == 409 and STEP in refused.content.decode()
    done = Caller(owner).post(f"{where}realise/", {"realised_by": changed(keeper).pk})
    assert done.json()["state"] == "in_force"
