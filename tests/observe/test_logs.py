"""The technical log: one line per event with the id of its request, and nothing of what people typed."""

import json
import logging
import re
import urllib.parse
from pathlib import Path

import psycopg
import pytest

from ltc.observe import logs
from tests.people import make_user
from tests.processes import Browser, wait_until, web, worker

NAME, PHONE, MAIL = "欧阳试验", "13912345678", "ouyang.test@example.com"
PASSWORD, WRONG, TOKEN = "a right passphrase 1", "a wrong passphrase 2", "cq3xyz-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
SECRETS = (NAME, PHONE, MAIL, PASSWORD, WRONG, TOKEN)
BROKEN = {"DJANGO_SETTINGS_MODULE": "tests.observe.broken_settings", "LTC_LOG_FORMAT": "json", "LTC_LOG_LEVEL": "DEBUG"}


def lines(log: Path) -> list[dict[str, str]]:
    """Every line of a log; each must be JSON, but for the farewell that Celery prints past all logging."""
    return [json.loads(line) for line in log.read_text().splitlines() if line and "Warm shutdown" not in line]


@pytest.mark.django_db(transaction=True)
def test_nothing_typed_reaches_the_log_and_the_request_id_reaches_the_job(tmp_path: Path) -> None:
    """A wrong password, searches, links that act for a person, three kinds of failure, all at DEBUG."""
    user = make_user("ouyang", department="sales_north", roles=("ar",))
    user.name, user.email = NAME, MAIL
    user.set_password(PASSWORD)
    user.save()
    web_log, job_log = tmp_path / "web.log", tmp_path / "job.log"
    data = {"name": NAME, "phone": PHONE, "email": MAIL, "password": WRONG}
    with web(web_log, **BROKEN) as port, worker(job_log, "--include", "tests.observe.broken", **BROKEN):
        browser = Browser(port)
        assert browser.sign_in(user.username, WRONG) == 200, "the form again"
        assert browser.sign_in(NAME, PASSWORD) == 200
        assert browser.sign_in(user.username, PASSWORD) == 302
        query = urllib.parse.urlencode({"q": f"{NAME} {PHONE}"})
        assert browser.ask("GET", f"/leads/?{query}")[0] == 200
        assert browser.ask("GET", f"/leads/?{query}&token={TOKEN}")[0] == 400
        assert browser.ask("GET", f"/nowhere/{TOKEN}/{urllib.parse.quote(NAME)}/")[0] == 404
        assert browser.ask("GET", "/leads/", Host=f"{PHONE}.example.com")[0] == 400
        failed = [browser.ask("POST", f"/broken/{kind}/", data) for kind in ("form", "statement")]
        assert [status for status, _, _ in failed] == [500, 500]
        status, _, queued = browser.ask("POST", "/broken/job/", data)
        assert status == 200
        wait_until(lambda: "task_failed" in job_log.read_text(), "the job has failed")
    for log in (web_log, job_log):
        found = [secret for secret in SECRETS if secret in log.read_text() or repr(secret)[1:-1] in log.read_text()]
        assert found == [], log.name
    web_lines, job_lines = lines(web_log), lines(job_log)
    for _, _, name in failed:
        (failure,) = [line for line in web_lines if line.get("request_id") == name and "exception" in line]
        assert failure["event"] == "request_failed" and "tests/observe/broken.py" in failure["exception"]
    assert "ValueError" in failure["exception"] or "SQLSTATE 23505" in failure["exception"]
    assert any("SQLSTATE 23505, " in line.get("exception", "") for line in web_lines), "the constraint is named"
    (ended,) = [line for line in job_lines if line["event"] == "task_failed"]
    assert ended["request_id"] == queued
    assert "ValueError" in ended["exception"] and ended["level"] == "error"
    assert {line["user_id"] for line in web_lines if line.get("event") == "request_failed"} == {user.pk}


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("no such page: /leads/12/qualify/", "no such page: /leads/12/qualify/"),
        ("postgres://ltc_app:s3cret@db:5432/ltc", "postgres://db:5432/ltc"),
        ("mail to li.lei@example.com failed", "mail to … failed"),
        ("call 13912345678", "call …"),
        ("call +86 139-1234-5678 now", "call … now"),
        ("GET /leads/?q=secret&page=2", "GET /leads/?…"),
        ("LD-2026-000123 took 12 ms", "LD-2026-000123 took 12 ms"),
    ],
)
def test_what_looks_personal_is_blanked(text: str, instead: str) -> None:
    assert logs.blanked(text) == instead


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/leads/12/qualify/", "/leads/12/qualify/"),
        (f"/password/reset/key/1-{TOKEN}/", "/password/reset/key/…/"),
        ("/files/合同.pdf", "/files/…"),
        ("/api/v1/delivery-orders/7/", "/api/v1/delivery-orders/7/"),
    ],
)
def test_a_path_keeps_our_words_and_numbers_alone(path: str, instead: str) -> None:
    assert logs.plain_path(path) == instead


def test_an_exception_is_its_type_and_speaks_only_about_code() -> None:
    assert logs.describe(ValueError("李雷")) == "ValueError"
    assert logs.describe(AttributeError("no attribute 'x'")) == "AttributeError: no attribute 'x'"
    assert logs.describe(FileNotFoundError(2, "No such file or directory", "/m/李雷.pdf")).endswith(
        ": No such file or directory"
    )
    assert "23505" in logs.describe(psycopg.errors.UniqueViolation("Key (phone)=(139) already exists"))


def test_causes_come_first_and_a_circle_ends() -> None:
    first, second = ValueError("x"), KeyError("y")
    second.__cause__, first.__context__ = first, second
    text = logs.stack_of(second)
    assert re.findall(r"^\w+$", text, re.MULTILINE) == ["ValueError", "KeyError"]


def test_at_debug_only_our_own_loggers_speak() -> None:
    """Those of others print statements with their parameters and the arguments of jobs."""
    configured = logs.configuration("DEBUG", "json")
    assert configured["root"]["level"] == logging.INFO
    assert configured["loggers"]["ltc"]["level"] == "DEBUG"
    assert logs.configuration("ERROR", "json")["root"]["level"] == logging.ERROR


def test_a_message_begins_no_line_of_its_own() -> None:
    stack = logs.stack_of(AttributeError("no such name\r\n2026-01-01 [info] somebody signed in\u2028again"))
    assert stack.splitlines() == ["AttributeError: no such name 2026-01-01 [info] somebody signed in again"]
