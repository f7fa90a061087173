"""`./run bench [--sizes 1000,100000,1000000] [--samples 30] [--rounds 3] [--only WORD] [--plans-only]`."""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

from ltc.bench import report
from ltc.bench.databases import Databases, folder
from ltc.bench.measure import Site, measure
from ltc.bench.report import Report
from ltc.bench.server import Server
from ltc.bench.workloads import WORKLOADS
from ltc.local import environment
from ltc.local.console import Problem, say, step
from ltc.local.paths import REPO
from ltc.local.services import Services

WHO = ("admin", "team")
EXPLAINED = 20_000  # in a smaller table a scan is the right plan
LARGE, IMPORTED = 100_000, 50_000  # rows of the export and of the import that the bars speak of


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--sizes", default="1000,100000,1000000", help="numbers of leads; cost is taken at the smallest"
    )
    parser.add_argument("--samples", type=int, default=30, help="requests of each kind in a round")
    parser.add_argument("--rounds", type=int, default=3, help="the worst round counts")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--plans-only", action="store_true", help="only explain what the pages ask at the largest size")
    parser.add_argument("--json", default="", help="where the figures go (default: bench/report.json of LTC_DATA)")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Make the data, measure, print and write the table; 1 where a bar is missed."""
    chosen = options(arguments)
    sizes = sorted({int(size) for size in chosen.sizes.split(",") if size.strip().isdecimal()})
    if not sizes:
        raise Problem("--sizes takes numbers of leads, separated by commas: --sizes 1000,100000.")
    services = Services(folder())
    services.acquire()
    try:
        environment.fill(os.environ, services)
        databases = Databases(services)
        _collect_static(databases)
        for size in sizes:
            databases.ensure(size)
        found = Report(folder() / (chosen.json or "report.json"))
        _run(databases, sizes, chosen, found)
    finally:
        services.release()
    if found.results:
        say(report.table(found.results))
    say(f"→ {found.path}")
    return report.verdict(found)


def _collect_static(databases: Databases) -> None:
    """Pages name their files by hash, which a manifest has to know."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=REPO, env=os.environ | {"DATABASE_URL": databases.postgres.url("ltc_app")}, check=True)


def _run(databases: Databases, sizes: list[int], chosen: argparse.Namespace, found: Report) -> None:
    """Everything that was asked for; the report is written after every figure, and an error costs one of them."""
    if sizes[-1] >= EXPLAINED and not chosen.only:
        with step(f"plans at {sizes[-1]:,} leads"), found.guard("plans"):
            found.plans += _python("plans", databases.url(sizes[-1]))
    if chosen.plans_only:
        return
    for kind in ("export", "import"):
        if chosen.only in f"bulk {kind}":
            with step(f"bulk {kind}"), found.guard(f"bulk {kind}"):
                found.bulk.append(_bulk(kind, databases, sizes))
                say(f"  {found.bulk[-1]}")
    with ExitStack() as running:
        sites = []
        for size in sizes:
            visits = _python("visits", databases.url(size))
            sites.append(Site(size, running.enter_context(Server(databases.url(size))).port, visits))
        for workload in WORKLOADS:
            if chosen.only not in workload.name:
                continue
            for who in WHO[: 1 if workload.anonymous else 2]:
                name = f"{workload.name} as {who}"
                with step(name), found.guard(name):
                    found.results.append(measure(workload, who, sites, chosen.samples, chosen.rounds))
                    say(f"  {report.line(found.results[-1])}")


def _bulk(kind: str, databases: Databases, sizes: list[int]) -> Any:
    """The list of the smallest large size as CSV; history into a copy of the smallest database."""
    if kind == "export":
        size = next((one for one in sizes if one >= LARGE), sizes[-1])
        return _python("bulk", databases.url(size), kind, str(size))
    with databases.copy(sizes[0]) as url:
        return _python("bulk", url, kind, str(IMPORTED if sizes[-1] >= LARGE else IMPORTED // 10))


def _python(module: str, url: str, *arguments: str) -> Any:
    """What a module of this package prints about a database, in a process of its own."""
    environ = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ltc.bench.settings"}
    command = [sys.executable, "-m", f"ltc.bench.{module}", *arguments]
    result = subprocess.run(command, cwd=REPO, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise Problem(f"{' '.join(command[1:])} ended with {result.returncode}.")
    return json.loads(result.stdout.splitlines()[-1])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(f"✗ {problem}", file=sys.stderr)
        sys.exit(1)
