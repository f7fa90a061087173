"""Taking the evidence pack of a project out of the house."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from io import BufferedRandom
from tempfile import TemporaryFile
from typing import IO, Any

from django.db import transaction
from django.utils import translation

from accounts.actor import Actor
from accounts.models import SecurityEntry, User
from accounts.services.security import enter
from process.models import Attachment, Case
from process.services.log import lock_case
from projects.models import Project
from projects.pack import chain, contents, cover, readme
from projects.pack.archive import Archive

FORMAT = "ltc-evidence-pack/1"
CHUNK = 1 << 20


def export_evidence(project: Project, *, by: Actor | User) -> tuple[IO[bytes], str]:
    """The evidence pack of a project that `by` may see, as an open file on disk, and its SHA-256 in hex.

    Nothing is done to the deal: who took which pack when stands in the security log, so that the next pack is the same.
    The case is locked while its rows are read, and free again while files are copied.
    """
    actor = Actor.of(by)
    assert actor.user is not None
    file = TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
    try:
        _write(file, project, actor.user)
        digest = _digest(file)
    except BaseException:
        file.close()
        raise
    enter(
        SecurityEntry.Event.EXPORTED,
        user=actor.user,
        by=actor,
        details={"project": project.code, "sha256": digest},
    )
    return file, digest


def _write(file: IO[bytes], project: Project, reader: User) -> None:
    archive = Archive(file)
    language = translation.get_language()
    with translation.override("en"):
        with transaction.atomic():
            case = lock_case(project.case_id)
            project.refresh_from_db()
            counts = _rows(archive, project, case, reader, language)
            hung = contents.files(case, reader)
        listed = [_copy(archive, one) for one in hung]
        archive.add("README.txt", [readme.text().encode()])
        members = sorted(archive.members, key=lambda one: one.path)
        archive.add_json(
            "manifest.json",
            {
                "format": FORMAT,
                "project": {"id": project.pk, "code": project.code, "title": project.title},
                "chain": {"case": case.pk, "length": case.log_length, "head": case.log_head, **counts},
                "reader": {"id": reader.pk, "sees_cost": reader.has_right("see_cost")},
                "files": listed,
                "members": [asdict(one) for one in members],
            },
        )
    archive.close()


def _rows(archive: Archive, project: Project, case: Case, reader: User, language: str | None) -> dict[str, int]:
    """Everything that stands in the database; gives how many entries the log has, and how many are told whole."""
    archive.add_json("project.json", contents.project_facts(project))
    summary = cover.Summary(project, case)
    for told in contents.records(case, reader):
        archive.add_json(told.path, told.content)
        summary.add_record(told)
    for one in contents.decisions(case, reader):
        archive.add_json(f"decisions/{one['code']}.json", one)
        summary.decisions.append(one)
    counts: dict[str, int] = {}
    archive.add_lines("log.jsonl", chain.lines(case, reader, counts))
    archive.add_lines("anchors.jsonl", chain.anchors(case))
    with translation.override(language):
        archive.add("cover.pdf", [cover.draw(summary, counts)], packed=False)
    return counts


def _copy(archive: Archive, found: Attachment) -> dict[str, Any]:
    """Copy a file; the list says its hash when it was hung up, so that an altered or lost one is seen."""
    row: dict[str, Any] = {
        "id": found.pk,
        "record": {"kind": found.kind, "id": found.object_id},
        "purpose": found.purpose,
        "name": found.name,
        "sha256": found.sha256,
        "added_at": found.added_at.isoformat(),
        "added_by": str(found.added_by or ""),
    }
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        return {**row, "path": None, "intact": False}
    with content:
        member = archive.add(contents.path_of(found), _parts(content), packed=False)
    return {**row, "path": member.path, "intact": member.sha256 == found.sha256}


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK), b"")


def _digest(file: BufferedRandom) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest
