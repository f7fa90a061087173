"""The process as data: versions that never change, drafts, deliveries, steps by hand that lock verbs."""

import copy
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from core.errors import NotAllowed, Refused, Stale
from leads import services as leads
from process import catalogue, lanes
from process.models import Attachment, Case, ProcessDraft, ProcessVersion, StepRecord
from process.services import confirm, definitions, take_seat
from process.services.doors import reasons_against
from tests.api.caller import Caller, problem
from tests.factories.leads import make_lead, make_working_lead
from tests.factories.process import REVIEW
from tests.helpers import actions, last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
STEP = {**REVIEW, "verbs": []}


@pytest.fixture
def keeper() -> Any:
    """Who keeps the rules."""
    return make_user("keeper", department="it", roles=("sysadmin",))


@pytest.fixture
def inspector() -> Any:
    return make_user("inspector", department="quality", roles=("qa",))


def content() -> list[dict[str, Any]]:
    return copy.deepcopy(ProcessVersion.objects.order_by("-number")[0].content)


def published(*more: dict[str, Any], keeper: Any) -> ProcessVersion:
    """A version of its own: what is in force, and more steps."""
    definitions.start_draft(by=keeper)
    for step in more:
        definitions.write_step(step, by=keeper)
    return definitions.publish_draft(by=keeper, note="one step more")


# The delivered catalogue ---------------------------------------------------------------------------------
def test_every_step_says_all_that_a_step_says() -> None:
    steps = content()
    kinds = {"quality", "operations", "internal_control", "authorization", "finance"}
    keys = {"input", "output", "logic", "kpi", "evidence", "controls", "owner", "department"}
    assert [step["code"] for step in steps if keys - set(step)] == []
    by_stage: dict[str, set[str]] = {}
    for step in steps:
        by_stage.setdefault(step["stage"], set()).update(control["kind"] for control in step["controls"])
    assert {stage: kinds - found for stage, found in by_stage.items() if kinds - found} == {}


@pytest.mark.parametrize(
    "by",
    [
        "check:lead.no_such",
        "constraint:nowhere",
        "who:lead.open",
        "approval:leads.lead",
        "alert:leads.tasks.no",
        "report:no:where",
    ],
)
def test_a_control_that_nothing_enforces_is_refused(by: str) -> None:
    steps = content()
    steps[0]["controls"] = [{"kind": "quality", "zh": "控制", "en": "Control", "by": by}]
    (reason,) = definitions.check(steps, ProcessVersion.objects.order_by("-number")[0].artefacts)
    assert reason.startswith("ML-1: ")
    assert by in reason


def test_an_output_nobody_takes_up_is_named() -> None:
    artefacts = ProcessVersion.objects.order_by("-number")[0].artefacts
    steps = content()
    steps[0]["output"] = [*steps[0]["output"], "final_accounts", "smoke"]
    steps[-1]["output"] = []
    found = definitions.check(steps, artefacts)
    assert [("smoke" in one, "next_need" in one) for one in found] == [(True, False), (False, True)]


def test_a_version_cannot_be_changed_or_deleted() -> None:
    version = ProcessVersion.objects.order_by("-number")[0]
    with pytest.raises(DatabaseError), transaction.atomic():
        ProcessVersion.objects.filter(pk=version.pk).update(note="rewritten")
    with pytest.raises(DatabaseError), transaction.atomic():
        version.steps.all().delete()


# Drafts --------------------------------------------------------------------------------------------------
def test_a_draft_is_written_compared_and_published(keeper) -> None:
    before = ProcessVersion.objects.order_by("-number")[0]
    draft = definitions.start_draft(by=keeper)
    assert definitions.differences(before.content, draft.content) == []
    definitions.write_step(STEP, by=keeper)
    changed = {**draft.content[0], "sla_hours": 4}
    draft = definitions.write_step(changed, by=keeper, code="ML-1")
    found = definitions.differences(before.content, draft.content)
    assert [(one.code, one.kind, one.keys) for one in found] == [
        ("ML-1", "changed", ("sla_hours",)),
        ("ML-5", "added", ()),
    ]
    version = definitions.publish_draft(by=keeper, note="ISO 27001")
    assert (version.origin, version.published_by, version.note) == ("edited", keeper, "ISO 27001")
    assert [one.code for one in catalogue.current().steps][:5] == ["ML-1", "ML-2", "ML-3", "ML-4", "ML-5"]
    assert not ProcessDraft.objects.exists()


