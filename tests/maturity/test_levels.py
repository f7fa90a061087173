"""Maturity, computed by hand: band edges, assessments, targets, who says them."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from core.calendar import today
from core.errors import NotAllowed, Refused
from maturity import levels as selectors
from maturity.criteria import BY_HAND, CRITERIA, Facts
from maturity.levels import Judged, StageLevel
from maturity.models import Assessment, Level, Target
from maturity.selectors import STAGES, Figures
from maturity.services import levels as services
from process import pace
from process.models import Handover, Improvement, ProcessVersion, StepDefinition, StepRecord
from tests.api.caller import Caller, problem
from tests.factories.leads import make_lead
from tests.factories.maturity import make_keeper, make_practice
from tests.helpers import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

# A stage that meets everything: 100 pairs, all in LTC with the best fit, seen, in time, at first pass.
WHOLE: dict[str, Any] = {
    "figures": Figures(applicable=100, surveyed=100, covered=100, fit=400, seen=100),
    "controlled": (4, 4),
    "in_time": (100, 100),
    "first_pass": (100, 100),
    "improved": 1,
}


def figures(**changes: int) -> Figures:
    return Figures(**{**vars(WHOLE["figures"]), **changes})


def level_of(assessed: tuple[str, ...] = tuple(BY_HAND), **facts: Any) -> int:
    """The level of a stage with these facts, on which these criteria are assessed as met."""
    made = Facts(**{**WHOLE, **facts})
    judged = tuple(
        Judged(one, assessment=Assessment(criterion=one.code, is_met=True) if one.code in assessed else None)
        if one.measure is None
        else Judged(one, one.measure(made))
        for one in CRITERIA
    )
    return StageLevel(STAGES[0], made, judged, None).level


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, 5),
        ({"figures": Figures()}, 1),
        # surveyed: 79 of 100 is level 1, 80 goes on (and covered cannot be more than known)
        ({"figures": figures(surveyed=79, covered=29, fit=116, seen=29)}, 1),
        ({"figures": figures(surveyed=80, covered=29, fit=116, seen=29)}, 1),
        ({"figures": figures(surveyed=80, covered=30, fit=120, seen=30)}, 2),
        ({"figures": figures(covered=59, fit=236, seen=59)}, 2),
        ({"figures": figures(covered=60, fit=240, seen=60)}, 3),
        ({"figures": figures(covered=79, fit=316, seen=79)}, 3),
        ({"figures": figures(covered=80, fit=320, seen=80)}, 4),
        ({"figures": figures(covered=94, fit=376, seen=94)}, 4),
        ({"figures": figures(covered=95, fit=380, seen=95)}, 5),
        # 79.9 % is not 80 %
        ({"figures": Figures(applicable=1000, surveyed=1000, covered=799, fit=3196, seen=799)}, 3),
        # fit: half of the best
        ({"figures": figures(fit=199)}, 2),
        ({"figures": figures(fit=200)}, 5),
        # one step of four without a control
        ({"controlled": (3, 4)}, 2),
        ({"controlled": (0, 0)}, 2),
        # seen in use
        ({"figures": figures(seen=79)}, 3),
        ({"figures": figures(seen=80)}, 5),
        # in time, and at first pass: 80 for level 4, 90 for level 5; nothing to measure is not met
        ({"in_time": (79, 100)}, 3),
        ({"in_time": (80, 100)}, 4),
        ({"in_time": (89, 100)}, 4),
        ({"in_time": (9, 10)}, 5),
        ({"in_time": (0, 0)}, 3),
        ({"first_pass": (79, 100)}, 3),
        ({"first_pass": (80, 100)}, 4),
        ({"first_pass": (90, 100)}, 5),
        ({"first_pass": (0, 0)}, 3),
        ({"improved": 0}, 4),
    ],
)
def test_the_edges_of_the_bands(facts: dict[str, Any], expected: int) -> None:
    assert level_of(**facts) == expected


@pytest.mark.parametrize(
    ("assessed", "expected"),
    [
        ((), 1),
        (("taught",), 2),
        (("taught", "agreed"), 3),
        (("agreed", "reviewed"), 1),
        (("taught", "reviewed"), 2),
        (("taught", "agreed", "reviewed"), 5),
    ],
)
def test_no_level_is_reached_by_figures_alone(assessed: tuple[str, ...], expected: int) -> None:
    assert level_of(assessed) == expected


def stage(code: str) -> StageLevel:
    return next(one for one in selectors.levels() if one.stage.code == code)


def test_the_lead_stage_of_the_demo_process_by_hand() -> None:
    """Four steps, all in LTC with fit 4, each with controls: 100 %. Shown how to and agreed on, it is defined.

    Nothing was done in LTC yet, so it is not measured.
    """
    keeper = make_keeper()
    for step, department in (("ML-1", "marketing"), ("ML-2", "sales"), ("ML-3", "sales"), ("ML-4", "sales")):
        make_practice(step, department=department, by=keeper)
    assert stage("lead").level == Level.INITIAL
    for criterion in ("taught", "agreed", "reviewed"):
        services.assess(stage="lead", criterion=criterion, is_met=True, evidence="培训签到表", by=keeper)
    found = stage("lead")
    assert (found.level, found.facts.controlled) == (Level.DEFINED, (4, 4))
    assert {one.criterion.code for one in found.lacking} == {"seen_4", "in_time_4", "first_pass_4"}
    assert stage("delivery").level == Level.INITIAL


def test_steps_in_time_by_stage(sales: User) -> None:
    """Of three steps of the stage with a limit two were in time; one without a limit says nothing; another is old."""
    at = timezone.now() - dt.timedelta(days=10)
    for code, hours, due, began in (
        ("PI-1", 2, 6, at),
        ("PI-2", 6, 6, at),
        ("PI-3", 7, 6, at),
        ("PI-1", 1, None, at),
        ("PI-1", 9, 6, at - dt.timedelta(days=90)),
        ("CG-1", 9, 6, at),
    ):
        StepRecord.objects.create(
            case_id=make_lead(by=sales).case_id,
            definition=StepDefinition.objects.filter(code=code).order_by("-version__number").first(),
            state="done",
            opened_at=began,
            due_at=began + dt.timedelta(hours=due) if due else None,
            ended_at=began + dt.timedelta(hours=hours),
        )
    assert {code: pace.of_stages().get(code) for code in ("initiation", "guidance", "operations")} == {
        "initiation": (2, 3),
        "guidance": (0, 1),
        "operations": None,
    }


def test_a_package_that_came_back_counts_on_both_sides_of_the_wall(sales: User) -> None:
    """lead → initiation: two taken, one of them returned before; initiation → guidance: one taken."""
    lead, now = make_lead(by=sales), timezone.now()
    for number, (source, target, state, about) in enumerate(
        (
            ("lead", "initiation", "returned", 1),
            ("lead", "initiation", "taken", 1),
            ("lead", "initiation", "taken", 2),
            ("initiation", "guidance", "taken", 3),
        )
    ):
        made = Handover(
            case_id=lead.case_id,
            code=f"HO-T-{number}",
            title="x",
            source_kind="leads.lead",
            source_id=about,
            source_stage=source,
            target=target,
            receiver_role="ar",
            due_at=now,
            imported=True,
        )
        made.__dict__["state"] = state
        made.save()
        Handover.objects.filter(pk=made.pk).update(imported=False)
    assert pace.first_pass_of_stages() == {"lead": (1, 2), "initiation": (2, 3), "guidance": (1, 1)}


def concluded(sales: User, step: str, result: str, *, days_ago: int = 1) -> None:
    """An improvement whose result was stated some days ago."""
    made = Improvement(
        case_id=make_lead(by=sales).case_id,
        code=f"IM-T-{Improvement.objects.count()}",
        title="x",
        step=step,
        problem="x",
        idea="x",
        result=result,
        realised_by=ProcessVersion.objects.first(),
        state_since=timezone.now() - dt.timedelta(days=days_ago),
        imported=True,
    )
    made.__dict__["state"] = "concluded"
    made.save()


def test_improvements_that_made_a_step_better_in_a_year(sales: User) -> None:
    concluded(sales, "ML-2", "better")
    concluded(sales, "ML-4", "better", days_ago=364)
    concluded(sales, "ML-4", "better", days_ago=366)
    concluded(sales, "ML-3", "same")
    concluded(sales, "XX-1", "better")
    concluded(sales, "PI-1", "worse")
    assert [stage(code).facts.improved for code in ("lead", "initiation")] == [2, 0]


def test_the_newest_assessment_counts_for_a_year_and_the_old_ones_stay() -> None:
    keeper = make_keeper()
    services.assess(stage="lead", criterion="taught", is_met=False, evidence="没有教材", by=keeper)
    services.assess(stage="lead", criterion="taught", is_met=True, evidence="培训签到表", by=keeper)

    def taught() -> Judged:
        return next(one for one in stage("lead").judged if one.criterion.code == "taught")

    assert taught().is_met and len(selectors.assessments_of("lead")) == 2
    with time_machine.travel(timezone.now() + dt.timedelta(days=364), tick=False):
        assert taught().is_met
    with time_machine.travel(timezone.now() + dt.timedelta(days=366), tick=False):
        assert not taught().is_met and taught().is_stale


def test_a_target_with_its_gap() -> None:
    keeper = make_keeper()
    first = services.set_target(stage="lead", level=3, due_on=today(), note="年度目标", by=keeper)
    assert (stage("lead").target, stage("lead").gap, stage("lead").is_late) == (first, 2, False)
    with time_machine.travel(timezone.now() + dt.timedelta(days=2), tick=False):
        assert stage("lead").is_late
    second = services.set_target(stage="lead", level=2, due_on=today() + dt.timedelta(days=30), by=keeper)
    assert (stage("lead").target, stage("lead").gap) == (second, 1)
    assert Target.objects.count() == 2 and stage("guidance").target is None


def said() -> tuple[int, int]:
    return Target.objects.count(), Assessment.objects.count()


def test_what_is_refused() -> None:
    keeper, day = make_keeper(), today()
    for wrong in (
        {"stage": "lead", "level": 1, "due_on": day},
        {"stage": "lead", "level": 6, "due_on": day},
        {"stage": "closed", "level": 3, "due_on": day},
        {"stage": "lead", "level": 3, "due_on": day - dt.timedelta(days=1)},
    ):
        with pytest.raises(Refused):
            services.set_target(**wrong, by=keeper)
    for wrong in (
        {"stage": "lead", "criterion": "taught", "evidence": " "},
        {"stage": "lead", "criterion": "coverage_3", "evidence": "x"},
        {"stage": "nowhere", "criterion": "taught", "evidence": "x"},
    ):
        with pytest.raises(Refused):
            services.assess(**wrong, is_met=True, by=keeper)
    assert said() == (0, 0)


@pytest.mark.parametrize("who", ["sales", "director", "lead_manager", "admin", "auditor"])
def test_only_the_keeper_says_it(who: str, request: pytest.FixtureRequest) -> None:
    by = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        services.set_target(stage="lead", level=3, due_on=today(), by=by)
    with pytest.raises(NotAllowed):
        services.assess(stage="lead", criterion="taught", is_met=True, evidence="x", by=by)
    assert said() == (0, 0)


def test_what_was_said_stays() -> None:
    services.set_target(stage="lead", level=3, due_on=today(), by=make_keeper())
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Target.objects.update(level=2)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Target.objects.all().delete()


@pytest.mark.parametrize(("language", "words"), [("zh-hans", ("成熟度", "1 初始")), ("en", ("Maturity", "1 initial"))])
def test_the_pages(stranger: User, language: str, words: tuple[str, ...]) -> None:
    stranger.language = language
    stranger.save()
    client = signed_in(stranger)
    for url in ("/maturity/levels/", "/maturity/levels/lead/"):
        page = client.get(url).content.decode()
        assert all(word in page for word in words), url
    assert "/maturity/levels/lead/target/" not in page
    assert client.get("/maturity/levels/nowhere/").status_code == 404
    assert client.get("/maturity/levels/?x=1").status_code == 400
    assert client.post("/maturity/levels/lead/target/", {"level": "3", "due_on": f"{today()}"}).status_code == 403
    assert client.post("/maturity/levels/lead/assess/", {"criterion": "taught", "evidence": "x"}).status_code == 403
    assert said() == (0, 0)


def test_the_keeper_says_it_on_the_page() -> None:
    client = signed_in(make_keeper())
    page = "/maturity/levels/lead/"
    assert f"{page}target/" in client.get(page).content.decode()
    sent = {"level": "3", "due_on": f"{today()}", "idempotency_key": "k" * 32}
    for _twice in range(2):
        assert client.post(f"{page}target/", sent).status_code == 302
    assert (
        client.post(f"{page}assess/", {"criterion": "taught", "is_met": "on", "evidence": "签到表"}).status_code == 302
    )
    assert said() == (1, 1)
    assert "签到表" in client.get(page).content.decode()
    assert client.post(f"{page}target/", {"level": "3"}).status_code == 422
    late = client.post(f"{page}target/", {"level": "4", "due_on": "2020-01-01"})
    assert late.status_code == 409 and "2020-01-01" in late.content.decode()
    assert client.get(f"{page}target/").status_code == 405
    assert said() == (1, 1)


def test_programs_say_and_read_the_same(stranger: User) -> None:
    keeper = Caller(make_keeper())
    body = {"level": "3", "due_on": f"{today()}", "note": "年度目标"}
    answer = keeper.post("maturity/levels/lead/target/", body)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["target"]["level"], answer.json()["gap"]) == (3, 2)
    assert (
        keeper.post(
            "maturity/levels/lead/assess/", {"criterion": "taught", "is_met": True, "evidence": "签到表"}
        ).status_code
        == 200
    )
    problem(
        keeper.post("maturity/levels/lead/assess/", {"criterion": "coverage_3", "is_met": True, "evidence": "x"}), 400
    )
    problem(keeper.post("maturity/levels/lead/target/", {**body, "due_on": "2020-01-01"}), 409)
    problem(keeper.post("maturity/levels/nowhere/target/", body), 404)
    problem(Caller(stranger).post("maturity/levels/lead/target/", body), 403)
    problem(Caller(stranger).post("maturity/levels/lead/assess/", {"criterion": "taught", "evidence": "x"}), 403)
    found = {one["stage"]: one for one in Caller(stranger).get("maturity/levels/").json()}
    assert list(found) == [one.code for one in STAGES]
    taught = next(one for one in found["lead"]["criteria"] if one["code"] == "taught")
    assert (taught["met"], taught["evidence"], taught["at_least"]) == (True, "签到表", None)
    assert Caller(stranger).get("maturity/levels/lead/").json() == found["lead"]


def test_the_questions_do_not_grow(monkeypatch: pytest.MonkeyPatch, stranger: User) -> None:
    monkeypatch.setattr("process.catalogue._FRESH_SECONDS", float("inf"))
    keeper, client = make_keeper(), signed_in(stranger)
    services.assess(stage="lead", criterion="taught", is_met=True, evidence="x", by=keeper)
    services.set_target(stage="lead", level=3, due_on=today(), by=keeper)

    def asked() -> list[int]:
        found = []
        for url in ("/maturity/levels/", "/maturity/levels/lead/"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            found.append(len(queries))
        return found

    few = asked()
    for code in (one.code for one in STAGES):
        for criterion in BY_HAND:
            services.assess(stage=code, criterion=criterion, is_met=True, evidence="x", by=make_keeper())
        services.set_target(stage=code, level=4, due_on=today(), by=make_keeper())
    assert few == asked() and max(few) <= 15
