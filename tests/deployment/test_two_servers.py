"""Two web servers behind a proxy that takes them by turns, and two workers: nobody notices that there are two."""

import datetime as dt
import http.client
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from redis import Redis

from accounts.models import Notice, User
from core.calendar import today
from leads.models import Lead
from ltc.celery import app
from process.models import LogEntry
from tests.factories.leads import make_assigned_lead, make_working_lead
from tests.processes import Browser, wait_until, web, web_process, worker

pytestmark = pytest.mark.django_db(transaction=True)
Owner = psycopg.Connection[tuple[object, ...]]
PASSWORD = "a passphrase for two servers"
CLIENT = "203.0.113.9"
HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}
BLOCKED = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"


class Proxy(ThreadingHTTPServer):
    """What stands in front: hands every request to the next server."""

    daemon_threads = True

    def __init__(self, backends: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.turns = cycle(backends)
        self.lock = threading.Lock()
        self.served: Counter[int] = Counter()

    def next_backend(self) -> int:
        with self.lock:
            port = next(self.turns)
            self.served[port] += 1
            return port


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        self._forward(None)

    def do_POST(self) -> None:
        self._forward(self.rfile.read(int(self.headers["Content-Length"])))

    def _forward(self, body: bytes | None) -> None:
        backend = http.client.HTTPConnection("127.0.0.1", self.server.next_backend(), timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        backend.request(self.command, self.path, body, headers | {"X-Forwarded-For": CLIENT})
        answer = backend.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        backend.close()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def proxy(backends: list[int]) -> Iterator[Proxy]:
    server = Proxy(backends)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ar(sales: User) -> User:
    sales.set_password(PASSWORD)
    sales.save()
    return sales


def key_of(page: str) -> str:
    found = re.search(r'name="idempotency_key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_session_a_language_a_message_and_a_form_do_not_depend_on_the_server(tmp_path: Path, ar: User) -> None:
    own = {"LTC_PROXIES": "1"}
    with (
        web(tmp_path / "one.log", **own) as one,
        web(tmp_path / "two.log", **own) as two,
        proxy([one, two]) as front,
    ):
        browser = Browser(front.server_port)
        assert browser.sign_in(ar.username, PASSWORD) == 302, "the form from one, sent to the other"
        for language, word in (("en", "New lead"), ("zh-hans", "新建线索")):
            browser.ask("POST", "/language/", {"language": language, "next": "/leads/new/"})
            pages = [browser.ask("GET", "/leads/new/")[1] for _ in range(2)]
            assert all(word in page for page in pages), language
        _submit_to_both(browser, one, two, key_of(pages[0]))
        _static_files_are_the_same(one, two, pages[0])
        assert set(front.served) == {one, two} and min(front.served.values()) >= 3
    (lead,) = Lead.objects.filter(company_name="双服务器公司")
    (ip,) = set(LogEntry.objects.filter(case=lead.case, user=ar).values_list("ip", flat=True))
    assert ip == CLIENT, "the person's address, not the proxy's"


def _submit_to_both(browser: Browser, one: int, two: int, key: str) -> None:
    """The same form at the same moment to both servers: one lead, one answer, and its message on either."""
    form = {
        "company_name": "双服务器公司",
        "temperature": "hot",
        "currency": "CNY",
        "need": "x",
        "idempotency_key": key,
    }
    twins = [Browser(port) for port in (one, two)]
    for twin in twins:
        twin.cookies = dict(browser.cookies)
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(twin.ask, "POST", "/leads/new/", form, **{"X-Forwarded-For": CLIENT}) for twin in twins]
        statuses = [future.result()[0] for future in sent]
    assert statuses == [302, 302]
    assert Lead.objects.filter(company_name="双服务器公司").count() == 1
    address = Lead.objects.get(company_name="双服务器公司").get_absolute_url()
    twins[0].port = two  # answered by one, read from the other
    with translation.override("zh-hans"):
        assert gettext("Saved.") in twins[0].ask("GET", address)[1]
    other = {**form, "idempotency_key": key, "company_name": "另一家公司"}
    assert browser.ask("POST", "/leads/new/", other)[0] == 422, "the key with other content"


def _static_files_are_the_same(one: int, two: int, page: str) -> None:
    """Names carry a hash of the content, so either server has what the other's page asks for."""
    names = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    assert len(names) > 2 and all(re.search(r"\.[0-9a-f]{12}\.", name) for name in names)
    for name in names:
        answers = []
        for port in (one, two):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", name)
            answer = connection.getresponse()
            answers.append((answer.status, answer.headers["Cache-Control"], answer.read()))
            connection.close()
        assert answers[0] == answers[1]
        assert answers[0][0] == 200 and "immutable" in answers[0][1]


def test_an_answer_under_way_is_given_before_the_server_stops(
    tmp_path: Path, ar: User, owner_connection: Owner
) -> None:
    """TERM in the middle of a write: it is finished and answered, then the server ends by itself."""
    lead = make_assigned_lead(ar)
    log = tmp_path / "web.log"
    with web_process(log) as (process, port), ThreadPoolExecutor(1) as pool:
        browser = Browser(port)
        assert browser.sign_in(ar.username, PASSWORD) == 302
        with owner_connection.transaction(force_rollback=True):
            owner_connection.execute("SELECT 1 FROM process_case WHERE id = %s FOR UPDATE", [lead.case_id])
            answer = pool.submit(browser.ask, "POST", f"{lead.get_absolute_url()}start/", {})
            wait_until(lambda: owner_connection.execute(BLOCKED).fetchone() is not None, "it is in the middle")
            process.terminate()
            wait_until(lambda: "Handling signal: term" in log.read_text(), "it was asked to stop")
        assert answer.result()[0] == 302
        assert process.wait(timeout=60) == 0
    lead.refresh_from_db()
    assert lead.state == "working"


def late_leads(count: int) -> list[Lead]:
    return [make_working_lead(next_action="拜访", next_action_on=today() - dt.timedelta(days=2)) for _ in range(count)]


def test_two_workers_share_the_jobs_and_tell_everybody_once(tmp_path: Path) -> None:
    leads = late_leads(6)
    Notice.objects.all().delete()
    logs = tmp_path / "one.log", tmp_path / "two.log"
    with worker(logs[0]), worker(logs[1]):
        for _ in range(12):
            app.send_task("leads.tasks.remind_leads")
        with Redis.from_url(settings.REDIS_URL) as redis:
            wait_until(lambda: not redis.llen("celery") and not redis.hlen("unacked"), "the jobs are done")
    assert all("task_succeeded" in log.read_text() for log in logs), "both have worked"
    assert not any("task_failed" in log.read_text() for log in logs)
    told = Counter(Notice.objects.values_list("user_id", "link"))
    assert told == {(lead.owner_id, lead.get_absolute_url()): 1 for lead in leads}


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(tmp_path: Path, owner_connection: Owner) -> None:
    (lead,) = late_leads(1)
    Notice.objects.all().delete()
    key = f"lead-next-act:{lead.pk}:{today()}"
    log = tmp_path / "stopped.log"
    with worker(log) as process:
        with owner_connection.transaction(force_rollback=True):
            owner_connection.execute(
                "INSERT INTO accounts_notice (user_id, key, message, params, words, link, level, created_at) "
                "VALUES (%s, %s, '', '{}', '{}', '', 'info', now())",
                [lead.owner_id, key],
            )
            app.send_task("leads.tasks.remind_leads")
            wait_until(lambda: owner_connection.execute(BLOCKED).fetchone() is not None, "it is in the middle")
            process.terminate()
            wait_until(lambda: "Warm shutdown" in log.read_text(), "it was asked to stop")
        assert process.wait(timeout=60) == 0
    assert "task_succeeded" in log.read_text()
    assert Notice.objects.filter(key=key).count() == 1
