"""Submitting, reviewing, deciding: the rule and the people are frozen, nobody decides on the own request."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from accounts.actor import Actor
from accounts.models import Department, Notice, Role, User
from accounts.services import delegate
from approvals import authority
from approvals.models import ApprovalRequest, AuthorityRule, Decision
from approvals.selectors import approved_request, deciding_on, open_conditions, requests_of
from approvals.services import meet_condition, snapshot_of, void
from core.calendar import today
from core.errors import DomainError, NotAllowed, Refused
from finance.models import CostSheet
from finance.services import sheet as sheets
from process.models import CaseRecord, StepRecord
from process.services import edit, seat
from tests.factories.finance import make_book, make_sheet
from tests.factories.projects import make_submitted_project
from tests.helpers import actions, last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(db: None) -> Callable[..., AuthorityRule]:
    """Replaces the rules for cost sheets; the first call clears what the house has."""
    AuthorityRule.objects.filter(document="finance.costsheet").delete()

    def make(*reviewers: str, decider: str = "decision_team", **fields: Any) -> AuthorityRule:
        values = {"fallback": "commercial", "zh": "规则", "en": "Rule", "hours": 16, **fields}
        return AuthorityRule.objects.create(
            document="finance.costsheet", reviewers=list(reviewers), decider=decider, **values
        )

    return make


@pytest.fixture
def sheet(sales, solution) -> CostSheet:
    """A draft estimate of 100,000, made by the solution manager of the deal."""
    return make_sheet(make_book(sales, seats={"sr": solution}), solution)


def request_of(record: Any) -> ApprovalRequest:
    found = requests_of(record).first()
    assert found is not None
    return found


def asked(record: Any) -> dict[str, list[int]]:
    """Whose answers are waited for now, by role."""
    return {
        one.role: one.assignees
        for one in request_of(record).decisions.filter(step__isnull=False, decided_at__isnull=True)
    }


# Submitting -------------------------------------------------------------------------------------------
def test_submitting_freezes_rule_people_and_figures(sheet, solution, legal, director, rule) -> None:
    made = rule("legal", hours=8)
    sheets.submit(sheet, by=solution)
    request = request_of(sheet)
    assert (sheet.state, request.state, request.submitted_by) == ("in_review", "pending", solution)
    assert request.snapshot["net_cost"] == "100000.00"
    made.reviewers, made.decider, made.hours = ["purchasing"], "cashier", 1
    made.save()
    newcomer = make_user("late", department="management", roles=("decision_team",))
    sheets.approve(sheet, by=legal)
    assert asked(sheet) == {"decision_team": [director.pk]}, "who came later is not asked"
    with unchanged(sheet, request), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=newcomer)
    sheets.approve(sheet, by=director)
    assert sheet.state == "approved"
    assert request.frozen_rule["hours"] == 8


def test_opinions_are_asked_in_parallel_then_the_decision(sheet, solution, legal, purchasing, director, rule) -> None:
    rule("legal", "purchasing")
    sheets.submit(sheet, by=solution)
    assert asked(sheet) == {"legal": [legal.pk], "purchasing": [purchasing.pk]}
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=director)  # not yet
    sheets.approve(sheet, by=purchasing, note="prices are current")
    assert (sheet.state, actions(sheet)[-1], last_log(sheet).note) == (
        "in_review",
        "cost_sheet.review",
        "prices are current",
    )
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=purchasing)  # has said it
    sheets.approve(sheet, by=legal)
    assert asked(sheet) == {"decision_team": [director.pk]}
    sheets.approve(sheet, by=director)
    request = request_of(sheet)
    assert (sheet.state, request.state, request.ended_at is not None) == ("approved", "approved", True)
    assert approved_request(sheet) == request
    assert [one.decided_by for one in request.decisions.all()] == [legal, purchasing, director]
    assert not StepRecord.objects.filter(object_id=sheet.pk, kind="finance.costsheet", state="open").exists()


def test_whoever_is_asked_is_told_and_waited_for(sheet, solution, legal, purchasing, director, rule) -> None:
    rule("legal", "purchasing")
    sheets.submit(sheet, by=solution)
    held = CaseRecord.objects.get(kind="finance.costsheet", object_id=sheet.pk)
    assert (held.holder, held.department) == (legal, legal.department)
    sheets.approve(sheet, by=purchasing)
    waiting = CaseRecord.objects.get(pk=held.pk)
    assert (waiting.holder, waiting.since) == (legal, held.since), "legal is still waited for, since then"
    sheets.approve(sheet, by=legal)
    assert CaseRecord.objects.get(pk=held.pk).holder == director
    for person in (legal, purchasing, director):
        notice = Notice.objects.get(user=person, key__startswith="decision:")
        assert notice.link == sheet.get_absolute_url()
    step = StepRecord.objects.get(object_id=sheet.pk, kind="finance.costsheet", state="open")
    assert step.due_at is not None


# Who decides ------------------------------------------------------------------------------------------
def test_the_submitter_never_decides(sheet, solution, director, rule) -> None:
    """Not with the deciding role, not as the decider's deputy."""
    rule()
    solution.roles.add(Role.objects.get(code="decision_team"))
    delegate(director, solution, first_day=today(), last_day=today())
    solution.forget()
    sheets.submit(sheet, by=solution)
    assert asked(sheet) == {"decision_team": [director.pk]}
    for act in (sheets.approve, sheets.send_back):
        with unchanged(sheet), pytest.raises(NotAllowed):
            act(sheet, by=solution, note="mine")


