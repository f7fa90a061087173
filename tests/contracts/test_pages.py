"""The pages of contracts, by the right and the wrong person."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from contracts.models import Contract
from contracts.services import load_templates
from tests.factories.contracts import (
    ar_of,
    make_effective_contract,
    make_light_contract,
    make_signed_contract,
    rate,
    term,
)
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_list_and_detail(sales: User, stranger: User) -> None:
    contract = make_light_contract(owner=sales)
    browser = signed_in(ar_of(contract))
    assert contract.code in browser.get("/contracts/").content.decode()
    page = browser.get(contract.get_absolute_url()).content.decode()
    assert "1,006,000.00" in page and "壹佰万陆仟元整" in page
    assert signed_in(stranger).get(contract.get_absolute_url()).status_code == 404
    assert browser.get("/contracts/board/").status_code == 200
    assert browser.get("/contracts/?nonsense=1").status_code == 400


def test_new_form_drafts_a_contract(sales: User) -> None:
    project = make_light_contract(owner=sales).project
    browser = signed_in(sales)
    form = browser.get(f"/contracts/new/?project={project.pk}")
    assert form.status_code == 200
    data = {
        "project": project.pk,
        "currency": "CNY",
        "tax_clause": "gross_fixed",
        "warranty_months": 24,
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 0,
        "lines-0-name": "设备",
        "lines-0-quantity": "2",
        "lines-0-tax_rate": rate("13").pk,
        "lines-0-gross_amount": "1,130.00",
        "terms-TOTAL_FORMS": 1,
        "terms-INITIAL_FORMS": 0,
        "terms-0-event": term("payment_event", "arrival").pk,
        "terms-0-percent": "100",
        "terms-0-days_after": "30",
        "idempotency_key": "one",
    }
    answer = browser.post("/contracts/new/", data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    made = Contract.objects.order_by("-pk")[0]
    assert (made.gross_amount, made.net_amount, made.warranty_months) == (1130, 1000, 24)
    edit = browser.get(f"/contracts/{made.pk}/edit/").content.decode()
    assert 'value="100"' in edit and "E+" not in edit


def test_usual_terms_by_one_act(sales: User) -> None:
    load_templates()
    from contracts.models import TermTemplate

    contract = make_light_contract(owner=sales)
    software = TermTemplate.objects.get(code="software")
    browser = signed_in(sales)
    answer = browser.post(
        f"/contracts/{contract.pk}/apply_template/", {"template": software.pk, "idempotency_key": "a"}
    )
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert [int(one.percent) for one in contract.terms.all()] == [30, 30, 35, 5]


def test_a_verb_over_http(sales: User, stranger: User, solution: User) -> None:
    contract = make_light_contract(owner=sales)
    url = f"/contracts/{contract.pk}/submit/"
    assert signed_in(stranger).post(url).status_code == 404
    refused = signed_in(sales).post(url, {"idempotency_key": "b"})
    assert refused.status_code == 409
    assert "合同" in refused.content.decode() or "contract" in refused.content.decode()
    from process.services import seat

    sr = seat(contract.case_id, "sr")
    assert signed_in(sr).post(url, {"idempotency_key": "c"}).status_code == 403


def test_sign_dialog_and_activate(sales: User) -> None:
    contract = make_signed_contract(make_light_contract(owner=sales))
    browser = signed_in(sales)
    assert browser.get(f"/contracts/{contract.pk}/meet_effect/").status_code == 200
    answer = browser.post(f"/contracts/{contract.pk}/activate/", {"effective_on": "2026-11-01", "idempotency_key": "d"})
    assert answer.status_code == 409


def test_panel_of_the_project(sales: User) -> None:
    contract = make_effective_contract(make_light_contract(owner=sales))
    answer = signed_in(sales).get(f"/contracts/panel/{contract.case_id}/")
    assert contract.code in answer.content.decode()


def test_queries_do_not_grow_with_rows(sales: User) -> None:
    first = make_light_contract(owner=sales)
    make_light_contract(owner=sales, project=first.project)
    browser = signed_in(sales)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get("/contracts/").status_code == 200
        return len(captured)

    count()
    few = count()
    for _number in range(8):
        make_light_contract(owner=sales, project=first.project)
    assert count() == few