def test_a_draft_that_is_wrong_is_not_published(keeper) -> None:
    number = ProcessVersion.objects.count()
    definitions.start_draft(by=keeper)
    definitions.write_step({**STEP, "accountable": "captain", "locks": ["lead.fly"]}, by=keeper)
    with pytest.raises(Refused) as refusal:
        definitions.publish_draft(by=keeper, note=" ")
    said = " ".join(refusal.value.reasons)
    assert len(refusal.value.reasons) == 4, "reason, verb, person, and the control bound to the lock"
    assert "captain" in said and "lead.fly" in said
    assert (ProcessVersion.objects.count(), ProcessDraft.objects.count()) == (number, 1)


def test_two_cannot_write_over_each_other(keeper) -> None:
    draft = definitions.start_draft(by=keeper)
    with pytest.raises(Refused):
        definitions.start_draft(by=keeper)
    definitions.write_step(STEP, by=keeper, version=draft.row_version)
    with pytest.raises(Stale):
        definitions.remove_step("ML-5", by=keeper, version=draft.row_version)
    with pytest.raises(Refused):
        definitions.write_step(STEP, by=keeper)
    assert "ML-5" in [step["code"] for step in ProcessDraft.objects.get().content]


def test_only_who_keeps_the_rules_may_write(keeper, director) -> None:
    for act in (
        lambda: definitions.start_draft(by=director),
        lambda: definitions.write_step(STEP, by=director),
        lambda: definitions.publish_draft(by=director, note="x"),
        lambda: definitions.roll_back(ProcessVersion.objects.all()[0], by=director, note="x"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not ProcessDraft.objects.exists()


def test_an_earlier_version_is_put_in_force_again(keeper) -> None:
    first = ProcessVersion.objects.order_by("-number")[0]
    second = published(STEP, keeper=keeper)
    with pytest.raises(Refused):
        definitions.roll_back(first, by=keeper, note="")
    third = definitions.roll_back(first, by=keeper, note="too slow")
    assert (third.number, third.origin, third.digest) == (second.number + 1, "rollback", first.digest)
    assert "ML-5" not in {step.code for step in catalogue.current().steps}
    with pytest.raises(Refused):
        definitions.roll_back(first, by=keeper, note="once more")


# Deliveries ----------------------------------------------------------------------------------------------
def test_a_delivery_never_overwrites_what_was_edited_here(keeper) -> None:
    version = published(STEP, keeper=keeper)
    delivered = copy.deepcopy(version.delivered)
    delivered[0]["sla_hours"] = 2
    delivered.append({**STEP, "code": "OM-9", "stage": "operations", "locks": [], "controls": []})
    found = definitions.deliver(delivered, version.artefacts)
    assert (found.created, [one.code for one in found.taken], found.kept) == (False, ["ML-1", "OM-9"], [])
    assert ProcessVersion.objects.order_by("-number")[0] == version

    definitions.start_draft(by=keeper)
    definitions.write_step({**version.content[0], "sla_hours": 99}, by=keeper, code="ML-1")
    definitions.publish_draft(by=keeper, note="we are slower")
    found = definitions.deliver(delivered, version.artefacts, merge=True)
    assert [one.code for one in found.kept] == ["ML-1"]
    codes = {step["code"]: step for step in found.version.content}
    assert (codes["ML-1"]["sla_hours"], "ML-5" in codes, "OM-9" in codes) == (99, True, True)
    again = definitions.deliver(delivered, version.artefacts, merge=True)
    assert (again.created, again.taken, again.kept) == (False, [], [])


# Steps by hand -------------------------------------------------------------------------------------------
def test_the_door_refuses_a_verb_until_the_step_is_done(sales, inspector, keeper) -> None:
    published(STEP, keeper=keeper)
    lead = make_working_lead(sales)
    with unchanged(lead), pytest.raises(Refused) as refusal:
        leads.qualify(lead, by=sales, create_customer=True)
    assert any("ML-5" in reason for reason in refusal.value.reasons)
    with unchanged(lead), pytest.raises(NotAllowed):
        confirm(lead, "ML-5", by=sales, note="fine")
    with unchanged(lead), pytest.raises(Refused):
        confirm(lead, "ML-5", by=inspector, note=" ")
    paper = SimpleUploadedFile("review.pdf", b"%PDF-1.4 reviewed")
    confirm(lead, "ML-5", by=inspector, note="no findings", file=paper)
    assert Attachment.objects.get(object_id=lead.pk).purpose == "evidence"
    step = StepRecord.objects.get(case=lead.case, definition__code="ML-5")
    assert (step.state, step.ended_by) == ("done", str(inspector))
    assert "lead.confirm_step" in actions(lead)
    with pytest.raises(Refused):
        confirm(lead, "ML-5", by=inspector, note="twice")
    lead.refresh_from_db()
    leads.qualify(lead, by=sales, create_customer=True)
    assert lead.state == "converted"


def test_a_program_reads_the_checklist_and_confirms_a_step(sales, sales2, inspector, keeper) -> None:
    published(STEP, keeper=keeper)
    lead = make_working_lead(sales)
    take_seat(lead.case, "reviewer", inspector, by=sales)
    path = f"steps/leads.lead/{lead.pk}/"
    mine = {one["code"]: one for one in Caller(inspector).get(path).json()}
    assert (mine["ML-5"]["by_hand"], mine["ML-5"]["can_confirm"]) == (True, True)
    assert not any(one["can_confirm"] for one in Caller(sales).get(path).json())
    with unchanged(lead):
        problem(Caller(sales2).get(path), 404)
        problem(Caller(sales).get(f"steps/nothing.here/{lead.pk}/"), 404)
        problem(Caller(sales).upload(f"{path}ML-5/confirm/", {"note": "fine"}), 403)
        problem(Caller(inspector).upload(f"{path}ML-1/confirm/", {"note": "fine"}), 404)
        assert problem(Caller(inspector).upload(f"{path}ML-5/confirm/", {}), 400)["errors"][0]["field"] == "note"
    paper = SimpleUploadedFile("review.pdf", b"%PDF-1.4 reviewed")
    done = Caller(inspector).upload(f"{path}ML-5/confirm/", {"note": "no findings", "file": paper})
    assert {one["code"]: one["state"] for one in done.json()}["ML-5"] == "done"
    problem(Caller(inspector).upload(f"{path}ML-5/confirm/", {"note": "twice"}), 409)


def test_a_program_reads_the_map_and_a_step(sales) -> None:
    make_working_lead(sales)
    found = Caller(sales).get("process/").json()
    assert found["version"] >= 1 and len(found["steps"]) == len(catalogue.current().steps)
    sheet = Caller(sales).get("process/steps/ML-1/").json()
    assert sheet["code"] == "ML-1" and sheet["logic"] and sheet["facts"] and len(sheet["tables"]) == 4
    problem(Caller(sales).get("process/steps/nothing/"), 404)


def test_a_running_deal_keeps_its_version_until_it_is_moved(sales, keeper) -> None:
    old = make_working_lead(sales)
    version = published(STEP, keeper=keeper)
    assert "ML-5" not in {step.code for step in catalogue.of_case(old.case_id).steps}
    pmo = make_user("pmo", department="pmo", roles=("pmo",))
    preview = definitions.preview_move(Case.objects.get(pk=old.case_id), version)
    assert [(one.code, one.kind) for one in preview] == [("ML-5", "added")]
    with unchanged(old), pytest.raises(NotAllowed):
        definitions.move_case(old, version, by=sales, note="newer")
    with unchanged(old), pytest.raises(Refused):
        definitions.move_case(old, version, by=pmo, note="")
    definitions.move_case(old, version, by=pmo, note="security first")
    assert (last_log(old).action, last_log(old).note) == ("lead.move_process", "security first")
    assert any("ML-5" in reason for reason in reasons_against(old, leads_verb("qualify")))
    with pytest.raises(Refused):
        definitions.move_case(old, version, by=pmo, note="again")


def leads_verb(name: str) -> Any:
    from leads.models import Lead
    from process.machine import verbs_of

    return verbs_of(Lead)[name]


def test_evidence_is_asked_for_by_name(sales, keeper) -> None:
    shown = {"code": "region", "zh": "区域", "en": "Region", "before": ["lead.qualify"], "field": ["region"]}
    paper = {"code": "minutes", "zh": "纪要", "en": "Minutes", "before": ["lead.qualify"], "file": "evidence"}
    definitions.start_draft(by=keeper)
    step = next(one for one in content() if one["code"] == "ML-4")
    definitions.write_step({**step, "evidence": [shown, paper]}, by=keeper, code="ML-4")
    definitions.publish_draft(by=keeper, note="evidence")
    lead = make_working_lead(sales, region="")
    found = [reason for reason in reasons_against(lead, leads_verb("qualify")) if "ML-4" in reason or "“" in reason]
    assert len(found) == 2
    assert found[0].link.endswith("/edit/")
    leads.edit(lead, by=sales, region="华北")
    assert len([one for one in reasons_against(lead, leads_verb("qualify")) if "“" in one]) == 1


# Pages ---------------------------------------------------------------------------------------------------
def test_the_map_counts_what_runs_in_each_step(sales, stranger) -> None:
    make_lead(by=sales)
    assert lanes.running()["ML-2"][0] >= 1
    page = signed_in(stranger).get("/process/").content.decode()
    assert "ML-2" in page and "OM-4" in page
    assert signed_in(stranger).get("/process/steps/ML-2/").status_code == 200
    assert signed_in(stranger).get("/process/steps/XX-1/").status_code == 404


def test_a_sheet_names_only_deals_the_reader_may_see(sales, stranger) -> None:
    lead = make_working_lead(sales)
    leads.qualify(lead, by=sales, create_customer=True)
    shown = signed_in(sales).get("/process/steps/PI-1/").content.decode()
    hidden = signed_in(stranger).get("/process/steps/PI-1/").content.decode()
    assert lead.title in shown
    assert lead.title not in hidden


def test_the_editor_is_for_who_keeps_the_rules(keeper, director) -> None:
    for path in ("/process/draft/", "/process/draft/steps/new/"):
        assert signed_in(director).get(path).status_code in (403, 404)
    client = signed_in(keeper)
    assert client.get("/process/draft/steps/ML-1/").status_code == 404, "no draft yet"
    assert client.post("/process/draft/").status_code == 302
    page = client.get("/process/draft/steps/ML-1/").content.decode()
    assert 'name="zh"' in page and "check:lead.qualify_checks" in page


def test_a_step_is_added_and_published_in_the_browser(keeper, sales, inspector) -> None:
    client = signed_in(keeper)
    client.post("/process/draft/")
    form = {
        "code": "ML-5", "stage": "lead", "zh": "信息安全评审", "en": "Security review", "accountable": "qa",
        "by_hand": "on", "starts_on": "lead.start", "locks": "lead.qualify", "sla_hours": "16", "clock": "working",
        "controls-TOTAL_FORMS": "0", "controls-INITIAL_FORMS": "0",
        "evidence-TOTAL_FORMS": "0", "evidence-INITIAL_FORMS": "0",
    }  # fmt: skip
    wrong = client.post("/process/draft/steps/new/", {**form, "locks": "lead.fly"})
    assert (wrong.status_code, "lead.fly" in wrong.content.decode()) == (422, True)
    assert client.post("/process/draft/steps/new/", form).status_code == 302
    draft = ProcessDraft.objects.get()
    answer = client.post("/process/draft/publish/", {"note": "ISO", "version": draft.row_version})
    assert answer.status_code == 302, answer.content.decode()
    lead = make_working_lead(sales)
    fragment = signed_in(inspector).get(f"/leads/{lead.pk}/steps/").content.decode()
    assert f"/leads/{lead.pk}/steps/ML-5/" in fragment
    assert f"/leads/{lead.pk}/steps/ML-5/" not in signed_in(sales).get(f"/leads/{lead.pk}/steps/").content.decode()
    assert signed_in(sales).get(f"/leads/{lead.pk}/steps/ML-5/").status_code == 403
    answer = signed_in(inspector).post(f"/leads/{lead.pk}/steps/ML-5/", {"note": "no findings"})
    assert answer.status_code == 302
    assert StepRecord.objects.get(case=lead.case, definition__code="ML-5").state == "done"


def test_saving_a_step_unchanged_changes_nothing(keeper) -> None:
    from process.step_forms import evidence_initial, initial_of, step_of

    for step in content():
        values = {
            **dict.fromkeys(("department", "owner", "logic_zh", "logic_en", "kpi_zh", "kpi_en", "kpi_measure"), ""),
            **{"consulted": [], "starts_on": [], "locks": [], "input": [], "output": [], "by_hand": False},
            **{"sla_hours": None, "clock": "working"},
            **{key: value for key, value in initial_of(step).items() if value is not None},
        }
        assert step_of(values, step["controls"], evidence_initial(step), step) == step


def test_the_files_are_read_as_they_are_published() -> None:
    folder = settings.BASE_DIR / "ltc" / "catalogue"
    steps = definitions.read_catalogue(folder, definitions.known_company())
    assert steps == content()
