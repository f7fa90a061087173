"""/metrics: who may read it, and what it says of all processes together."""

import re
import urllib.request
from pathlib import Path

import pytest
from django.test import Client

from ltc.observe import life, probe
from tests.processes import web


def figure(text: str, name: str) -> float:
    """One sample by its name and labels."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in\n{text}"
    return float(found[1])


@pytest.mark.django_db
def test_it_counts_answers_by_names_of_ours_alone(client: Client) -> None:
    name = 'ltc_requests_total{method="GET",status="404",view="unknown"}'
    client.get("/nowhere/1/")
    before = figure(client.get("/metrics").content.decode(), name)
    client.get("/nowhere/2/")
    client.generic("BREW", "/nowhere/3/")
    text = client.get("/metrics").content.decode()
    assert figure(text, name) == before + 1
    assert "BREW" not in text and "nowhere" not in text
    assert figure(text, 'ltc_up{service="database"}') == figure(text, 'ltc_up{service="redis"}') == 1
    assert figure(text, 'ltc_due_rows{kind="handovers"}') >= 0


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"])
def test_through_a_proxy_it_does_not_exist(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.django_db
def test_from_another_machine_it_does_not_exist(client: Client, admin) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404
    client.force_login(admin)
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404, "not even for an administrator"


@pytest.mark.django_db
def test_with_a_token_the_token_decides(client: Client, settings) -> None:
    settings.LTC_METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 404
    given = {"Authorization": "Bearer a-long-token", "X-Forwarded-For": "10.0.0.7"}
    assert client.get("/metrics", headers=given, REMOTE_ADDR="10.0.0.7").status_code == 200
    assert client.post("/metrics", headers=given).status_code == 405


@pytest.mark.django_db
def test_a_dead_redis_is_told_and_hides_nothing_else(client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    text = client.get("/metrics").content.decode()
    assert (figure(text, 'ltc_up{service="redis"}'), figure(text, 'ltc_up{service="database"}')) == (0, 1)


@pytest.mark.django_db
def test_jobs_and_signs_of_life_are_counted(client: Client) -> None:
    life.job_ended("tests.some", "SUCCESS")
    life.job_ended("tests.some", "SUCCESS")
    life.job_ended("tests.some", "FAILURE")
    life._last.clear()
    life.sign("worker")
    text = client.get("/metrics").content.decode()
    assert figure(text, 'ltc_jobs_total{state="success",task="tests.some"}') == 2
    assert figure(text, 'ltc_jobs_total{state="failure",task="tests.some"}') == 1
    assert figure(text, 'ltc_processes{kind="worker"}') == 1
    assert figure(text, 'ltc_processes{kind="beat"}') == 0


@pytest.mark.django_db(transaction=True)
def test_processes_of_one_server_are_added_up(tmp_path: Path) -> None:
    """Two workers answer by turns; whichever is asked knows what both have answered."""
    with web(tmp_path / "web.log", LTC_WEB_WORKERS="2", LTC_WEB_THREADS="1") as port:
        for _ in range(20):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").read()
        for _ in range(4):
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
            assert figure(text, 'ltc_requests_total{method="GET",status="200",view="core:readyz"}') == 20


def test_a_sign_of_life_is_a_file_that_grows_old(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LTC_DATA", str(tmp_path))
    life._last.clear()
    assert probe.main(["worker"]) == 1, "none yet"
    life.sign("worker")
    assert (probe.main(["worker"]), probe.main(["beat"])) == (0, 1)
    monkeypatch.setattr(life, "STALE", -1)
    assert probe.main(["worker"]) == 1, "too old"


def test_a_disk_and_a_redis_that_fail_stop_no_worker(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LTC_DATA", str(tmp_path / "file"))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    life._last.clear()
    life.sign("worker")
    life.job_ended("tests.some", "SUCCESS")


@pytest.mark.parametrize("arguments", [[], ["database"]])
def test_the_probe_knows_three_processes(arguments: list[str]) -> None:
    assert probe.main(arguments) == 2
