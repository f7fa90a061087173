"""Operations' pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.calendar import today
from operations.models import Ticket
from operations.services import inspection as inspections
from tests.factories.leads import term
from tests.factories.operations import make_agreement, make_ticket
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_every_page(stranger):
    deal, agreement = make_agreement()
    ticket = make_ticket(deal, agreement)
    visit = inspections.open(by=deal.service, agreement=agreement, planned_on=today())
    client, outsider = signed_in(deal.service), signed_in(stranger)
    for record, plural in ((agreement, "service-agreements"), (ticket, "tickets"), (visit, "inspections")):
        listing = client.get(f"/{plural}/")
        assert listing.status_code == 200 and record.code in listing.content.decode()
        assert client.get(record.get_absolute_url()).status_code == 200
        assert client.get(f"/{plural}/new/?case={agreement.case_id}").status_code == 200
        assert client.get(f"{record.get_absolute_url()}edit/").status_code == 200
        assert client.get(f"/{plural}/panel/{agreement.case_id}/").status_code == 200
        assert client.get(f"{record.get_absolute_url()}raise_lead/").status_code == 200
        assert outsider.get(record.get_absolute_url()).status_code == 404
    for act in ("add_item", "confirm_warranty_end"):
        assert client.get(f"{agreement.get_absolute_url()}{act}/").status_code == 200
    assert client.get("/tickets/board/").status_code == 200


def test_a_ticket_over_http():
    deal, agreement = make_agreement()
    client = signed_in(deal.service)
    values = {
        "agreement": agreement.pk,
        "kind": term("ticket.kind", "fault").pk,
        "priority": "P2",
        "description": "无法登录",
        "reported_at": "2026-01-09 10:00",
    }
    assert client.post("/tickets/new/", values).status_code == 302
    ticket = Ticket.objects.get(agreement=agreement)
    url = ticket.get_absolute_url()
    assert client.post(f"{url}resolve/", {"solution": "x"}).status_code == 409
    assert signed_in(deal.ar).post(f"{url}assign/", {}).status_code == 403
    assert client.post(f"{url}assign/", {}).status_code == 302
    assert client.post(f"{url}start/", {}).status_code == 302
    lead = {"title": "扩容", "need": "加点位"}
    assert client.post(f"{url}raise_lead/", lead).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.owner) == ("in_progress", deal.service)


def test_a_list_asks_as_many_questions_with_more_rows():
    deal, agreement = make_agreement()
    client = signed_in(deal.service)

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get("/tickets/").status_code == 200
        return len(found)

    for _number in range(2):
        make_ticket(deal, agreement)
    count()
    few = count()
    for _number in range(10):
        make_ticket(deal, agreement)
    assert count() == few
