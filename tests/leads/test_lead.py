"""A lead from the signal to the project: each verb by the right and the wrong person, in the right and wrong state."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Notice
from core.calendar import today
from core.errors import NotAllowed, Refused
from customers.models import Customer
from leads import services
from leads.models import FollowUp, Lead, PoolPolicy
from process.models import Case, Handover
from process.services import seat
from tests.factories.customers import make_customer
from tests.factories.leads import (
    make_assigned_lead,
    make_lead,
    make_pooled_lead,
    make_qualified_lead,
    make_working_lead,
    term,
)
from tests.helpers import actions, last_log, unchanged

pytestmark = pytest.mark.django_db
TOMORROW = dt.timedelta(days=1)


def test_open_makes_case_book_and_no_owner(stranger) -> None:
    lead = make_lead(by=stranger)
    assert (lead.state, lead.owner, lead.created_by) == ("new", None, stranger)
    assert lead.book.case_id == lead.case_id
    assert actions(lead) == ["lead.open"]
    assert list(Lead.objects.visible_to(stranger)) == [lead]


def test_a_new_lead_is_seen_by_collector_and_lead_manager_only(stranger, sales, lead_manager) -> None:
    lead = make_lead(by=stranger)
    assert lead in Lead.objects.visible_to(lead_manager)
    assert lead not in Lead.objects.visible_to(sales)


def test_title_and_company_come_from_the_customer(sales) -> None:
    customer = make_customer(region="华北")
    lead = services.open(by=sales, customer=customer, product_interest="网关")
    assert (lead.company_name, lead.title, lead.region) == (customer.title, f"{customer.title} 网关", "华北")
    assert lead.tax_id == customer.tax_id


def test_assign_starts_the_clock_and_gives_the_seat(sales, lead_manager, stranger) -> None:
    lead = make_lead(by=stranger)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.assign(lead, by=sales, owner=sales)
    with unchanged(lead), pytest.raises(Refused, match=r"account manager|客户经理"):
        services.assign(lead, by=lead_manager, owner=stranger)
    services.assign(lead, by=lead_manager, owner=sales)
    assert (lead.state, lead.owner, lead.department) == ("assigned", sales, sales.department)
    assert lead.first_response_due_at > timezone.now()
    assert seat(lead.case_id, "ar") == sales
    assert Notice.objects.filter(user=sales).exists()
    with unchanged(lead), pytest.raises(Refused):
        services.assign(lead, by=lead_manager, owner=sales)


def test_nobody_assigns_to_oneself_above_the_quota(lead_manager) -> None:
    from accounts.models import Role

    PoolPolicy.objects.update_or_create(defaults={"holding_capacity": 1})
    lead_manager.roles.add(Role.objects.get(code="ar"))
    lead_manager.refresh_from_db()
    make_assigned_lead(lead_manager)
    lead = make_lead(by=lead_manager)
    with unchanged(lead), pytest.raises(Refused):
        services.assign(lead, by=lead_manager, owner=lead_manager)


def test_start_stops_the_clock(sales, sales2) -> None:
    lead = make_assigned_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.start(lead, by=sales2)
    services.start(lead, by=sales)
    assert lead.state == "working"
    assert lead.started_at is not None
    with unchanged(lead), pytest.raises(Refused):
        services.start(lead, by=sales)


def test_nurture_sleeps_until_a_day_to_come(sales, sales2) -> None:
    lead = make_working_lead(sales)
    for day in (None, today()):
        with unchanged(lead), pytest.raises(Refused):
            services.nurture(lead, by=sales, wake_on=day)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.nurture(lead, by=sales2, wake_on=today() + TOMORROW)
    services.nurture(lead, by=sales, wake_on=today() + TOMORROW, hold_reason=term("lead.hold", "budget_pending"))
    assert lead.state == "nurturing"
    with unchanged(lead), pytest.raises(NotAllowed):
        services.wake(lead, by=sales2)
    services.wake(lead, by=sales)
    assert (lead.state, lead.wake_on) == ("working", None)


def test_invalidate_wants_a_word_and_a_sentence(sales, sales2) -> None:
    lead = make_working_lead(sales)
    reason = term("lead.invalid", "no_budget")
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.invalidate(lead, by=sales)
    assert len(refusal.value.reasons) == 2
    with unchanged(lead), pytest.raises(NotAllowed):
        services.invalidate(lead, by=sales2, invalid_reason=reason, note="x")
    services.invalidate(lead, by=sales, invalid_reason=reason, note="明年再说")
    assert (lead.state, lead.invalid_reason) == ("invalid", reason)
    with unchanged(lead), pytest.raises(Refused):
        services.invalidate(lead, by=sales, invalid_reason=reason, note="again")


def test_reopen_is_the_lead_managers(sales, lead_manager) -> None:
    lead = make_lead(by=sales)
    services.invalidate(lead, by=lead_manager, invalid_reason=term("lead.invalid", "unreachable"), note="无人接听")
    with unchanged(lead), pytest.raises(NotAllowed):
        services.reopen(lead, by=sales, note="x")
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.reopen(lead, by=lead_manager)
    assert len(refusal.value.reasons) == 2
    source = lead.source
    services.reopen(lead, by=lead_manager, owner=sales, note="客户来电")
    assert (lead.state, lead.owner, lead.source) == ("working", sales, source)
    assert seat(lead.case_id, "ar") == sales


def test_a_contact_plans_the_next_act_and_starts_the_work(sales, sales2) -> None:
    lead = make_assigned_lead(sales)
    kind = term("activity", "call")
    with unchanged(lead), pytest.raises(NotAllowed):
        services.add_follow_up(lead, by=sales2, kind=kind, text="…")
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.add_follow_up(lead, by=sales, kind=kind, text=" ", next_action="拜访")
    assert len(refusal.value.reasons) == 2
    services.add_follow_up(
        lead, by=sales, kind=kind, text="介绍了方案", next_action="拜访", next_action_on=today() + TOMORROW
    )
    assert (lead.state, lead.next_action, lead.next_action_on) == ("working", "拜访", today() + TOMORROW)
    assert lead.last_contact_at is not None
    assert FollowUp.objects.get(lead=lead).by == sales
    assert "lead.add_follow_up" in actions(lead)
    pooled = make_pooled_lead(sales)
    with unchanged(pooled), pytest.raises(NotAllowed):
        services.add_follow_up(pooled, by=sales, kind=kind, text="…")


def test_qualify_says_everything_that_is_missing(sales) -> None:
    lead = make_working_lead(
        sales, need="", phone="", contact_name="", budget_known=False, decision_maker_known=False, gross_amount=None
    )
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.qualify(lead, by=sales)
    assert len(refusal.value.reasons) == 5
    assert Handover.objects.filter(case=lead.case).count() == 0


def test_qualify_is_taken_over_in_the_same_act(sales, sales2) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.qualify(lead, by=sales2, create_customer=True)
    services.qualify(lead, by=sales, create_customer=True)
    assert lead.state == "converted"
    assert lead.customer.title == lead.company_name
    assert lead.customer.contacts.get().name == lead.contact_name
    handover = Handover.objects.get(source_kind="leads.lead", source_id=lead.pk)
    assert (handover.state, handover.target, handover.package["need"]) == ("taken", "initiation", lead.need)
    assert actions(lead)[-2:] == ["lead.qualify", "lead.convert"]
    with unchanged(lead), pytest.raises(Refused):
        services.qualify(lead, by=sales)


def test_a_refused_qualification_leaves_no_customer_behind(sales) -> None:
    lead = make_working_lead(sales, need="")
    with pytest.raises(Refused):
        services.qualify(lead, by=sales, create_customer=True)
    assert not Customer.objects.filter(title=lead.company_name).exists()


def test_a_blocked_customer_is_not_qualified(sales, finance) -> None:
    from customers.services import customer as customers

    customer = make_customer()
    customers.block(customer, by=finance, note="欠款")
    lead = make_working_lead(sales, customer=customer)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.qualify(lead, by=sales)
    assert refusal.value.reasons[0].link == customer.get_absolute_url()


def test_a_low_score_passes_by_a_special_approval_only(sales, director) -> None:
    from approvals.services import special

    lead = make_working_lead(sales, budget_known=False, decision_maker_known=False, gross_amount=None, expected_on=None)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.qualify(lead, by=sales, create_customer=True)
    assert "score" in {reason.key for reason in refusal.value.reasons}
    permit = special.open(
        by=sales, document=lead, verb="qualify", items=["score"], reason="战略客户", expires_on=today()
    )
    special.approve(permit, by=director)
    assert services.qualify(lead, by=sales, create_customer=True).state == "converted"


def test_convert_and_requalify_only_follow_the_counter(sales) -> None:
    lead = make_working_lead(sales)
    for verb in (services.convert, services.requalify):
        with unchanged(lead), pytest.raises(Refused):
            verb(lead, by=sales)
    converted = make_qualified_lead(sales)
    with unchanged(converted), pytest.raises(Refused):
        services.requalify(converted, by=sales)


def test_a_returned_package_brings_the_lead_back(sales, sales2) -> None:
    """The seat has passed to a colleague, so the offer waits at the counter and comes back."""
    from process.services import counter, take_seat

    lead = make_working_lead(sales, customer=make_customer())
    take_seat(lead.case_id, "ar", sales2, by=sales)
    services.qualify(lead, by=sales)
    assert lead.state == "qualified"
    with unchanged(lead), pytest.raises(Refused):
        services.convert(lead, by=sales)
    reason = term("lead.invalid", "no_need")
    with unchanged(lead), pytest.raises(Refused) as refusal:
        services.invalidate(lead, by=sales, invalid_reason=reason, note="x")
    handover = Handover.objects.get(source_id=lead.pk, source_kind="leads.lead")
    assert refusal.value.reasons[0].link == handover.get_absolute_url()
    counter.return_(handover, by=sales2, note="联系人不详", gaps=[term("handover.gap", "contacts")])
    lead.refresh_from_db()
    assert lead.state == "working"
    assert last_log(lead).action == "lead.requalify"


def test_edit_is_for_owner_manager_and_collector(stranger, sales, sales2, lead_manager) -> None:
    lead = make_lead(by=stranger)
    services.edit(lead, by=stranger, need="更多点位")
    services.assign(lead, by=lead_manager, owner=sales)
    for person in (stranger, sales2):
        with unchanged(lead), pytest.raises(NotAllowed):
            services.edit(lead, by=person, need="x")
    services.edit(lead, by=sales, phone="+86 139-1111-2222", gross_amount=Decimal("5"))
    assert (lead.phone_key, lead.gross_amount) == ("13911112222", Decimal("5"))
    converted = make_qualified_lead(sales)
    with unchanged(converted), pytest.raises(Refused):
        services.edit(converted, by=sales, need="x")


def test_phase_two_remembers_where_it_came_from(service, sales) -> None:
    origin = Case.objects.create(title="一期项目")
    customer = make_customer()
    make_working_lead(sales, customer=customer)
    lead = services.raise_from_operations(
        origin, by=service, title="二期扩容", need="再加一百点", customer=customer, owner=sales
    )
    assert (lead.case.origin, lead.owner, lead.state) == (origin, sales, "assigned")
    assert (lead.source.code, lead.origin_text) == ("phase2", "一期项目")
    assert seat(lead.case_id, "ar") == sales


def test_the_system_wakes_but_does_not_qualify(sales) -> None:
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(NotAllowed):
        services.qualify(lead, by=Actor.system("job"))
