"""职责分离 from order to payment: who did one act of a rule is refused the other, by every way, and reported."""

import csv
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.actor import Actor
from accounts.models import Role, User
from accounts.services import delegate
from approvals.models import SpecialApproval
from approvals.selectors import requests_of
from approvals.services import special
from core.calendar import today
from core.errors import Barred, Refused
from core.idempotency import new_key
from customers.services import supplier as suppliers
from finance.models import CostBook
from process import catalogue, segregation
from process.models import LogEntry, SegregationRule
from process.outlet import way_past
from process.services import doors, evidence, segregating
from purchasing.models import Bill, PurchaseOrder
from purchasing.services import bill as bills
from purchasing.services import order as orders
from tests.api.caller import Caller, problem
from tests.factories.purchasing import approve_order, make_bill, make_order, order_line
from tests.helpers import signed_in, unchanged
from tests.people import make_user

SYSTEM = Actor.system("test")
# Each act that stands against paying, by whom it is done in the story below.
BEFORE = {
    "bill.submit": "clerk",
    "bill.approve": "decider",
    "bill.post": "poster",
    "purchase_order.submit": "buyer",
    "purchase_order.approve": "decider",
}


@pytest.fixture(autouse=True)
def fresh_rules() -> Iterator[None]:
    """What a test says of the table goes with its transaction: nobody may remember it."""
    catalogue.forget()
    segregation.forget()
    yield
    segregation.forget()
    catalogue.forget()


@dataclass
class Story:
    """An order and its posted bill, and who did what."""

    order: PurchaseOrder
    bill: Bill
    people: dict[str, User]

    def payer(self, name: str) -> User:
        """One of the people, as a small company has them: a cashier beside."""
        person = self.people[name]
        person.roles.add(Role.objects.get(code="cashier"))
        person.forget()
        return person


def tell(book: CostBook, people: dict[str, User]) -> Story:
    order = make_order(book, people["buyer"], lines=[order_line(quantity=1)])
    approve_order(order, by=people["buyer"], decider=people["decider"])
    orders.receive(order, by=people["buyer"])
    bill = make_bill(order, people["clerk"])
    bills.submit(bill, by=people["clerk"])
    bills.approve(bill, by=people["decider"])
    return Story(order, bills.post(bill, by=people["poster"]), people)


@pytest.fixture
def people(delivery: User, pfc: User) -> dict[str, User]:
    clerk, poster = (make_user(name, department="accounting", roles=("finance",)) for name in ("clerk", "poster"))
    return {"buyer": delivery, "decider": pfc, "clerk": clerk, "poster": poster}


@pytest.fixture
def story(book: CostBook, people: dict[str, User]) -> Story:
    return tell(book, people)


def rule(first: str, second: str) -> SegregationRule:
    return SegregationRule.objects.get(first=first, second=second)


def only(*pairs: tuple[str, str]) -> None:
    """Switch off every rule but these."""
    for one in SegregationRule.objects.filter(is_active=True):
        if (one.first, one.second) not in pairs:
            segregating.change(one, by=SYSTEM, note="test", is_active=False)


def make_rule(first: str, second: str, **fields: Any) -> SegregationRule:
    words = {"zh": f"{first}与{second}", "en": f"{first} and {second}", **fields}
    return segregating.add(by=SYSTEM, note="test", first=first, second=second, **words)


# Before the act ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("act", "who"), BEFORE.items())
def test_who_did_the_one_act_does_not_do_the_other(story: Story, cashier: User, act: str, who: str) -> None:
    only((act, "bill.pay"))
    person = story.payer(who)
    with unchanged(story.bill), pytest.raises(Refused) as refusal:
        bills.pay(story.bill, by=person)
    [reason] = refusal.value.reasons
    assert isinstance(reason, Barred) and not reason.key and reason.link == "/segregation/"
    assert not story.bill.payments.exists()
    record = story.order if act.startswith("purchase_order") else story.bill
    for word in (rule(act, "bill.pay").zh, person.name, record.code, f"{timezone.localdate():%Y-%m-%d}", "出纳"):
        assert word in reason, word
    with translation.override("en"):
        assert rule(act, "bill.pay").en in str(doors.bars(story.bill, "pay", person)[0])
    bills.pay(story.bill, by=cashier)
    assert story.bill.state == "paid"


