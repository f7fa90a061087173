"""Every verb of a contract: who, when, with what effect; a refusal changes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from approvals import services as approvals
from approvals.models import Decision
from contracts import services
from contracts.models import Contract
from core.errors import NotAllowed, Refused, Stale
from process.models import Handover
from process.services import counter, seat
from tests.factories.contracts import (
    ar_of,
    keeper,
    make_approved_contract,
    make_contract,
    make_effective_contract,
    make_light_contract,
    make_signed_contract,
    make_submitted_contract,
    term,
    text,
)
from tests.factories.projects import decide
from tests.helpers import actions, last_log, unchanged

pytestmark = pytest.mark.django_db


def test_opened_out_of_a_won_solution() -> None:
    contract = make_contract()
    assert contract.state == "draft"
    assert contract.quote is not None and contract.quote.state == "accepted"
    assert (contract.gross_amount, contract.net_amount) == (Decimal(1006000), Decimal(900000))
    assert "按期交付" in contract.promises
    contract.project.refresh_from_db()
    assert contract.project.stage == "contract"
    assert contract.customer == contract.payer == contract.invoice_title == contract.project.customer


def test_only_the_account_manager_opens(stranger: User) -> None:
    project = make_light_contract().project
    before = Contract.objects.count()
    with pytest.raises(NotAllowed):
        services.open(project=project, by=stranger)
    assert Contract.objects.count() == before


def test_submit_names_everything_that_is_missing() -> None:
    contract = make_light_contract(lines=[], terms=[])
    with unchanged(contract), pytest.raises(Refused) as refused:
        services.submit(contract, by=ar_of(contract))
    assert len(refused.value.reasons) == 2
    contract.conditions.all().delete()
    with pytest.raises(Refused) as refused:
        services.submit(contract, by=ar_of(contract))
    assert len(refused.value.reasons) == 3


def test_a_blocked_customer_stops_submission() -> None:
    from customers.services import customer as customers
    from tests.people import make_user

    contract = make_light_contract()
    services.attach_text(contract, file=text(), by=ar_of(contract))
    customers.block(contract.customer, by=make_user("f", department="accounting", roles=("finance",)), note="欠款")
    with pytest.raises(Refused) as refused:
        services.submit(Contract.objects.get(pk=contract.pk), by=ar_of(contract))
    assert contract.customer.title in str(refused.value)


def test_another_text_is_another_contract_to_whoever_read_it_before(legal: User) -> None:
    contract = make_light_contract()
    seen = contract.row_version
    services.attach_text(contract, file=text(), by=ar_of(contract), version=seen)
    assert contract.row_version == seen + 1
    entry = last_log(contract)
    assert (entry.action, list(entry.changes)) == ("contract.text", ["approved_file_sha256"])
    with unchanged(contract), pytest.raises(Stale):
        services.attach_text(contract, file=text(b"another"), by=ar_of(contract), version=seen)
    with unchanged(contract), pytest.raises(Stale):
        services.submit(contract, by=ar_of(contract), version=seen)
    services.attach_text(contract, file=text(b"another"), by=legal)
    with unchanged(contract), pytest.raises(NotAllowed):
        services.edit(contract, by=legal, title="x")


def test_an_opinion_is_about_what_was_read() -> None:
    contract = make_submitted_contract()
    first = contract_request(contract).decisions.filter(kind="review").first()
    reviewer = User.objects.get(pk=first.assignees[0])
    with unchanged(contract), pytest.raises(Stale):
        services.approve(contract, by=reviewer, version=contract.row_version - 1)
    first.refresh_from_db()
    assert first.decided_at is None
    services.approve(contract, by=reviewer, version=contract.row_version)
    first.refresh_from_db()
    assert first.opinion == "agree"


def test_reviews_run_in_parallel_then_one_decides() -> None:
    contract = make_submitted_contract()
    request = contract_request(contract)
    reviews = request.decisions.filter(kind="review")
    assert reviews.count() == reviews.filter(step__isnull=False).count() == 4
    assert request.decisions.get(kind="decision").step is None
    decide(contract, services.approve)
    assert contract.state == "approved"
    assert last_log(contract).action == "contract.approve"


def contract_request(contract: Contract) -> Any:
    from approvals.selectors import pending_request

    return pending_request(contract)


def test_deciding_facts_are_the_five_figures() -> None:
    contract = make_submitted_contract()
    facts = dict(contract_request(contract).facts)
    assert facts["margin %"] == "28.82"
    assert facts["payment terms %"] == "30 / 30 / 30 / 10"
    assert facts["contract value with tax"] == "1,006,000.00"


def test_a_condition_of_the_review_blocks_signing() -> None:
    contract = make_submitted_contract()
    request = contract_request(contract)
    first = request.decisions.filter(kind="review").first()
    reviewer = User.objects.get(pk=first.assignees[0])
    services.approve(contract, by=reviewer, opinion="conditional", conditions="罚则上限 5 %")
    decide(contract, services.approve)
    sealing = {"file": text(), "signer": "张总", "seal": term("seal", "contract"), "by": keeper()}
    with unchanged(contract), pytest.raises(Refused) as refused:
        services.sign(contract, **sealing)
    assert "罚则上限 5 %" in str(refused.value)
    services.meet_condition(contract, decision=Decision.objects.get(pk=first.pk), by=reviewer)
    services.sign(contract, **sealing)
    assert contract.state == "signed"


def test_another_file_than_the_approved_is_not_stamped() -> None:
    contract = make_approved_contract()
    with pytest.raises(Refused):
        services.sign(contract, file=text(b"another"), signer="张总", seal=term("seal", "contract"), by=keeper())
    contract.refresh_from_db()
    assert contract.state == "approved" and not contract.seals.exists()


def test_sign_keeps_the_seal_and_the_hash() -> None:
    contract = make_signed_contract()
    seal = contract.seals.get()
    assert seal.sha256 == contract.approved_file_sha256
    assert "contract.sign" in actions(contract)


def test_activate_waits_for_every_condition_of_effect() -> None:
    contract = make_light_contract(
        conditions=[term("effect_condition", "both_signed"), term("effect_condition", "advance_received")]
    )
    make_signed_contract(contract)
    services.meet_effect(contract, kind=term("effect_condition", "both_signed"), by=ar_of(contract))
    with unchanged(contract), pytest.raises(Refused) as refused:
        services.activate(contract, by=ar_of(contract))
    assert len(refused.value.reasons) == 1


def test_activate_opens_billing_and_offers_to_delivery() -> None:
    contract = make_effective_contract()
    offers = {one.target: one for one in Handover.objects.filter(source_kind="contracts.contract")}
    assert offers["billing"].state == "taken"
    assert offers["delivery"].state == "offered"
    assert offers["delivery"].receivers() == [seat(contract.case_id, "fr").pk]
    assert contract.receivables.count() == 4
    assert contract.receivables.get(state="eligible").gross_amount == Decimal(301800)


def test_returned_by_delivery_and_offered_again() -> None:
    contract = make_effective_contract()
    ar, fr = ar_of(contract), seat(contract.case_id, "fr")
    with pytest.raises(Refused):
        services.hand_over(contract, by=ar)
    waiting = Handover.objects.get(source_kind="contracts.contract", target="delivery")
    counter.return_(waiting, by=fr, note="承诺未列全")
    services.hand_over(contract, by=ar, promises="夜间施工")
    assert Handover.objects.filter(target="delivery", source_id=contract.pk, state="offered").count() == 1
    assert "夜间施工" in contract.promises


def test_complete_and_close_wait_for_the_terms(director: User) -> None:
    contract = make_effective_contract()
    ar = ar_of(contract)
    with unchanged(contract), pytest.raises(Refused) as refused:
        services.complete(contract, by=ar)
    assert len(refused.value.reasons) == 2
    for one in contract.terms.exclude(event__code__in=("effect", "retention")):
        services.release(one, share=Decimal(100), source=f"t:{one.pk}", on=contract.effective_on, by=ar)
    services.complete(contract, by=ar)
    with pytest.raises(NotAllowed):
        services.close(contract, by=ar)
    with unchanged(contract), pytest.raises(Refused):
        services.close(contract, by=director)
    last = contract.terms.get(is_retention=True)
    services.release(last, share=Decimal(100), source="t:last", on=contract.effective_on, by=ar)
    services.close(contract, by=director)
    assert contract.state == "closed"


def test_terminate_is_for_the_settlement_only(pfc: User) -> None:
    contract = make_effective_contract()
    with unchanged(contract), pytest.raises(NotAllowed):
        services.terminate(contract, by=ar_of(contract), note="x")
    with unchanged(contract), pytest.raises(Refused):
        services.terminate(contract, by=pfc)
    services.terminate(contract, by=pfc, note="客户破产")
    assert contract.state == "terminated"


@pytest.mark.parametrize("made", [make_light_contract, make_submitted_contract, make_approved_contract])
def test_void_before_effect_ends_a_running_decision(made: Any) -> None:
    contract = made()
    services.void(contract, by=ar_of(contract), note="客户取消")
    assert contract.state == "void"
    assert contract_request(contract) is None


def test_send_back_and_withdraw() -> None:
    contract = make_submitted_contract()
    services.withdraw(contract, by=ar_of(contract))
    assert contract.state == "draft"
    services.submit(contract, by=ar_of(contract))
    first = contract_request(contract).decisions.filter(kind="review").first()
    approvals.send_back(contract, by=User.objects.get(pk=first.assignees[0]), note="补充交期")
    assert contract.state == "draft"


def test_a_submitted_contract_is_not_edited() -> None:
    contract = make_submitted_contract()
    with unchanged(contract), pytest.raises(Refused):
        services.edit(contract, by=ar_of(contract), title="x")


def test_a_deviation_is_accepted_with_the_decision() -> None:
    contract = make_light_contract()
    services.add_deviation(contract, kind=term("deviation", "payment"), text="背靠背", by=ar_of(contract))
    make_approved_contract(contract)
    assert contract.deviations.get().accepted_by is not None


WRONG_STATE = [
    ("submit", make_approved_contract),
    ("activate", make_approved_contract),
    ("complete", make_signed_contract),
    ("void", make_effective_contract),
]


@pytest.mark.parametrize(("verb", "made"), WRONG_STATE)
def test_wrong_state(verb: str, made: Any) -> None:
    contract = made()
    with unchanged(contract), pytest.raises(Refused):
        getattr(services, verb)(contract, by=ar_of(contract), note="x")


@pytest.mark.parametrize(
    ("verb", "made"),
    [("submit", make_light_contract), ("activate", make_signed_contract), ("void", make_signed_contract)],
)
def test_wrong_person(verb: str, made: Any, stranger: User) -> None:
    contract = made()
    with unchanged(contract), pytest.raises(NotAllowed):
        getattr(services, verb)(contract, by=stranger, note="x")
