"""The mixed-tax deal comes out to the cent, on every axis."""

from decimal import Decimal

import pytest

from contracts import services
from contracts.models import TermTax
from contracts.selectors import check_invariants, original_gross
from core.calendar import today
from core.errors import Refused
from finance.selectors import tax_rate
from tests.factories.contracts import ar_of, lines, make_effective_contract, make_light_contract, term

pytestmark = pytest.mark.django_db
D = Decimal


def test_value_and_terms_of_the_mixed_deal() -> None:
    contract = make_light_contract()
    assert (contract.gross_amount, contract.net_amount, contract.tax_amount) == (D(1006000), D(900000), D(106000))
    amounts = list(contract.terms.values_list("gross_amount", flat=True))
    assert amounts == [D(301800), D(301800), D(301800), D(100600)]
    assert [one.is_retention for one in contract.terms.all()] == [False, False, False, True]


def test_each_term_is_split_per_rate() -> None:
    contract = make_light_contract()
    first = contract.terms.first()
    by_percent = {int(one.tax_rate.percent): one for one in first.taxes.select_related("tax_rate")}
    assert {rate: (row.gross_amount, row.net_amount) for rate, row in by_percent.items()} == {
        13: (D(237300), D(210000)),
        9: (D(32700), D(30000)),
        6: (D(31800), D(30000)),
    }
    for line in contract.lines.all():
        rows = TermTax.objects.filter(term__contract=contract, tax_rate=line.tax_rate)
        for name in ("gross_amount", "net_amount", "tax_amount"):
            assert sum(getattr(row, name) for row in rows) == getattr(line, name)


def test_odd_amounts_sum_to_the_cent() -> None:
    rows = (("a", "100.01", "13"), ("b", "33.33", "9"), ("c", "0.07", "6"))
    thirds = [{"event": term("payment_event", "progress"), "percent": D("33.3333")} for _ in range(2)]
    thirds.append({"event": term("payment_event", "final"), "percent": D("33.3334")})
    contract = make_light_contract(lines=lines(rows), terms=thirds)
    assert sum(one.gross_amount for one in contract.terms.all()) == contract.gross_amount == D("133.41")
    taxes = TermTax.objects.filter(term__contract=contract)
    assert sum(one.net_amount for one in taxes) == contract.net_amount


def test_terms_follow_when_a_line_changes() -> None:
    contract = make_light_contract()
    services.edit(contract, by=ar_of(contract), lines=lines((("设备", "1130.00", "13"),)))
    assert contract.gross_amount == D("1130.00")
    assert [one.gross_amount for one in contract.terms.all()] == [D(339), D(339), D(339), D(113)]


def test_terms_by_amount_that_do_not_fit_refuse_submission() -> None:
    amounts = [{"event": term("payment_event", "final"), "gross_amount": D("1005999.99")}]
    contract = make_light_contract(terms=amounts)
    assert TermTax.objects.filter(term__contract=contract).count() == 0
    with pytest.raises(Refused) as refused:
        services.submit(contract, by=ar_of(contract))
    assert len(refused.value.reasons) == 2


def test_price_settlement_takes_22600_off_the_hardware() -> None:
    contract = make_effective_contract()
    arrival = contract.terms.get(event__code="arrival")
    services.release(arrival, share=D(100), source="test:1", on=today(), by=ar_of(contract))
    less = [{"name": "审定", "gross_amount": D("-22600.00"), "tax_rate": tax_rate("13", today())}]
    services.amend(contract, lines=less, source="delivery.changeorder:1", by=ar_of(contract))
    services.amend(contract, lines=less, source="delivery.changeorder:1", by=ar_of(contract))
    contract.refresh_from_db()
    assert (contract.gross_amount, contract.net_amount) == (D(983400), D(880000))
    amounts = dict(contract.terms.values_list("event__code", "gross_amount"))
    assert (amounts["final"], amounts["retention"]) == (D(281460), D(98340))
    assert original_gross(contract) == D(1006000)
    assert not [found for found in check_invariants() if found[0] == contract]


def test_a_change_cannot_go_below_what_is_released() -> None:
    contract = make_effective_contract()
    less = [{"name": "x", "gross_amount": D("-780000.00"), "tax_rate": tax_rate("13", today())}]
    with pytest.raises(Refused):
        services.amend(contract, lines=less, source="x:1", by=ar_of(contract))
