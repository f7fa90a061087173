"""The spine: forward by handover and gate, passed over by variant, back by a gate approver."""

import pytest

from accounts.models import User
from core.errors import NotAllowed, Refused
from process.models import Handover
from projects import selectors, services
from projects.models import StageEntry, VariantStage
from tests.factories.projects import decide, make_approved_project, make_ready_project, take_offer, term
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db


def test_without_handover_and_gate_nothing_is_entered(sales):
    project = make_ready_project(sales)

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.enter_stage(project, "guidance", by=sales)

    assert len(refusal.value.reasons) == 3  # draft, no handover, no ATI


def test_no_stage_is_left_out_unless_the_variant_says_so(sales):
    project = make_approved_project(sales)

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.enter_stage(project, "delivery", by=sales)

    assert len(refusal.value.reasons) == 6  # three stages, handover, ATB, ATC


def test_a_stage_entered_or_passed_is_no_step(sales):
    project = make_approved_project(sales)
    take_offer(project, "guidance")
    project.refresh_from_db()

    with unchanged(project):
        services.enter_stage(project, "guidance", by=sales)
        services.enter_stage(project, "initiation", by=sales)

    assert project.stage == "guidance"


def test_a_variant_passes_a_stage_over_and_says_so(sales):
    variant = term("variant", "small")
    VariantStage.objects.get_or_create(variant=variant, stage="guidance", defaults={"applicable": False})
    project = make_ready_project(sales, variant=variant)
    services.submit(project, by=sales)
    decide(project, services.approve)

    assert selectors.next_stage(project) == "solution"
    take_offer(project, "solution")

    project.refresh_from_db()
    assert project.stage == "solution"
    skipped = StageEntry.objects.get(project=project, stage="guidance")
    assert skipped.skipped
    bar = {one["label"]: one["state"] for one in selectors.stagebar(project.case_id)}
    assert list(bar.values()).count("skipped") == 1


def test_from_the_solution_on_customer_and_amount_are_known(sales):
    variant = term("variant", "small")
    VariantStage.objects.get_or_create(variant=variant, stage="guidance", defaults={"applicable": False})
    project = make_ready_project(sales, variant=variant, customer=None, gross_amount=None)
    services.submit(project, by=sales)
    decide(project, services.approve)
    handover = Handover.objects.get(case=project.case, target="solution")

    with unchanged(project, handover), pytest.raises(Refused):
        take_offer(project, "solution")


def test_only_a_gate_approver_goes_back_and_says_why(sales):
    project = make_approved_project(sales)
    take_offer(project, "guidance")
    project.refresh_from_db()
    director = User.objects.get(pk=project.seat_holder_ids()["director"])

    with unchanged(project), pytest.raises(NotAllowed):
        services.step_back(project, by=sales, stage="initiation", note="x")
    for stage, note in (("initiation", ""), ("delivery", "x")):
        with unchanged(project), pytest.raises(Refused):
            services.step_back(project, by=director, stage=stage, note=note)

    services.step_back(project, by=director, stage="initiation", note="目标变了")
    assert project.stage == "initiation"
    assert last_log(project).note == "目标变了"
    assert StageEntry.objects.filter(project=project, is_back=True).count() == 1


def test_the_stage_bar_shows_dates_and_who_it_waits_for(sales):
    project = make_approved_project(sales)

    bar = selectors.stagebar(project.case_id)
    sr = User.objects.get(pk=project.seat_holder_ids()["sr"])

    assert [one["state"] for one in bar][:2] == ["now", "todo"]
    assert sr.name in bar[0]["note"]
    assert bar[0]["date"]


def test_at_the_solution_it_waits_for_who_decides_on_the_bid():
    from tests.factories.solutions import make_submitted_solution, make_tender

    solution = make_submitted_solution()
    make_tender(solution.project)
    pfc = User.objects.get(pk=solution.project.seat_holder_ids()["pfc"])

    now = next(one for one in selectors.stagebar(solution.case_id) if one["state"] == "now")

    assert pfc.name in now["note"]
