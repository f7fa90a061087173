"""A company is backed up and restored into another database: nothing is missing, and what is wrong changes nothing."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from accounts.models import User
from ltc.backup import archive
from ltc.local.testing import TestRun
from process.models import Attachment, LogEntry
from process.services import attach
from process.services.anchors import anchor_heads
from tests.factories.billing import make_confirmed_receipt
from tests.factories.leads import make_working_lead
from tests.helpers import signed_in
from tests.processes import Browser, web
from tests.services import worker_name

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a passphrase for restoring"
INVISIBLE = "SELECT count(*) FROM process_logentry WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"
A_USER = (
    "INSERT INTO accounts_user (username, password, is_active, date_joined, email, name, language, grade, mail_wish) "
    "VALUES ('somebody', '', true, now(), '', '', 'en', '', 'none')"
)
SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
GUARDS = {
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled FROM pg_trigger "
    "WHERE NOT tgisinternal",
    "rights": "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'ltc_app'",
    "migrations": "SELECT app, name FROM django_migrations",
}


@dataclass
class Place:
    """A database and its folders, as a server of its own would have."""

    name: str
    folder: Path
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        own = {
            variable: urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{self.name}"))
            for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
        }
        folders = {"LTC_MEDIA": "media", "LTC_ANCHOR_FILE": "anchors.jsonl", "LTC_DATA": "."}
        self.environ = own | {name: str(self.folder / path) for name, path in folders.items()}

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of manage.py on this server."""
        command = [sys.executable, "manage.py", *arguments]
        environ = os.environ | self.environ
        return subprocess.run(command, cwd=settings.BASE_DIR, env=environ, capture_output=True, text=True, check=False)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.environ["DATABASE_OWNER_URL"]) as connection:
            return sorted(connection.execute(statement).fetchall(), key=str)

    def contents(self) -> dict[str, object]:
        """Every row of every table, as a digest; the transaction ids are of the cluster alone."""
        with psycopg.connect(self.environ["DATABASE_OWNER_URL"]) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            names = [
                row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
            found = {}
            for name in set(names) - {"django_session", "django_migrations"}:
                rows = f"SELECT (to_jsonb(t) - 'xid')::text AS r FROM \"{name}\" t"
                digest = f"SELECT count(*), md5(string_agg(r, '|' ORDER BY r)) FROM ({rows}) x"
                found[name] = connection.execute(digest).fetchone()
            return found

    def files(self) -> dict[str, bytes]:
        media = self.folder / "media"
        return {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}


@pytest.fixture
def here(tmp_path: Path, settings) -> Place:
    """The test's own database, with folders of its own."""
    place = Place(TestRun.current().database(worker_name()), tmp_path / "here")
    settings.MEDIA_ROOT = place.folder / "media"
    settings.LTC_ANCHOR_FILE = place.folder / "anchors.jsonl"
    return place


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Place]:
    """An empty database on the same server."""
    run = TestRun.current()
    name = f"{run.database(worker_name())}_elsewhere"
    run.drop(name)
    with run.connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield Place(name, tmp_path / "elsewhere")
    run.drop(name)


def company(here: Place, sales: User) -> None:
    """Money that came in, a lead with two files, anchors, and somebody signed in."""
    make_confirmed_receipt()
    lead = make_working_lead(sales)
    attach(lead, file=SimpleUploadedFile("需求.txt", "客户需求\n".encode() * 5000), by=sales)
    attach(lead, file=SimpleUploadedFile("bytes.txt", bytes(range(1, 256)) * 3), by=sales)
    sales.set_password(PASSWORD)
    sales.save()
    anchor_heads()
    signed_in(sales)


def backed_up(path: Path) -> Path:
    """In this process, which is ltc_app: reading needs no more."""
    call_command("backup", path, stdout=StringIO())
    return path


def signed(old: Path, new: Path, change: "dict[str, object]", parts: "dict[str, bytes]") -> Path:
    """An archive with other content, made by somebody who has the key: what a bug could write."""
    stated = archive.check(old, settings.LTC_LOG_KEY)
    manifest = archive.Manifest(**{**vars(stated), "parts": [], **change})
    with archive.create(new, manifest, settings.LTC_LOG_KEY) as writer:
        for name, content in archive.parts(old):
            data = parts.get(name, content.read())
            writer.add_stream(name.rsplit("/", 1)[0], [data]) if "files/" not in name else None
    return new


def test_a_restored_company_is_the_same_and_works(here: Place, elsewhere: Place, tmp_path: Path, sales) -> None:
    company(here, sales)
    path = tmp_path / "ltc.tar.gz"
    made = here.manage("backup", str(path))
    assert made.returncode == 0, made.stderr
    before = {name: here.query(statement) for name, statement in GUARDS.items()}
    rows, uploads = here.contents(), here.files()
    assert len(uploads) == Attachment.objects.count() > 1 and LogEntry.objects.exists()
    result = elsewhere.manage("restore", str(path))
    assert result.returncode == 0, result.stderr + result.stdout
    assert "verify: clean" in result.stdout
    assert elsewhere.contents() == rows
    assert elsewhere.files() == uploads
    assert (elsewhere.folder / "anchors.jsonl").read_bytes() == (here.folder / "anchors.jsonl").read_bytes()
    assert {name: elsewhere.query(statement) for name, statement in GUARDS.items()} == before
    drawn = dict(here.query(SEQUENCES))
    assert all(value >= drawn[name] for name, value in elsewhere.query(SEQUENCES)), "no number comes twice"
    assert elsewhere.query("SELECT count(*) FROM django_session") == [(0,)], "everybody signs in anew"
    assert elsewhere.query(INVISIBLE) == [(0,)], "readers of the log see every entry"
    _works(elsewhere, tmp_path, sales)


