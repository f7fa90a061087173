"""The table of the segregation of duties: kept by the security administrator, read by the auditor, logged."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import SecurityEntry, User
from contracts.services import contract as contracts
from core.errors import Barred, NotAllowed, Refused, Stale
from core.idempotency import new_key
from process import segregation
from process.guards import stage_models
from process.models import SegregationRule
from process.services import segregating
from process.services.doors import bars
from process.services.log import lock_case, write_log
from tests.api.caller import Caller, problem
from tests.factories.contracts import make_submitted_contract
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db
NEW = {
    "first": "refund.open",
    "second": "refund.pay",
    "zh": "退款登记与支付分离",
    "en": "Who enters a refund does not pay it",
    "level": "forbid",
    "note": "内控检查",
}


@pytest.fixture(autouse=True)
def fresh_rules(fresh_catalogue: None) -> Iterator[None]:
    segregation.forget()
    yield
    segregation.forget()


@pytest.fixture
def rule(db: None) -> SegregationRule:
    return SegregationRule.objects.get(first="bill.submit", second="bill.pay")


def changes() -> list[SecurityEntry]:
    found = SecurityEntry.objects.filter(event=SecurityEntry.Event.SEGREGATION_CHANGED)
    return list(found.exclude(by_name="load_defaults").order_by("pk"))


def test_what_is_delivered_speaks_of_acts_that_meet() -> None:
    known = segregation.acts()
    rules = list(SegregationRule.objects.all())
    assert {one.level for one in rules} == {"forbid", "report"}
    for one in rules:
        assert {one.first, one.second} <= set(known) and segregation.meet(one.first, one.second), one
        assert one.zh and one.en and one.why_zh and one.why_en
    nouns = [model.noun() for model in stage_models()]
    assert len(nouns) == len(set(nouns)), "an act names its record by the noun"
    assert segregating.load([NEW]) == 0, "a table that is there is not seeded"


def test_the_keeper_adds_a_rule_and_the_log_says_so(security: User) -> None:
    client = signed_in(security)
    assert client.get("/segregation/new/").status_code == 200
    answer = client.post("/segregation/new/", {**NEW, "is_active": "on", "idempotency_key": new_key()})
    assert answer.status_code == 302, answer.context["reasons"]
    made = SegregationRule.objects.get(first="refund.open")
    assert made.forbids and made.forbidden_since is not None
    [entry] = changes()
    assert (entry.by, entry.details["rule"], entry.details["reason"]) == (security, made.pk, "内控检查")
    assert entry.details["changes"]["second"] == ["", "refund.pay"]
    page = client.get("/segregation/").content.decode()
    assert "退款登记与支付分离" in page and "内控检查" in page


def test_a_rule_is_changed_with_a_reason_and_never_its_acts(security: User, rule: SegregationRule) -> None:
    client, url = signed_in(security), reverse("process:segregation-rule", args=[rule.pk])
    values = {name: getattr(rule, name) for name in ("zh", "en", "why_zh", "why_en")}
    given = {**values, "level": "report", "is_active": "on", "version": rule.row_version, "first": "bill.post"}
    assert client.get(url).status_code == 200
    assert client.post(url, {**given, "note": "", "idempotency_key": new_key()}).status_code == 422
    assert client.post(url, {**given, "note": "人手不足", "idempotency_key": new_key()}).status_code == 302
    changed = SegregationRule.objects.get(pk=rule.pk)
    assert (changed.level, changed.first, changed.forbidden_since) == ("report", "bill.submit", None)
    assert changed.row_version == rule.row_version + 1
    [entry] = changes()
    assert entry.details["changes"] == {"level": ["forbid", "report"]} and entry.details["reason"] == "人手不足"
    stale = client.post(url, {**given, "level": "forbid", "note": "x", "idempotency_key": new_key()})
    assert stale.status_code == 412 and SegregationRule.objects.get(pk=rule.pk).level == "report"


def test_a_rule_in_force_again_counts_from_then_on(rule: SegregationRule, security: User) -> None:
    first = rule.forbidden_since
    segregating.change(rule, by=security, note="aus", is_active=False)
    again = segregating.change(rule, by=security, note="ein", is_active=True)
    assert first is not None and again.forbidden_since is not None and again.forbidden_since > first
    renamed = segregating.change(again, by=security, note="name", en="Other")
    assert renamed.forbidden_since == again.forbidden_since
    before = len(changes())
    segregating.change(renamed, by=security, note="nothing", en="Other")
    assert len(changes()) == before


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"note": " "}, "reason"),
        ({"second": "refund.open"}, "different"),
        ({"second": "refund.fly"}, "refund.fly"),
        ({"second": "lead.qualify"}, "never meet"),
        ({"first": "bill.pay", "second": "bill.submit"}, "already"),
        ({"zh": ""}, "Chinese name"),
    ],
)
def test_what_makes_no_sense_is_refused(security: User, wrong: dict[str, str], word: str) -> None:
    from django.utils import translation

    before = SegregationRule.objects.count(), len(changes())
    with translation.override("en"), pytest.raises(Refused) as refusal:
        segregating.add(by=security, **{**NEW, **wrong})
    assert word in str(refusal.value)
    assert (SegregationRule.objects.count(), len(changes())) == before


@pytest.mark.parametrize("name", ["admin", "auditor", "finance", "director", "stranger"])
def test_nobody_else_keeps_the_table(rule: SegregationRule, name: str, request: Any) -> None:
    person = request.getfixturevalue(name)
    before = list(SegregationRule.objects.values())
    with pytest.raises(NotAllowed):
        segregating.add(by=person, **NEW)
    with pytest.raises(NotAllowed):
        segregating.change(rule, by=person, note="x", is_active=False)
    hidden = 404 if name == "admin" else 403
    client, url = signed_in(person), f"/segregation/{rule.pk}/"
    for address in (url, "/segregation/new/"):
        assert client.get(address).status_code == hidden
        assert client.post(address, {"note": "x", "level": "report"}).status_code == hidden
    assert client.get("/segregation/").status_code == (404 if name == "admin" else 200)
    caller = Caller(person)
    problem(caller.post("segregation/", NEW), hidden)
    problem(caller.patch(f"segregation/{rule.pk}/", {"is_active": False, "note": "x"}, If_Match="*"), hidden)
    assert list(SegregationRule.objects.values()) == before and changes() == []


@pytest.mark.parametrize("name", ["security", "admin", "auditor"])
def test_the_back_room_changes_nothing_of_it(rule: SegregationRule, name: str, request: Any) -> None:
    client = signed_in(request.getfixturevalue(name))
    for place in ("add/", f"{rule.pk}/change/", f"{rule.pk}/delete/"):
        answer = client.post(f"/admin/process/segregationrule/{place}", {"is_active": ""})
        assert answer.status_code in (302, 403), place
    assert SegregationRule.objects.filter(pk=rule.pk, is_active=True).exists()


def test_programs_keep_it_like_the_page(security: User, auditor: User, rule: SegregationRule) -> None:
    caller = Caller(security)
    table = caller.get("segregation/").json()
    assert len(table["rules"]) == SegregationRule.objects.count() and len(table["built_in"]) >= 4
    made = caller.post("segregation/", {**NEW, "is_active": True})
    assert made.status_code == 201 and made.json()["second_label"] and made["ETag"] == '"1"'
    place = f"segregation/{rule.pk}/"
    problem(caller.patch(place, {"level": "report", "note": "x"}), 428)
    problem(caller.patch(place, {"level": "report", "note": "x"}, If_Match='"99"'), 412)
    problem(caller.patch(place, {"first": "bill.post", "note": "x"}, If_Match="*"), 400)
    problem(caller.post("segregation/", {**NEW, "second": "lead.qualify"}), 409)
    changed = caller.patch(place, {"level": "report", "note": "x"}, If_Match=f'"{rule.row_version}"')
    assert changed.status_code == 200 and changed.json()["forbidden_since"] is None
    assert changed.json()["is_active"] is True, "what is not sent stays"
    assert Caller(auditor).get(place).json()["level"] == "report"


def test_stale_is_stale(rule: SegregationRule, security: User) -> None:
    with pytest.raises(Stale):
        segregating.change(rule, by=security, note="x", version=rule.row_version + 1, is_active=False)


def test_what_is_built_in_stands_beside_it(auditor: User, security: User) -> None:
    for person in (auditor, security):
        page = signed_in(person).get("/segregation/").content.decode()
        for one in segregation.built_in:
            assert str(one.title) in page
    assert reverse("process:segregation-report") in signed_in(auditor).get("/segregation/").content.decode()


def test_an_opinion_is_an_act_of_its_own(legal: User, security: User) -> None:
    """Who changed a contract is asked for an opinion on it: that is refused; a rule on the decision would not be."""
    contract = make_submitted_contract()
    write_log(
        lock_case(contract.case_id),
        kind="contracts.contract",
        object_id=contract.pk,
        action="contract.edit",
        by=Actor.of(legal),
    )
    made = segregating.add(by=security, **{**NEW, "first": "contract.edit", "second": "contract.approve"})
    assert bars(contract, "approve", legal) == [], "legal gives an opinion, and decides nothing"
    segregating.change(made, by=security, note="x", is_active=False)
    segregating.add(by=security, **{**NEW, "first": "contract.edit", "second": "contract.review"})
    [reason] = bars(contract, "approve", legal)
    assert isinstance(reason, Barred)
    with unchanged(contract), pytest.raises(Refused):
        contracts.approve(contract, by=legal)
    dialog = signed_in(legal).get(f"{contract.get_absolute_url()}approve/")
    assert dialog.context["blocked"]
