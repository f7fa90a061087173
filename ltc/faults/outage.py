"""Redis away for a minute: pages work, and jobs catch up."""

import signal
import time
from collections.abc import Callable

from ltc.faults import left
from ltc.faults.browser import Browser
from ltc.faults.clients import Ledger
from ltc.faults.demo import PROBE, Demo
from ltc.faults.load import Load
from ltc.faults.report import Figures
from ltc.local.console import say, step
from ltc.local.processes import wait_until
from ltc.local.redis import Redis as RedisServer

PAGES = ("/", "/leads/", "/leads/board/", "/projects/", "/receipts/", "/notices/", "/leads/new/")
SLOWEST = 10.0  # seconds: a page that waits for Redis waits no longer than its time limit
CATCH_UP = 30.0  # seconds after Redis is back
BELL = "accounts.tasks.send_mails"  # beat rings it every minute
BELLS = 90.0  # seconds after which beat must have rung by itself


def run(
    demo: Demo, figures: Figures, compare: Callable[[Ledger], None], *, clients: int = 8, seconds: float = 60
) -> None:
    """A Redis of the campaign's own, so that nobody starts it again while it is to be away."""
    server = RedisServer(left.outage_folder(demo.folder))
    server.start()
    demo.environ["REDIS_URL"] = server.url()
    try:
        with step("the demo on a Redis of its own"):
            demo.start()
            demo.await_whole()
        ledger = Ledger()
        with Load(demo, clients, ledger), step(f"Redis away for {seconds:.0f} s"):
            figures.problems += _away(demo, server, ledger, figures, seconds)
        with step("comparing"):
            compare(ledger)
    finally:
        demo.stop()
        server.stop()
        del demo.environ["REDIS_URL"]


def _away(demo: Demo, server: RedisServer, ledger: Ledger, figures: Figures, seconds: float) -> list[str]:
    reader = Browser(demo.port, "ar", "lead-to-cash-demo")
    reader.sign_in()
    done, rung, taken = demo.jobs_done(PROBE), demo.jobs_done(BELL), len(ledger.taken)
    process = server.process()
    if process:
        process.stop(signal.SIGKILL, seconds=5)
    problems, pages, begun = [], 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        for path in PAGES:
            asked = time.monotonic()
            answer = reader.get(path)
            pages += 1
            if answer.status != 200 or time.monotonic() - asked > SLOWEST:
                problems.append(f"Redis away: {path} answered {answer.status} in {time.monotonic() - asked:.1f} s")
        time.sleep(0.5)
    written = len(ledger.taken) - taken
    if not written:
        problems.append("Redis away: nothing could be written")
    server.start()
    back = time.monotonic()
    demo.ring(PROBE)
    caught_up = wait_until(lambda: demo.jobs_done(PROBE) > done, CATCH_UP)
    if not caught_up:
        problems.append(f"Redis back: no job was done within {CATCH_UP:.0f} s")
    took = time.monotonic() - back
    if not wait_until(lambda: demo.jobs_done(BELL) > rung, BELLS):
        problems.append(f"Redis back: beat has rung nothing within {BELLS:.0f} s")
    figures.chapters["Redis away"] = (
        f"{seconds:.0f} s, {pages} pages, {written} writes; back, a job was done after {took:.1f} s, "
        f"and one that beat rang by itself after {time.monotonic() - back:.1f} s"
    )
    say(f"  {figures.chapters['Redis away']}")
    return problems[:5]