def test_nor_does_the_owner_for_whom_a_deputy_submitted(sales, solution, director, rule) -> None:
    """The deputy's signature is the owner's: the owner, though asked as decider, is left out."""
    rule()
    project_ar = make_user("owner", department="management", roles=("decision_team", "ar", "sr"))
    own = make_sheet(make_book(sales, seats={"sr": project_ar}), project_ar)
    delegate(project_ar, solution, first_day=today(), last_day=today())
    sheets.submit(own, by=solution)
    assert asked(own) == {"decision_team": [director.pk]}
    with unchanged(own), pytest.raises(NotAllowed):
        sheets.approve(own, by=project_ar)


def test_a_deputy_decides_for_the_decider(sheet, solution, director, sales2, rule) -> None:
    """Recorded as B for A, in the decision and in the log."""
    rule()
    delegate(director, sales2, first_day=today(), last_day=today())
    sheets.submit(sheet, by=solution)
    sheets.approve(sheet, by=sales2)
    decision = request_of(sheet).decisions.get()
    assert (decision.decided_by, decision.on_behalf_of) == (sales2, director)
    for record in (sheet, request_of(sheet)):
        entry = last_log(record)
        assert entry.user == sales2
        assert sales2.name in entry.actor_name and director.name in entry.actor_name


def test_asked_in_person_and_as_deputy_one_answers_twice(sheet, solution, legal, purchasing, director, rule) -> None:
    rule("legal", "purchasing")
    delegate(legal, purchasing, first_day=today(), last_day=today())
    sheets.submit(sheet, by=solution)
    sheets.approve(sheet, by=purchasing)
    sheets.approve(sheet, by=purchasing)
    answered = request_of(sheet).decisions.filter(kind="review").values_list("role", "decided_by", "on_behalf_of")
    assert set(answered) == {("legal", purchasing.pk, legal.pk), ("purchasing", purchasing.pk, None)}
    assert asked(sheet) == {"decision_team": [director.pk]}


def test_an_empty_role_falls_back(sheet, solution, director, rule) -> None:
    rule(decider="seal_keeper", fallback="decision_team")
    sheets.submit(sheet, by=solution)
    assert asked(sheet) == {"seal_keeper": [director.pk]}


def test_nobody_to_decide_is_refused_naming_the_role(sheet, solution, rule) -> None:
    rule(decider="decision_team", fallback="commercial")
    with unchanged(sheet), pytest.raises(Refused, match=Role.objects.get(code="decision_team").zh):
        sheets.submit(sheet, by=solution)
    assert ApprovalRequest.objects.count() == 0


def test_no_rule_is_refused_naming_the_document(sheet, solution, rule) -> None:
    with unchanged(sheet), pytest.raises(Refused, match=str(CostSheet._meta.verbose_name)):
        sheets.submit(sheet, by=solution)


def test_the_department_head_is_the_nearest_one_at_work(sheet, solution, rule) -> None:
    rule(decider="department_head")
    gone = make_user("gone", department="solution")
    above = make_user("above", department="management")
    upper = Department.objects.get(code="management")
    Department.objects.filter(pk=upper.pk).update(head=above)
    Department.objects.filter(code="solution").update(head=gone, parent=upper)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    sheets.submit(sheet, by=solution)
    assert asked(sheet) == {"department_head": [above.pk]}


