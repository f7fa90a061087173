"""The evidence pack: the same to the byte, whole, provable by key and anchor, and only what is for its reader."""

import datetime as dt
import hashlib
import io
import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone, translation

from accounts.actor import Actor
from accounts.models import SecurityEntry, User
from process.models import Attachment, LogEntry
from process.services import attach
from process.services.anchors import anchor_heads, anchors_in
from projects import services
from projects.models import Project
from projects.pack.checking import findings
from tests.api.caller import Caller, problem
from tests.factories.projects import decide, make_approved_estimate, make_submitted_project
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
KEY = "the key of the tests"
# An amount that stands nowhere else: what the deal costs.
PLANTED = Decimal("7731946.55")


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path) -> None:
    settings.LTC_LOG_KEY, settings.LTC_ANCHOR_FILE, settings.MEDIA_ROOT = KEY, tmp_path / "anchors.jsonl", tmp_path


@pytest.fixture
def project() -> Project:
    """Decided, with a file and a handover on its case."""
    project = make_submitted_project()
    decide(project, services.approve)
    attach(project, file=ContentFile("盖章的立项书".encode(), name="立项/书.txt"), by=project.owner)
    project.refresh_from_db()
    return project


def taken(project: Project, reader: User) -> bytes:
    file, digest = services.export_evidence(project, by=reader)
    with file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == digest
    return content


