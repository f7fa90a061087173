"""Real processes: an import killed in the middle goes on where it stopped; the real data set comes in whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.core.management import call_command

from exchange.models import ImportedRow
from exchange.services.history import _alone
from leads.models import Lead
from process.models import LogEntry
from projects.models import Project
from tests.exchange.history import ROWS, write, write_mapping
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
REAL = Path(settings.BASE_DIR).parent / "shared" / "data" / "maven-crm"
LEADS = [[f"L-{number}", "王芳", "", "平台", f"线索 {number}", "线索", "", "", ""] for number in range(2000)]


@contextmanager
def running(
    folder: Path, mapping: Path, rejected: Path | None = None
) -> Iterator[tuple["subprocess.Popen[str]", IO[str]]]:
    """`./run manage import_history`, as a process of its own on this test's database."""
    command = [sys.executable, "-u", "manage.py", "import_history", str(folder), "--mapping", str(mapping)]
    command += ["--rejected", str(rejected or folder / "rejected.csv")]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout
    finally:
        process.kill()
        process.wait()


def test_killed_in_the_middle_and_run_again(tmp_path) -> None:
    """kill -9 after the first batch: whole batches are there, and the next run adds exactly the rest."""
    folder = write(tmp_path, [*LEADS, *ROWS])
    mapping = write_mapping(folder)
    with running(folder, mapping) as (process, out):
        first = out.readline()
        assert "500/2005" in first, first
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    taken = ImportedRow.objects.filter(kind="deal").count()
    assert taken in (500, 1000, 1500)
    assert Lead.objects.count() == taken, "no record without its mark, no mark without its record"
    assert LogEntry.objects.filter(action="lead.adopt").count() == taken
    with running(folder, mapping) as (process, out):
        said = out.read()
        assert process.wait() == 0, said
    assert f"read 2005 = imported {2005 - taken} (and {taken} earlier) + rejected 0" in said
    assert ImportedRow.objects.filter(kind="deal").count() == 2005
    assert Lead.objects.count() == 2001
    assert Project.objects.count() == 4
    call_command("verify")


def test_a_second_run_of_a_source_is_told_to_wait(tmp_path) -> None:
    folder = write(tmp_path)
    with _alone("old-crm"), running(folder, write_mapping(folder)) as (process, out):
        said = out.read()
        assert process.wait() == 1
    assert "CommandError" in said and "Traceback" not in said
    assert ImportedRow.objects.count() == 0
    with running(folder, folder / "mapping.yaml") as (process, out):
        assert "imported 5" in out.read()
        assert process.wait() == 0


@pytest.mark.skipif(
    not REAL.is_dir() or not os.environ.get("LTC_SLOW"),
    reason="takes a minute: set LTC_SLOW=1, with the data set in ../shared/data/maven-crm",
)
def test_the_real_data_set(tmp_path, director) -> None:
    """8,800 opportunities with their misspellings and gaps come in, are looked at, and verify is clean."""
    mapping = settings.BASE_DIR / "docs" / "examples" / "maven-crm.yaml"
    with running(REAL, mapping, rejected=tmp_path / "rejected.csv") as (_process, out):
        said = out.read()
    print(said)  # how long it took
    assert "read 8800 = imported 8800 + rejected 0" in said
    assert Lead.objects.filter(imported=True).count() == 500
    states = {state: Project.objects.filter(state=state).count() for state in ("approved", "closed", "lost")}
    assert states == {"approved": 1589, "closed": 4238, "lost": 2473}
    client = signed_in(director)
    for address in ("/leads/", "/leads/board/", "/projects/", "/projects/board/", "/search/?q=Cancity", "/dashboard/"):
        assert client.get(address).status_code == 200
    call_command("verify")