def test_a_rule_that_is_off_or_only_reported_refuses_nobody(story: Story) -> None:
    person = story.payer("clerk")
    only(("bill.submit", "bill.pay"))
    assert doors.bars(story.bill, "pay", person)
    segregating.change(rule("bill.submit", "bill.pay"), by=SYSTEM, note="test", level="report")
    assert not doors.bars(story.bill, "pay", person)
    bills.pay(story.bill, by=person)
    assert story.bill.state == "paid"


def test_the_other_way_round_and_over_what_points_here(story: Story) -> None:
    """Whoever has paid a bill does not close its order, whichever of the two acts comes first in the rule."""
    only()
    make_rule("purchase_order.close", "bill.pay")
    person = story.payer("clerk")
    bills.pay(story.bill, by=person)
    with unchanged(story.order), pytest.raises(Refused) as refusal:
        orders.close(story.order, by=person)
    assert story.bill.code in str(refusal.value)
    orders.close(story.order, by=story.people["poster"])
    assert story.order.state == "closed"


def test_changing_opening_and_acts_are_held_too(story: Story, book: CostBook) -> None:
    only()
    make_rule("purchase_order.submit", "bill.open")
    make_rule("bill.open", "bill.edit")
    buyer = story.people["buyer"]
    other = make_order(book, buyer, lines=[order_line(quantity=1)])
    approve_order(other, by=buyer, decider=story.people["decider"])
    orders.receive(other, by=buyer)
    buyer.roles.add(Role.objects.get(code="finance"))
    buyer.forget()
    with unchanged(other), pytest.raises(Refused, match=r"bill\.open"):
        make_bill(other, buyer)
    bill = make_bill(other, story.people["clerk"])
    with unchanged(bill), pytest.raises(Refused, match=r"bill\.edit"):
        bills.edit(bill, by=story.people["clerk"], title="other")
    bills.edit(bill, by=story.people["poster"], title="other")


def test_a_deputy_is_refused_what_the_principal_would_be(story: Story, stranger: User) -> None:
    """The buyer submitted the order; who may close it for the buyer only is held to that."""
    only()
    make_rule("purchase_order.submit", "purchase_order.close")
    buyer = story.people["buyer"]
    delegate(buyer, stranger, first_day=today(), last_day=today())
    stranger.forget()
    with unchanged(story.order), pytest.raises(Refused) as refusal:
        orders.close(story.order, by=stranger)
    assert buyer.name in str(refusal.value)
    assert doors.bars(story.order, "close", stranger), "the page says what the door will say"
    stranger.roles.add(Role.objects.get(code="finance"))
    stranger.forget()
    orders.close(story.order, by=stranger)  # who may do it anyway acts for nobody


def test_nobody_is_asked_to_decide_what_they_may_not(book: CostBook, people: dict[str, User], director: User) -> None:
    """Project finance approved the order: its bill goes to the fallback role."""
    only()
    made = rule("purchase_order.approve", "bill.approve")
    segregating.change(made, by=SYSTEM, note="test", level="forbid", is_active=True)
    order = make_order(book, people["buyer"], lines=[order_line(quantity=1)])
    orders.receive(approve_order(order, by=people["buyer"], decider=people["decider"]), by=people["buyer"])
    bill = bills.submit(make_bill(order, people["clerk"]), by=people["clerk"])
    asked = requests_of(bill)[0].decisions.get()
    assert asked.assignees == [director.pk]
    bills.approve(bill, by=director)
    assert bill.state == "approved"


def test_no_special_approval_passes_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    only(("bill.submit", "bill.pay"))
    person = story.payer("clerk")
    reasons = doors.bars(story.bill, "pay", person)
    assert way_past(story.bill, "pay", reasons) == ""
    with unchanged(story.bill), pytest.raises(Refused):
        special.open(
            by=person, document=story.bill, verb="pay", items=[str(reasons[0])], reason="急", expires_on=today()
        )
    assert not SpecialApproval.objects.exists()
    kind, pk = story.bill.record_kind(), story.bill.pk
    permits = [evidence.Permit(kind, pk, "bill.pay", key, "SP-1", "/", "x", today()) for key in ("", str(reasons[0]))]
    monkeypatch.setattr(evidence, "permits", [lambda _case: permits])
    with unchanged(story.bill), pytest.raises(Refused):
        bills.pay(story.bill, by=person)


