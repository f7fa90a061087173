"""特批: what a verb lacks passes by the decision of who holds the authority, thing by thing, and until a day."""

import datetime as dt
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Notice
from accounts.services import delegate
from approvals.models import AuthorityRule, SpecialApproval
from approvals.selectors import Leader, leaders, open_conditions
from approvals.services import special
from core.calendar import today
from core.errors import NotAllowed, Refused, Stale
from leads import services as leads
from leads.models import Lead
from process import catalogue
from process.models import ProcessVersion
from process.services import definitions
from process.services.doors import reasons_against
from tests.api.caller import Caller, problem
from tests.factories.customers import make_customer
from tests.factories.leads import make_working_lead
from tests.factories.process import REVIEW
from tests.helpers import actions, last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
STEP = {**REVIEW, "verbs": []}
REGION = {"code": "region", "zh": "区域", "en": "Region", "before": ["lead.qualify"], "field": ["region"]}
MINUTES = {"code": "minutes", "zh": "纪要", "en": "Minutes", "before": ["lead.qualify"], "file": "evidence"}
KEYS = ("ML-4:minutes", "ML-4:region", "ML-5", "score")
WEAK = {"budget_known": False, "decision_maker_known": False, "gross_amount": None, "expected_on": None}


@pytest.fixture(autouse=True)
def strict_catalogue(db: None) -> Iterator[None]:
    """A process in which qualifying a lead wants two pieces of evidence and a step by hand."""
    catalogue.forget()
    keeper = make_user("keeper", department="it", roles=("sysadmin",))
    definitions.start_draft(by=keeper)
    step = next(one for one in ProcessVersion.objects.order_by("-number")[0].content if one["code"] == "ML-4")
    definitions.write_step({**step, "evidence": [REGION, MINUTES]}, by=keeper, code="ML-4")
    definitions.write_step(STEP, by=keeper)
    definitions.publish_draft(by=keeper, note="evidence")
    catalogue.forget()
    yield
    catalogue.forget()


@pytest.fixture
def lead(sales: Any, director: Any) -> Lead:
    """A lead that lacks four things before it is qualified, of every kind; somebody holds the authority."""
    return make_working_lead(sales, customer=make_customer(), region="", **WEAK)


def lacks(lead: Lead) -> set[str]:
    """The keys of what stands in the way of qualifying; a reason without a key as its sentence."""
    from process.machine import verbs_of

    return {reason.key or str(reason) for reason in reasons_against(lead, verbs_of(Lead)["qualify"])}


def asked(lead: Lead, by: Any, *items: str, days: int = 7, **fields: Any) -> SpecialApproval:
    values = {"verb": "qualify", "reason": "战略客户", "expires_on": today() + dt.timedelta(days=days), **fields}
    return special.open(by=by, document=lead, items=items or KEYS, **values)


def granted(lead: Lead, by: Any, director: Any, *items: str, **fields: Any) -> SpecialApproval:
    return special.approve(asked(lead, by, *items, **fields), by=director)


def test_the_door_names_every_missing_thing(lead) -> None:
    assert lacks(lead) == set(KEYS)


def test_a_verb_passes_by_it_and_the_log_names_it(lead, sales, director) -> None:
    permit = asked(lead, sales)
    with unchanged(lead, permit), pytest.raises(Refused):
        leads.qualify(lead, by=sales)  # asked for is not granted
    special.approve(permit, by=director)
    assert (permit.state, last_log(permit).action) == ("granted", "special_approval.approve")
    assert lacks(lead) == set()
    leads.qualify(lead, by=sales)
    passed = next(one for one in _log(lead) if one.action == "lead.qualify")
    assert passed.changes["special_approval"] == ["", permit.code]


def _log(lead: Lead) -> list[Any]:
    from process.models import LogEntry

    return list(LogEntry.objects.filter(kind="leads.lead", object_id=lead.pk))


