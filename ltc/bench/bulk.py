"""What goes through in bulk: a list as CSV, history from a file. `python -m ltc.bench.bulk export|import ROWS`."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import django

EXPORT_SHARE, EXPORT_STATEMENTS, MEMORY_MB = 0.25, 5, 30.0
IMPORT_RATE = 2000.0
# Export and COPY turn and turn about; the median of the shares counts.
TURNS = 3
_MAPPING = """
source: bench
currency: CNY
tax: {basis: gross, code: "13"}
files:
  deals:
    path: deals.csv
    columns: {key: id, owner: who, customer: company, stage: stage, opened_on: from, closed_on: until, amount: value}
stages: {open: lead}
"""


def memory(name: str) -> float:
    """A figure of this process in MB: VmRSS now, or VmHWM, the most since `forget_peak`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def forget_peak() -> None:
    """The most memory counts anew from here."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def export(_rows: int) -> dict[str, Any]:
    """The lead list as a streamed CSV file, beside COPY of the same rows and fields."""
    from django.db import connection
    from django.test import Client

    from accounts.models import User
    from leads.models import Lead
    from ltc.bench.visits import PEOPLE

    client: Any = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username=PEOPLE["admin"]))
    path = "/leads/export/?format=csv"
    for _chunk in client.get(f"{path}&q=nobody-is-called-so").streaming_content:
        pass
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    forget_peak()
    before = memory("VmHWM")
    shares, times = [], []
    for _turn in range(TURNS):
        asked.clear()
        begun = time.perf_counter()
        with connection.execute_wrapper(note):
            size = sum(len(chunk) for chunk in client.get(path).streaming_content)
        times.append(time.perf_counter() - begun)
        shares.append(_copied() / times[-1])
    grown = memory("VmHWM") - before
    number, share, took = Lead.objects.count(), median(shares), median(times)
    misses = [f"{share:.0%} of COPY < {EXPORT_SHARE:.0%}"] if share < EXPORT_SHARE else []
    misses += [f"memory + {grown:.0f} MB > {MEMORY_MB:.0f}"] if grown > MEMORY_MB else []
    misses += [f"{len(asked)} statements > {EXPORT_STATEMENTS}"] if len(asked) > EXPORT_STATEMENTS else []
    return {
        "workload": "CSV export",
        "rows": number,
        "rows_per_second": round(number / took),
        "megabytes": round(size / 2**20, 1),
        "share_of_copy": round(share, 3),
        "memory_mb": round(grown, 1),
        "statements": len(asked),
        "misses": misses,
    }


def _copied() -> float:
    """Seconds that COPY takes to read the fields of the list, names of owner and source with them."""
    from django.db import connection

    query = (
        "COPY (SELECT l.code, l.title, l.company_name, t.zh, l.temperature, l.gross_amount, l.next_action_on, "
        "u.name, l.state FROM leads_lead l LEFT JOIN accounts_user u ON u.id = l.owner_id "
        "LEFT JOIN core_term t ON t.id = l.source_id ORDER BY l.id DESC) TO STDOUT WITH CSV"
    )
    begun = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(query) as rows:
        for _row in rows:
            pass
    return time.perf_counter() - begun


def import_(rows: int) -> dict[str, Any]:
    """History of open leads: keys and companies are compared with what is here, one company in twenty deals."""
    from exchange.mapping import read_mapping
    from exchange.services.history import import_history

    marks: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "deals.csv").open("w", encoding="utf-8") as file:
            file.write("id,who,company,stage,from,until,value\n")
            for number in range(rows):
                file.write(f"B{number},seller {number % 50},Bulk {number // 20} Ltd,open,2025-01-02,,{1130 + number}\n")
        (folder / "mapping.yaml").write_text(_MAPPING, encoding="utf-8")
        mapping = read_mapping(folder / "mapping.yaml", folder)
        begun, used = time.perf_counter(), time.process_time()
        tally = import_history(mapping, folder / "rejected.csv", progress=lambda _tally: marks.append(memory("VmRSS")))
        took, cpu = time.perf_counter() - begun, time.process_time() - used
    rate, grown = tally.imported / took, max(marks) - marks[len(marks) // 5]
    misses = [f"{rate:.0f} rows/s < {IMPORT_RATE:.0f}"] if rate < IMPORT_RATE else []
    misses += [f"memory + {grown:.0f} MB > {MEMORY_MB:.0f}"] if grown > MEMORY_MB else []
    misses += [f"{rows - tally.imported} of {rows} rows were not taken in"] if tally.imported != rows else []
    return {
        "workload": "import of history",
        "rows": rows,
        "rows_per_second": round(rate),
        "seconds_of_python": round(cpu, 1),
        "memory_mb": round(grown, 1),
        "misses": misses,
    }


def main() -> None:
    """Print the figures as one JSON object."""
    kind, rows = sys.argv[1], int(sys.argv[2])
    print(json.dumps({"export": export, "import": import_}[kind](rows)))


if __name__ == "__main__":
    os.environ.setdefault("LTC_LOG_LEVEL", "WARNING")
    django.setup()
    main()