def test_page_and_dialog_say_it_before_anything_is_filled_in(story: Story, cashier: User) -> None:
    person, url = story.payer("clerk"), story.bill.get_absolute_url()
    page = signed_in(person).get(url)
    assert page.context["primary"]["disabled"] and "制单与付款分离" in page.content.decode()
    dialog = signed_in(person).get(f"{url}pay/")
    assert dialog.context["blocked"] and "制单与付款分离" in dialog.content.decode()
    with unchanged(story.bill):
        refused = signed_in(person).post(f"{url}pay/", {"idempotency_key": new_key()})
    assert refused.status_code == 409 and "制单与付款分离" in refused.content.decode()
    assert not signed_in(cashier).get(url).context["primary"]["disabled"]
    assert not signed_in(cashier).get(f"{url}pay/").context["blocked"]


def test_programs_are_told_and_refused_alike(story: Story, cashier: User) -> None:
    person, place = Caller(story.payer("clerk")), f"bills/{story.bill.pk}"
    [pay] = [one for one in person.get(f"{place}/actions/").json() if one["verb"] == "pay"]
    assert "Who submits a bill does not pay it" in pay["reasons"][0]["text"]
    with unchanged(story.bill):
        body = problem(person.post(f"{place}/pay/"), 409)
        assert "Who submits a bill does not pay it" in body["reasons"][0]["text"]
        meant = {"ids": [story.bill.pk]}
        dry = person.post("bills/bulk/pay/", {**meant, "dry_run": True}).json()
        done = person.post("bills/bulk/pay/", {**meant, "expected_count": 1}).json()
    assert [row["status"] for answer in (dry, done) for row in answer["results"]] == [409, 409]
    assert "Who submits" in done["results"][0]["reasons"][0]["text"]
    other = Caller(cashier)
    [pay] = [one for one in other.get(f"{place}/actions/").json() if one["verb"] == "pay"]
    assert pay["reasons"] == [] and other.post(f"{place}/pay/").status_code == 200


def test_many_at_once_are_foreseen_and_refused_one_by_one(book: CostBook, people: dict[str, User]) -> None:
    """Asked together: two that the clerk submitted, one that somebody else did; the same statements for each number."""
    own, also = tell(book, people).bill, tell(book, people).bill
    swapped = people | {"clerk": people["poster"], "poster": people["clerk"]}
    foreign = tell(book, swapped).bill
    only(("bill.submit", "bill.pay"))
    story = Story(own.order, own, people)
    client = signed_in(story.payer("clerk"))
    asked = client.get("/bills/bulk/pay/", {"ids": f"{own.pk},{also.pk},{foreign.pk}"})
    assert [bill.pk for bill in asked.context["able"]] == [foreign.pk]
    assert {outcome.record.pk for outcome in asked.context["refused"]} == {own.pk, also.pk}
    before = [Bill.objects.values().get(pk=bill.pk) for bill in (own, also)]
    given = {"ids": [own.pk, also.pk, foreign.pk], "idempotency_key": new_key()}
    answer = client.post("/bills/bulk/pay/", given)
    assert [outcome.record.pk for outcome in answer.context["done"]] == [foreign.pk]
    assert all("制单与付款分离" in outcome.reasons[0] for outcome in answer.context["refused"])
    assert [Bill.objects.values().get(pk=bill.pk) for bill in (own, also)] == before
    with CaptureQueriesContext(connection) as one:
        segregation.bars_of_many([own], "pay", Actor.of(people["clerk"]))
    with CaptureQueriesContext(connection) as two:
        segregation.bars_of_many([own, also, foreign], "pay", Actor.of(people["clerk"]))
    assert len(one) == len(two)


def statements(act: Callable[[], Any]) -> list[str]:
    """The statements of an act that is undone again; the rules are known."""
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        act()
        transaction.set_rollback(True)
    return [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]


