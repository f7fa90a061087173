"""Acceptance: the customer's signature releases exactly its share, and can be taken back."""

from decimal import Decimal

import pytest

from billing.models import ReceivableLine
from core.calendar import today
from core.errors import NotAllowed, Refused
from delivery.services import acceptance as acceptances
from delivery.services import order as orders
from finance.models import LedgerEntry
from tests.factories.delivery import make_acceptance, make_running_order, paper, sign
from tests.factories.leads import term
from tests.helpers import actions, unchanged

pytestmark = pytest.mark.django_db

D = Decimal


def eligible(deal) -> dict[str, Decimal]:
    rows = ReceivableLine.objects.filter(contract=deal.contract, state="eligible").select_related("term__event")
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.term.event.code] = found.get(row.term.event.code, D(0)) + row.gross_amount
    return found


def test_arrival_releases_exactly_the_arrival_term_and_final_the_final_one_with_revenue():
    deal, order = make_running_order()
    assert eligible(deal) == {"effect": D("301800.00")}

    arrival = sign(deal, make_acceptance(deal, order, "arrival"))
    assert eligible(deal) == {"effect": D("301800.00"), "arrival": D("301800.00")}
    assert not LedgerEntry.objects.filter(book=order.book, nature="recognised").exists()

    sign(deal, make_acceptance(deal, order, "final"))
    assert eligible(deal)["final"] == D("301800.00")
    assert "retention" not in eligible(deal)
    order.book.refresh_from_db()
    assert order.book.net_recognised == D("900000.00")
    assert actions(arrival)[-1] == "acceptance.sign"


def test_a_share_releases_only_that_share():
    deal, order = make_running_order()
    term_ = deal.contract.terms.get(event__code="arrival")
    first = make_acceptance(deal, order, "partial", releases=[{"term": term_, "share_percent": D(40)}])
    sign(deal, first)
    assert eligible(deal)["arrival"] == D("120720.00")

    second = make_acceptance(deal, order, "arrival")
    assert second.releases.get().share_percent == D(60)
    sign(deal, second)
    assert eligible(deal)["arrival"] == D("301800.00")


def test_more_than_is_left_is_refused():
    deal, order = make_running_order()
    term_ = deal.contract.terms.get(event__code="arrival")
    greedy = make_acceptance(deal, order, "arrival")
    sign(deal, make_acceptance(deal, order, "partial", releases=[{"term": term_, "share_percent": D(50)}]))
    with unchanged(greedy), pytest.raises(Refused, match="50"):
        acceptances.submit(greedy, by=deal.fr)


def test_every_missing_thing_is_named_before_signing():
    deal, order = make_running_order()
    orders.add_shipment(order, by=deal.fr, text="服务器 10 台")
    arrival = make_acceptance(deal, order, "arrival")
    acceptances.submit(arrival, by=deal.fr)
    with unchanged(arrival), pytest.raises(Refused) as refused:
        acceptances.sign(
            arrival,
            by=deal.fr,
            signed_on=today(),
            signer="",
            result=term("acceptance_result", "remarks"),
            remarks="缺一台",
        )
    assert len(refused.value.reasons) == 4
    orders.sign_for_goods(order, by=deal.fr, shipment=order.shipments.get(), signer="王五")
    sign(deal, arrival)
    assert arrival.state == "signed"


def test_only_the_delivery_manager_signs_it_off():
    deal, order = make_running_order()
    arrival = make_acceptance(deal, order)
    acceptances.submit(arrival, by=deal.fr)
    for stranger in (deal.ar, deal.director, deal.legal):
        with unchanged(arrival), pytest.raises(NotAllowed):
            acceptances.sign(
                arrival,
                by=stranger,
                signed_on=today(),
                signer="李四",
                result=term("acceptance_result", "passed"),
                certificate=paper(),
            )


def test_reversing_takes_release_receivable_and_revenue_back():
    deal, order = make_running_order()
    final = sign(deal, make_acceptance(deal, order, "final"))
    acceptances.reverse(final, by=deal.fr, note="客户撤回")
    assert final.state == "reversed"
    assert "final" not in eligible(deal)
    order.book.refresh_from_db()
    assert order.book.net_recognised == 0
    again = sign(deal, make_acceptance(deal, order, "final"))
    order.book.refresh_from_db()
    assert (again.state, order.book.net_recognised) == ("signed", D("900000.00"))


def test_what_is_invoiced_is_not_reversed():
    from tests.factories.delivery import collect

    deal, order = make_running_order()
    arrival = sign(deal, make_acceptance(deal, order))
    collect(deal)
    with unchanged(arrival), pytest.raises(Refused, match=r"credit note|红"):
        acceptances.reverse(arrival, by=deal.fr, note="客户撤回")


def test_a_deemed_acceptance_needs_a_proof_of_delivery():
    deal, order = make_running_order()
    deemed = make_acceptance(deal, order, "deemed", is_final=True)
    acceptances.submit(deemed, by=deal.fr)
    with unchanged(deemed), pytest.raises(Refused):
        sign(deal, deemed)
    orders.add_shipment(order, by=deal.fr, text="设备")
    orders.sign_for_goods(order, by=deal.fr, shipment=order.shipments.get(), signer="王五")
    assert sign(deal, deemed).is_final


def test_rejected_by_the_customer():
    deal, order = make_running_order()
    arrival = make_acceptance(deal, order)
    acceptances.submit(arrival, by=deal.fr)
    with unchanged(arrival), pytest.raises(Refused):
        acceptances.reject(arrival, by=deal.fr)
    acceptances.reject(arrival, by=deal.fr, note="型号不符")
    assert arrival.state == "rejected"
    assert eligible(deal).keys() == {"effect"}
