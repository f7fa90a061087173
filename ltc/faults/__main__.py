"""`./run faults [--rounds 20] [--clients 8] [--only web,worker,…] [--seconds 60] [--short] [--json FILE]`."""

import argparse
import os
import signal
import sys
from pathlib import Path

from ltc.faults import report
from ltc.faults.campaign import CHAPTERS, Campaign, Plan
from ltc.faults.demo import Demo
from ltc.faults.kills import VICTIMS
from ltc.faults.left import guarded
from ltc.faults.mailbox import Mailbox
from ltc.local.console import Problem, say
from ltc.local.paths import data_folder

# Kills in the short form: enough to hit all processes of a part, and one of them alone.
SHORT = {"web": 2, "worker": 2, "beat": 1, "redis": 2, "postgres": 2, "runner": 1}


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./run faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often each process is killed")
    parser.add_argument("--clients", type=int, help="how many write at the same time (8; 2 in the short form)")
    parser.add_argument("--only", default="", help=f"chapters, separated by commas: {', '.join(CHAPTERS)}")
    parser.add_argument("--seconds", type=float, default=60, help="how long Redis stays away")
    parser.add_argument("--short", action="store_true", help="each process is killed once or twice, that is all")
    parser.add_argument("--json", default="", help="where the figures go (default: faults/report.json of LTC_DATA)")
    chosen = parser.parse_args(arguments)
    chosen.only = [name for name in chosen.only.split(",") if name]
    if chosen.clients is None:
        chosen.clients = 2 if chosen.short else 8
    if set(chosen.only) - set(CHAPTERS) or chosen.rounds < 1 or chosen.clients < 1:
        parser.error(f"--only takes {', '.join(CHAPTERS)}; rounds and clients are at least 1")
    return chosen


def plan(chosen: argparse.Namespace) -> Plan:
    """What these options ask for."""
    rounds = SHORT if chosen.short else {victim.name: chosen.rounds for victim in VICTIMS}
    chapters = [name for name in (rounds if chosen.short else CHAPTERS) if name in (chosen.only or CHAPTERS)]
    return Plan(chapters, rounds, chosen.clients, chosen.seconds)


def main(arguments: list[str]) -> int:
    """Start a demo of its own, break it, compare; 1 where something did not hold or a bar was missed."""
    chosen = options(arguments)
    folder = data_folder() / "faults"
    path = Path(chosen.json) if chosen.json else folder / "report.json"
    for name in ("DATABASE_URL", "REDIS_URL"):  # the campaign breaks nothing but what is its own
        os.environ.pop(name, None)
    mailbox = Mailbox()
    with guarded(folder):
        mailbox.start()
        try:
            demo = Demo(folder, {"LTC_SMTP_URL": mailbox.url, "LTC_MAIL_FROM": "ltc@example.com"})
            demo.environ["LTC_SITE_URL"] = f"http://127.0.0.1:{demo.port}"
            campaign = Campaign(plan(chosen), demo, mailbox, path)
            campaign.run()
        finally:
            mailbox.stop()
    say(report.table(campaign.figures))
    say(f"→ {path}")
    return report.verdict(campaign.figures)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has them ignored in the background
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Problem as problem:
        print(f"✗ {problem}", file=sys.stderr)
        sys.exit(1)
