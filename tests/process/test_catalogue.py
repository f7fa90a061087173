"""Reading the L3 catalogue: whatever is wrong with it is named with its file and step, and nothing is published."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from core.errors import Refused
from process import stages
from process.models import ProcessVersion
from process.services.definitions import known_company, read_catalogue

pytestmark = pytest.mark.django_db
GOOD = "{code: X-1, zh: 一, en: One, accountable: ar, verbs: [lead.start]}"


def write(folder: Path, *steps: str, stage: str = "lead") -> Path:
    lines = [f"stage: {stage}", "steps:", *(f"  - {step}" for step in steps)]
    (folder / "1_lead.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def reasons(folder: Path) -> list[str]:
    with pytest.raises(Refused) as refusal:
        read_catalogue(folder, known_company())
    return list(refusal.value.reasons)


def test_the_house_has_28_steps_in_seven_stages() -> None:
    steps = read_catalogue(settings.BASE_DIR / "ltc" / "catalogue", known_company())
    assert len(steps) == 28
    assert list(dict.fromkeys(step["stage"] for step in steps)) == [stage.code for stage in stages.STAGES[:-1]]


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("{code: X-2, zh: 二, en: Two, accountable: ar}", "verbs"),
        ("{code: X-2, zh: 二, accountable: ar, verbs: [lead.pick]}", "en"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.fly]}", "lead.fly"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], starts_on: [moon.rise]}", "moon.rise"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: lead.pick}", "verbs"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], who: [ar]}", "who"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], who: {lead.pick: ar}}", "who"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], who: {lead.pick: [captain]}}", "captain"),
        ("{code: X-2, zh: 二, en: Two, accountable: captain, verbs: [lead.pick]}", "captain"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], sla_hours: soon}", "sla_hours"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], sla_hours: -1}", "sla_hours"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], clock: lunar}", "clock"),
        ("{code: X-2, zh: 二, en: Two, accountable: ar, verbs: [lead.pick], colour: red}", "colour"),
    ],
)
def test_a_wrong_step_is_named(tmp_path, step, says) -> None:
    found = reasons(write(tmp_path, GOOD, step))
    assert len(found) == 1
    assert found[0].startswith("1_lead.yaml:4: X-2: ")
    assert says in found[0]


def test_every_mistake_is_told_at_once(tmp_path) -> None:
    assert len(reasons(write(tmp_path, "{code: A}", "{code: B, zh: 乙, colour: red}", stage="moon"))) == 9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stage: lead\nsteps: [", "1_lead.yaml"),
        ("- just\n- a list\n", "1_lead.yaml"),
        ("stage: lead\nsteps: [one, two]\n", "1_lead.yaml"),
        ("", "1_lead.yaml"),
        (f"stage: moon\nsteps: [{GOOD}]\n", "moon"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, says) -> None:
    (tmp_path / "1_lead.yaml").write_text(text, encoding="utf-8")
    assert says in reasons(tmp_path)[0]


def test_a_file_in_another_encoding_is_named(tmp_path) -> None:
    (tmp_path / "1_lead.yaml").write_bytes("stage: lead # 线索".encode("gb18030"))
    assert reasons(tmp_path)[0].startswith("1_lead.yaml: ")


def test_doubles_are_named(tmp_path) -> None:
    found = reasons(write(tmp_path, GOOD, GOOD))
    assert len(found) == 2
    assert "X-1" in found[0]
    assert "lead.start" in found[1]


def test_an_empty_folder_is_no_catalogue(tmp_path) -> None:
    assert str(tmp_path) in reasons(tmp_path)[0]


def test_the_command_publishes_nothing_that_is_wrong(tmp_path) -> None:
    before = ProcessVersion.objects.count()
    with pytest.raises(CommandError, match="captain"):
        call_command("load_process", dir=write(tmp_path, GOOD.replace("ar,", "captain,")))
    assert ProcessVersion.objects.count() == before