def unpacked(content: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def log_of(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in unpacked(content)["log.jsonl"].splitlines()]


def rewritten(content: bytes, path: str, old: bytes, new: bytes) -> bytes:
    """The pack with something in one file replaced, by somebody who knows how to write a manifest."""
    parts = unpacked(content)
    assert old in parts[path]
    before = hashlib.sha256(parts[path]).hexdigest().encode()
    parts[path] = parts[path].replace(old, new, 1)
    after = hashlib.sha256(parts[path]).hexdigest().encode()
    parts["manifest.json"] = parts["manifest.json"].replace(before, after)
    made = io.BytesIO()
    with ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def wrong(content: bytes, key: str = KEY, anchors: Any = ()) -> list[str]:
    with translation.override("en"):
        return list(findings(io.BytesIO(content), key=key, anchors=anchors))


# The same again --------------------------------------------------------------------------------------
def test_taken_out_twice_it_is_the_same_and_only_a_new_act_changes_it(project: Project, auditor: User) -> None:
    first = taken(project, auditor)
    entries = LogEntry.objects.count()
    with time_machine.travel(timezone.now() + dt.timedelta(days=3)):
        assert taken(project, auditor) == first
    anchor_heads()  # the present head is anchored: nothing was done to the deal
    assert taken(project, auditor) == first
    assert LogEntry.objects.count() == entries
    services.edit(project, by=project.owner, scope="硬件、安装、服务与培训")
    assert taken(project, auditor) != first


def test_who_took_it_stands_in_the_security_log(project: Project, auditor: User) -> None:
    content = taken(project, auditor)
    entry = SecurityEntry.objects.get(event=SecurityEntry.Event.EXPORTED)
    assert (entry.user, entry.by) == (auditor, auditor)
    assert entry.details == {"project": project.code, "sha256": hashlib.sha256(content).hexdigest()}


# What is in it ---------------------------------------------------------------------------------------
def test_it_holds_decisions_records_handovers_files_and_the_log(project: Project, auditor: User) -> None:
    parts = unpacked(taken(project, auditor))
    manifest = json.loads(parts["manifest.json"])
    assert {one["path"]: one["sha256"] for one in manifest["members"]} == {
        name: hashlib.sha256(part).hexdigest() for name, part in parts.items() if name != "manifest.json"
    }
    (decision,) = [
        json.loads(part)
        for name, part in parts.items()
        if name.startswith("decisions/") and json.loads(part)["document"]["kind"] == "projects.project"
    ]
    assert (decision["state"], decision["document"]["id"]) == ("approved", project.pk)
    assert decision["snapshot"]["measures"]["gross_amount"] == "1006000.00"
    last = decision["opinions"][-1]
    assert last["kind"] == "decision" and last["decided_by"]["id"] in [one["id"] for one in last["asked"]]
    record = json.loads(parts[f"records/projects.project/{project.code}.json"])
    assert (record["version"], record["state"], record["gross_amount"]) == (
        project.row_version,
        "approved",
        "1006000.00",
    )
    own = LogEntry.objects.filter(kind="projects.project", object_id=project.pk).order_by("seq")
    assert record["log"] == list(own.values_list("seq", flat=True))
    assert any(name.startswith("handovers/HO") for name in parts)
    found = Attachment.objects.get(name__contains="书.txt")
    (listed,) = [one for one in manifest["files"] if one["id"] == found.pk]
    assert (listed["sha256"], listed["intact"]) == (found.sha256, True)
    assert parts[listed["path"]] == "盖章的立项书".encode()
    assert parts["cover.pdf"].startswith(b"%PDF-")


def test_a_file_that_was_altered_on_disk_is_told(project: Project, auditor: User) -> None:
    found = Attachment.objects.get(name__contains="书.txt")
    Path(found.file.path).write_bytes("别的立项书".encode())
    altered = taken(project, auditor)
    assert wrong(altered) == [f"{found.name} was altered or lost after it was added."]
    Path(found.file.path).unlink()
    assert wrong(taken(project, auditor)) == [f"{found.name} was altered or lost after it was added."]


# The proof -------------------------------------------------------------------------------------------
def test_the_chain_is_proved_by_the_key_alone(project: Project, auditor: User) -> None:
    content = taken(project, auditor)
    assert all("withheld" not in one for one in log_of(content))
    assert wrong(content) == []
    forged = rewritten(content, "log.jsonl", b'"action": "project.open"', b'"action": "project.oben"')
    (number,) = [one["seq"] for one in log_of(content) if one["action"] == "project.open"]
    assert wrong(forged) == [f"Entry {number} of the log was altered."]
    assert wrong(content, key="another key")[0] == "Entry 1 of the log was altered."


def test_the_chain_is_proved_by_an_anchor_without_the_key(project: Project, auditor: User, settings: Any) -> None:
    content = taken(project, auditor)
    anchor_heads()
    anchors = list(anchors_in(settings.LTC_ANCHOR_FILE))
    assert wrong(content, key="", anchors=anchors) == []
    last = log_of(content)[-1]["mac"].encode()
    other = rewritten(content, "log.jsonl", last, b"0" * 64)
    other = rewritten(other, "manifest.json", last, b"0" * 64)
    told = wrong(other, key="", anchors=anchors)
    assert len(told) == 1 and "is not the one anchored on" in told[0]


def test_a_line_that_was_taken_out_is_missed(project: Project, auditor: User) -> None:
    content = taken(project, auditor)
    second = unpacked(content)["log.jsonl"].splitlines(keepends=True)[1]
    assert wrong(rewritten(content, "log.jsonl", second, b"")) == ["Entry 2 of the log is missing."]


def test_the_command_says_so(project: Project, auditor: User, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(taken(project, auditor))
    call_command("verify_pack", path)
    assert "whole" in capsys.readouterr().out
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SystemExit):
        call_command("verify_pack", path)


# For whom --------------------------------------------------------------------------------------------
def written(amount: Decimal) -> list[str]:
    return [f"{amount}", f"{amount:,}", f"{amount:f}".rstrip("0").rstrip(".")]


def texts(content: bytes) -> Iterator[str]:
    """Everything that can be read in a pack, the streams of its PDF unpacked."""
    for name, part in unpacked(content).items():
        yield name
        yield part.decode("utf-8", "replace")
        if name.endswith(".pdf"):
            for stream in part.split(b"stream\n")[1:]:
                body = stream.split(b"endstream")[0]
                yield body.decode("latin-1")
                try:
                    yield zlib.decompress(body).decode("latin-1")
                except zlib.error:
                    continue


def test_without_the_right_to_cost_no_cost_is_in_any_file(project: Project, pfc: User, legal: User) -> None:
    make_approved_estimate(
        project,
        (("travel.transport", "差旅", f"{PLANTED}", None, False),),
        net_revenue=Decimal("9000000.00"),
    )
    told = "\n".join(texts(taken(project, pfc)))
    assert any(text in told for text in written(PLANTED))
    content = taken(project, legal)
    told = "\n".join(texts(content))
    assert [text for text in written(PLANTED) if text in told] == []
    assert "finance.costsheet" not in told
    entries = log_of(content)
    withheld = [one for one in entries if one.get("withheld") == ["entry"]]
    assert withheld and all(set(one) == {"seq", "mac", "withheld"} for one in withheld)
    assert [one["seq"] for one in entries] == list(range(1, len(entries) + 1))
    assert wrong(content) == []


def test_the_address_of_a_colleague_is_for_those_who_may_see_people(project: Project, pfc: User, auditor: User) -> None:
    owner = project.owner
    assert owner is not None
    by = Actor(kind="user", name=str(owner), user=owner, ip="203.0.113.77")
    services.edit(project, by=by, risks="工期紧")
    assert any("203.0.113.77" in text for text in texts(taken(project, auditor)))
    content = taken(project, pfc)
    assert not any("203.0.113.77" in text for text in texts(content))
    assert log_of(content)[-1]["withheld"] == ["ip"]


def test_page_and_api_give_it_to_those_who_see_the_project(project: Project, auditor: User, stranger: User) -> None:
    answer = signed_in(auditor).get(f"/projects/{project.pk}/evidence-pack/")
    content = b"".join(answer.streaming_content)
    digest = b64decode(answer["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":"))
    assert digest == hashlib.sha256(content).digest()
    assert f'filename="{project.code}.zip"' in answer["Content-Disposition"]
    assert f"/projects/{project.pk}/evidence-pack/" in signed_in(auditor).get(project.get_absolute_url()).text
    by_program = Caller(auditor, language="zh-hans").get(f"projects/{project.pk}/evidence-pack/")
    assert by_program.status_code == 200 and by_program["Content-Type"] == "application/octet-stream"
    assert b"".join(by_program.streaming_content).startswith(b"PK")
    before = SecurityEntry.objects.count()
    assert signed_in(stranger).get(f"/projects/{project.pk}/evidence-pack/").status_code == 404
    problem(Caller(stranger).get(f"projects/{project.pk}/evidence-pack/"), 404)
    assert SecurityEntry.objects.count() == before