def test_a_door_asks_the_log_only_where_a_rule_concerns_the_act(story: Story, cashier: User, finance: User) -> None:
    for verb, by in (("pay", cashier), ("reverse", finance)):  # the catalogue and the rules are read
        statements(lambda verb=verb, by=by: doors.fire(story.bill, verb, by=by, note="x"))
    story.bill.refresh_from_db()
    with_rule = statements(lambda: doors.fire(story.bill, "pay", by=cashier))
    story.bill.refresh_from_db()
    without = statements(lambda: doors.fire(story.bill, "reverse", by=finance, note="x"))
    added = [sql for sql in with_rule if "pg_advisory_xact_lock" in sql or 'FROM "process_logentry"' in sql]
    assert len(added) == 2
    assert not [sql for sql in without if "advisory" in sql or 'FROM "process_logentry"' in sql]
    assert len(with_rule) <= 15 and len(without) <= 15, (len(with_rule), len(without))


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_do_not_miss_each_other(book: CostBook, people: dict[str, User]) -> None:
    """The supplier and the bill lie on two cases: what is being written in one tab is waited for in the other."""
    story = tell(book, people)
    only()
    segregating.change(rule("supplier.edit", "bill.pay"), by=SYSTEM, note="test", is_active=True, level="forbid")
    story.people["poster"].roles.add(Role.objects.get(code="purchasing"))
    person = story.payer("poster")
    changed, outcome = threading.Event(), []

    def pay() -> None:
        changed.wait(5)
        try:
            bills.pay(Bill.objects.get(pk=story.bill.pk), by=User.objects.get(pk=person.pk))
            outcome.append("paid")
        except Refused:
            outcome.append("refused")
        finally:
            connections.close_all()

    tab = threading.Thread(target=pay)
    tab.start()
    with transaction.atomic():
        suppliers.edit(story.bill.supplier, by=person, contact_name="另一人")
        changed.set()
        tab.join(0.5)
        assert tab.is_alive(), "the second tab waits for the first"
    tab.join(10)
    assert outcome == ["refused"]


# After the acts ------------------------------------------------------------------------------------
@pytest.fixture
def told(story: Story, book: CostBook, cashier: User) -> dict[str, Any]:
    """Worked out by hand: what the people of two stories did that a rule speaks of.

    story: the buyer submitted the order and received it; the decider approved order and bill; the cashier paid.
    second: the same people, and the buyer submitted the bill too; paid by who posted it, while that was allowed.
    """
    bills.pay(story.bill, by=cashier)
    people = dict(story.people)
    people["buyer"].roles.add(Role.objects.get(code="finance"))
    people["buyer"].forget()
    second = tell(book, people | {"clerk": people["buyer"]})
    pay_rule = rule("bill.post", "bill.pay")
    segregating.change(pay_rule, by=SYSTEM, note="test", is_active=False)
    bills.pay(second.bill, by=second.payer("poster"))
    segregating.change(pay_rule, by=SYSTEM, note="test", is_active=True)
    expected = [
        ("bill.pay", second.bill.code, "bill.post", second.bill.code, "Before it was forbidden"),
        ("bill.approve", second.bill.code, "purchase_order.approve", second.order.code, "Only reported"),
        ("bill.submit", second.bill.code, "purchase_order.submit", second.order.code, "Only reported"),
        ("purchase_order.receive", second.order.code, "purchase_order.submit", second.order.code, "Only reported"),
        ("bill.approve", story.bill.code, "purchase_order.approve", story.order.code, "Only reported"),
        ("purchase_order.receive", story.order.code, "purchase_order.submit", story.order.code, "Only reported"),
    ]
    return {"expected": expected, "story": story, "second": second}


def reported(reader: User, **asked: Any) -> list[tuple[str, ...]]:
    """The rows of the exported report: (act, record, act before, its record, consequence)."""
    reader.language = "en"
    reader.save(update_fields=["language"])
    answer = signed_in(reader).get("/segregation/report/export/", asked)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    with translation.override("en"):
        names = {segregation.act_label(act): act for act in segregation.acts()}
    rows = list(csv.reader(text.splitlines()))[1:]
    return [(names[row[2]], row[3], names[row[4]], row[5], row[8]) for row in rows]


