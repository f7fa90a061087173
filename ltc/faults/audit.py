"""What must hold afterwards: every acknowledged write is there once with its log line, every notice came once."""

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ltc.faults.clients import Ledger, Write
from ltc.faults.demo import Demo, settings
from ltc.faults.mailbox import Mailbox
from ltc.local.paths import REPO

SHOWN = 5
# Rows a token made: the statement counts them by token.
ROWS = {
    "lead": "SELECT title, count(*) FROM leads_lead WHERE title = ANY(%s) GROUP BY 1",
    "add_follow_up": "SELECT text, count(*) FROM leads_followup WHERE text = ANY(%s) GROUP BY 1",
    "receipt": "SELECT reference, count(*) FROM billing_receipt WHERE reference = ANY(%s) GROUP BY 1",
    "file": "SELECT name, count(*) FROM process_attachment WHERE name = ANY(%s) GROUP BY 1",
}
# Log lines a token made.
LINES = {
    "lead": """SELECT r.title, count(*) FROM leads_lead r JOIN process_logentry l ON l.object_id = r.id
        AND l.kind = 'leads.lead' AND l.action = 'lead.open' WHERE r.title = ANY(%s) GROUP BY 1""",
    "receipt": """SELECT r.reference, count(*) FROM billing_receipt r JOIN process_logentry l ON l.object_id = r.id
        AND l.kind = 'billing.receipt' AND l.action = 'receipt.open' WHERE r.reference = ANY(%s) GROUP BY 1""",
    "edit": """SELECT changes->'need'->>1, count(*) FROM process_logentry WHERE action = 'lead.edit'
        AND changes->'need'->>1 = ANY(%s) GROUP BY 1""",
    "add_follow_up": """SELECT note, count(*) FROM process_logentry WHERE action = 'lead.add_follow_up'
        AND note = ANY(%s) GROUP BY 1""",
    "file": """SELECT changes->'file'->>1, count(*) FROM process_logentry WHERE action = 'lead.attach'
        AND changes->'file'->>1 = ANY(%s) GROUP BY 1""",
}
NOTED = """SELECT note, count(*) FROM process_logentry WHERE note = ANY(%s) AND action LIKE '%%.' || %s GROUP BY 1"""
WITHOUT_LINE = """SELECT r.kind || ' ' || r.code FROM process_caserecord r WHERE NOT EXISTS (
    SELECT 1 FROM process_logentry l WHERE l.kind = r.kind AND l.object_id = r.object_id)"""
OTHER_STATE = """SELECT record.code FROM {table} record JOIN LATERAL (SELECT state_to FROM process_logentry l
    WHERE l.kind = '{kind}' AND l.object_id = record.id AND state_to <> '' ORDER BY l.id DESC LIMIT 1) last ON true
    WHERE last.state_to <> record.state"""
WITH_STATE = {"leads.lead": "leads_lead", "billing.receipt": "billing_receipt"}
# Leads in work whose next act is over: each owner is told once a day.
DUE = """SELECT lead.code, (SELECT count(*) FROM accounts_notice n WHERE n.user_id = lead.owner_id
    AND n.key LIKE 'lead-next-act:' || lead.id || ':%%') FROM leads_lead lead
    WHERE lead.state IN ('assigned', 'working') AND lead.next_action_on < (now() AT TIME ZONE 'Asia/Shanghai')::date
    AND lead.owner_id IS NOT NULL"""
TWICE = """SELECT user_id || ' ' || split_part(key, ':', 1) || ' ' || split_part(key, ':', 2) FROM accounts_notice
    WHERE key LIKE 'lead-next-act:%%' GROUP BY user_id, split_part(key, ':', 1), split_part(key, ':', 2),
    (created_at AT TIME ZONE 'Asia/Shanghai')::date HAVING count(*) > 1"""
FILES = "SELECT name, file, sha256 FROM process_attachment WHERE added_at >= to_timestamp(%s)"
MAILS = """SELECT message_id, status FROM accounts_mail WHERE created_at >= to_timestamp(%s)"""


def _some(what: str, names: Iterable[str]) -> list[str]:
    found = list(names)
    return [f"{what}: {len(found)} ({', '.join(found[:SHOWN])})"] if found else []


def _stored(name: str, write: Write) -> str:
    return f"{write.token}.txt" if name == "file" else write.token


def _counts(demo: Demo, kind: str, writes: list[Write], statement: str) -> dict[str, int]:
    asked = [_stored(kind, write) for write in writes]
    return {token: count for token, count in demo.sql(statement, asked)}


