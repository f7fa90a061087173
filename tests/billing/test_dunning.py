"""The ladder of dunning: proposed by a sweep, sent or skipped by people, each line one level at a time."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Notice, User
from billing.dunning import Standing, next_level
from billing.models import DunningLetter, DunningLevel, ReceivableLine
from billing.selectors import check_invariants
from billing.services import dunning
from billing.services import receivable as receivables
from contracts.models import Contract
from core.calendar import add_working_days, today
from core.errors import NotAllowed, Refused, Stale
from ltc.demo.people import make_entity
from tests.api.caller import Caller
from tests.factories.billing import finance_user, line_of, make_bank_statement, make_confirmed_receipt
from tests.factories.contracts import ar_of, make_effective_contract
from tests.helpers import actions, last_log, signed_in, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
DAY = dt.date(2026, 6, 15)
LADDER = [
    SimpleNamespace(level=1, days_overdue=7, wait_days=0),
    SimpleNamespace(level=2, days_overdue=30, wait_days=14),
    SimpleNamespace(level=3, days_overdue=60, wait_days=14),
]


def days(number: int) -> dt.date:
    return today() + dt.timedelta(days=number)


@pytest.mark.parametrize(
    ("overdue", "level", "dunned", "broken", "expected"),
    [
        (6, 0, None, False, 0),
        (7, 0, None, False, 1),
        (400, 0, None, False, 1),  # long overdue, still the first letter first
        (40, 1, 13, False, 0),  # the letter before is 13 days old
        (40, 1, 14, False, 2),
        (29, 1, 20, False, 0),
        (40, 1, 1, True, 2),  # a broken promise does not wait
        (40, 1, 0, True, 0),  # but never two on one day
        (60, 2, 14, False, 3),
        (59, 2, 14, True, 0),
        (500, 3, 400, True, 0),  # the ladder ends
    ],
)
def test_the_next_letter(overdue: int, level: int, dunned: int | None, broken: bool, expected: int) -> None:
    on = None if dunned is None else DAY - dt.timedelta(days=dunned)
    assert next_level(Standing(overdue, level, on, broken), LADDER, DAY) == expected


def test_without_a_ladder_nobody_is_dunned() -> None:
    assert next_level(Standing(100), [], DAY) == 0


def overdue_contract(late: int) -> Contract:
    """The usual deal, its advance of 301,800 due 30 days after it took effect, overdue for `late` days."""
    contract: Contract = make_effective_contract(effective_on=days(-30 - late))
    assert line_of(contract, "effect").due_on == days(-late)
    return contract


def test_a_sweep_proposes_once(finance: User, stranger: User) -> None:
    contract = overdue_contract(8)
    make_bank_statement(today())
    assert (dunning.propose(), dunning.propose()) == (1, 0)
    letter = DunningLetter.objects.get()
    assert (letter.state, letter.level, letter.gross_amount) == ("proposed", 1, D(301800))
    assert (letter.customer, letter.entity, letter.owner) == (contract.payer, contract.entity, ar_of(contract))
    # All of it is one deal's, so is the letter.
    assert letter.case_id == contract.case_id
    (item,) = letter.items.all()
    assert (item.receivable, item.level, item.gross_amount) == (line_of(contract, "effect"), 1, D(301800))
    assert Notice.objects.filter(user=ar_of(contract), key=f"dunning:{letter.pk}").count() == 1
    assert letter not in DunningLetter.objects.visible_to(stranger)
    assert letter in DunningLetter.objects.visible_to(finance)


def test_what_is_never_dunned() -> None:
    """Not due, due today, disputed, promised for later, retention in warranty, settled."""
    make_bank_statement(today())
    fresh, disputed, promised, paid = (overdue_contract(late) for late in (0, 40, 40, 40))
    receivables.dispute(line_of(disputed, "effect"), disputed_until=today(), by=ar_of(disputed))
    receivables.promise(line_of(promised, "effect"), promised_on=today(), by=ar_of(promised))
    make_confirmed_receipt(paid, event="effect")
    assert dunning.propose() == 0
    assert not DunningLetter.objects.exists()
    assert line_of(fresh, "effect").quiet_reason(today()) == "is not overdue"


def test_old_bank_data_stop_every_letter() -> None:
    contract = overdue_contract(8)
    assert dunning.propose() == 0, "no statement at all"
    limit = add_working_days(today(), -3)
    make_bank_statement(limit - dt.timedelta(days=1))
    assert dunning.propose() == 0, "a day too old"
    make_bank_statement(limit)
    assert dunning.propose() == 0, "one account is behind the other"
    account = make_bank_statement(limit - dt.timedelta(days=31)).account
    assert account.entity == contract.entity
    DunningLevel.objects.update(bank_days=5)
    assert dunning.propose() == 1, "an account that does not move holds nothing up"
    letter = DunningLetter.objects.get()
    DunningLevel.objects.update(bank_days=1)
    with unchanged(letter), pytest.raises(Refused, match="too old"):
        dunning.send(DunningLetter.objects.get(), by=ar_of(contract))


def test_send_raises_the_level_of_each_line_once(finance: User, sales2: User) -> None:
    contract = overdue_contract(100)
    make_bank_statement(today())
    dunning.propose()
    letter, line = DunningLetter.objects.get(), line_of(contract, "effect")
    with unchanged(letter, line), pytest.raises(NotAllowed):
        dunning.send(letter, by=sales2)
    with unchanged(letter, line), pytest.raises(Stale):
        dunning.send(letter, by=ar_of(contract), version=letter.row_version + 1)
    dunning.send(letter, by=ar_of(contract), sent_how="EMS 1234567890")
    line = line_of(contract, "effect")
    assert (letter.state, letter.sent_on, letter.sent_how) == ("sent", today(), "EMS 1234567890")
    assert (line.dunning_level, line.dunned_on, line.contacted_on) == (1, today(), today())
    assert actions(letter) == ["dunning_letter.open", "dunning_letter.send"]
    assert (last_log(line).action, last_log(line).note) == ("receivable_line.dun", letter.code)
    with unchanged(letter, line), pytest.raises(Refused):
        dunning.send(letter, by=ar_of(contract))
    assert dunning.propose() == 0, "never two on one day"
    for level, wait in ((2, 14), (3, 14)):
        # As if the letter before had gone out two weeks ago.
        ReceivableLine.objects.filter(pk=line.pk).update(dunned_on=days(-wait + 1))
        assert dunning.propose() == 0
        ReceivableLine.objects.filter(pk=line.pk).update(dunned_on=days(-wait))
        assert dunning.propose() == 1
        dunning.send(DunningLetter.objects.get(state="proposed"), by=finance)
        assert line_of(contract, "effect").dunning_level == level
    ReceivableLine.objects.filter(pk=line.pk).update(dunned_on=days(-100))
    assert dunning.propose() == 0, "the ladder ends"


def test_a_letter_that_no_longer_fits_is_not_sent_but_renewed(sales2: User) -> None:
    contract = overdue_contract(40)
    make_bank_statement(today())
    dunning.propose()
    letter, line, ar = DunningLetter.objects.get(), line_of(contract, "effect"), ar_of(contract)
    make_confirmed_receipt(contract, event="effect", gross_amount=D(100000))
    with unchanged(letter, line_of(contract, "effect")), pytest.raises(Refused, match="has changed since"):
        dunning.send(letter, by=ar)
    with unchanged(letter), pytest.raises(NotAllowed):
        dunning.renew(letter, by=sales2)
    dunning.renew(letter, by=ar)
    assert (letter.gross_amount, letter.items.get().gross_amount) == (D(201800), D(201800))
    receivables.dispute(line, disputed_until=days(9), dispute_note="数量", by=ar)
    with pytest.raises(Refused, match="is disputed until"):
        dunning.send(letter, by=ar)
    assert dunning.propose() == 0
    letter.refresh_from_db()
    assert (letter.state, last_log(letter).action) == ("lapsed", "dunning_letter.lapse")
    assert line_of(contract, "effect").dunning_level == 0


def test_a_skipped_letter_stays_away_until_its_day() -> None:
    contract = overdue_contract(8)
    make_bank_statement(today())
    dunning.propose()
    letter, ar = DunningLetter.objects.get(), ar_of(contract)
    for day, note in ((days(5), ""), (today(), "客户在走流程")):
        with unchanged(letter), pytest.raises(Refused):
            dunning.skip(letter, again_on=day, note=note, by=ar)
    dunning.skip(letter, again_on=days(5), note="客户在走流程", by=ar)
    assert (letter.state, dunning.propose()) == ("skipped", 0)
    DunningLetter.objects.filter(pk=letter.pk).update(again_on=today())
    assert dunning.propose() == 1
    assert line_of(contract, "effect").dunning_level == 0


def test_deals_of_one_customer_stand_in_one_letter_and_other_managers_in_another() -> None:
    make_bank_statement(today())
    one, two, other = (overdue_contract(late) for late in (8, 50, 9))
    lines = ReceivableLine.objects.filter(contract__in=[one, two, other])
    lines.update(customer=one.payer)
    lines.filter(contract=two).update(owner=ar_of(one))
    lines.filter(contract=other).update(owner=finance_user())
    assert dunning.propose() == 2
    both = DunningLetter.objects.get(owner=ar_of(one))
    assert (both.gross_amount, both.level, both.items.count()) == (D(603600), 1, 2)
    assert both.case_id not in (one.case_id, two.case_id), "of several deals: a case of its own"
    dunning.send(both, by=ar_of(one))
    assert {line_of(contract, "effect").dunning_level for contract in (one, two)} == {1}
    assert line_of(other, "effect").dunning_level == 0


def test_taking_the_release_back_forgets_the_letters() -> None:
    contract = overdue_contract(8)
    make_bank_statement(today())
    dunning.propose()
    dunning.send(DunningLetter.objects.get(), by=ar_of(contract))
    line = line_of(contract, "effect")
    receivables.unrelease(source=line.source, by=ar_of(contract))
    line.refresh_from_db()
    assert (line.dunning_level, line.dunned_on) == (0, None)


def test_the_text_is_worded_by_the_manager_and_printed_in_both_languages(finance: User, stranger: User) -> None:
    make_entity()
    contract = overdue_contract(8)
    make_bank_statement(today())
    dunning.propose()
    letter, ar = DunningLetter.objects.get(), ar_of(contract)
    with unchanged(letter), pytest.raises(NotAllowed):
        dunning.edit(letter, text_zh="x", by=stranger)
    dunning.edit(letter, text_en="Dear Ms Li,\nplease pay.", by=ar)
    path = f"{letter.get_absolute_url()}paper/"
    browser = signed_in(finance)
    english = browser.get(f"{path}?language=en").content.decode()
    assert "Dear Ms Li," in english and "Payment reminder" in english and "301,800.00" in english
    chinese = browser.get(f"{path}?language=zh").content.decode()
    assert "提醒函" in chinese and "叁拾万壹仟捌佰元整" in chinese and contract.payer.title in chinese
    assert signed_in(stranger).get(path).status_code == 404
    assert browser.get(f"{path}?language=fr").status_code == 400
    body = Caller(finance).get(f"dunning-letters/{letter.pk}/paper/?language=en").json()
    assert body["paragraphs"] == ["Dear Ms Li,", "please pay."]
    assert (D(body["total"]), body["lines"][0]["days_overdue"]) == (D(301800), 8)
    assert Caller(stranger).get(f"dunning-letters/{letter.pk}/paper/").status_code == 404


def test_send_and_skip_over_page_and_api(finance: User) -> None:
    make_bank_statement(today())
    one, two = overdue_contract(8), overdue_contract(9)
    dunning.propose()
    letters = {letter.case_id: letter for letter in DunningLetter.objects.all()}
    sent, skipped = letters[one.case_id], letters[two.case_id]
    assert signed_in(finance).get(sent.get_absolute_url()).status_code == 200
    assert Caller(finance).post(f"dunning-letters/{sent.pk}/send/", {"sent_how": "mail"}).status_code == 200
    body = {"again_on": str(days(3)), "note": "wait"}
    assert Caller(finance).post(f"dunning-letters/{skipped.pk}/skip/", body).status_code == 200
    states = [DunningLetter.objects.get(pk=letter.pk).state for letter in (sent, skipped)]
    assert states == ["sent", "skipped"]


def test_a_statement_of_account_is_what_was_open_on_the_day(finance: User, stranger: User) -> None:
    contract = overdue_contract(8)
    make_confirmed_receipt(contract, event="effect", gross_amount=D(100000))
    path = f"customers/{contract.payer_id}/statement/"
    (now,) = Caller(finance).get(path).json()
    # The advance, less what came in, and the retention in warranty.
    assert [D(line["open"]) for line in now["lines"]] == [D(201800), D(100600)]
    assert (D(now["total"]), now["receiver"]) == (D(302400), contract.payer.title)
    (before,) = Caller(finance).get(f"{path}?on={days(-1)}&language=en").json()
    assert D(before["total"]) == D(402400) and "301,800.00" in before["paragraphs"][0]
    page = signed_in(finance).get(f"/collection/statement/{contract.payer_id}/?on={days(-1)}&language=zh")
    assert "402,400.00" in page.content.decode() and "对账单" in page.content.decode()
    assert Caller(stranger).get(path).json() == []
    assert Caller(finance).get(f"{path}?on=never").status_code == 400


def test_verify_names_a_level_without_a_letter_and_a_day_without_a_promise() -> None:
    contract = overdue_contract(8)
    make_bank_statement(today())
    dunning.propose()
    dunning.send(DunningLetter.objects.get(), by=ar_of(contract))
    line = line_of(contract, "effect")
    receivables.promise(line, promised_on=days(2), by=ar_of(contract))
    assert not list(check_invariants())
    ReceivableLine.objects.filter(pk=line.pk).update(dunning_level=2, promised_on=None)
    assert [found.pk for found, _text in check_invariants()] == [line.pk, line.pk]


def test_a_sweep_over_ten_quiet_lines_asks_no_more_than_over_one() -> None:
    make_bank_statement(today())

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert dunning.propose() == 0
        return len(captured)

    overdue_contract(1)
    few = count()
    for _number in range(3):
        overdue_contract(2)
    assert count() == few
