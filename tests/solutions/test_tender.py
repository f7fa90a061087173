"""Tenders to the minute, trials by their criteria."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notice, User
from core.errors import NotAllowed, Refused
from finance.services import deposit as deposits
from process.services import seat
from solutions.models import Tender
from solutions.services import poc as pocs
from solutions.services import tender as tenders
from solutions.tasks import remind_of_pocs, remind_of_tenders
from tests.factories.projects import make_approved_project, term
from tests.factories.solutions import ar_of, make_approved_solution, make_poc, make_solution, make_tender
from tests.helpers import actions, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db


def _ready(**fields) -> Tender:
    """A registered tender whose bid may be handed in."""
    solution = make_approved_solution()
    ar = ar_of(solution)
    tender = make_tender(solution.project, solution=solution, **fields)
    tenders.register(tender, by=ar)
    tenders.review_documents(tender, by=seat(solution.case_id, "sr"), documents_review="齐全")
    return tender


def test_the_whole_way_to_the_award():
    tender = _ready()
    ar = seat(tender.case_id, "ar")

    tenders.submit(tender, by=ar)
    tenders.open(
        tender,
        by=ar,
        prices=[
            {"bidder": "友商", "gross_amount": Decimal("999000.00"), "score": Decimal("88.5")},
            {"bidder": "我方", "gross_amount": Decimal("1006000.00"), "score": None},
        ],
    )
    tenders.award(tender, by=ar, award_notice_on=dt.date(2026, 11, 20))

    assert tender.state == "awarded"
    assert tender.contract_due_on == dt.date(2026, 12, 20)
    assert len(tender.prices) == 2
    assert actions(tender) == [
        "tender.notice",
        "tender.register",
        "tender.review_documents",
        "tender.submit",
        "tender.open",
        "tender.award",
    ]


def test_before_the_bid_leaves_everything_missing_is_named():
    project = make_approved_project()
    ar = seat(project.case_id, "ar")
    tender = make_tender(
        project, needs_deposit=True, our_gross_amount=Decimal("1006000.00"), ceiling_gross_amount=Decimal("1000000.00")
    )
    tenders.register(tender, by=ar)

    with unchanged(tender), pytest.raises(Refused) as refusal:
        tenders.submit(tender, by=ar)

    assert len(refusal.value.reasons) == 4  # solution, review, deposit, ceiling


def test_after_the_deadline_nothing_is_handed_in():
    tender = _ready()
    Tender.objects.filter(pk=tender.pk).update(
        deadline_at=timezone.now() - dt.timedelta(minutes=1), opens_at=timezone.now()
    )

    with unchanged(tender), pytest.raises(Refused):
        tenders.submit(tender, by=seat(tender.case_id, "ar"))


def test_the_price_of_the_bid_is_that_of_atb():
    tender = _ready(our_gross_amount=Decimal("990000.00"))

    with unchanged(tender), pytest.raises(Refused) as refusal:
        tenders.submit(tender, by=seat(tender.case_id, "ar"))

    assert "1,006,000.00" in str(refusal.value)


def test_the_deposit_is_asked_for_paid_and_then_the_bid_goes(finance, cashier):
    tender = _ready()
    ar = seat(tender.case_id, "ar")
    kind = term("guarantee", "bid_deposit")
    tenders.request_deposit(tender, by=ar, kind_of=kind, form="cash", gross_amount=Decimal("200000.00"))
    assert tender.deposit.gross_amount == Decimal("200000.00")

    with unchanged(tender), pytest.raises(Refused):
        tenders.request_deposit(tender, by=ar, kind_of=kind, form="cash", gross_amount=Decimal(1))
    with unchanged(tender), pytest.raises(Refused):
        tenders.submit(tender, by=ar)
    deposits.approve(tender.deposit, by=finance)
    deposits.pay(tender.deposit, by=cashier)
    tender.refresh_from_db()
    tenders.submit(tender, by=ar)

    assert tender.state == "submitted"


def test_the_keeper_does_not_review_the_own_documents():
    project = make_approved_project()
    ar = seat(project.case_id, "ar")
    tender = make_tender(project)
    tenders.register(tender, by=ar)

    with unchanged(tender), pytest.raises(NotAllowed):
        tenders.review_documents(tender, by=ar, documents_review="好")


@pytest.mark.parametrize("verb", ["register", "submit", "open", "award", "lose", "void", "abandon"])
def test_a_stranger_moves_no_tender(verb, stranger):
    tender = make_tender()

    with unchanged(tender), pytest.raises(NotAllowed):
        getattr(tenders, verb)(tender, by=stranger, note="x")


@pytest.mark.parametrize("verb", ["submit", "open", "award", "lose", "void"])
def test_no_step_is_left_out(verb):
    tender = make_tender()

    with unchanged(tender), pytest.raises(Refused):
        getattr(tenders, verb)(tender, by=seat(tender.case_id, "ar"), note="x")


@pytest.mark.parametrize(("verb", "state", "fields"), [("lose", "lost", {"winner": "友商"}), ("void", "voided", {})])
def test_the_other_ends_after_the_opening(verb, state, fields):
    tender = _ready()
    ar = seat(tender.case_id, "ar")
    tenders.submit(tender, by=ar)
    tenders.open(tender, by=ar)

    with unchanged(tender), pytest.raises(Refused):
        getattr(tenders, verb)(tender, by=ar)
    getattr(tenders, verb)(tender, by=ar, note="综合评分低", **fields)

    assert tender.state == state


def test_the_night_before_the_deadline_the_team_is_told_once():
    tender = make_tender(deadline_at=timezone.now() + dt.timedelta(hours=13), opens_at=None)

    first, second = remind_of_tenders(), remind_of_tenders()

    assert (first, second) == (2, 0)
    assert Notice.objects.filter(key__startswith=f"tender:{tender.pk}:", user=tender.owner).count() == 1


def test_a_trial_by_its_criteria():
    poc = make_poc()
    sr = seat(poc.case_id, "sr")

    pocs.start(poc, by=sr)
    with unchanged(poc), pytest.raises(Refused):
        pocs.edit(poc, by=sr, criteria="放宽")
    with unchanged(poc), pytest.raises(Refused):
        pocs.pass_(poc, by=sr)
    pocs.pass_(poc, by=sr, result="24 小时零断线")

    assert (poc.state, actions(poc)[-1]) == ("passed", "poc.pass")


def test_no_trial_without_criteria():
    poc = make_poc(criteria="", agreed_with="", ends_on=None)

    with unchanged(poc), pytest.raises(Refused) as refusal:
        pocs.start(poc, by=seat(poc.case_id, "sr"))

    assert len(refusal.value.reasons) == 3


@pytest.mark.parametrize(("verb", "state"), [("fail", "failed"), ("stop", "stopped")])
def test_a_trial_that_does_not_pass(verb, state):
    poc = make_poc()
    sr = seat(poc.case_id, "sr")
    pocs.start(poc, by=sr)
    fields = {"result": "断线两次"} if verb == "fail" else {"note": "客户叫停"}

    getattr(pocs, verb)(poc, by=sr, **fields)

    assert poc.state == state


@pytest.mark.parametrize("verb", ["start", "pass_", "fail", "stop"])
def test_a_stranger_moves_no_trial(verb, stranger):
    poc = make_poc()

    with unchanged(poc), pytest.raises(NotAllowed):
        getattr(pocs, verb)(poc, by=stranger, note="x")


def test_the_end_of_a_trial_is_told_once():
    solution = make_solution()
    poc = make_poc(solution, ends_on=timezone.localdate())
    pocs.start(poc, by=User.objects.get(pk=poc.owner_id))

    assert (remind_of_pocs(), remind_of_pocs()) == (1, 0)


def test_a_bid_manager_keeps_tenders():
    keeper = make_user("bids", department="bid_centre", roles=("bid_manager",))
    project = make_approved_project()

    tender = tenders.open(by=keeper, project=project, title="标", deadline_at=timezone.now() + dt.timedelta(days=3))

    assert tender.owner == keeper
