"""The process editor for programs: what its pages do, with the same rights, refusals and versions."""

from typing import Any

import pytest

from accounts.models import User
from process import catalogue
from process.models import Case, ProcessDraft, ProcessVersion
from process.services import definitions
from tests.api.caller import Caller, problem
from tests.factories.process import REVIEW
from tests.factories.projects import make_ready_project
from tests.people import make_user

pytestmark = pytest.mark.django_db
STEPS = "process/draft/steps/"
WRITES: tuple[tuple[str, Any], ...] = (
    ("process/draft/", {}),
    ("process/draft/publish/", {"note": "x"}),
    ("process/draft/discard/", {}),
    (STEPS, REVIEW),
    (f"{STEPS}ML-1/remove/", {}),
    ("process/versions/1/roll-back/", {"note": "x"}),
)


@pytest.fixture
def keeper() -> User:
    """Who keeps the rules."""
    return make_user("keeper", department="it", roles=("sysadmin",))


@pytest.fixture
def program(keeper: User) -> Caller:
    """A program of the keeper's."""
    return Caller(keeper)


def stored() -> Any:
    """All that the editor can change."""
    return list(ProcessVersion.objects.values("number", "digest")), list(ProcessDraft.objects.values())


def test_a_review_is_added_compared_and_published(program: Caller) -> None:
    number = program.get("process/versions/").json()[0]["number"]
    begun = program.post("process/draft/")
    assert (begun.status_code, begun["ETag"], begun.json()["changes"]) == (201, '"1"', [])
    added = program.post(STEPS, REVIEW)
    assert added.status_code == 201, added.content
    changed = program.patch(f"{STEPS}ML-1/", {"sla_hours": "4"}, If_Match=added["ETag"])
    assert changed.status_code == 200, changed.content
    body = program.get("process/draft/").json()
    assert body == changed.json()
    assert [(one["code"], one["kind"], one["keys"]) for one in body["changes"]] == [
        ("ML-1", "changed", ["sla_hours"]),
        ("ML-5", "added", []),
    ]
    assert (body["problems"], body["own"], body["changes"][0]["after"]["sla_hours"]) == ([], body["changes"], 4)
    review = program.get(f"{STEPS}ML-5/").json()
    assert (review["locks"], review["controls"], review["sla_hours"]) == (["lead.qualify"], REVIEW["controls"], 16)
    done = program.post("process/draft/publish/", {"note": "ISO 27001"}, If_Match=changed["ETag"])
    assert done.status_code == 201, done.content
    made = done.json()
    assert (made["number"], made["origin"], made["note"]) == (number + 1, "edited", "ISO 27001")
    assert (made["compared_with"], [one["code"] for one in made["changes"]]) == (number, ["ML-1", "ML-5"])
    assert "ML-5" in {step.code for step in catalogue.current().steps}
    problem(program.get("process/draft/"), 404)


def test_a_change_touches_only_what_was_sent(program: Caller) -> None:
    """Every step of the catalogue can be sent back as it is; lines that are not sent stay."""
    before = ProcessVersion.objects.order_by("-number")[0].content
    program.post("process/draft/")
    for step in before[::7]:
        tag = program.get("process/draft/")["ETag"]
        answer = program.patch(f"{STEPS}{step['code']}/", {"en": step["en"]}, If_Match=tag)
        assert answer.json()["changes"] == [], answer.content


def test_a_step_is_taken_out_and_the_draft_thrown_away(program: Caller) -> None:
    program.post("process/draft/")
    gone = program.post(f"{STEPS}ML-1/remove/")
    assert [(one["code"], one["kind"]) for one in gone.json()["changes"]] == [("ML-1", "removed")]
    problem(program.post(f"{STEPS}ML-1/remove/"), 404)
    problem(program.get(f"{STEPS}ML-1/"), 404)
    assert program.post("process/draft/discard/").status_code == 204
    problem(program.post("process/draft/discard/"), 404)
    assert not ProcessDraft.objects.exists()


def test_an_earlier_version_comes_back_once(program: Caller, keeper: User, sales: User) -> None:
    first = ProcessVersion.objects.order_by("-number")[0]
    program.post("process/draft/")
    program.post(STEPS, REVIEW)
    second = program.post("process/draft/publish/", {"note": "one step more"}).json()["number"]
    path = f"process/versions/{first.number}/roll-back/"
    done = program.post(path, {"note": "too slow"}, Idempotency_Key="back")
    again = program.post(path, {"note": "too slow"}, Idempotency_Key="back")
    assert (done.status_code, done.json()["origin"], again.json()) == (201, "rollback", done.json())
    assert ProcessVersion.objects.order_by("-number")[0].number == second + 1
    problem(program.post(path, {"note": "once more"}), 409)
    read = Caller(sales).get(f"process/versions/{second}/?with={second + 1}").json()
    assert [(one["code"], one["kind"]) for one in read["changes"]] == [("ML-5", "added")]
    assert [one["code"] for one in read["own"]] == ["ML-5"]
    assert [one["number"] for one in Caller(sales).get("process/versions/").json()][:2] == [second + 1, second]
    problem(Caller(sales).get("process/versions/9999/"), 404)
    problem(Caller(sales).get(f"process/versions/{second}/?with=9999"), 404)
    problem(Caller(sales).get(f"process/versions/{second}/?with=x"), 400)