def test_bands_by_amount_and_margin(sheet, rule) -> None:
    """The lowest rule that fits; what is not known fits no limit."""
    small = rule(up_to_amount=Decimal(100_000), position=1)
    rich = rule(min_margin=Decimal(20), position=2)
    rest = rule(position=3)

    def decides(**measures: Any) -> AuthorityRule | None:
        return authority.judge("finance.costsheet", None, measures).rule

    for measures, expected in (
        ({"gross_amount": Decimal(100_000)}, small),
        ({"gross_amount": Decimal("100000.01"), "margin": Decimal(20)}, rich),
        ({"gross_amount": Decimal("100000.01"), "margin": Decimal("19.99")}, rest),
        ({"gross_amount": Decimal(-200_000)}, rest),
        ({"gross_amount": None}, rest),
        ({}, rest),
        ({"gross_amount": Decimal(0)}, small),
    ):
        assert decides(**measures) == expected, measures
    assert deciding_on(sheet, Actor.of(sheet.owner)).rule == small
    rest.is_active = False
    rest.save()
    assert decides() is None


# Opinions ---------------------------------------------------------------------------------------------
def test_a_condition_stands_until_it_is_met(sheet, solution, legal, director, stranger, rule) -> None:
    rule("legal")
    sheets.submit(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=legal, opinion="conditional", conditions="  ")
    sheets.approve(sheet, by=legal, opinion="conditional", conditions="quote in writing")
    sheets.approve(sheet, by=director)
    assert sheet.state == "approved"
    condition = open_conditions(sheet)[0]
    assert condition.conditions == "quote in writing"
    with unchanged(sheet), pytest.raises(NotAllowed):
        meet_condition(condition, by=stranger)
    meet_condition(condition, by=solution, note="received")
    assert open_conditions(sheet) == []
    assert (condition.met_by, actions(sheet)[-1]) == (solution, "decision.meet_condition")
    with unchanged(sheet):
        meet_condition(Decision.objects.get(pk=condition.pk), by=legal)  # met is met
    without = request_of(sheet).decisions.get(kind="decision")
    with unchanged(sheet), pytest.raises(Refused):
        meet_condition(without, by=director)


def test_disagreeing_needs_a_reason_and_does_not_decide(sheet, solution, legal, director, rule) -> None:
    rule("legal")
    sheets.submit(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=legal, opinion="disagree")
    sheets.approve(sheet, by=legal, opinion="disagree", note="too optimistic")
    assert sheet.state == "in_review"
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=director, opinion="disagree", note="send it back instead")
    sheets.approve(sheet, by=director, note="all the same")
    assert sheet.state == "approved"


def test_sent_back_by_anybody_asked_with_a_reason(sheet, solution, legal, director, stranger, rule) -> None:
    rule("legal")
    sheets.submit(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.send_back(sheet, by=legal, note=" ")
    for person in (director, stranger):
        with unchanged(sheet), pytest.raises(NotAllowed):
            sheets.send_back(sheet, by=person, note="not asked yet, or never")
    sheets.send_back(sheet, by=legal, note="line 1 has no offer")
    request = request_of(sheet)
    assert (sheet.state, request.state) == ("draft", "sent_back")
    assert request.decisions.get(kind="review").opinion == "send_back"
    assert CaseRecord.objects.get(kind="finance.costsheet", object_id=sheet.pk).holder == solution
    assert Notice.objects.filter(user=solution, link=sheet.get_absolute_url()).exists()
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=legal)
    sheets.submit(sheet, by=solution)
    assert request_of(sheet).pk != request.pk, "submitted again it is another request"


def test_withdrawn_before_the_first_opinion_only(sheet, solution, legal, director, rule) -> None:
    rule("legal")
    sheets.submit(sheet, by=solution)
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.withdraw(sheet, by=legal)
    sheets.withdraw(sheet, by=solution)
    assert (sheet.state, request_of(sheet).state) == ("draft", "withdrawn")
    sheets.submit(sheet, by=solution)
    sheets.approve(sheet, by=legal)
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.withdraw(sheet, by=director)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.withdraw(sheet, by=solution)


