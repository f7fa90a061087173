"""An installation of the last release, with a company in it, becomes this code: prepared, verified, and it answers."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings

from ltc.demo.people import PASSWORD
from ltc.local.testing import TestRun
from tests.processes import Browser, web
from tests.services import worker_name

# Before the first release: the state whose databases are out in the world.
FIRST = (Path(__file__).parent / "first_release.txt").read_text(encoding="utf-8").split()[0]
COUNTS = {
    "users": "SELECT count(*) FROM accounts_user",
    "log": "SELECT count(*), max(id) FROM process_logentry",
    "chains": "SELECT sum(log_length) FROM process_case",
    "records": "SELECT kind, count(*) FROM process_caserecord GROUP BY kind ORDER BY kind",
    "ledger": "SELECT count(*), sum(net_amount) FROM finance_ledgerentry",
}

PAGES = {
    "ar": ("/", "/leads/", "/leads/board/", "/projects/", "/contracts/"),
    "finance": ("/", "/collection/", "/invoices/", "/receipts/"),
    "fr": ("/", "/delivery-orders/"),
    "director": ("/", "/dashboard/"),
}


def git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *arguments], cwd=settings.BASE_DIR, capture_output=True, check=False)


def last_release() -> str:
    """The last tag before this commit, or the first release where there is none yet."""
    tag = git("describe", "--tags", "--abbrev=0", "HEAD^")
    return tag.stdout.decode().strip() if tag.returncode == 0 else FIRST


@pytest.fixture
def old_code(tmp_path: Path) -> Path:
    """A checkout of the last release."""
    archive = git("archive", "--format=tar", last_release())
    if archive.returncode:
        pytest.skip(f"this clone has no {last_release()}: fetch the whole history (git fetch --unshallow --tags)")
    folder = tmp_path / "old"
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        # Pythons before 3.11.4 know no filter; the archive is our own.
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database of its own, with its folders."""
    run = TestRun.current()
    name = f"{run.database(worker_name())}_upgrade"
    run.drop(name)
    with run.connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    urls = {
        variable: urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))
        for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    data = {"LTC_DATA": str(tmp_path), "LTC_MEDIA": str(tmp_path / "media")}
    yield urls | data | {"LTC_ANCHOR_FILE": str(tmp_path / "anchors.jsonl"), "PYTHONPATH": ""}
    run.drop(name)


def manage(code: Path, environ: dict[str, str], *arguments: str) -> str:
    """A command of a checkout."""
    command = [sys.executable, "-W", "ignore", "manage.py", *arguments]
    result = subprocess.run(command, cwd=code, env=os.environ | environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{arguments} in {code}:\n{result.stdout}\n{result.stderr}"
    return result.stdout


def counted(environ: dict[str, str]) -> dict[str, object]:
    with psycopg.connect(environ["DATABASE_OWNER_URL"]) as connection:
        return {name: connection.execute(statement).fetchall() for name, statement in COUNTS.items()}


@pytest.mark.django_db(transaction=True)
def test_a_company_of_the_last_release_comes_along(old_code: Path, environ: dict[str, str], tmp_path: Path) -> None:
    manage(old_code, environ, "prepare", "--verbosity", "0")
    manage(old_code, environ, "seed_demo")
    before = counted(environ)
    assert before["log"] != [(0, None)], "the demo company is there"
    here = Path(settings.BASE_DIR)
    manage(here, environ, "prepare", "--verbosity", "0")
    assert counted(environ) == before, "nothing is lost, doubled or rewritten"
    assert "verify: clean" in manage(here, environ, "verify")
    with web(tmp_path / "web.log", **environ) as port:
        for username, pages in PAGES.items():
            browser = Browser(port)
            assert browser.sign_in(username, PASSWORD) == 302
            answers = {page: browser.ask("GET", page)[0] for page in pages}
            assert set(answers.values()) == {200}, answers
