"""The bid package: what ATB asks for, what voids it, how it is won and lost."""

import pytest

from accounts.models import User
from core.errors import NotAllowed, Refused
from process.models import Handover
from process.services import seat
from projects import selectors as projects
from solutions.models import Solution
from solutions.services import quote as quotes
from solutions.services import solution as solutions
from tests.factories.projects import make_approved_estimate, make_approved_project, term
from tests.factories.solutions import (
    ar_of,
    make_accepted_quote,
    make_approved_solution,
    make_poc,
    make_ready_solution,
    make_sent_quote,
    make_solution,
    make_submitted_solution,
    make_tender,
    make_won_solution,
)
from tests.helpers import actions, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db


def _sr(solution: Solution) -> User:
    return seat(solution.case_id, "sr")


def test_taken_over_from_guidance_it_is_the_solution_managers_draft():
    solution = make_solution()
    solution.project.refresh_from_db()

    assert solution.project.stage == "solution"
    assert solution.owner == _sr(solution)
    assert solution.plan is not None
    assert solution.state == "draft"


def test_submit_names_everything_the_package_lacks():
    solution = make_solution(approach="", deviations="")
    make_tender(solution.project, needs_deposit=True)

    with unchanged(solution), pytest.raises(Refused) as refusal:
        solutions.submit(solution, by=_sr(solution))

    # approach, deviations, technical review, quote, estimate, deposit
    assert len(refusal.value.reasons) == 6
    assert all(reason.link for reason in refusal.value.reasons)


def test_the_designer_does_not_review_the_own_design():
    solution = make_solution()
    reviewer = make_user("rd", department="research", roles=("engineer",))

    with unchanged(solution), pytest.raises(NotAllowed):
        solutions.technical_review(solution, by=_sr(solution), technical_review="好")
    solutions.technical_review(solution, by=reviewer, technical_review="容量不足, 已改")
    assert solution.technical_review_by == reviewer

    solutions.edit(solution, by=_sr(solution), approach="两层架构")
    assert solution.technical_review_at is None


def test_atb_freezes_quote_and_estimate():
    solution = make_approved_solution()

    assert solution.state == "approved"
    assert solution.quote.gross_amount == solution.measures()["gross_amount"]
    assert solution.estimate == projects.current_estimate(solution.project)
    assert projects.gate_passed(solution.case_id, "contract")


def test_nobody_else_submits_or_decides(stranger):
    ready = make_ready_solution()
    with unchanged(ready), pytest.raises(NotAllowed):
        solutions.submit(ready, by=stranger)

    asked = solutions.submit(ready, by=_sr(ready))
    for verb in ("approve", "reject", "send_back", "withdraw"):
        with unchanged(asked), pytest.raises(NotAllowed):
            getattr(solutions, verb)(asked, by=stranger, note="x")


def test_a_decision_over_another_estimate_is_refused():
    solution = make_submitted_solution()
    make_approved_estimate(solution.project, (("material.hardware", "换型", "600000.00", "13", True),))
    pfc = User.objects.get(pk=solution.project.seat_holder_ids()["pfc"])

    with unchanged(solution), pytest.raises(Refused):
        solutions.approve(solution, by=pfc)


def test_a_bid_lies_with_the_customer_once_something_went_out():
    solution = make_approved_solution()
    ar = ar_of(solution)

    with unchanged(solution), pytest.raises(Refused):
        solutions.submit_bid(solution, by=ar)
    quotes.send(solution.quote, by=ar)
    solutions.submit_bid(solution, by=ar)

    assert solution.state == "tendered"


def test_won_it_is_offered_to_the_contract_with_every_promise():
    solution = make_won_solution()

    assert solution.state == "won"
    handover = Handover.objects.get(case=solution.case, target="contract")
    assert handover.package["gross_amount"] == "1006000.00"
    assert "设备: 设备按期交付" in handover.package["promises"]
    assert "solution.win" in actions(solution)


def test_no_win_without_an_accepted_quote_or_award():
    solution = make_approved_solution()
    make_tender(solution.project)

    with unchanged(solution), pytest.raises(Refused) as refusal:
        solutions.win(solution, by=ar_of(solution))

    assert len(refusal.value.reasons) == 2


def test_only_the_account_manager_wins(stranger):
    quote = make_accepted_quote()
    solution = Solution.objects.get(pk=quote.solution_id)

    with unchanged(solution), pytest.raises(NotAllowed):
        solutions.win(solution, by=stranger)


def test_another_estimate_after_atb_stops_the_win():
    quote = make_accepted_quote()
    solution = Solution.objects.get(pk=quote.solution_id)
    make_approved_estimate(solution.project, (("material.hardware", "换型", "600000.00", "13", True),))

    with unchanged(solution), pytest.raises(Refused) as refusal:
        solutions.win(solution, by=ar_of(solution))

    assert refusal.value.reasons[0].link.endswith("/revise/")


def test_to_lose_every_offer_is_closed_first():
    solution = make_approved_solution()
    ar = ar_of(solution)
    sent = make_sent_quote(solution, is_alternative=True)
    poc, tender = make_poc(solution), make_tender(solution.project)

    with unchanged(solution), pytest.raises(Refused) as refusal:
        solutions.lose(solution, by=ar, note="低价")
    assert len(refusal.value.reasons) == 4

    from solutions.services import poc as pocs
    from solutions.services import tender as tenders

    quotes.decline(sent, by=ar, note="未选")
    pocs.stop(poc, by=ar, note="停")
    tenders.abandon(tender, by=ar, note="弃标")
    solutions.lose(solution, by=ar, note="低价", lost_reason=term("lost", "price"), competitor="友商")

    assert (solution.state, solution.competitor) == ("lost", "友商")
    assert solution.quotes.filter(state="superseded").count() == 1


def test_revised_it_is_the_next_version_and_no_gate():
    solution = make_approved_solution()

    solutions.revise(solution, by=_sr(solution), note="客户改需求")

    assert (solution.state, solution.version, solution.technical_review_at) == ("draft", 2, None)
    assert not projects.gate_passed(solution.case_id, "contract")


def test_rejected_it_can_be_revised():
    solution = make_submitted_solution()
    people = solution.project.seat_holder_ids()
    for role in ("pfc", "fr"):
        solutions.approve(solution, by=User.objects.get(pk=people[role]))

    solutions.reject(solution, by=User.objects.get(pk=people["director"]), note="毛利太低")
    assert solution.state == "rejected"
    solutions.revise(solution, by=_sr(solution), note="重做")

    assert solution.state == "draft"


def test_one_solution_at_a_time():
    solution = make_solution()

    with pytest.raises(Refused):
        solutions.open(by=_sr(solution), project=solution.project, title="第二个")
    assert Solution.objects.filter(project=solution.project).count() == 1


def test_the_project_is_not_lost_while_an_offer_is_out(sales):
    from projects import services

    solution = make_solution(make_approved_project(sales))
    sent = make_sent_quote(solution)
    project = solution.project
    project.refresh_from_db()

    with unchanged(project), pytest.raises(Refused) as refusal:
        services.lose(project, by=sales, note="x", lost_reason=term("lost", "price"))

    assert any(sent.code in reason for reason in refusal.value.reasons)
