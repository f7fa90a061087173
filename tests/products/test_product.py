"""The product catalogue."""

import datetime as dt
from decimal import Decimal

import pytest

from core.errors import NotAllowed, Refused
from products import selectors, services
from products.models import Product
from tests.factories.products import make_product
from tests.helpers import actions, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(db):
    return make_user("keeper", department="commercial", roles=("commercial",))


def test_a_product_keeps_the_number_the_house_gives(keeper, sales) -> None:
    product = make_product(by=keeper, code=" gw-100 ")
    assert product.code == "GW-100"
    with pytest.raises(Refused):
        make_product(by=keeper, code="GW-100")
    with pytest.raises(Refused):
        make_product(by=keeper, code=" ")
    with pytest.raises(NotAllowed):
        make_product(by=sales)


def test_retire_and_restore(keeper, sales) -> None:
    product = make_product(by=keeper)
    with unchanged(product), pytest.raises(Refused):
        services.retire(product, by=keeper)
    services.retire(product, by=keeper, note="停产")
    with unchanged(product), pytest.raises(Refused):
        services.retire(product, by=keeper, note="停产")
    with unchanged(product), pytest.raises(NotAllowed):
        services.restore(product, by=sales)
    services.restore(product, by=keeper)
    assert product.state == "active"
    assert actions(product) == ["product.open", "product.retire", "product.restore"]


def test_prices_apply_from_their_day(keeper, sales) -> None:
    product = make_product(by=keeper, net_list_amount=Decimal("100"))
    day = dt.date(2026, 7, 1)
    services.add_price(product, by=keeper, net_amount=Decimal("120"), from_on=day)
    services.add_price(product, by=keeper, net_amount=Decimal("18"), from_on=day, currency="USD")
    assert selectors.price_on(product, day - dt.timedelta(days=1)) == Decimal("100")
    assert selectors.price_on(product, day) == Decimal("120")
    assert selectors.price_on(product, day, "USD") == Decimal("18")
    assert selectors.price_on(product, day, "EUR") is None
    with unchanged(product), pytest.raises(Refused):
        services.add_price(product, by=keeper, net_amount=Decimal("1"), from_on=day)
    with unchanged(product), pytest.raises(NotAllowed):
        services.add_price(product, by=sales, net_amount=Decimal("1"), from_on=dt.date(2027, 1, 1))


def test_pages_of_the_catalogue(keeper, sales) -> None:
    product = make_product(by=keeper)
    client = signed_in(keeper)
    for address in ("/products/", "/products/new/", product.get_absolute_url(), "/products/?tax_code=13"):
        assert client.get(address).status_code == 200, address
    typed = {"code": "X-1", "title": "页面产品", "tax_code": "13", "net_list_amount": "1,000.00", "currency": "CNY"}
    assert client.post("/products/new/", typed).status_code == 302
    assert Product.objects.get(code="X-1").net_list_amount == Decimal("1000.00")
    assert client.post("/products/new/", typed).status_code == 409
    address = f"{product.get_absolute_url()}edit/"
    assert client.get(address).status_code == 200
    changed = {**typed, "title": "改名", "version": str(product.row_version)}
    assert client.post(address, changed).status_code == 302
    assert client.post(address, {**changed, "title": "再改"}).status_code == 412
    price = {"net_amount": "5", "currency": "CNY", "from_on": "2026-01-01"}
    assert client.post(f"{product.get_absolute_url()}add_price/", price).status_code == 302
    assert signed_in(sales).post(f"{product.get_absolute_url()}retire/", {"note": "x"}).status_code == 403
