"""Where a rule asks for letters, the lowest person whose letter covers every figure decides; else nobody does."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Department, Notice, User
from accounts.services import delegate
from approvals import what_if
from approvals.models import ApprovalRequest, AuthorityRule, Decision
from approvals.selectors import requests_of
from approvals.services import escalating
from approvals.services import letter as letters
from core.calendar import today
from core.errors import DomainError, NotAllowed, Refused
from finance.models import CostSheet
from finance.services import sheet as sheets
from process.models import CaseRecord, StepRecord
from tests.api.caller import Caller
from tests.factories.approvals import SHEET, covering, make_issued, make_letter
from tests.factories.finance import line, make_book, make_sheet
from tests.helpers import last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
DAY = dt.timedelta(days=1)


@pytest.fixture
def rule(db: None) -> Callable[..., AuthorityRule]:
    """Replaces the rules for cost sheets; letters are asked for."""
    AuthorityRule.objects.filter(document=SHEET).delete()

    def make(decider: str = "legal", **fields: Any) -> AuthorityRule:
        values = {"fallback": "commercial", "zh": "规则", "en": "Rule", "hours": 16, "needs_letter": True, **fields}
        return AuthorityRule.objects.create(document=SHEET, decider=decider, **values)

    return make


@pytest.fixture
def draft(sales, solution) -> Callable[..., CostSheet]:
    """An estimate of 100,000 gross unless another amount is given."""
    book = make_book(sales, seats={"sr": solution})

    def make(amount: Any = 100_000) -> CostSheet:
        return make_sheet(book, solution, lines=[line("material.hardware", amount)])

    return make


def below_management(code: str, *, head: User | None = None, above: User | None = None) -> Department:
    """Put a department below the general management, with these heads; gives the one above."""
    management = Department.objects.get(code="management")
    Department.objects.filter(pk=management.pk).update(head=above)
    Department.objects.filter(code=code).update(parent=management, head=head)
    return management


def decision(record: Any) -> Decision:
    return requests_of(record)[0].decisions.get(kind="decision")


def submitted(sheet: CostSheet, by: User) -> Decision:
    sheets.submit(sheet, by=by)
    return decision(sheet)


# At submit -------------------------------------------------------------------------------------------------
def test_off_by_default_nothing_changes(rule, draft, solution, legal) -> None:
    rule(needs_letter=False)
    found = submitted(draft(), solution)
    assert (found.assignees, found.letters) == ([legal.pk], {})
    sheets.approve(requests_of(found.request.document())[0].document(), by=legal)
    found.refresh_from_db()
    assert found.letter is None


def test_who_decides_does_so_under_the_letter(rule, draft, solution, legal) -> None:
    rule()
    letter = make_letter(legal)
    sheet = draft()
    found = submitted(sheet, solution)
    kept = found.letters[str(legal.pk)]
    assert (kept["code"], kept["version"]) == (letter.code, letter.row_version)
    assert kept["limits"] == {"up_to_amount": "100000.00"}
    page = signed_in(solution).get(sheet.get_absolute_url()).content.decode()
    assert letter.code in page, "who is asked stands there with the letter"
    sheets.approve(sheet, by=legal)
    found.refresh_from_db()
    assert (sheet.state, found.letter, found.decided_by) == ("approved", letter, legal)
    assert letter.code in signed_in(solution).get(sheet.get_absolute_url()).content.decode()
    told = Caller(solution).get(f"approvals/?kind={SHEET}&id={sheet.pk}").json()[0]["opinions"][-1]
    assert told["letter"]["id"] == letter.pk


@pytest.mark.parametrize(("over", "covered"), [(-CENT, True), (Decimal(0), True), (CENT, False)])
def test_at_the_edge_of_the_limit_the_cent_counts(rule, draft, solution, legal, over, covered) -> None:
    rule()
    letter = make_letter(legal)
    sheet = draft(Decimal(100_000) + over)
    if covered:
        assert submitted(sheet, solution).assignees == [legal.pk]
        return
    with unchanged(sheet), pytest.raises(Refused) as caught:
        sheets.submit(sheet, by=solution)
    said = " ".join(str(reason) for reason in caught.value.reasons)
    for word in (letter.code, str(legal), "100,000.01", "100,000.00"):
        assert word in said, "who comes nearest, and how much lacks"
    assert ApprovalRequest.objects.count() == 0


@pytest.mark.parametrize(("days", "covered"), [((1, 9), False), ((0, 9), True), ((-9, 0), True), ((-9, -1), False)])
def test_at_the_edge_of_the_days(rule, draft, solution, legal, days, covered) -> None:
    """The day before the first, the first, the last, the day after the last."""
    rule()
    with time_machine.travel(dt.datetime.now(dt.UTC) - 9 * DAY, tick=False):
        make_letter(legal, days=(days[0] + 9, days[1] + 9))
    sheet = draft()
    if covered:
        assert submitted(sheet, solution).assignees == [legal.pk]
        return
    with unchanged(sheet), pytest.raises(Refused):
        sheets.submit(sheet, by=solution)


def test_every_dimension_of_the_letter_must_fit(rule, draft, solution, legal) -> None:
    """A figure that is not known fits no limit; a letter without limits covers everything."""
    rule()
    other = make_user("second", department="legal", roles=("legal",))
    make_letter(legal, lines=covering(SHEET, up_to_amount=Decimal(200_000), max_days=30))
    sheet = draft()
    with unchanged(sheet), pytest.raises(Refused):
        sheets.submit(sheet, by=solution)
    make_letter(other, lines=covering(SHEET))
    assert submitted(sheet, solution).assignees == [other.pk]


@pytest.mark.parametrize("kind", ["none", "other document", "other department", "issued", "revoked"])
def test_what_is_no_letter_for_it(rule, draft, solution, legal, director, kind) -> None:
    rule()
    if kind == "other document":
        make_letter(legal, lines=covering("solutions.quote"))
    elif kind == "other department":
        make_letter(legal, within=Department.objects.get(code="legal"))
    elif kind == "issued":
        make_issued(legal, by=director)
    elif kind == "revoked":
        letters.revoke(make_letter(legal), by=director, note="over")
    sheet = draft()
    with unchanged(sheet), pytest.raises(Refused):
        sheets.submit(sheet, by=solution)


def test_a_letter_for_the_department_or_one_above_it(rule, draft, solution, legal) -> None:
    rule()
    sheet = draft()
    make_letter(legal, within=below_management(sheet.department.code))
    assert submitted(sheet, solution).assignees == [legal.pk]


def test_the_lowest_whose_letter_covers_it(rule, draft, solution, legal, pfc, director) -> None:
    """Head before head above, rule before rule; the fallback role only when no rule is left."""
    make_issuer = make_user("issuer", department="management", roles=("decision_team",))
    head, above = make_user("head", department="solution"), make_user("above", department="management")
    below_management("solution", head=head, above=above)
    for person, amount in ((head, 1000), (above, 2000), (legal, 3000), (pfc, 4000)):
        make_letter(person, by=make_issuer, lines=covering(SHEET, up_to_amount=Decimal(amount)))
    rule("department_head", fallback="pfc", position=1)
    rule("legal", position=2)
    asked = {
        amount: submitted(draft(amount), solution).assignees
        for amount in (1000, Decimal(1000) + CENT, Decimal(2000) + CENT, Decimal(3000) + CENT)
    }
    assert list(asked.values()) == [[head.pk], [above.pk], [legal.pk], [pfc.pk]]
    with pytest.raises(Refused):
        submitted(draft(Decimal(4000) + CENT), solution)


def test_a_rule_without_letters_above_decides_as_before(rule, draft, solution, legal, director) -> None:
    rule(position=1)
    rule("director", needs_letter=False, position=2)
    assert submitted(draft(), solution).assignees == [director.pk]


def test_the_submitter_does_not_decide_by_the_own_letter(rule, draft, solution, legal) -> None:
    rule("sr")
    make_letter(solution)
    sheet = draft()
    with unchanged(sheet), pytest.raises(Refused):
        sheets.submit(sheet, by=solution)


# While it runs -----------------------------------------------------------------------------------------------
def test_a_revoked_letter_passes_the_decision_on(rule, draft, solution, legal, director) -> None:
    """To the next whose letter covers it; the other cannot decide any more."""
    rule(fallback="purchasing")
    sheet = draft()
    letter = make_letter(legal)
    found = submitted(sheet, solution)
    second = make_user("second", department="legal", roles=("legal",))
    other = make_letter(second)
    letters.revoke(letter, by=director, note="岗位调整")
    found.refresh_from_db()
    assert (found.assignees, set(found.letters)) == ([second.pk], {str(second.pk)})
    step = StepRecord.objects.get(kind=SHEET, object_id=sheet.pk, state="open")
    assert step.assignees == [second.pk]
    assert CaseRecord.objects.get(kind=SHEET, object_id=sheet.pk).holder == second
    assert Notice.objects.filter(user=second, link=sheet.get_absolute_url()).count() == 1
    assert last_log(sheet).action == "cost_sheet.ask_others"
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=legal)
    sheets.approve(sheet, by=second)
    found.refresh_from_db()
    assert found.letter == other


def test_else_to_the_fallback_role(rule, draft, solution, legal, purchasing, director) -> None:
    """Without a letter, as it was frozen at submit; never to who submitted, never to whose letter ended."""
    rule(fallback="purchasing")
    sheet = draft()
    letter = make_letter(legal)
    found = submitted(sheet, solution)
    letters.revoke(letter, by=director, note="岗位调整")
    found.refresh_from_db()
    assert (found.assignees, found.letters) == ([purchasing.pk], {})
    sheets.approve(sheet, by=purchasing)
    assert sheet.state == "approved"


def test_where_nobody_is_left_the_submitter_is_told(rule, draft, solution, legal, director) -> None:
    rule(fallback="commercial")
    sheet = draft()
    letter = make_letter(legal)
    submitted(sheet, solution)
    letters.revoke(letter, by=director, note="岗位调整")
    assert decision(sheet).assignees == []
    assert Notice.objects.filter(user=solution, key__endswith=":nobody").count() == 1
    sheets.withdraw(sheet, by=solution)
    assert sheet.state == "draft"


def test_of_several_only_the_one_falls_out(rule, draft, solution, legal, director) -> None:
    rule()
    second = make_user("second", department="legal", roles=("legal",))
    letter, other = make_letter(legal), make_letter(second)
    found = submitted(draft(), solution)
    assert found.assignees == [legal.pk, second.pk]
    letters.revoke(letter, by=director, note="岗位调整")
    found.refresh_from_db()
    assert found.assignees == [second.pk]
    assert found.letters[str(second.pk)]["id"] == other.pk


def test_what_was_decided_stays(rule, draft, solution, legal, director) -> None:
    rule()
    sheet = draft()
    letter = make_letter(legal)
    submitted(sheet, solution)
    sheets.approve(sheet, by=legal)
    before = Decision.objects.filter(request__document_id=sheet.pk).values()[0]
    letters.revoke(letter, by=director, note="岗位调整")
    assert Decision.objects.filter(request__document_id=sheet.pk).values()[0] == before


def test_after_the_last_day_nobody_decides_by_it(rule, draft, solution, legal, purchasing) -> None:
    """Not even before the job has run; the job asks others."""
    rule(fallback="purchasing")
    sheet = draft()
    make_letter(legal, days=(-9, 0))
    submitted(sheet, solution)
    with time_machine.travel(dt.datetime.now(dt.UTC) + DAY, tick=False):
        for act in (sheets.approve, sheets.send_back):
            with unchanged(sheet), pytest.raises(NotAllowed):
                act(sheet, by=legal, note="late")
        assert letters.sweep() == 1
        assert decision(sheet).assignees == [purchasing.pk]


def test_the_next_letter_of_the_same_person_takes_over(rule, draft, solution, legal, purchasing) -> None:
    rule(fallback="purchasing")
    sheet = draft()
    make_letter(legal, days=(-9, 0))
    successor = make_letter(legal, days=(1, 300))
    submitted(sheet, solution)
    with time_machine.travel(dt.datetime.now(dt.UTC) + DAY, tick=False):
        assert letters.sweep() == 1
        found = decision(sheet)
        assert found.assignees == [legal.pk]
        assert found.letters[str(legal.pk)]["id"] == successor.pk
        sheets.approve(sheet, by=legal)
    assert decision(sheet).letter == successor


def test_a_late_decision_goes_up_to_who_has_a_letter(rule, draft, solution, legal) -> None:
    rule(hours=1)
    make_letter(legal)
    found = submitted(draft(), solution)
    head, above = make_user("head", department="legal"), make_user("above", department="management")
    below_management("legal", head=head, above=above)
    letter = make_letter(above)
    with time_machine.travel(dt.datetime.now(dt.UTC) + 30 * DAY, tick=False):
        escalating.sweep()
    found.refresh_from_db()
    assert set(found.assignees) == {legal.pk, above.pk}, "the head below has none"
    assert found.letters[str(above.pk)]["id"] == letter.pk


@pytest.mark.django_db(transaction=True)
def test_revoked_while_the_holder_decides(rule, draft, solution, legal, purchasing, director) -> None:
    """One outcome: decided under the letter and it stays, or revoked and somebody else is asked."""
    rule(fallback="purchasing")
    for _round in range(3):
        letter = make_letter(legal)
        sheet = draft()
        submitted(sheet, solution)
        barrier = Barrier(2)

        def at_once(act: Callable[[], Any], barrier: Barrier = barrier) -> str:
            try:
                barrier.wait(timeout=20)
                act()
            except DomainError:
                return "refused"
            finally:
                connection.close()
            return "done"

        acts = (
            lambda sheet=sheet: sheets.approve(CostSheet.objects.get(pk=sheet.pk), by=legal),
            lambda letter=letter: letters.revoke(letter, by=director, note="岗位调整"),
        )
        with ThreadPoolExecutor(2) as pool:
            decided, revoked = pool.map(at_once, acts)
        assert revoked == "done"
        sheet.refresh_from_db()
        found = decision(sheet)
        if decided == "done":
            assert (sheet.state, found.letter) == ("approved", letter)
        else:
            assert (sheet.state, found.assignees, found.letter) == ("in_review", [purchasing.pk], None)
            sheets.send_back(sheet, by=purchasing, note="again")


# Deputies --------------------------------------------------------------------------------------------------
def test_a_deputy_decides_under_the_letter_of_the_principal(rule, draft, solution, legal) -> None:
    rule()
    letter = make_letter(legal)
    deputy = make_user("deputy", department="legal", roles=("head",))
    delegate(legal, deputy, first_day=today(), last_day=today(), documents=[SHEET])
    sheet = draft()
    submitted(sheet, solution)
    assert signed_in(deputy).get(sheet.get_absolute_url()).status_code == 200
    sheets.approve(sheet, by=deputy)
    found = decision(sheet)
    assert (found.decided_by, found.on_behalf_of, found.letter) == (deputy, legal, letter)
    for record in (sheet, requests_of(sheet)[0]):
        name = last_log(record).actor_name
        assert deputy.name in name and legal.name in name


def test_the_deputy_falls_with_the_letter(rule, draft, solution, legal, stranger, purchasing, director) -> None:
    rule(fallback="purchasing")
    letter = make_letter(legal)
    delegate(legal, stranger, first_day=today(), last_day=today())
    sheet = draft()
    submitted(sheet, solution)
    letters.revoke(letter, by=director, note="岗位调整")
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=stranger)


def test_a_deputy_for_other_documents_decides_nothing_here(rule, draft, solution, legal) -> None:
    rule()
    deputy = make_user("deputy", department="legal", roles=("head",))
    make_letter(legal)
    delegate(legal, deputy, first_day=today(), last_day=today(), documents=["solutions.quote"])
    sheet = draft()
    submitted(sheet, solution)
    assert signed_in(deputy).get(sheet.get_absolute_url()).status_code == 404
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=deputy)


def test_the_submitter_never_decides_not_even_as_deputy(rule, draft, solution, legal) -> None:
    rule()
    make_letter(legal)
    delegate(legal, solution, first_day=today(), last_day=today(), documents=[SHEET])
    solution.forget()
    sheet = draft()
    submitted(sheet, solution)
    with unchanged(sheet), pytest.raises(NotAllowed):
        sheets.approve(sheet, by=solution)


@pytest.mark.parametrize(("last", "stands"), [(299, True), (300, True), (301, False)])
def test_a_deputy_does_not_outlast_the_letter(legal, last, stands) -> None:
    make_letter(legal, days=(0, 300))
    other = make_user("colleague", department="legal")
    days = {"first_day": today(), "last_day": today() + last * DAY}
    assert delegate(legal, make_user("b", department="legal"), **days).pk, (
        "of everything: the letter is asked each time"
    )
    legal.delegations.all().delete()
    if stands:
        assert delegate(legal, other, documents=[SHEET], **days).documents == [SHEET]
        return
    with pytest.raises(Refused):
        delegate(legal, other, documents=[SHEET], **days)
    assert not legal.delegations.exists()


def test_a_deputy_of_another_department_by_letter_only(legal, stranger) -> None:
    """Offered where a letter allows it, and then for its documents and days only."""
    client, day = signed_in(legal), today().isoformat()
    typed = {"first_day": day, "last_day": day, "deputy": stranger.pk, "documents": [SHEET]}
    assert client.post("/profile/", typed).status_code == 422
    make_letter(legal, outside_deputies=True)
    assert client.post("/profile/", {**typed, "documents": []}).status_code == 409
    assert client.post("/profile/", {**typed, "documents": ["solutions.quote"]}).status_code == 409
    late = (today() + 301 * DAY).isoformat()
    assert client.post("/profile/", {**typed, "first_day": late, "last_day": late}).status_code == 409
    assert not legal.delegations.exists()
    assert client.post("/profile/", typed).status_code == 302
    assert legal.delegations.get().documents == [SHEET]


# What if -------------------------------------------------------------------------------------------------------
def test_the_letters_that_would_be_used_are_named(rule, draft, solution, legal, sales) -> None:
    rule()
    letter = make_letter(legal)
    sheet = draft()
    foreseen = what_if.of_record(sheet, solution).asked[-1]
    assert (foreseen.names, foreseen.letters) == ([str(legal)], [letter.code])
    dialog = signed_in(solution).get(f"{sheet.get_absolute_url()}submit/").content.decode()
    assert letter.code in dialog
    client, url = signed_in(sales), reverse("approvals:authority")
    assert letter.code in client.get(url, {"document": SHEET, "gross_amount": "100000"}).content.decode()
    beyond = client.get(url, {"document": SHEET, "gross_amount": "100000.01"})
    assert beyond.context["answer"].judgement.rule is None
    assert "100,000.01" in str(beyond.context["tried"].rows[0].cells[2].text)
    told = client.get("/api/v1/authority/what-if/", {"document": SHEET, "gross_amount": "100000"}).json()
    assert told["asked"][-1]["letters"] == [letter.code]
    assert told["rule"]["needs_letter"] is True


def test_seats_of_a_project_to_come_have_no_letters_yet(rule) -> None:
    rule("sr")
    answer = what_if.of_figures(SHEET, None, {})
    assert answer.judgement.rule is not None
    assert (answer.asked[-1].count, answer.asked[-1].letters) == (0, [])


# Statements ----------------------------------------------------------------------------------------------------
def test_letters_cost_few_statements_and_none_where_they_are_not_asked_for(rule, draft, solution, legal) -> None:
    def taken(**fields: Any) -> int:
        AuthorityRule.objects.filter(document=SHEET).update(is_active=False)
        rule(**fields)
        sheet = draft()
        sheets.submit(sheet, by=solution)
        mine = User.objects.get(pk=legal.pk)
        with CaptureQueriesContext(connection) as asked:
            sheets.approve(sheet, by=mine)
        assert sheet.state == "approved"
        return len(asked)

    make_letter(legal)
    taken(needs_letter=False)
    without, by_letter = taken(needs_letter=False), taken()
    assert by_letter - without <= 1
