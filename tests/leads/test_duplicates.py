"""The duplicate check: who is already talking to this company, and how much of that is told."""

import pytest

from core.errors import Refused
from leads import services
from leads.models import Lead
from tests.factories.customers import make_customer, tax_id
from tests.factories.leads import make_lead, make_qualified_lead, make_working_lead
from tests.helpers import unchanged

pytestmark = pytest.mark.django_db


def refused(by, **fields) -> list:
    before = Lead.objects.count()
    with pytest.raises(Refused) as refusal:
        services.open(by=by, **fields)
    assert Lead.objects.count() == before
    return refusal.value.reasons


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ({"company_name": "凌云(成都)有限公司"}, {"company_name": "凌云 （成都） 有限公司"}),
        ({"phone": "13812345678"}, {"company_name": "另一家", "phone": "+86 138 1234 5678"}),
        ({"email": "li@lingyun.example"}, {"company_name": "另一家", "email": "LI@lingyun.example"}),
    ],
)
def test_a_similar_lead_needs_the_tick(sales, known: dict, typed: dict) -> None:
    lead = make_lead(by=sales, **known)
    reasons = refused(sales, **typed)
    assert [reason.link for reason in reasons] == [lead.get_absolute_url()]
    assert services.open(by=sales, accept_duplicate=True, **typed).state == "new"


def test_a_colleagues_lead_is_not_named(sales, sales2) -> None:
    lead = make_working_lead(sales, company_name="绝密科技有限公司")
    reasons = refused(sales2, company_name="绝密科技有限公司")
    assert [reason.link for reason in reasons] == [""]
    assert lead.code not in str(reasons) and sales.name not in str(reasons)


def test_a_similar_customer_is_named(sales) -> None:
    customer = make_customer(title="翠湖水务有限公司")
    reasons = refused(sales, company_name="翠湖水务集团有限公司")
    assert [reason.link for reason in reasons] == [customer.get_absolute_url()]


def test_a_registered_tax_id_must_be_chosen_as_customer(sales) -> None:
    customer = make_customer()
    reasons = refused(sales, company_name="某某", tax_id=customer.tax_id, accept_duplicate=True)
    assert reasons[0].link == customer.get_absolute_url()
    assert services.open(by=sales, customer=customer).customer == customer


def test_two_people_on_one_tax_id_are_for_a_lead_manager(sales, sales2, lead_manager) -> None:
    number = tax_id()
    make_working_lead(sales, tax_id=number)
    assert refused(sales2, company_name="别名公司", tax_id=number, accept_duplicate=True)
    assert services.open(by=lead_manager, company_name="别名公司", tax_id=number, accept_duplicate=True)


def test_a_further_need_of_ones_own_customer_passes_with_the_tick(sales) -> None:
    customer = make_customer()
    make_working_lead(sales, customer=customer)
    assert refused(sales, customer=customer)
    assert services.open(by=sales, customer=customer, accept_duplicate=True)


def test_what_became_a_project_is_no_duplicate(sales) -> None:
    lead = make_qualified_lead(sales)
    assert services.open(by=sales, customer=lead.customer, phone=lead.phone).state == "new"


def test_an_edit_is_checked_too(sales, sales2) -> None:
    number = tax_id()
    make_working_lead(sales, tax_id=number)
    lead = make_working_lead(sales2)
    with unchanged(lead), pytest.raises(Refused):
        services.edit(lead, by=sales2, tax_id=number, accept_duplicate=True)


def test_an_external_reference_is_taken_once(sales) -> None:
    make_lead(by=sales, external_ref="web-1")
    with pytest.raises(Refused):
        make_lead(by=sales, external_ref="web-1")
    assert make_lead(by=sales, external_ref="").external_ref is None
