"""Releasing terms: exactly its share, never above the whole, once per source, undone by a negative row."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from contracts import services
from contracts.models import TermRelease
from contracts.selectors import check_invariants
from core.calendar import today
from core.errors import Refused
from tests.factories.contracts import ar_of, make_effective_contract, make_signed_contract

pytestmark = pytest.mark.django_db
D = Decimal


def test_shares_add_up_to_the_cent_and_not_beyond() -> None:
    contract = make_effective_contract()
    final, ar = contract.terms.get(event__code="final"), ar_of(contract)
    for number in (1, 2, 3):
        share = D("33.3333") if number < 3 else D("33.3334")
        services.release(final, share=share, source=f"ac:{number}", on=today(), by=ar)
    assert sum(one.gross_amount for one in final.releases.all()) == D(301800)
    with pytest.raises(Refused):
        services.release(final, share=D("0.0001"), source="ac:4", on=today(), by=ar)
    assert final.releases.count() == 3


def test_the_same_source_is_one_release() -> None:
    contract = make_effective_contract()
    final, ar = contract.terms.get(event__code="final"), ar_of(contract)
    first = services.release(final, share=D(40), source="ac:1", on=today(), by=ar)
    assert services.release(final, share=D(40), source="ac:1", on=today(), by=ar) == first
    assert final.released_gross_amount == D(120720)


def test_unrelease_writes_a_negative_row() -> None:
    contract = make_effective_contract()
    final, ar = contract.terms.get(event__code="final"), ar_of(contract)
    services.release(final, share=D(40), source="ac:1", on=today(), by=ar)
    back = services.unrelease(source="ac:1", by=ar)
    assert back.gross_amount == -D(120720)
    assert services.unrelease(source="ac:1", by=ar) == back
    final.refresh_from_db()
    assert final.released_gross_amount == 0
    services.release(final, share=D(100), source="ac:2", on=today(), by=ar)
    assert not list(check_invariants())


def test_nothing_is_released_before_effect() -> None:
    contract = make_signed_contract()
    with pytest.raises(Refused):
        services.release(contract.terms.first(), share=D(10), source="x", on=today(), by=ar_of(contract))


def test_unknown_source_cannot_be_taken_back() -> None:
    with pytest.raises(Refused):
        services.unrelease(source="nobody", by=ar_of(make_effective_contract()))


def test_releases_are_append_only() -> None:
    contract = make_effective_contract()
    with pytest.raises(DatabaseError), transaction.atomic():
        TermRelease.objects.filter(term__contract=contract).update(gross_amount=1)


def test_invariants_find_a_wrong_kept_total() -> None:
    contract = make_effective_contract()
    final = contract.terms.get(event__code="final")
    final.released_gross_amount = final.settled_gross_amount = D(1)
    final.save()
    assert [record for record, _sentence in check_invariants()] == [contract]
