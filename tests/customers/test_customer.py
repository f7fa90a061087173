"""The register: one company once, blocking, contacts."""

import pytest

from core.errors import NotAllowed, Refused
from customers import names, selectors
from customers.models import Contact, Customer
from customers.services import customer as customers
from customers.services import supplier as suppliers
from tests.factories.customers import make_customer, make_supplier, tax_id
from tests.helpers import actions, last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华讯(北京)有限公司", "华讯 (北京) 有限公司"),
        ("华讯（北京）有限公司", "华讯北京公司"),
        ("Acme Co., Ltd.", "ACME"),
        ("华讯集团有限公司", "华讯集团"),
    ],
)
def test_names_that_mean_the_same_company(one: str, other: str) -> None:
    assert names.core_of(one) == names.core_of(other)


def test_different_companies_stay_different() -> None:
    assert names.core_of("华讯(北京)有限公司") != names.core_of("华讯(上海)有限公司")
    assert names.phone_key("+86 138-0013-8000") == names.phone_key("13800138000")
    assert names.mail_domain("a@qq.com") == ""


def test_open_registers_and_finds_by_name_and_tax_id(sales) -> None:
    customer = make_customer(by=sales, title="红杉(天津)科技有限公司")
    assert actions(customer) == ["customer.open"]
    assert customer.owner == sales
    assert list(selectors.similar("红杉（天津）科技 有限公司")) == [customer]
    assert selectors.by_tax_id(f" {customer.tax_id.lower()} ") == customer


def test_the_same_tax_id_is_refused_even_with_a_note(sales) -> None:
    first = make_customer()
    with pytest.raises(Refused) as refusal:
        customers.open(by=sales, title="另一家公司", tax_id=first.tax_id, note="really another one")
    assert refusal.value.reasons[0].link == first.get_absolute_url()
    assert Customer.objects.filter(tax_id=first.tax_id).count() == 1


def test_a_similar_name_needs_a_note(sales) -> None:
    make_customer(title="青松智能有限公司")
    with pytest.raises(Refused, match="青松智能"):
        customers.open(by=sales, title="青松智能股份有限公司")
    assert customers.open(by=sales, title="青松智能股份有限公司", note="a different company").code.startswith("CU-")


def test_a_tax_id_has_a_form(sales) -> None:
    with pytest.raises(Refused):
        customers.open(by=sales, title="蓝天贸易", tax_id="12")


def test_edit_compares_the_new_name_and_refuses_a_circle(sales) -> None:
    parent, child = make_customer(by=sales), make_customer(by=sales)
    customers.edit(child, by=sales, parent=parent)
    with unchanged(parent), pytest.raises(Refused):
        customers.edit(parent, by=sales, parent=child)
    with unchanged(child), pytest.raises(Refused):
        customers.edit(child, by=sales, title=parent.title)
    with unchanged(child), pytest.raises(Refused):
        customers.edit(child, by=sales, tax_id=parent.tax_id, note="note")
    customers.edit(child, by=sales, title="新名字有限公司")
    assert child.name_key == names.key_of("新名字有限公司")


def test_block_and_unblock(sales, finance) -> None:
    customer = make_customer()
    customers.block(customer, by=finance, note="三次逾期")
    assert (customer.state, last_log(customer).action) == ("blocked", "customer.block")
    with unchanged(customer), pytest.raises(Refused):
        customers.block(customer, by=finance, note="again")
    customers.unblock(customer, by=finance, note="已付清")
    assert customer.state == "active"
    with unchanged(customer), pytest.raises(Refused):
        customers.block(customer, by=finance)
    with unchanged(customer), pytest.raises(NotAllowed):
        customers.block(customer, by=sales, note="no")


def test_contacts_are_added_and_leave(sales, stranger) -> None:
    customer = make_customer(by=sales)
    customers.add_contact(customer, by=sales, name="赵主任", phone="13900000000", is_decider=True)
    contact = Contact.objects.get(customer=customer)
    with unchanged(customer), pytest.raises(Refused):
        customers.add_contact(customer, by=sales, name="赵主任", phone="13900000000")
    with unchanged(customer), pytest.raises(Refused):
        customers.add_contact(customer, by=sales, name="无电话")
    with unchanged(customer), pytest.raises(NotAllowed):
        customers.add_contact(customer, by=stranger, name="钱", phone="13900000001")
    customers.remove_contact(customer, contact=contact, by=sales)
    contact.refresh_from_db()
    assert not contact.is_active
    with unchanged(customer), pytest.raises(Refused):
        customers.remove_contact(customer, contact=contact, by=sales)
    assert actions(customer) == ["customer.open", "customer.add_contact", "customer.remove_contact"]


def test_suppliers_are_kept_by_purchasing(purchasing, stranger) -> None:
    supplier = make_supplier(by=purchasing)
    with pytest.raises(NotAllowed):
        suppliers.open(by=stranger, title="南方供货有限公司")
    with pytest.raises(Refused):
        suppliers.open(by=purchasing, title="南方供货有限公司", tax_id=supplier.tax_id)
    suppliers.edit(supplier, by=purchasing, bank="招商银行", bank_account="6225")
    suppliers.block(supplier, by=purchasing, note="质量问题")
    suppliers.unblock(supplier, by=purchasing, note="整改完成")
    assert actions(supplier) == ["supplier.open", "supplier.edit", "supplier.block", "supplier.unblock"]
    assert selectors.supplier_by_tax_id(supplier.tax_id) == supplier


def test_pages_of_the_register(sales, finance, stranger) -> None:
    customer = make_customer(by=sales)
    client = signed_in(sales)
    for address in ("/customers/", "/customers/new/", customer.get_absolute_url(), "/suppliers/"):
        assert client.get(address).status_code == 200, address
    assert client.get("/customers/?tier=B&credit=B").status_code == 200
    assert client.get("/customers/?nonsense=1").status_code == 400
    typed = {"title": "页面客户有限公司", "tax_id": tax_id(), "tier": "A", "credit": "B", "country": "中国"}
    assert client.post("/customers/new/", typed).status_code == 302
    made = Customer.objects.get(title="页面客户有限公司")
    assert made.owner == sales
    again = client.post("/customers/new/", {**typed, "title": "不同名字"})
    assert again.status_code == 409
    assert signed_in(stranger).get(customer.get_absolute_url()).status_code == 200
    address = f"{customer.get_absolute_url()}block/"
    assert client.post(address, {"note": "x"}).status_code == 403
    assert signed_in(finance).post(address, {"note": "逾期"}).status_code == 302
    assert signed_in(finance).post(address, {"note": "逾期"}).status_code == 409


def test_the_list_costs_the_same_queries_at_2_and_12_rows(sales) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(sales)
    for _number in range(2):
        make_customer(by=sales)
    client.get("/customers/")
    with CaptureQueriesContext(connection) as few:
        client.get("/customers/")
    for _number in range(10):
        make_customer(by=sales)
    with CaptureQueriesContext(connection) as many:
        client.get("/customers/")
    assert len(few) == len(many)