def test_a_verb_that_lacks_nothing_names_none_in_the_log(lead, sales, director) -> None:
    granted(lead, sales, director)
    leads.edit(lead, by=sales, budget_known=True)
    assert "special_approval" not in last_log(lead).changes
    with unchanged(lead), pytest.raises(Refused):
        asked(lead, sales, "ML-4:region")  # stands already: it does not lack


def test_only_who_could_fire_the_verb_asks(lead, sales2, stranger, director) -> None:
    for person in (sales2, stranger, director):
        with unchanged(lead), pytest.raises(NotAllowed):
            asked(lead, person)
    assert not SpecialApproval.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": ("nothing",)},
        {"items": ("",)},
        {"items": ("ML-5", "lead.qualify")},
        {"days": -1},
        {"reason": " "},
        {"verb": "convert"},
        {"verb": "nothing"},
    ],
)
def test_what_does_not_lack_is_not_asked_for(lead, sales, wrong) -> None:
    items = wrong.pop("items", KEYS)
    with unchanged(lead), pytest.raises(Refused):
        asked(lead, sales, *items, **wrong)
    assert not SpecialApproval.objects.exists()


def test_nothing_is_asked_for_without_naming_it_nor_twice(lead, sales) -> None:
    with unchanged(lead), pytest.raises(Refused):
        special.open(by=sales, document=lead, verb="qualify", items=(), reason="x", expires_on=today())
    asked(lead, sales, "ML-5")
    with unchanged(lead), pytest.raises(Refused):
        asked(lead, sales, "ML-5", "score")
    asked(lead, sales, "score")


def test_without_a_rule_nobody_can_be_asked(lead, sales) -> None:
    AuthorityRule.objects.filter(document="approvals.specialapproval").delete()
    with unchanged(lead), pytest.raises(Refused):
        asked(lead, sales)
    assert not SpecialApproval.objects.exists()


def test_who_asks_never_decides(lead, sales, director) -> None:
    """Not with the authority, not as the deputy of who holds it, not by lending it to a deputy."""
    from accounts.models import Role

    sales.roles.add(Role.objects.get(code="director"))
    permit = asked(lead, sales)
    delegate(director, sales, first_day=today(), last_day=today() + dt.timedelta(days=3))
    for verb in (special.approve, special.reject):
        with unchanged(permit), pytest.raises(NotAllowed):
            verb(permit, by=_fresh(sales), note="x")
    assert special.approve(permit, by=director).state == "granted"


def _fresh(user: Any) -> Any:
    return type(user).objects.get(pk=user.pk)


def test_only_the_authority_decides_and_only_once(lead, sales, director, director2, solution) -> None:
    permit = asked(lead, sales)
    with unchanged(permit), pytest.raises(NotAllowed):
        special.approve(permit, by=solution)
    with unchanged(permit), pytest.raises(NotAllowed):
        special.reject(permit, by=solution, note="x")
    with unchanged(permit), pytest.raises(Refused):
        special.reject(permit, by=director)  # no reason
    with unchanged(permit), pytest.raises(Stale):
        special.approve(permit, by=director, version=permit.row_version + 1)
    special.reject(permit, by=director, note="材料先补")
    assert (permit.state, lacks(lead)) == ("refused", set(KEYS))
    for verb in (special.approve, special.reject, special.withdraw):
        with unchanged(permit), pytest.raises((Refused, NotAllowed)):
            verb(permit, by=sales if verb is special.withdraw else director2, note="x")


def test_who_asked_takes_it_back_before_the_decision(lead, sales, director) -> None:
    permit = asked(lead, sales)
    with unchanged(permit), pytest.raises(NotAllowed):
        special.withdraw(permit, by=director)
    assert special.withdraw(permit, by=sales).state == "withdrawn"
    with unchanged(permit), pytest.raises((Refused, NotAllowed)):
        special.approve(permit, by=director)
    decided = granted(lead, sales, director)
    with unchanged(decided), pytest.raises(Refused):
        special.withdraw(decided, by=sales)


