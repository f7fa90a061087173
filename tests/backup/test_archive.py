"""The archive: what it holds, and that it notices when it is not what it was."""

import gzip
import io
import json
import os
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ltc.backup import archive
from ltc.backup.archive import Manifest, Unusable

KEY = "the key of the log, for tests"
ROWS = b"1\tA\n2\t\xe6\x9d\x8e\n"


def make(path: Path, **fields: object) -> Path:
    """A small archive."""
    manifest = Manifest(version="0.1.0", made_at="2026-03-01", migrations=[["core", "0001_initial"]])
    for name, value in fields.items():
        setattr(manifest, name, value)
    with archive.create(path, manifest, KEY) as writer:
        writer.add_stream("anchors", [b'{"case": 1}\n'])
        writer.add_stream("tables/core_term", [ROWS[:4], ROWS[4:]])
        writer.add("files/2026/a.pdf", io.BytesIO(b"%PDF"), 4)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "ltc.tar.gz")


def members(path: Path) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            yield entry, content.read() if content else b""


def rewrite(path: Path, change: Callable[[tarfile.TarInfo, bytes], list[tuple[tarfile.TarInfo, bytes]]]) -> None:
    """Pack an archive anew as somebody without the key would."""
    old = list(members(path))
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for entry, content in old:
            for other, data in change(entry, content):
                other.size = len(data) if other.isreg() else 0
                tar.addfile(other, io.BytesIO(data) if other.isreg() else None)


def test_parts_come_back_in_order_and_byte_by_byte(path: Path) -> None:
    manifest = archive.check(path, KEY)
    assert [name for name, _, _ in manifest.parts] == [
        "anchors/000001",
        "tables/core_term/000001",
        "files/2026/a.pdf",
    ]
    assert [content.read() for _, content in archive.parts(path)] == [b'{"case": 1}\n', ROWS, b"%PDF"]
    assert manifest.migrations == [["core", "0001_initial"]]


def test_only_its_owner_can_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert {entry.mode for entry, _ in members(path)} == {0o600}


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    manifest = Manifest(version="", made_at="", migrations=[])
    with pytest.raises(OSError, match="full"), archive.create(tmp_path / "x.tar.gz", manifest, KEY) as writer:
        writer.add_stream("tables/core_term", [b"x"])
        raise OSError("the disk is full")
    assert list(tmp_path.iterdir()) == []


def test_a_long_table_is_cut_into_parts_and_memory_stays_flat(tmp_path: Path, monkeypatch) -> None:
    """Forty times the size of a part passes through a few of them."""
    monkeypatch.setattr(archive, "PART", 2**20)
    block = os.urandom(2**16)
    blocks = 40 * archive.PART // len(block)
    manifest = Manifest(version="", made_at="", migrations=[])
    tracemalloc.start()
    with archive.create(tmp_path / "long.tar.gz", manifest, KEY) as writer:
        writer.add_stream("tables/core_term", (block for _ in range(blocks)))
    assert archive.check(tmp_path / "long.tar.gz", KEY).parts == manifest.parts
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [size for _, size, _ in manifest.parts] == [archive.PART] * 40
    assert peak < 10 * archive.PART


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_an_archive_that_was_cut_off_is_refused(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Unusable, match=r"cut off|damaged"):
        archive.check(path, KEY)


def test_an_archive_without_its_end_is_refused_though_it_is_a_sound_tar(path: Path) -> None:
    rewrite(path, lambda entry, content: [] if entry.name.startswith("manifest") else [(entry, content)])
    with pytest.raises(Unusable, match="manifest is missing"):
        archive.check(path, KEY)


def test_any_flipped_bit_is_found(path: Path) -> None:
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        try:
            manifest = archive.check(path, KEY)
        except Unusable:
            continue
        # The flags, time and system of a gzip header mean nothing: what it holds is the same.
        assert position < 10 and manifest.parts == archive.check(make(path.with_name("again")), KEY).parts
        path.with_name("again").unlink()


def test_an_altered_row_is_found_and_its_part_named(path: Path) -> None:
    rewrite(path, lambda entry, content: [(entry, content.replace(b"A", b"B"))])
    with pytest.raises(Unusable, match="altered"):
        archive.check(path, KEY)
    make(path)
    rewrite(path, lambda entry, data: [(entry, data.replace(b"\tA", b"\tB") if "tables" in entry.name else data)])
    with pytest.raises(Unusable, match="tables/core_term/000001 is not what the manifest says"):
        archive.check(path, KEY)


def test_a_part_left_out_doubled_or_added_is_found(path: Path) -> None:
    more = tarfile.TarInfo("files/more.pdf")
    for change in (
        lambda entry, data: [] if entry.name.startswith("files") else [(entry, data)],
        lambda entry, data: [(entry, data)] * (2 if entry.name.startswith("files") else 1),
        lambda entry, data: [(more, b"x"), (entry, data)] if entry.name.startswith("files") else [(entry, data)],
    ):
        make(path)
        rewrite(path, change)
        with pytest.raises(Unusable, match="altered"):
            archive.check(path, KEY)


def test_a_manifest_somebody_wrote_without_the_key_is_refused(path: Path) -> None:
    def change(entry: tarfile.TarInfo, data: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
        if entry.name == "manifest.json":
            data = json.dumps(json.loads(data) | {"version": "9"}).encode()
        return [(entry, data)]

    rewrite(path, change)
    with pytest.raises(Unusable, match="altered, or made with another LTC_LOG_KEY"):
        archive.check(path, KEY)


def test_another_key_is_told(path: Path) -> None:
    with pytest.raises(Unusable, match="another LTC_LOG_KEY"):
        archive.check(path, "another")


@pytest.mark.parametrize("name", ["files/../../etc/cron.d/x", "/etc/passwd", "other/1", "tables/x;drop/000001"])
def test_a_name_that_leads_elsewhere_is_refused(path: Path, name: str) -> None:
    evil = tarfile.TarInfo(name)
    rewrite(path, lambda entry, data: [(evil, b"x"), (entry, data)] if "files" in entry.name else [(entry, data)])
    with pytest.raises(Unusable, match="which no backup of LTC does"):
        archive.check(path, KEY)


def test_links_are_refused(path: Path) -> None:
    link = tarfile.TarInfo("files/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    rewrite(path, lambda entry, data: [(link, b""), (entry, data)] if "files" in entry.name else [(entry, data)])
    with pytest.raises(Unusable, match="no file"):
        archive.check(path, KEY)


@pytest.mark.parametrize("content", [b"", b"PGDMP", b"PK\x03\x04" * 50])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)
    with pytest.raises(Unusable):
        archive.check(other, KEY)
    with pytest.raises(Unusable, match="There is no file"):
        archive.check(tmp_path / "none", KEY)


@pytest.mark.django_db
def test_an_archive_of_a_newer_ltc_is_refused_with_what_is_unknown(tmp_path: Path) -> None:
    with archive.create(
        tmp_path / "new.tar.gz",
        Manifest(version="9.1.0", made_at="", migrations=[["core", "0001_initial"], ["leads", "0099_future"]]),
        settings.LTC_LOG_KEY,
    ):
        pass
    with pytest.raises(CommandError, match=r"LTC 9\.1\.0, which is newer .* 1 migrations .* leads\.0099_future"):
        call_command("restore", tmp_path / "new.tar.gz")


def test_an_archive_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="has format 2; this LTC reads format 1"):
        archive.check(make(tmp_path / "x", format=2), KEY)
