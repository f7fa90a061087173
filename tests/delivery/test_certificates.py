"""Papers that prove something: only the verb that asks for a paper sets what it proves, and who may add files."""

import pytest

from approvals import services as approvals
from core.calendar import today
from core.errors import Refused
from delivery.services import acceptance as acceptances
from delivery.services import change as changes
from process.models import Attachment
from process.services import attach
from tests.delivery.test_change_order import draft
from tests.factories.delivery import make_acceptance, make_running_order, paper, sign
from tests.helpers import last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db


def add_file(person, record):
    return signed_in(person).post(f"{record.get_absolute_url()}files/", {"file": paper("照片.pdf")})


def test_any_file_is_no_certificate():
    deal, order = make_running_order()
    acceptance = make_acceptance(deal, order, "arrival")
    acceptances.submit(acceptance, by=deal.fr)
    assert add_file(deal.fr, acceptance).status_code == 302
    entry = last_log(acceptance)
    assert (entry.action, entry.user, entry.ip) == ("acceptance.attach", deal.fr, "127.0.0.1")
    assert acceptance.certificate() is None
    with unchanged(acceptance), pytest.raises(Refused) as refused:
        sign(deal, acceptance, certificate=None)
    assert len(refused.value.reasons) == 1
    sign(deal, acceptance)
    attach(acceptance, file=paper("later.pdf"), by=deal.fr)
    assert acceptance.certificate().name == "certificate.pdf"


def test_any_file_is_no_agreement_of_the_customer():
    deal, order = make_running_order()
    change = draft(deal, order)
    approvals.submit(change, by=deal.ar)
    changes.approve(change, by=deal.pfc)
    changes.approve(change, by=deal.director)
    attach(change, file=paper(), by=deal.ar)
    with unchanged(change), pytest.raises(Refused):
        changes.agree(change, by=deal.ar, agreed_on=today(), agreed_by="李四")
    changes.agree(change, by=deal.ar, agreed_on=today(), agreed_by="李四", agreement=paper())
    assert change.state == "agreed"


def test_to_an_ended_record_only_finance_adds_papers(stranger):
    deal, order = make_running_order()
    acceptance = make_acceptance(deal, order, "arrival")
    assert add_file(deal.legal, acceptance).status_code in (403, 404)
    assert add_file(stranger, acceptance).status_code == 404
    assert add_file(deal.director, acceptance).status_code == 403
    acceptances.submit(acceptance, by=deal.fr)
    acceptances.reject(acceptance, by=deal.fr, note="缺货")
    with unchanged(acceptance):
        assert add_file(deal.fr, acceptance).status_code == 403
        assert add_file(deal.ar, acceptance).status_code == 403
    assert add_file(deal.pfc, acceptance).status_code == 302
    assert add_file(deal.finance, acceptance).status_code == 302
    assert Attachment.objects.filter(kind="delivery.acceptance", object_id=acceptance.pk).count() == 2