def test_after_its_day_the_things_lack_again(lead, sales, director) -> None:
    permit = granted(lead, sales, director, days=7)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=7), tick=False):
        assert lacks(lead) == set() and special.sweep() == 0
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8), tick=False):
        assert lacks(lead) == set(KEYS)  # by its day, whether the job has rung or not
        with unchanged(lead), pytest.raises(Refused):
            leads.qualify(lead, by=sales)
        assert special.sweep() == 1 and special.sweep() == 0
    permit.refresh_from_db()
    assert (permit.state, last_log(permit).action) == ("lapsed", "special_approval.lapse")
    assert Notice.objects.filter(user=sales, key=f"special_approval:{permit.pk}:lapsed").count() == 1


def test_one_that_nobody_decided_lapses_and_is_no_longer_asked(lead, sales, director) -> None:
    permit = asked(lead, sales, days=1)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=2), tick=False):
        with unchanged(permit), pytest.raises(Refused):
            special.approve(permit, by=director)  # its day is over
        assert special.sweep() == 1
        permit.refresh_from_db()
        with unchanged(permit), pytest.raises((Refused, NotAllowed)):
            special.approve(permit, by=director)
    assert permit.state == "lapsed"


def test_only_the_job_lets_it_lapse(lead, sales, director) -> None:
    permit = granted(lead, sales, director)
    from accounts.actor import Actor

    for person in (sales, director):
        with unchanged(permit), pytest.raises(NotAllowed):
            special.lapse(permit, by=Actor.of(person))


def test_conditions_stay_open_until_they_are_met(lead, sales, sales2, director) -> None:
    permit = asked(lead, sales)
    special.approve(permit, by=director, opinion="conditional", conditions="一周内补评审")
    condition = open_conditions(permit)[0]
    with unchanged(permit), pytest.raises(NotAllowed):
        special.meet_condition(permit, decision=condition, by=sales2)
    special.meet_condition(permit, decision=condition, by=sales, note="已补")
    assert open_conditions(permit) == [] and actions(permit)[-1] == "decision.meet_condition"


def test_it_is_for_one_verb_of_one_record(lead, sales, director) -> None:
    other = make_working_lead(sales, customer=make_customer(), region="", **WEAK)
    granted(lead, sales, director)
    assert lacks(other) == set(KEYS)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named=st.sampled_from([set(some) for size in range(1, 5) for some in combinations(KEYS, size)]))
def test_nothing_passes_that_is_not_named(lead, sales, director, named) -> None:
    """Whatever is granted, the door refuses by exactly the rest, and what has no key is never passed."""
    leads.edit(lead, by=sales, contact_name="")
    before = lacks(lead)
    permit = granted(lead, sales, director, *named)
    assert lacks(lead) == before - named
    with unchanged(lead), pytest.raises(Refused) as refused:
        leads.qualify(lead, by=sales)
    assert {reason.key for reason in refused.value.reasons} == {"", *KEYS} - named
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8), tick=False):
        special.sweep()
    permit.refresh_from_db()
    assert permit.state == "lapsed" and lacks(lead) == before


# Pages, programs, figures --------------------------------------------------------------------------------
def new_page(lead: Lead) -> str:
    return f"/special-approvals/new/?document_kind=leads.lead&document_id={lead.pk}&verb=qualify"


def posted(lead: Lead, key: str, **fields: Any) -> dict[str, Any]:
    about = {"document_kind": "leads.lead", "document_id": lead.pk, "verb": "qualify", "idempotency_key": key}
    return {**about, "items": list(KEYS), "reason": "战略客户", "expires_on": today().isoformat(), **fields}