def test_rejected_by_the_decider_with_a_reason(sales, pfc, director) -> None:
    from projects import services as projects

    project = make_submitted_project(sales, team={"pfc": pfc, "director": director})
    with unchanged(project), pytest.raises(NotAllowed):
        projects.reject(project, by=pfc, note="a reviewer does not decide")
    projects.approve(project, by=pfc)
    with unchanged(project), pytest.raises(Refused):
        projects.reject(project, by=director)
    projects.reject(project, by=director, note="no strategic value")
    request = request_of(project)
    assert (project.state, request.state) == ("rejected", "rejected")
    assert request.decisions.get(kind="decision").opinion == "disagree"
    assert seat(project.case_id, "director") == director


# What was submitted is what is decided ----------------------------------------------------------------
def test_a_watched_value_that_changed_is_not_decided_on(sheet, solution, director, rule) -> None:
    rule()
    sheets.submit(sheet, by=solution)
    CostSheet.objects.filter(pk=sheet.pk).update(net_revenue=Decimal(1))
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=director)
    sheets.send_back(sheet, by=director, note="the revenue changed")
    assert sheet.state == "draft"


def test_nothing_is_edited_while_it_is_decided_on(sheet, solution, rule, director) -> None:
    rule()
    sheets.submit(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.edit(sheet, by=solution, net_revenue=Decimal(1))


def test_a_request_can_be_voided(sheet, solution, director, rule) -> None:
    rule()
    sheets.submit(sheet, by=solution)
    assert void(sheet, by=solution, note="another lead")
    assert request_of(sheet).state == "void"
    assert not void(sheet, by=solution)
    with unchanged(sheet), pytest.raises(Refused):
        sheets.approve(sheet, by=director)


def test_the_snapshot_holds_what_authority_rules_measure(sheet) -> None:
    taken = snapshot_of(sheet)
    assert set(taken) == {*CostSheet.watched_fields, "measures"}
    edit(sheet, by=sheet.owner, changes={"label": "another label"})
    assert snapshot_of(sheet) == taken


# All at once ------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_eight_people_deciding_at_once_make_one_decision(sheet, solution, rule) -> None:
    """Four approve and four send back in the same moment: one answer stands, seven learn that it is decided."""
    rule()
    people = [make_user(f"d{n}", department="management", roles=("decision_team",)) for n in range(8)]
    sheets.submit(sheet, by=solution)
    outcomes: list[str] = []
    gate = threading.Barrier(8)

    def decide(person: User, act: Callable[..., Any]) -> None:
        mine = CostSheet.objects.get(pk=sheet.pk)
        gate.wait()
        try:
            act(mine, by=person, note="my answer")
            outcomes.append(mine.state)
        except DomainError as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=decide, args=(person, sheets.approve if number % 2 else sheets.send_back))
        for number, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sheet.refresh_from_db()
    request = request_of(sheet)
    assert (sheet.state, request.state) in {("approved", "approved"), ("draft", "sent_back")}
    assert sorted(outcomes) == sorted([sheet.state, *["Refused"] * 7])
    assert request.decisions.filter(decided_at__isnull=False).count() == 1
    assert not StepRecord.objects.filter(object_id=sheet.pk, kind="finance.costsheet", state="open").exists()


# On the page ------------------------------------------------------------------------------------------
def test_deciding_on_the_page(sheet, solution, sales, director, rule) -> None:
    rule()
    sheets.submit(sheet, by=solution)
    address = f"{sheet.get_absolute_url()}approve/"
    client = signed_in(director)
    dialog = client.get(address).content.decode()
    assert "100,000.00" in dialog, "the decider sees what is decided on"
    assert client.get(sheet.get_absolute_url()).status_code == 200
    assert signed_in(solution).post(address).status_code == 403
    assert client.post(address, {"opinion": "conditional"}).status_code == 409
    assert client.post(address, {"opinion": "nonsense"}).status_code == 422
    assert client.post(address, {"opinion": "agree", "note": "good"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == "approved"
    assert client.post(address, {"opinion": "agree"}).status_code == 403, "nobody is asked any more"


def test_due_dates_follow_the_rules_hours(sheet, solution, director, rule) -> None:
    rule(hours=0)
    sheets.submit(sheet, by=solution)
    step = StepRecord.objects.get(object_id=sheet.pk, kind="finance.costsheet", state="open")
    assert step.due_at - step.opened_at < dt.timedelta(seconds=5)