def writes(demo: Demo, ledger: Ledger) -> list[str]:
    """Acknowledged: exactly one row and one line. Never acknowledged: at most one of each."""
    problems: list[str] = []
    for kind in sorted({write.kind for write in (*ledger.taken, *ledger.unknown)}):
        taken = [write for write in ledger.taken if write.kind == kind]
        unknown = [write for write in ledger.unknown if write.kind == kind]
        if kind not in ROWS and kind not in LINES:
            asked = [write.token for write in taken + unknown]
            found = {token: count for token, count in demo.sql(NOTED, asked, kind)}
            problems += _judge(f"log lines of {kind}", kind, taken, unknown, found)
        counted = []
        for what, table in (("rows", ROWS), ("log lines", LINES)):
            if kind in table:
                found = _counts(demo, kind, taken + unknown, table[kind])
                problems += _judge(f"{what} of {kind}", kind, taken, unknown, found)
                counted.append(found)
        if len(counted) == 2:
            differ = sorted(name for name, _times in counted[0].items() ^ counted[1].items())
            problems += _some(f"rows and log lines of {kind} differ", dict.fromkeys(differ))
    return problems


def _judge(what: str, kind: str, taken: list[Write], unknown: list[Write], found: dict[str, int]) -> list[str]:
    count = {write.token: found.get(_stored(kind, write), 0) for write in taken + unknown}
    return [
        *_some(f"{what}, acknowledged and lost", (_when(one) for one in taken if count[one.token] == 0)),
        *_some(f"{what}, doubled", (_when(one) for one in taken + unknown if count[one.token] > 1)),
    ]


def _when(write: Write) -> str:
    return f"{write.token} at {time.strftime('%H:%M:%S', time.localtime(write.at))}"


def log(demo: Demo) -> list[str]:
    """No row without its line, no state that the log does not know."""
    problems = _some("rows without log line", (row[0] for row in demo.sql(WITHOUT_LINE)))
    for kind, table in WITH_STATE.items():
        statement = OTHER_STATE.format(kind=kind, table=table)
        problems += _some(f"state of {kind} differs from log", (row[0] for row in demo.sql(statement)))
    return problems


def files(demo: Demo, media: Path, since: float) -> list[str]:
    """Each row has its file, whole; each file has its row."""
    rows = demo.sql(FILES, since)
    known = {str(row[1]) for row in rows}
    wrong = [row[0] for row in rows if _digest(media / row[1]) != row[2]]
    lying = [path for path in media.rglob("*") if path.is_file() and path.stat().st_mtime >= since]
    stray = [path.name for path in lying if str(path.relative_to(media)) not in known]
    return _some("files missing or broken", wrong) + _some("files without row", stray)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def notices(demo: Demo) -> list[str]:
    """Every due notice exactly once, after the jobs have caught up."""
    end = time.monotonic() + 90
    missing = ["?"]
    while missing and time.monotonic() < end:
        demo.ring("leads.tasks.remind_leads")
        time.sleep(3)
        missing = [row[0] for row in demo.sql(DUE) if row[1] == 0]
    return _some("due and not told", missing) + _some("told more than once", (row[0] for row in demo.sql(TWICE)))


def mails(demo: Demo, mailbox: Mailbox, since: float) -> list[str]:
    """Every mail at least once, each under its one Message-ID; nothing came that no row knows of."""
    end, rude_every, mailbox.rude_every = time.monotonic() + 120, mailbox.rude_every, 0
    rows = demo.sql(MAILS, since)
    while any(row[1] == "waiting" for row in rows) and time.monotonic() < end:
        demo.sql("UPDATE accounts_mail SET due_at = now() WHERE status = 'waiting'")  # nobody waits for the next try
        demo.ring("accounts.tasks.send_mails")
        time.sleep(3)
        rows = demo.sql(MAILS, since)
    mailbox.rude_every = rude_every
    known = Counter(row[0] for row in rows)
    # An earlier campaign may have left some: they come now, and have their row too.
    unknown = [one for one in mailbox.seen if one not in known]
    earlier = {row[0] for row in demo.sql("SELECT message_id FROM accounts_mail WHERE message_id = ANY(%s)", unknown)}
    return [
        *_some("mails not sent", (row[0] for row in rows if row[1] != "sent")),
        *_some("sent, but never came", (row[0] for row in rows if row[1] == "sent" and row[0] not in mailbox.seen)),
        *_some("came without a row", (one for one in unknown if one not in earlier)),
        *_some("one Message-ID for several", (one for one, count in known.items() if count > 1)),
    ]


def verify(demo: Demo) -> list[str]:
    """The product's own recomputation of everything."""
    owner = demo.postgres.url("ltc_owner")
    environ = os.environ | settings(demo.folder) | {"LTC_DATA": str(demo.folder), "LTC_OWNER": "1"}
    environ |= {"DATABASE_URL": owner, "DATABASE_OWNER_URL": owner, "REDIS_URL": demo.redis_url}
    command = [sys.executable, "manage.py", "verify"]
    result = subprocess.run(command, cwd=REPO, env=environ, capture_output=True, text=True, check=False)
    lines = (result.stdout + result.stderr).strip().splitlines()
    return [f"verify: {line}" for line in lines[:SHOWN]] if result.returncode else []