def _works(place: Place, tmp_path: Path, sales: User) -> None:
    """As ltc_app: pages answer, a new lead is written and chained, history cannot be."""
    with web(tmp_path / "web.log", **place.environ) as port:
        browser = Browser(port)
        assert browser.sign_in(sales.username, PASSWORD) == 302
        status, page, _ = browser.ask("GET", "/leads/new/")
        assert status == 200
        key = re.search(r'name="idempotency_key" value="([^"]+)"', page)
        assert key
        typed = {"company_name": "恢复之后公司", "temperature": "hot", "currency": "CNY", "need": "园区"}
        status, text, _ = browser.ask("POST", "/leads/new/", {"idempotency_key": key[1], **typed})
        assert status == 302, text
    newest = "(SELECT max(id) FROM leads_lead WHERE company_name = '恢复之后公司')"
    chained = f"SELECT actor_name FROM process_logentry WHERE kind = 'leads.lead' AND object_id = {newest}"
    assert place.query(chained) == [("sales",)]
    with psycopg.connect(place.environ["DATABASE_URL"]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("UPDATE process_logentry SET note = 'x'")


def test_no_secret_and_no_session_is_in_the_archive(here: Place, tmp_path: Path, sales) -> None:
    company(here, sales)
    content = gzip.decompress(backed_up(tmp_path / "ltc.tar.gz").read_bytes())
    password = urlsplit(os.environ["DATABASE_OWNER_URL"]).password
    session = Session.objects.get()
    for secret in (settings.SECRET_KEY, settings.LTC_LOG_KEY, password, session.session_key, PASSWORD):
        assert secret and secret.encode() not in content
    assert sales.username.encode() in content, "and the company is"


def test_a_backup_overwrites_nothing(here: Place, tmp_path: Path) -> None:
    path = tmp_path / "ltc.tar.gz"
    path.write_text("older")
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", path)
    assert path.read_text() == "older"


def test_what_is_in_use_is_only_replaced_when_asked(
    here: Place, elsewhere: Place, tmp_path: Path, sales, database_template: str
) -> None:
    """Another company's rows and files stay until they are given up by name, and while anybody works on them."""
    company(here, sales)
    path, rows, uploads = backed_up(tmp_path / "ltc.tar.gz"), here.contents(), here.files()
    TestRun.current().clone(elsewhere.name, database_template)
    with psycopg.connect(elsewhere.environ["DATABASE_OWNER_URL"]) as connection:
        connection.execute(A_USER)
    (elsewhere.folder / "media" / "2020").mkdir(parents=True)
    (elsewhere.folder / "media" / "2020" / "older.pdf").write_text("x")
    before = elsewhere.contents(), elsewhere.files()
    refused = elsewhere.manage("restore", str(path))
    assert refused.returncode and "give --replace" in refused.stderr
    with psycopg.connect(elsewhere.environ["DATABASE_URL"]):
        busy = elsewhere.manage("restore", str(path), "--replace")
    assert busy.returncode and "stop web, worker and beat" in busy.stderr
    assert (elsewhere.contents(), elsewhere.files()) == before
    done = elsewhere.manage("restore", str(path), "--replace")
    assert done.returncode == 0, done.stderr + done.stdout
    assert (elsewhere.contents(), elsewhere.files()) == (rows, uploads)


def test_files_in_the_way_are_named(here: Place, elsewhere: Place, tmp_path: Path) -> None:
    path = backed_up(tmp_path / "ltc.tar.gz")
    (elsewhere.folder / "media").mkdir(parents=True)
    (elsewhere.folder / "media" / "somebody's.pdf").write_text("x")
    result = elsewhere.manage("restore", str(path))
    assert result.returncode and "There are files in" in result.stderr
    assert (elsewhere.contents(), elsewhere.files()) == ({}, {"somebody's.pdf": b"x"})


def test_a_broken_archive_changes_nothing(here: Place, elsewhere: Place, tmp_path: Path, sales) -> None:
    """Found in the file, by a foreign key or by the count of rows: one sentence, and all is as before."""
    company(here, sales)
    whole = backed_up(tmp_path / "ltc.tar.gz")
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[:-2000])
    broken = {
        cut: "cut off",
        signed(whole, tmp_path / "orphans.tar.gz", {}, {"tables/accounts_user/000001": b""}): "nothing has changed",
        signed(whole, tmp_path / "count.tar.gz", {"rows": {"core_term": 1}}, {}): "not hold all rows of core_term",
    }
    for path, sentence in broken.items():
        result = elsewhere.manage("restore", str(path))
        assert result.returncode and sentence in result.stderr, path.name
        assert "Traceback" not in result.stderr
        assert (elsewhere.contents(), elsewhere.files()) == ({}, {}), path.name


def test_the_manifest_tells_what_is_inside(here: Place, tmp_path: Path, sales) -> None:
    company(here, sales)
    manifest = archive.check(backed_up(tmp_path / "ltc.tar.gz"), settings.LTC_LOG_KEY)
    assert manifest.rows["process_logentry"] == LogEntry.objects.count()
    assert manifest.rows["django_session"] == 0
    assert "xid" not in manifest.tables["process_logentry"]
    assert json.dumps(manifest.migrations).count("0001_initial") > 20