@pytest.mark.parametrize("path, body", WRITES)
def test_nobody_else_writes_the_process(keeper: User, director: User, path: str, body: Any) -> None:
    definitions.start_draft(by=keeper)
    before = stored()
    problem(Caller(director).post(path, body), 403)
    problem(Caller().post(path, body), 401)
    problem(Caller(make_user("warden", department="it", roles=("secadmin",))).post(path, body), 404)
    assert stored() == before


def test_nobody_else_reads_or_changes_the_draft(keeper: User, director: User) -> None:
    definitions.start_draft(by=keeper)
    before = stored()
    problem(Caller(director).get("process/draft/"), 403)
    problem(Caller(director).get(f"{STEPS}ML-1/"), 403)
    problem(Caller(director).patch(f"{STEPS}ML-1/", {"sla_hours": "4"}, If_Match='"1"'), 403)
    assert stored() == before


def test_what_cannot_be_read_changes_nothing(program: Caller, keeper: User) -> None:
    definitions.start_draft(by=keeper)
    before = stored()

    def fields(answer: Any) -> set[str]:
        return {one["field"] for one in problem(answer, 400)["errors"]}

    assert fields(program.post(STEPS, {})) == {"code", "stage", "zh", "en", "accountable"}
    assert fields(program.post(STEPS, {**REVIEW, "colour": "red"})) == {"colour"}
    assert fields(program.post(STEPS, {**REVIEW, "stage": "moon", "sla_hours": "soon"})) == {"stage", "sla_hours"}
    assert fields(program.post(STEPS, {**REVIEW, "accountable": "captain"})) == {"accountable"}
    assert fields(program.post(STEPS, {**REVIEW, "locks": ["lead.fly"]})) == {"locks"}
    bad = [{**REVIEW["controls"][0], "by": "magic"}]
    assert fields(program.post(STEPS, {**REVIEW, "controls": bad})) == {"controls.0.by"}
    assert fields(program.patch(f"{STEPS}ML-1/", {"clock": "sun"}, If_Match='"1"')) == {"clock"}
    assert fields(program.post("process/draft/publish/", {})) == {"note"}
    assert fields(program.post("process/draft/discard/", {"sure": True})) == {"sure"}
    assert stored() == before


def test_refusals_change_nothing(program: Caller, keeper: User) -> None:
    definitions.start_draft(by=keeper)
    before = stored()
    problem(program.post("process/draft/"), 409)
    problem(program.post("process/draft/publish/", {"note": "nothing new"}), 409)
    problem(program.post(STEPS, {**REVIEW, "code": "ML-1"}), 409)
    problem(program.patch(f"{STEPS}ML-1/", {"sla_hours": "4"}), 428)
    for answer in (
        program.patch(f"{STEPS}ML-1/", {"sla_hours": "4"}, If_Match='"9"'),
        program.post(STEPS, REVIEW, If_Match='"9"'),
        program.post(f"{STEPS}ML-1/remove/", If_Match='"9"'),
        program.post("process/draft/publish/", {"note": "x"}, If_Match='"9"'),
    ):
        problem(answer, 412)
    assert stored() == before


def test_the_move_of_a_project_is_previewed_and_done(
    program: Caller, keeper: User, sales: User, sales2: User, director: User
) -> None:
    project = make_ready_project(sales)
    path = f"projects/{project.pk}/"
    assert Caller(sales).get(f"{path}move-preview/").json()["changes"] == []
    definitions.start_draft(by=keeper)
    program.post(STEPS, REVIEW)
    version = program.post("process/draft/publish/", {"note": "one step more"}).json()["number"]
    preview = Caller(sales).get(f"{path}move-preview/").json()
    assert (preview["version"], preview["in_force"]) == (version - 1, version)
    assert [(one["code"], one["kind"]) for one in preview["changes"]] == [("ML-5", "added")]
    problem(Caller(sales2).get(f"{path}move-preview/"), 404)
    problem(Caller(sales).post(f"{path}move_process/", {"note": "newer"}), 403)
    assert Case.objects.get(pk=project.case_id).process_version.number == version - 1
    assert Caller(director).post(f"{path}move_process/", {"note": "security first"}).status_code == 200
    assert Case.objects.get(pk=project.case_id).process_version.number == version
