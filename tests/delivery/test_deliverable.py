"""Deliverables: every verb by the right and the wrong person, in the right and the wrong state."""

import datetime as dt

import pytest

from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.services import deliverable as deliverables
from delivery.services import order as orders
from tests.factories.delivery import make_project
from tests.helpers import last_log, unchanged

pytestmark = pytest.mark.django_db

REMARKS = {"remarks": "缺手册", "remarks_due_on": today() + dt.timedelta(days=5)}


@pytest.fixture
def deal():
    return make_project(stage="delivery")


@pytest.fixture
def item(deal):
    order = orders.open(by=deal.fr, project=deal.project)
    return deliverables.open(by=deal.fr, order=order, title="手册")


def test_the_whole_way_with_a_rejection_and_remarks(deal, item):
    way = [
        ("submit", {}, "submitted"),
        ("reject", {"note": "版本不对"}, "rejected"),
        ("submit", {}, "submitted"),
        ("accept_with_remarks", REMARKS, "remarked"),
        ("clear", {}, "accepted"),
    ]
    for verb, fields, state in way:
        getattr(deliverables, verb)(item, by=deal.fr, **fields)
        assert item.state == state
        assert last_log(item).action == f"deliverable.{verb}"
    assert (item.cleared_on, item.answered_on) == (today(), today())


@pytest.mark.parametrize(
    ("verb", "fields"), [("accept", {}), ("accept_with_remarks", REMARKS), ("reject", {"note": "x"}), ("clear", {})]
)
def test_not_out_of_a_planned_one(deal, item, verb, fields):
    with unchanged(item), pytest.raises(Refused):
        getattr(deliverables, verb)(item, by=deal.fr, **fields)


@pytest.mark.parametrize("who", ["ar", "director", "legal"])
def test_only_delivery_submits(deal, item, who):
    with unchanged(item), pytest.raises(NotAllowed):
        deliverables.submit(item, by=deal.people[who])


def test_reject_needs_a_reason_and_remarks_need_a_day(deal, item):
    deliverables.submit(item, by=deal.fr)
    with unchanged(item), pytest.raises(Refused):
        deliverables.reject(item, by=deal.fr)
    with unchanged(item), pytest.raises(Refused):
        deliverables.accept_with_remarks(item, by=deal.fr, remarks="", remarks_due_on=today())
    with unchanged(item), pytest.raises(Refused):
        deliverables.edit(item, by=deal.fr, title="别的")
