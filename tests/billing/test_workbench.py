"""The collection workbench: one row per customer with the next act, and a click that leads there."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, Notice, User
from billing.dunning import Facts, Next, next_act
from billing.models import DunningLetter, ReceivableLine
from billing.services import dunning
from billing.services import receivable as receivables
from contracts.models import Contract
from core.calendar import today
from core.errors import NotAllowed, Refused
from tests.api.caller import Caller
from tests.factories.billing import line_of, make_bank_statement
from tests.factories.contracts import ar_of, make_effective_contract
from tests.helpers import last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
NOW = D(100)


def days(number: int) -> dt.date:
    return today() + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(), (Next.NOTHING, 0)),
        (Facts(NOW), (Next.CALL, 0)),
        (Facts(NOW, silent_days=7), (Next.CALL, 0)),
        (Facts(NOW, silent_days=6), (Next.NOTHING, 0)),
        (Facts(NOW, letter=2), (Next.LETTER, 2)),
        (Facts(NOW, letter=2, silent_days=0), (Next.LETTER, 2)),
        # Letters are used up: the head, once a week.
        (Facts(NOW, ladder_ended=True), (Next.ESCALATE, 0)),
        (Facts(NOW, ladder_ended=True, silent_days=7), (Next.ESCALATE, 0)),
        (Facts(NOW, ladder_ended=True, silent_days=6), (Next.NOTHING, 0)),
        (Facts(NOW, ladder_ended=True, silent_days=6, letter=1), (Next.LETTER, 1)),
        # Nobody is bothered about money that may have come in.
        (Facts(NOW, letter=3, bank_known=False), (Next.BANK, 0)),
        (Facts(NOW, ladder_ended=True, bank_known=False), (Next.BANK, 0)),
        # What is disputed or promised asks for no letter …
        (Facts(NOW, disputed=NOW, letter=1), (Next.DISPUTE, 0)),
        (Facts(NOW, promised=NOW, bank_known=False), (Next.NOTHING, 0)),
        (Facts(NOW, disputed=D(40), promised=D(60)), (Next.DISPUTE, 0)),
        # … the rest does.
        (Facts(NOW, disputed=D(40), promised=D("59.99"), letter=1), (Next.LETTER, 1)),
    ],
)
def test_the_next_act(facts: Facts, expected: tuple[Next, int]) -> None:
    assert next_act(facts) == expected


def overdue_contract(late: int) -> Contract:
    """The usual deal, its advance of 301,800 overdue for `late` days."""
    return make_effective_contract(effective_on=days(-30 - late))


def work(user: User, **params: object) -> list[dict]:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return list(Caller(user).get(f"collection/work/?{query}").json()["results"])


def act_of(user: User) -> tuple[str, int]:
    (row,) = work(user)
    return row["next_act"], row["level"]


def test_the_acts_of_a_customer_one_after_the_other(finance: User) -> None:
    """Check the bank data, letter, call, promise, dispute, escalate: each act done leads to the next one."""
    contract = overdue_contract(40)
    line, ar, browser = line_of(contract, "effect"), ar_of(contract), signed_in(finance)
    page = browser.get("/collection/").content.decode()
    assert act_of(finance) == ("bank", 0) and 'href="/bank-statements/"' in page
    make_bank_statement(today())
    page = browser.get("/collection/").content.decode()
    assert act_of(finance) == ("letter", 1) and f'href="{line.get_absolute_url()}propose_letter/"' in page
    receivables.propose_letter(line, by=ar)
    letter = DunningLetter.objects.get()
    assert f'href="{letter.get_absolute_url()}"' in browser.get("/collection/").content.decode()
    assert work(finance)[0]["letter"]["id"] == letter.pk
    dunning.send(letter, by=ar)
    assert act_of(finance) == ("nothing", 0), "a letter is a contact"
    ReceivableLine.objects.filter(pk=line.pk).update(contacted_on=days(-7))
    page = browser.get("/collection/").content.decode()
    assert act_of(finance) == ("call", 0) and f'href="{line.get_absolute_url()}remind/"' in page
    line.refresh_from_db()
    receivables.remind(line, note="下周付", by=ar)
    assert (act_of(finance), work(finance)[0]["contacted_on"]) == (("nothing", 0), str(today()))
    ReceivableLine.objects.filter(pk=line.pk).update(contacted_on=days(-8), dunned_on=days(-14), dunning_level=3)
    page = browser.get("/collection/").content.decode()
    assert act_of(finance) == ("escalate", 0) and f'href="{line.get_absolute_url()}escalate/"' in page
    line.refresh_from_db()
    receivables.promise(line, promised_on=days(3), by=ar)
    assert (act_of(finance), work(finance)[0]["promised_on"]) == (("nothing", 0), str(days(3)))
    receivables.promise(line, promised_on=None, by=ar)
    receivables.dispute(line, disputed_until=days(9), dispute_note="数量", by=ar)
    page = browser.get("/collection/").content.decode()
    assert act_of(finance) == ("dispute", 0) and f'href="{line.get_absolute_url()}dispute/"' in page
    assert D(work(finance)[0]["disputed"]) == D(301800)


def test_of_one_account_manager_and_of_what_is_visible(finance: User, stranger: User) -> None:
    late, later = overdue_contract(50), overdue_contract(10)
    ReceivableLine.objects.filter(contract=later).update(gross_received=D(1800))
    rows = work(finance)
    assert [D(row["overdue"]) for row in rows] == [D(301800), D(300000)]
    assert {D(row["open"]) for row in rows} == {D(301800), D(300000)}
    ReceivableLine.objects.filter(contract=late).update(owner=finance)
    (mine,) = work(finance, owner=finance.pk)
    assert mine["customer"]["id"] == late.payer_id
    page = signed_in(finance).get(f"/collection/?owner={finance.pk}").content.decode()
    assert line_of(late, "effect").code in page and line_of(later, "effect").code not in page
    assert work(stranger) == []
    assert Caller(finance).get("collection/work/?owner=x").status_code == 400


def test_a_letter_is_proposed_by_hand_only_where_it_is_ripe(sales2: User) -> None:
    contract = overdue_contract(6)
    line, ar = line_of(contract, "effect"), ar_of(contract)
    make_bank_statement(today())
    with unchanged(line), pytest.raises(Refused, match="not ripe"):
        receivables.propose_letter(line, by=ar)
    ReceivableLine.objects.filter(pk=line.pk).update(due_on=days(-7))
    with unchanged(line_of(contract, "effect")), pytest.raises(NotAllowed):
        receivables.propose_letter(line_of(contract, "effect"), by=sales2)
    for _again in range(2):
        receivables.propose_letter(line_of(contract, "effect"), by=ar)
    assert DunningLetter.objects.count() == 1


def test_a_letter_is_not_proposed_by_hand_on_old_bank_data() -> None:
    contract = overdue_contract(20)
    line = line_of(contract, "effect")
    make_bank_statement(days(-10))
    with unchanged(line), pytest.raises(Refused, match="too old"):
        receivables.propose_letter(line, by=ar_of(contract))
    assert not DunningLetter.objects.exists()


def test_the_head_above_is_asked_with_words(sales2: User, director: User) -> None:
    contract = overdue_contract(90)
    line, ar = line_of(contract, "effect"), ar_of(contract)
    assert ar.department is not None
    Department.objects.update(head=None)
    with unchanged(line), pytest.raises(Refused, match="has a head"):
        receivables.escalate(line, by=ar, note="三封函件后仍未付")
    leaver = make_user("leaver", department="sales", is_active=False)
    Department.objects.filter(pk=ar.department.pk).update(head=leaver)
    with unchanged(line), pytest.raises(Refused, match="has a head"):
        receivables.escalate(line, by=ar, note="三封函件后仍未付")
    # Whoever heads the own department does not ask oneself, but the one above.
    Department.objects.filter(pk=ar.department.pk).update(head=ar, parent=director.department)
    Department.objects.filter(pk=director.department_id).update(head=director)
    with unchanged(line), pytest.raises(Refused, match="write down"):
        receivables.escalate(line_of(contract, "effect"), by=ar)
    with unchanged(line), pytest.raises(NotAllowed):
        receivables.escalate(line_of(contract, "effect"), by=sales2, note="x")
    receivables.escalate(line_of(contract, "effect"), by=ar, note="三封函件后仍未付")
    line.refresh_from_db()
    assert (last_log(line).action, line.contacted_on) == ("receivable_line.escalate", today())
    assert "三封函件后仍未付" in Notice.objects.get(user=director, key__startswith="escalate:").text


def test_ten_lines_and_a_thousand_ask_the_same(finance: User) -> None:
    contract = overdue_contract(40)
    make_bank_statement(today())
    line = line_of(contract, "effect")
    browser = signed_in(finance)

    def copies(number: int) -> None:
        rows = []
        for _each in range(number):
            row = ReceivableLine.objects.get(pk=line.pk)
            row.imported = True
            row.pk, row._state.adding, row.code = None, True, f"RL-X-{ReceivableLine.objects.count() + len(rows)}"
            rows.append(row)
        ReceivableLine.objects.bulk_create(rows)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/collection/").status_code == 200
            assert len(work(finance)) == 1
        return len(captured)

    copies(10)
    count()
    few = count()
    copies(1000)
    assert count() == few
    assert D(work(finance)[0]["overdue"]) == 1011 * D(301800)
