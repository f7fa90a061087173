"""A full disk: a clear sentence, nothing half written, and everything goes on when there is room again."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from ltc.faults import audit, left
from ltc.faults.browser import Answer, Browser
from ltc.faults.clients import Ledger
from ltc.faults.demo import Demo
from ltc.faults.load import Load
from ltc.faults.report import Figures
from ltc.local.console import say, step
from ltc.local.processes import wait_until

ROOM = 700  # MB beside the cluster as it is
MEDIA = 4  # MB for uploads
SENTENCES = ("磁盘已满", "disk is full")


def run(demo: Demo, figures: Figures) -> None:
    """The demo's data on a small file system of its own: needs the right to mount one."""
    place = left.disk_folder(demo.folder)
    if os.geteuid() != 0 or not shutil.which("mount"):
        figures.skipped.append("disk: only root may mount a small file system")
        return
    if not (demo.folder / "postgres").exists():
        figures.skipped.append("disk: needs a prepared demo, run another chapter first")
        return
    size = sum(path.stat().st_size for path in (demo.folder / "postgres").rglob("*") if path.is_file()) // 2**20
    with _mounted(place, size + ROOM) as failed, _mounted(place / "media", MEDIA) as media_failed:
        if failed or media_failed:
            figures.skipped.append(f"disk: {failed or media_failed}")
            return
        demo.copy(place)
        full = Demo(place, dict(demo.environ), log=demo.folder / "disk.log")
        try:
            with step("the demo on a small disk"):
                full.start()
                full.await_whole()
            with step("uploads on a full disk"):
                figures.problems += _uploads(full, place / "media", figures)
            with step("the database on a full disk"):
                figures.problems += _database(full, place, figures)
        finally:
            (place / "filler").unlink(missing_ok=True)
            full.stop()


@contextmanager
def _mounted(place: Path, megabytes: int) -> Iterator[str]:
    """A file system of this size; what failed, if it did."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "ltc-faults", str(place)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        yield result.stderr.strip() if result.returncode else ""
    finally:
        if not result.returncode:
            left.unmount(place)


def _fill(place: Path, leave: int = 0) -> None:
    """Take all room but `leave` bytes."""
    with (place / "filler").open("wb", buffering=0) as filler:
        try:
            free = os.statvfs(place)
            left = free.f_bavail * free.f_frsize - leave
            while left > 0:
                left -= filler.write(b"\0" * min(left, 2**20))
        except OSError:
            return


def _full_said(answer: Answer) -> bool:
    return answer.status == 503 and all(sentence in answer.body for sentence in SENTENCES)


def _uploads(demo: Demo, media: Path, figures: Figures) -> list[str]:
    browser = Browser(demo.port, "ar", "lead-to-cash-demo")
    browser.sign_in()
    lead = demo.sql("""SELECT l.id FROM leads_lead l JOIN accounts_user u ON u.id = l.owner_id
        WHERE u.username = 'ar' AND l.state IN ('assigned', 'working') ORDER BY l.id DESC LIMIT 1""")[0][0]
    path, since, content = f"/leads/{lead}/files/", time.time() - 1, os.urandom(500_000)
    form = browser.get(path).hidden()
    _fill(media, leave=100_000)
    answer = browser.post(path, form, ("full.bin", content))
    problems = [] if _full_said(answer) else [f"disk full: an upload was answered {answer.status} without the sentence"]
    rows = demo.sql("SELECT count(*) FROM process_attachment WHERE name = 'full.bin'")[0][0]
    stray = [one.name for one in media.rglob("*") if one.is_file() and one.name != "filler"]
    if rows or stray:
        problems.append(f"disk full: half written: {rows} rows, {len(stray)} files")
    (media / "filler").unlink()
    again = browser.post(path, form, ("full.bin", content))
    if not again.taken:
        problems.append(f"room again: the same upload was answered {again.status}")
    problems += audit.files(demo, media, since)
    figures.chapters["uploads, disk full"] = f"answered {answer.status}, then {again.status} by the same form"
    say(f"  {figures.chapters['uploads, disk full']}")
    return problems


def _database(demo: Demo, place: Path, figures: Figures) -> list[str]:
    """Under load: first tables cannot grow, then the log of the database itself cannot be written."""
    ledger = Ledger()
    with Load(demo, 3, ledger):
        time.sleep(5)
        _fill(place)
        told = wait_until(lambda: ledger.answers.get(503, 0) > 2, 30)
        _switch_log(demo)
        time.sleep(8)
        (place / "filler").unlink()
        begun = time.monotonic()
        demo.await_whole(120)
        back, taken = time.monotonic() - begun, len(ledger.taken)
        went_on = wait_until(lambda: len(ledger.taken) > taken + 3, 60)
    problems = [] if told else ["disk full: nobody was told"]
    problems += [] if went_on else ["room again: nothing could be written"]
    problems += [f"disk full: answered 500: {path}" for path in ledger.broken[:5]]
    problems += ledger.ended
    problems += [*audit.writes(demo, ledger), *audit.log(demo), *audit.verify(demo)]
    figures.chapters["database, disk full"] = (
        f"answers {dict(sorted(ledger.answers.items()))}; back {back:.1f} s after room"
    )
    say(f"  {figures.chapters['database, disk full']}")
    return problems


def _switch_log(demo: Demo) -> None:
    """Make the database need a new file for its log, which it cannot have."""
    try:
        with psycopg.connect(demo.postgres.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            for _ in range(8):
                connection.execute("SELECT pg_switch_wal()")
                connection.execute("SELECT txid_current()")
    except psycopg.Error:
        return
