"""Two leads were one, and were two after all."""

from decimal import Decimal

import pytest

from core.errors import NotAllowed, Refused
from leads import services
from process.services import seat
from tests.factories.leads import make_lead, make_pooled_lead, make_qualified_lead, make_working_lead, term
from tests.helpers import actions, signed_in, unchanged

pytestmark = pytest.mark.django_db


def test_merge_moves_contacts_and_fills_what_is_empty(sales) -> None:
    lead = make_working_lead(sales, region="华东", gross_amount=Decimal("9"))
    survivor = make_working_lead(sales, region="", gross_amount=Decimal("7"))
    phone, own_phone = lead.phone, survivor.phone
    services.add_follow_up(lead, by=sales, kind=term("activity", "call"), text="你好")
    services.merge(lead, by=sales, survivor=survivor, take_fields=["phone"])
    survivor.refresh_from_db()
    assert (lead.state, lead.merged_into) == ("merged", survivor)
    assert (survivor.region, survivor.gross_amount, survivor.phone) == ("华东", Decimal("7"), phone)
    assert survivor.follow_ups.count() == 1
    assert seat(lead.case_id, "ar") is None
    services.undo_merge(lead, by=sales)
    survivor.refresh_from_db()
    assert (lead.state, lead.merged_into) == ("working", None)
    assert (survivor.region, survivor.phone, survivor.follow_ups.count()) == ("", own_phone, 0)
    assert lead.follow_ups.count() == 1
    assert seat(lead.case_id, "ar") == sales
    assert actions(lead)[-2:] == ["lead.merge", "lead.undo_merge"]


def test_the_leads_of_two_owners_are_merged_by_a_lead_manager(sales, sales2, lead_manager) -> None:
    lead, survivor = make_working_lead(sales), make_working_lead(sales2)
    with unchanged(lead, survivor), pytest.raises(NotAllowed):
        services.merge(lead, by=sales, survivor=survivor)
    with unchanged(lead, survivor), pytest.raises(NotAllowed):
        services.merge(lead, by=sales2, survivor=survivor)
    services.merge(lead, by=lead_manager, survivor=survivor)
    assert lead.state == "merged"
    with pytest.raises(NotAllowed):
        services.undo_merge(lead, by=make_lead().created_by)
    services.undo_merge(lead, by=sales2)
    assert lead.state == "working"


def test_a_lead_is_not_merged_into_itself_or_into_an_ended_one(sales) -> None:
    lead, ended = make_working_lead(sales), make_qualified_lead(sales)
    for survivor in (lead, ended):
        with unchanged(lead, ended), pytest.raises(Refused):
            services.merge(lead, by=sales, survivor=survivor)
    tombstone, survivor = make_working_lead(sales), make_working_lead(sales)
    services.merge(tombstone, by=sales, survivor=survivor)
    with unchanged(survivor, lead), pytest.raises(Refused):
        services.merge(survivor, by=sales, survivor=lead)
    with unchanged(tombstone), pytest.raises(Refused):
        services.merge(tombstone, by=sales, survivor=lead)


def test_booked_cost_stays_with_its_lead(sales) -> None:
    from finance.models import CostBook

    lead, survivor = make_working_lead(sales), make_working_lead(sales)
    CostBook.objects.filter(pk=lead.book_id).update(net_cost=Decimal("10"))
    lead.refresh_from_db()
    with unchanged(lead, survivor), pytest.raises(Refused):
        services.merge(lead, by=sales, survivor=survivor)
    services.merge(survivor, by=sales, survivor=lead)


def test_no_undo_after_the_survivor_became_a_project(sales) -> None:
    lead, survivor = make_working_lead(sales), make_working_lead(sales)
    services.merge(lead, by=sales, survivor=survivor)
    survivor.refresh_from_db()
    services.qualify(survivor, by=sales, create_customer=True)
    lead.refresh_from_db()
    with unchanged(lead, survivor), pytest.raises(Refused) as refusal:
        services.undo_merge(lead, by=sales)
    assert refusal.value.reasons[0].link == survivor.get_absolute_url()


def test_a_pooled_lead_goes_back_to_the_pool(sales, lead_manager) -> None:
    lead, survivor = make_pooled_lead(), make_working_lead(sales)
    services.merge(lead, by=lead_manager, survivor=survivor)
    services.undo_merge(lead, by=lead_manager)
    assert lead.state == "pooled"


def test_the_tombstone_leads_to_the_survivor(sales) -> None:
    lead, survivor = make_working_lead(sales), make_working_lead(sales)
    services.merge(lead, by=sales, survivor=survivor)
    client = signed_in(sales)
    answer = client.get(lead.get_absolute_url())
    assert (answer.status_code, answer.url) == (302, survivor.get_absolute_url())
    assert client.get(f"{lead.get_absolute_url()}?stay=1").status_code == 200
    page = client.get(survivor.get_absolute_url()).content.decode()
    assert f"{lead.get_absolute_url()}undo_merge/" in page
    assert client.post(f"{lead.get_absolute_url()}undo_merge/").status_code == 302