def test_who_only_sees_the_record_is_not_told_what_it_lacks(lead) -> None:
    """Neither by the form nor by what sending it answers, on the page and through the API."""
    reader = signed_in(make_user("reader", department="legal", roles=("legal",)))
    assert reader.get(lead.get_absolute_url()).status_code == 200
    assert reader.get(new_page(lead)).status_code == 403
    for fields in ({}, {"items": []}):
        sent = posted(lead, "r", **fields)
        assert reader.post("/special-approvals/new/", sent).status_code == 403
        del sent["idempotency_key"]
        assert reader.post("/api/v1/special-approvals/", sent, "application/json").status_code == 403


def test_it_is_asked_for_where_the_verb_is_refused(lead, sales, sales2) -> None:
    page = signed_in(sales)
    refused = page.get(f"{lead.get_absolute_url()}qualify/").content.decode()
    assert new_page(lead).replace("&", "&amp;") in refused
    form = page.get(new_page(lead)).content.decode()
    assert all(f'value="{key}"' in form for key in KEYS)
    assert "ML-5" not in signed_in(sales2).get(new_page(lead)).content.decode()
    with unchanged(lead):
        assert signed_in(sales2).post("/special-approvals/new/", posted(lead, "a")).status_code == 422
        assert page.post("/special-approvals/new/", posted(lead, "b", items=["contact"])).status_code == 422
    assert page.post("/special-approvals/new/", posted(lead, "c")).status_code == 302
    permit = SpecialApproval.objects.get()
    shown = page.get(permit.get_absolute_url())
    assert lead.get_absolute_url() in shown.content.decode()
    assert signed_in(sales2).get(permit.get_absolute_url()).status_code == 404


def test_the_checklist_says_by_whom_and_until_when(lead, sales, director) -> None:
    def steps() -> dict[str, Any]:
        return {one["code"]: one for one in Caller(sales).get(f"steps/leads.lead/{lead.pk}/").json()}

    assert not any(one["waivers"] for one in steps().values())
    permit = granted(lead, sales, director, "ML-4:region", "ML-5")
    found = steps()
    assert found["ML-5"]["state"] == "waived" and found["ML-4"]["state"] != "waived"
    assert str(director) in found["ML-4"]["waivers"][0] and permit.expires_on.isoformat() in found["ML-5"]["waivers"][0]
    shown = signed_in(sales).get(f"{lead.get_absolute_url()}steps/").content.decode()
    assert f"{director} 特批豁免至 {permit.expires_on.isoformat()}" in shown
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8), tick=False):
        assert not any(one["waivers"] for one in steps().values()) and steps()["ML-5"]["state"] != "waived"


def test_a_program_asks_and_the_director_grants(lead, sales, director) -> None:
    given = {name: value for name, value in posted(lead, "").items() if name != "idempotency_key"}
    made = Caller(sales).post("special-approvals/", given)
    assert made.status_code == 201
    pk = made.json()["id"]
    problem(Caller(sales).post(f"special-approvals/{pk}/approve/", {}), 403)
    assert Caller(director).post(f"special-approvals/{pk}/approve/", {}).status_code == 200
    assert lacks(lead) == set()


def test_special_approvals_are_counted_by_leader(lead, sales, director, stranger) -> None:
    assert leaders(director) == []
    granted(lead, sales, director, "ML-5")
    permit = asked(lead, sales, "score")
    special.approve(permit, by=director, opinion="conditional", conditions="补评分")
    special.reject(asked(lead, sales, "ML-4:region"), by=director, note="不可")
    assert leaders(director) == [Leader(str(director), 2, 1, 0)]
    assert leaders(stranger) == []
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8), tick=False):
        special.sweep()
        assert leaders(director) == [Leader(str(director), 2, 1, 1)]
    special.meet_condition(permit, decision=open_conditions(permit)[0], by=sales)
    assert leaders(director) == [Leader(str(director), 2, 0, 0)]
    assert "chart-special" in signed_in(director).get("/dashboard/").content.decode()
    assert Caller(director).get("dashboard/").json()["special_approvals"][0]["granted"] == 2
