"""The rows of the measured company, table by table, in the order in which they refer to each other."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from customers.models import Contact, Customer
from finance.models import CostBook
from leads.models import Lead
from ltc.bench import company as c
from ltc.bench.copying import NULL
from ltc.bench.papers import Papers, Rows
from process.models import Case, CaseRecord, LogEntry, Seat
from process.services.log import mac_of
from projects.models import Project, StageEntry


class Records(Papers):
    """Writes a company of one size through `load(model, names, rows, **fixed)`."""

    MODELS = (
        Customer, Contact, Lead, CostBook, Project, StageEntry, Seat, CaseRecord, LogEntry, Case, *Papers.MODELS,
    )  # fmt: skip

    def write(self) -> Iterator[tuple[str, int]]:
        """Every table, as (name, rows written)."""
        for step in (
            self.customers, self.contacts, self.leads, self.books, self.projects, self.stage_entries, self.solutions,
            self.quotes, self.contracts, self.contract_lines, self.terms, self.term_taxes, self.releases,
            self.receivables, self.receivable_taxes, self.invoices, self.invoice_lines, self.receipts,
            self.allocations, self.sheets, self.lines, self.totals, self.ledger, self.seats, self.case_records,
            self.log, self.cases,
        ):  # fmt: skip
            yield step.__name__, step()

    # Registers ---------------------------------------------------------------------------------
    def customers(self) -> int:
        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                owner, room = self.who(n)
                name, at = c.company_name(n), self._at(n, self.size.half)
                code = f"CU-2023-{n:06d}"
                key = name.replace(" ", "").lower()
                text = f"{code} {name}".lower()
                yield n, self.size.case_of_customer(n), code, name, owner, room, owner, at, at, key, key, text

        names = ("id", "case_id", "code", "title", "owner_id", "department_id", "created_by_id")
        return self.load(
            Customer,
            (*names, "created_at", "state_since", "name_key", "name_core", "search_text"),
            rows(),
            imported=True,
        )

    def contacts(self) -> int:
        def rows() -> Rows:
            for n in range(1, self.size.leads + 1):
                yield n, (n + 1) // 2, f"Contact {n}", f"138{n:08d}", f"contact {n} 138{n:08d}"

        return self.load(Contact, ("id", "customer_id", "name", "phone", "search_text"), rows())

    # Deals -------------------------------------------------------------------------------------
    def leads(self) -> int:
        source = [pk for (name, _code), pk in self.words.items() if name == "lead.source"]
        waits = self.word("lead.hold")

        def rows() -> Rows:
            for n in range(1, self.size.leads + 1):
                owner, room = self.who(n)
                state, company, title = c.lead_state(n), c.company_name(n), c.title(n)
                code, at = f"LD-2023-{n:06d}", self._at(n, self.size.leads)
                held = NULL if state in c.HELD_BY_NOBODY else owner
                sleeps = state == "nurturing"
                phone = f"139{n:08d}"
                yield (
                    n, n, code, title, held, room, owner, at, at, state, company, source[n % len(source)],
                    ("cold", "warm", "hot")[n % 3], c.amounts(n)[0], c.DAYS[n * 31 % 1100], phone, phone,
                    company.replace(" ", "").lower(), (n + 1) // 2 if state == "converted" else NULL,
                    "2030-01-01" if sleeps else NULL, waits if sleeps else NULL,
                    f"{code} {title} {company} person {n} {phone}".lower(),
                )  # fmt: skip

        names = (
            "id", "case_id", "code", "title", "owner_id", "department_id", "created_by_id", "created_at", "state_since",
            "state", "company_name", "source_id", "temperature", "gross_amount", "next_action_on", "phone", "phone_key",
            "name_key", "customer_id", "wake_on", "hold_reason_id", "search_text",
        )  # fmt: skip
        need = "What the customer told us in the first talk, in two sentences. A second talk is agreed."
        return self.load(Lead, names, rows(), imported=True, need=need, contact_name="Person", next_action="Call again")

    def books(self) -> int:
        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                spent = c.cost(n, "0.5") if n % 2 == 0 else 0
                owner, at = self.who(n)[0], self._at(n, self.size.half)
                code, title = f"CB-2023-{n:06d}", c.title(n)
                text = f"{code} {title}".lower()
                yield n, self.size.case_of_project(n), code, title, owner, spent, c.cost(n, "0.1"), at, text

        names = ("id", "case_id", "code", "title", "owner_id", "net_cost", "net_committed", "opened_at", "search_text")
        return self.load(CostBook, names, rows())

    def projects(self) -> int:
        variant = self.word("variant")

        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                owner, room = self.who(n)
                state, stage = c.project_state(n)
                code, at, title = f"PJ-2023-{n:06d}", self._at(n, self.size.half), c.title(n)
                lead = 4 * n if n <= self.size.quarter else NULL
                text = f"{code} {title} {c.company_name(n)}".lower()
                yield (
                    n, self.size.case_of_project(n), code, title, owner, room, owner, at, at, state, stage, lead, n, n,
                    c.amounts(n)[0], n % 100, c.DAYS[n * 17 % 1100], text,
                )  # fmt: skip

        names = (
            "id", "case_id", "code", "title", "owner_id", "department_id", "created_by_id", "created_at", "state_since",
            "state", "stage", "lead_id", "book_id", "customer_id", "gross_amount", "win_probability",
            "expected_sign_on", "search_text",
        )  # fmt: skip
        return self.load(Project, names, rows(), imported=True, variant_id=variant, objectives="Objectives", level="B")

    def stage_entries(self) -> int:
        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                yield c.project_state(n)[1], n, self._at(n, self.size.half), self.who(n)[0]

        return self.load(StageEntry, ("stage", "project_id", "entered_at", "by_id"), rows())

    # The kernel's own rows --------------------------------------------------------------------------
    def seats(self) -> int:
        """The iron triangle of every project; of those that are over the seats have ended."""

        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                begin = c.day(n, self.size.half).isoformat()
                during = f"[{begin},)" if c.is_running(c.project_state(n)[0]) else f"[{begin},2026-06-01)"
                case, place = self.size.case_of_project(n), c.person(n)
                for offset, role in enumerate(("ar", "sr", "fr")):
                    yield case, role, self.ids[(place + 7 * offset) % c.PEOPLE], during

        return self.load(Seat, ("case_id", "role", "user_id", "during"), rows())

    def case_records(self) -> int:
        names = (
            "case_id", "kind", "object_id", "code", "title", "state", "stage", "is_open", "holder_id", "department_id",
            "since",
        )  # fmt: skip
        return self.load(CaseRecord, names, self._case_records())

    def _case_records(self) -> Rows:
        for n in range(1, self.size.leads + 1):
            state, (owner, room) = c.lead_state(n), self.who(n)
            is_open = state not in ("converted", "invalid")
            holder = owner if is_open and state not in c.HELD_BY_NOBODY else NULL
            at = self._at(n, self.size.leads)
            yield n, "leads.lead", n, f"LD-2023-{n:06d}", c.title(n), state, "lead", is_open, holder, room, at
        for n in range(1, self.size.half + 1):
            (state, _stage), (owner, room) = c.project_state(n), self.who(n)
            case, at, running = self.size.case_of_project(n), self._at(n, self.size.half), c.is_running(state)
            holder = owner if running else NULL
            row = (
                case,
                "projects.project",
                n,
                f"PJ-2023-{n:06d}",
                c.title(n),
                state,
                "initiation",
                running,
                holder,
                room,
            )
            yield *row, at
        for k in range(1, self.size.quarter + 1):
            yield from self._papers_of(k)

    def _papers_of(self, k: int) -> Rows:
        n = 2 * k
        over = c.project_state(n)[0] == "closed"
        owner, room = self.who(n)
        for kind, prefix, state, stage, is_open in (
            ("solutions.solution", "SL", "won", "solution", False),
            ("solutions.quote", "QT", "accepted", "solution", False),
            ("contracts.contract", "CT", "closed" if over else "effective", "contract", not over),
            ("billing.receivableline", "RL", "eligible", "delivery", not over),
            ("billing.invoice", "IV", "delivered", "delivery", False),
        ):
            case, code = self.size.case_of_project(n), f"{prefix}-2023-{k:06d}"
            holder = owner if is_open else NULL
            yield case, kind, k, code, c.title(n), state, stage, is_open, holder, room, self._at(k, self.size.quarter)
        at = self._at(k, self.size.quarter)
        for pk in (2 * k - 1, 2 * k):
            case, code = self.size.case_of_project(n), f"CS-2023-{pk:07d}"
            yield case, "finance.costsheet", pk, code, "Costing", "approved", "", False, NULL, room, at
        if over:
            case, code = self.size.case_of_receipt(k), f"RC-2023-{k:06d}"
            yield case, "billing.receipt", k, code, c.title(n), "confirmed", "", False, NULL, room, at

    # The log ---------------------------------------------------------------------------------------
    def log(self) -> int:
        """One line per lead, project and contract, forty on some; the chains are valid."""
        names = (
            "case_id", "seq", "at", "kind", "object_id", "action", "state_to", "actor_name", "user_id", "mac",
        )  # fmt: skip
        return self.load(LogEntry, names, self._log(), actor_kind="user", note="bench")

    def _log(self) -> Rows:
        for n in range(1, self.size.leads + 1):
            yield self._entry(n, "leads.lead", n, "lead.adopt", c.lead_state(n), n)
            if n % c.TALKED_ABOUT == 0:
                for _talk in range(c.TALK):
                    yield self._entry(n, "leads.lead", n, "lead.add_follow_up", "", n)
        for n in range(1, self.size.half + 1):
            case = self.size.case_of_project(n)
            yield self._entry(case, "projects.project", n, "project.adopt", c.project_state(n)[0], n)
        for k in range(1, self.size.quarter + 1):
            case = self.size.case_of_project(2 * k)
            yield self._entry(case, "contracts.contract", k, "contract.adopt", "closed", 2 * k)

    def _entry(self, case: int, kind: str, pk: int, action: str, state: str, number: int) -> tuple[Any, ...]:
        length, head = self.heads.get(case, (0, ""))
        place = c.person(number)
        entry = _Entry(case, length + 1, c.moment(number, self.size.leads), kind, pk, action, state, self.ids[place])
        mac = mac_of(cast("LogEntry", entry), head)
        self.heads[case] = (entry.seq, mac)
        return case, entry.seq, entry.at, kind, pk, action, state, entry.actor_name, entry.user_id, mac

    def cases(self) -> int:
        def rows() -> Rows:
            for case in range(1, self.size.cases + 1):
                yield case, f"Case {case}", *self.heads.get(case, (0, ""))

        return self.load(Case, ("id", "title", "log_length", "log_head"), rows())


@dataclass(slots=True)
class _Entry:
    """What the chain's seal covers, without the weight of a model."""

    case_id: int
    seq: int
    at: dt.datetime
    kind: str
    object_id: int
    action: str
    state_to: str
    user_id: int
    state_from: str = ""
    actor_kind: str = "user"
    actor_name: str = "bench"
    ip: str | None = None
    note: str = "bench"
    changes: dict[str, Any] = field(default_factory=dict)