def test_the_report_says_what_was_done_on_both_sides(told: dict[str, Any], auditor: User) -> None:
    assert reported(auditor) == told["expected"]
    page = signed_in(auditor).get("/segregation/report/")
    assert page.status_code == 200 and page.context["count_text"] == "6"
    assert [row.cells[2].sub for row in page.context["table"].rows] == [row[1] for row in told["expected"]]
    poster = told["second"].people["poster"]
    assert page.context["table"].rows[0].cells[1].text == poster.name


def test_it_is_narrowed_by_rule_consequence_person_and_period(told: dict[str, Any], auditor: User) -> None:
    expected = told["expected"]
    receive = rule("purchase_order.submit", "purchase_order.receive")
    assert reported(auditor, rule=receive.pk) == [expected[3], expected[5]]
    assert reported(auditor, level="forbid") == expected[:1]
    assert reported(auditor, level="report") == expected[1:]
    assert reported(auditor, person=told["story"].people["buyer"].pk) == [expected[2], expected[3], expected[5]]
    day = timezone.localdate()
    assert reported(auditor, from_on=day.isoformat(), to_on=day.isoformat()) == expected
    assert reported(auditor, from_on="2030-01-01") == reported(auditor, to_on="2020-01-01") == []
    segregating.change(receive, by=SYSTEM, note="test", is_active=False)
    assert reported(auditor) == [row for row in expected if row[0] != "purchase_order.receive"]
    assert reported(auditor, rule=receive.pk) == [expected[3], expected[5]], "a rule that is off can be asked for"
    for wrong in ("rule=x", "person=999999", "level=bad", "from_on=x", "colour=red", "cursor=x"):
        assert signed_in(auditor).get(f"/segregation/report/?{wrong}").status_code == 400, wrong


def test_programs_page_through_it(told: dict[str, Any], auditor: User) -> None:
    caller = Caller(auditor)
    first = caller.get("segregation/report/?limit=4").json()
    rest = caller.follow(first["next"]).json()
    assert (first["count"], len(first["results"]), len(rest["results"]), rest["next"]) == (6, 4, 2, None)
    rows = [
        (row["act"], row["code"], one["act"], one["code"])
        for row in first["results"] + rest["results"]
        for one in row["broken"]
    ]
    assert rows == [row[:4] for row in told["expected"]]
    paid = first["results"][0]
    assert paid["person"]["text"] == told["second"].people["poster"].name
    assert (paid["broken"][0]["level"], paid["broken"][0]["was_forbidden"]) == ("forbid", False)
    problem(caller.get("segregation/report/?person=x"), 400)


def test_only_the_auditor_and_who_sees_all_people_read_it(told: dict[str, Any], request: Any) -> None:
    for name, page, program in (
        ("finance", 403, 403),
        ("director", 403, 403),
        ("security", 404, 404),
        ("admin", 404, 404),
        ("auditor", 200, 200),
    ):
        person = request.getfixturevalue(name)
        for place in ("report/", "report/export/"):
            assert signed_in(person).get(f"/segregation/{place}").status_code == page, name
        assert Caller(person).get("segregation/report/").status_code == program, name
    control = make_user("control", department="audit")
    control.roles.add(Role.objects.create(code="control", zh="内控", en="Control", rights=["see_all", "see_people"]))
    assert signed_in(control).get("/segregation/report/").status_code == 200


def test_more_rows_cost_no_more_statements(book: CostBook, people: dict[str, User], auditor: User) -> None:
    tell(book, people)
    client = signed_in(auditor)

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/segregation/report/").status_code == 200
        return len(seen)

    asked()
    few = asked()
    for _number in range(3):
        tell(book, people)
    assert asked() == few


def test_verify_finds_what_was_forbidden_and_done_all_the_same(told: dict[str, Any], capsys: Any) -> None:
    assert list(segregation.broken_since_forbidden()) == []
    SegregationRule.objects.filter(first="bill.post", second="bill.pay").update(
        forbidden_since=LogEntry.objects.order_by("pk")[0].at
    )
    [(subject, sentence)] = segregation.broken_since_forbidden()
    assert subject == "segregation" and told["second"].people["poster"].name in sentence
    with pytest.raises(SystemExit):
        call_command("verify")
    assert "Who posts a bill does not pay it" in capsys.readouterr().out
