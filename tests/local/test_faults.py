"""The short form of `./run faults`: all are killed under load, and nothing acknowledged is lost; and how it judges.

How fast things are back is judged by the command, on a machine that does nothing else.
"""

import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ltc.faults import left
from ltc.faults.__main__ import SHORT, options, plan
from ltc.faults.browser import Answer
from ltc.faults.campaign import CHAPTERS, Campaign, Plan
from ltc.faults.clients import Ledger, Write
from ltc.faults.demo import Demo
from ltc.faults.kills import LONGEST, VICTIMS, Round, Watch
from ltc.faults.mailbox import Mailbox
from ltc.faults.report import Figures, table, verdict
from ltc.local import demo_processes, fingerprint
from ltc.local.locks import held
from ltc.local.paths import REPO, data_folder
from ltc.local.processes import Process, wait_until

DEMOS = data_folder() / "test" / "faults"  # asked before the environment is cleaned


def prepared() -> Demo:
    """A stopped demo, kept from run to run: to migrate and seed one takes as long as the campaign itself."""
    kept = DEMOS / fingerprint.of_database()[:16]
    with held(DEMOS.parent / "locks" / "faults"):
        if not kept.exists():
            shutil.rmtree(DEMOS, ignore_errors=True)
            demo = Demo(DEMOS / "building")
            demo.start()
            try:
                assert wait_until(demo.ready, 600), demo.log.read_text(encoding="utf-8")[-3000:]
            finally:
                demo.stop()
            (DEMOS / "building").rename(kept)
    return Demo(kept)


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with a prepared demo in it."""
    folder = DEMOS.parent / f"faults-run-{os.getpid()}"
    prepared().copy(folder / "faults")
    yield folder
    shutil.rmtree(folder)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The campaign as a process of its own, its data below that folder."""
    command = [sys.executable, "-m", "ltc.faults", *arguments]
    environ = os.environ | {"LTC_DATA": str(folder), "PYTHONPATH": str(REPO)}
    return subprocess.Popen(command, cwd=REPO, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def everyone(folder: Path) -> list[int]:
    """Processes that name this folder, or work in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if str(folder).encode() in told + os.readlink(entry / "cwd").encode():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_whatever_is_killed_nothing_acknowledged_is_lost(data: Path) -> None:
    campaign = start(data, "--short")
    output, _ = campaign.communicate()
    figures: dict[str, Any] = json.loads((data / "faults" / "report.json").read_text(encoding="utf-8"))
    told = output[-3000:]
    assert figures["over"] and figures["problems"] == [], told
    assert Counter(one["victim"] for one in figures["rounds"]) == SHORT, told
    assert all(one["hit"] for one in figures["rounds"]), "somebody was hit"
    assert all(max(one["web"], one["worker"], one["beat"]) < LONGEST for one in figures["rounds"]), "all came back"
    assert sum(one["orphans"] for one in figures["rounds"]) == 0
    assert figures["acknowledged"].get("lead", 0) > 0 and figures["acknowledged"].get("receipt", 0) > 0
    assert figures["mails"]["mails"] > 0
    assert everyone(data) == []


def test_a_demo_started_again_takes_over_and_no_connection_is_refused(data: Path) -> None:
    demo, refused, over = Demo(data / "faults"), [], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            try:
                socket.create_connection(("127.0.0.1", demo.port), timeout=5).close()
            except OSError as error:
                refused.append(error)

    demo.start()
    try:
        demo.await_whole()
        before = demo.leaders()
        looking = threading.Thread(target=look)
        looking.start()
        demo.kill("runner", "all", lambda: None)
        assert all(before[name].alive for name in ("web", "worker", "beat"))
        demo.start()
        assert wait_until(lambda: demo.leaders().get("web") not in (None, before["web"]), 60)
        demo.await_whole(120)
        over.set()
        looking.join()
        after = demo.leaders()
        assert not refused
        assert set(after) == {"web", "worker", "beat", "spare", "postgres", "redis"}
        assert {name for name in after if after[name] == before[name]} == {"postgres", "redis"}
        assert not any(before[name].session() for name in ("web", "worker", "beat", "spare"))
    finally:
        over.set()
        demo.stop()


def test_a_campaign_that_is_killed_leaves_no_process(data: Path) -> None:
    campaign = start(data, "--short", "--only", "web")
    faults = data / "faults"
    try:
        assert wait_until(lambda: len(demo_processes.recorded(faults)) > 2, 300), "web and worker are there"
        runner = Process(**json.loads((faults / left.FILE).read_text()))
        assert runner.alive and len(everyone(data)) > 4
    finally:
        campaign.send_signal(signal.SIGKILL)
        campaign.communicate()
    assert wait_until(lambda: everyone(data) == [], 90)
    assert not runner.alive


def test_only_one_campaign_runs_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with left.guarded(tmp_path), monkeypatch.context() as hasty:
        hasty.setattr(left, "PATIENCE", 0.1)  # the guard of the first takes as long as it takes
        with pytest.raises(left.Problem, match="already runs"), left.guarded(tmp_path):
            pytest.fail("two at once")
    with left.guarded(tmp_path):  # the first is over
        # A process that has just begun has no words yet by which it is found.
        assert wait_until(lambda: bool(everyone(tmp_path)), 30), "its guard stands by"
    assert everyone(tmp_path) == []


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    """A campaign whose demo breaks at every touch."""

    class Broken(Demo):
        def start(self) -> None:
            raise OSError("no such machine")

    path = tmp_path / "report.json"
    everything = Plan(list(CHAPTERS), dict.fromkeys(SHORT, 1), clients=1, seconds=1)
    yield Campaign(everything, Broken(tmp_path / "faults"), Mailbox(), path)


def test_a_chapter_that_breaks_off_is_told_and_the_others_are_run(campaign: Campaign) -> None:
    campaign.run()
    told = json.loads(campaign.path.read_text(encoding="utf-8"))
    assert told["over"]
    for chapter in ("the demo", "kills", "outage"):
        assert any(one.startswith(f"{chapter}: broken off") for one in told["problems"]), told["problems"]
    assert any(one.startswith("disk: needs a prepared demo") or "only root" in one for one in told["skipped"])
    assert set(told["seconds"]) == {"the demo", "kills", "outage", "disk"}
    assert verdict(campaign.figures) == 1


@pytest.mark.parametrize("arguments", [["--only", "webb"], ["--rounds", "0"], ["--clients", "0"]])
def test_options_that_mean_nothing_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        options(arguments)


def test_the_whole_campaign_is_twenty_kills_of_each_and_eight_clients() -> None:
    whole, short = plan(options([])), plan(options(["--short"]))
    assert whole.chapters == list(CHAPTERS) and set(whole.rounds.values()) == {20}
    assert (whole.clients, whole.seconds, short.clients) == (8, 60, 2)
    assert short.chapters == list(SHORT) == [victim.name for victim in VICTIMS]
    assert short.takes() < whole.takes() < 35 * 60
    assert plan(options(["--only", "disk,web"])).chapters == ["web", "disk"]


@pytest.fixture
def figures() -> Figures:
    """One kill of each, all in time."""
    rounds = [Round(one.name, "all", 1, web=0.1, worker=0.1, beat=0.1, whole=4.0) for one in VICTIMS]
    return Figures(rounds=rounds)


def test_a_missed_bar_a_problem_and_an_orphan_are_told(figures: Figures, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(figures) == 0
    figures.rounds[0].web = 3.4
    figures.rounds[1].worker = 11.0
    figures.rounds[5].orphans = 2
    figures.problems.append("rows of lead, acknowledged and lost: 1 (f0)")
    assert verdict(figures) == 1
    told = capsys.readouterr().out
    for sentence in ("web killed: web back in 3.4 s", "worker killed: worker back in 11.0 s", "2 orphans", "lost: 1"):
        assert sentence in told
    assert "3.4" in table(figures)


def test_the_longest_silence_counts_not_the_first_answer() -> None:
    """A demo that answers at once, is silent for half a second in the middle, and answers again."""
    begun = time.monotonic()

    class Away:
        done = 0

        def ready(self) -> bool:
            return not 0.3 < time.monotonic() - begun < 0.8

        def jobs_done(self, task: str) -> int:
            return self.done

        def ring(self, task: str) -> None:
            self.done += 1

    result, over = Round("runner", "all", 1), threading.Event()
    watch = Watch(cast("Demo", Away()), done_before=0, hit=set())
    threading.Timer(1.2, over.set).start()
    watch.longest_silence(result, over)
    assert 0.5 <= result.web < LONGEST
    assert 0 < result.worker < LONGEST


def test_the_ledger_tells_taken_refused_and_unknown_apart() -> None:
    ledger = Ledger()
    for status in (302, 200, 409, 503, 0):
        answer = Answer(status)
        ledger.note("/leads/new/", answer)
        ledger.settle(Write("lead", f"f{status}"), answer)
    assert [write.token for write in ledger.taken] == ["f302", "f200"]
    assert [write.token for write in ledger.unknown] == ["f503", "f0"]
    assert ledger.refused == {"lead 409": 1}
    ledger.note("/leads/new/", Answer(500))
    assert ledger.broken == ["/leads/new/"]


def test_the_mailbox_hangs_up_without_an_answer() -> None:
    mailbox = Mailbox(rude_every=2)
    mailbox.start()
    try:
        letter = "Message-ID: <one@test>\r\nSubject: x\r\n\r\nx\r\n"
        with smtplib.SMTP("127.0.0.1", mailbox.port) as client:
            client.sendmail("a@test", ["b@test"], letter)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.sendmail("a@test", ["b@test"], letter)
    finally:
        mailbox.stop()
    assert (mailbox.seen, mailbox.hung_up) == ({"<one@test>": ["b@test", "b@test"]}, 1)
