"""`./run manage verify`: one corruption per invariant, planted as the owner of the database, is found and named.

One deal is carried from lead to final accounts and kept for the module. Each test works as the owner, whom neither
triggers nor grants hold, in a transaction of its own that is rolled back.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone, translation

from ltc.demo.company import WAY
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal
from ltc.local.testing import TestRun
from process.models import Case, LogEntry
from process.services.anchors import anchor_heads
from process.services.log import mac_of
from tests.services import worker_name


def carry(deal: Deal) -> None:
    """The whole way; the warranty ends 400 days after the start."""
    begun = timezone.now()
    for name, step in WAY:
        if name == "retention paid":
            with time_machine.travel(begun + dt.timedelta(days=400)):
                step(deal)
        elif name == "closed":
            with time_machine.travel(begun + dt.timedelta(days=430)):
                step(deal)
        else:
            step(deal)


@pytest.fixture(scope="module")
def deal(django_db_setup: None, django_db_blocker: Any, database_template: str) -> Iterator[Deal]:
    """The deal, committed; from then on the tests of this module are the database's owner."""
    run = TestRun.current()
    name = run.database(worker_name())
    with django_db_blocker.unblock():
        made = Deal(HOSPITAL, make_people())
        make_entity()
        carry(made)
        app, owner = dict(connection.settings_dict), urlsplit(run.owner)
        connections.close_all()
        connection.settings_dict.update(USER=owner.username, PASSWORD=owner.password)
        yield made
        connections.close_all()
        connection.settings_dict.update(USER=app["USER"], PASSWORD=app["PASSWORD"])
        run.clone(name, database_template)
        cache.clear()


@pytest.fixture
def books(deal: Deal) -> Iterator[Deal]:
    """The deal in a transaction that is rolled back, with the triggers of all its tables asleep."""
    with transaction.atomic():
        yield deal
        transaction.set_rollback(True)


def execute(sql: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def plant(table: str, sql: str, *values: Any) -> None:
    """Change rows past every guard: as the owner may, triggers and constraints of the table are put away first."""
    execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    with connection.cursor() as cursor:
        kinds = "c.contype IN ('c', 'x') AND c.conrelid = %s::regclass"
        cursor.execute(f"SELECT conname FROM pg_constraint c WHERE {kinds}", [table])
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    assert execute(sql, *values) > 0, "nothing was planted"


def verify() -> list[str]:
    """What the command complains about, in English."""
    out = io.StringIO()
    with translation.override("en"):
        try:
            call_command("verify", stdout=out, stderr=io.StringIO())
        except SystemExit as end:
            assert end.code == 1
            found = [line for line in out.getvalue().splitlines() if line.startswith("✗ ")]
            assert found
            return found
    assert out.getvalue().endswith("verify: clean\n")
    return []


def test_an_honest_deal_is_clean(books: Deal) -> None:
    books.project.refresh_from_db()
    assert (books.project.state, books.project.stage) == ("closed", "closed")
    assert verify() == []


# The log ----------------------------------------------------------------------------------------------
def log_of(deal: Deal) -> list[LogEntry]:
    return list(LogEntry.objects.filter(case_id=deal.project.case_id).order_by("seq"))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "'rewritten'"),
        ("changes", "'{}'"),
        ("state_to", "'draft'"),
        ("actor_name", "'somebody else'"),
        ("at", "at - interval '1 day'"),
        ("user_id", "NULL"),
    ],
)
def test_an_altered_entry_is_found(books: Deal, column: str, value: str) -> None:
    entry = next(one for one in log_of(books) if one.changes and one.state_to and one.user_id)
    plant("process_logentry", f"UPDATE process_logentry SET {column} = {value} WHERE id = %s", entry.pk)
    assert verify() == [f"✗ process: log: case {entry.case_id}: entry {entry.seq} ({entry.action}) was altered"]


def test_a_missing_entry_is_found(books: Deal) -> None:
    entry = log_of(books)[5]
    plant("process_logentry", "DELETE FROM process_logentry WHERE id = %s", entry.pk)
    assert verify() == [f"✗ process: log: case {entry.case_id}: entry {entry.seq} is missing"]


def test_a_tail_cut_off_is_found(books: Deal) -> None:
    last = log_of(books)[-1]
    plant("process_logentry", "DELETE FROM process_logentry WHERE id = %s", last.pk)
    end = f"the chain ends at entry {last.seq - 1}, the case says {last.seq}"
    assert verify() == [f"✗ process: log: case {last.case_id}: {end}"]


def test_an_entry_added_at_the_end_is_found(books: Deal) -> None:
    last = log_of(books)[-1]
    last.pk, last.seq, last.note, last.mac = None, last.seq + 1, "forged", "0" * 64
    last.save(force_insert=True)
    assert any(f"entry {last.seq} ({last.action}) was altered" in line for line in verify())


def test_a_log_torn_out_is_found(books: Deal) -> None:
    case_id, length = books.project.case_id, len(log_of(books))
    plant("process_logentry", "DELETE FROM process_logentry WHERE case_id = %s", case_id)
    assert verify() == [f"✗ process: log: case {case_id}: all {length} entries are missing"]


def test_a_chain_rewritten_with_the_key_is_found_by_its_anchor(books: Deal, tmp_path, settings) -> None:
    """Whoever has database and key can forge a whole chain, head and all; the anchor outside says another."""
    settings.LTC_ANCHOR_FILE = tmp_path / "anchors.jsonl"
    anchor_heads()
    assert verify() == []
    execute("ALTER TABLE process_logentry DISABLE TRIGGER USER")
    case, mac = Case.objects.get(pk=books.project.case_id), ""
    for entry in log_of(books):
        entry.note = "all was well" if entry.seq == 3 else entry.note
        entry.mac = mac = mac_of(entry, mac)
        entry.save()
    case.log_head = mac
    case.save()
    found = verify()
    assert len(found) == 1
    assert f"✗ process: anchor: case {case.pk}: entry {case.log_length} is not the one anchored" in found[0]


# Seats and the kernel's own rows ----------------------------------------------------------------------
def test_a_double_seat_is_found(books: Deal) -> None:
    case_id = books.project.case_id
    plant(
        "process_seat",
        "INSERT INTO process_seat (case_id, role, user_id, during) VALUES (%s, 'ar', %s, tstzrange(now(), NULL))",
        case_id,
        books.who("ar2").pk,
    )
    assert verify() == [f"✗ process: seat: case {case_id}: the seat ar has two holders"]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE process_caserecord SET state = 'draft'", "its case says draft"),
        ("DELETE FROM process_caserecord", "its case says nothing"),
        ("UPDATE contracts_contract SET state = 'signed'", "is signed, its case says closed"),
    ],
)
def test_a_case_record_that_drifted_is_found(books: Deal, sql: str, says: str) -> None:
    table = "contracts_contract" if "contracts_contract" in sql else "process_caserecord"
    where = "id = %s" if table == "contracts_contract" else "kind = 'contracts.contract' AND object_id = %s"
    plant(table, f"{sql} WHERE {where}", books.contract.pk)
    found = [line for line in verify() if line.startswith("✗ process: case record: ")]
    assert len(found) == 1
    assert books.contract.code in found[0] and says in found[0]


# Money ------------------------------------------------------------------------------------------------
Where = Callable[[Deal], int]
book: Where = lambda deal: deal.project.book_id  # noqa: E731
contract: Where = lambda deal: deal.contract.pk  # noqa: E731
project: Where = lambda deal: deal.project.pk  # noqa: E731
closing: Where = lambda deal: deal.closing.pk  # noqa: E731

TERM = "(SELECT min(id) FROM contracts_paymentterm WHERE contract_id = %s)"
LINE = "(SELECT min(id) FROM billing_receivableline WHERE contract_id = %s)"
RECEIPT = "(SELECT min(id) FROM billing_receipt WHERE contract_id = %s)"
INVOICE = "(SELECT min(id) FROM billing_invoice WHERE contract_id = %s)"
ORDER = "(SELECT min(id) FROM purchasing_purchaseorder WHERE book_id = %s)"
BILL = f"(SELECT min(id) FROM purchasing_bill WHERE order_id = {ORDER})"

# table, corruption, whose id stands for %s, area, what is said
CORRUPTIONS: dict[str, tuple[str, str, Where, str, str]] = {
    "book total": (
        "finance_costbook",
        "UPDATE finance_costbook SET net_cost = net_cost + 1 WHERE id = %s",
        book,
        "finance",
        "The kept totals differ from the ledger.",
    ),
    "committed total": (
        "finance_costbook",
        "UPDATE finance_costbook SET net_committed = net_committed - 1 WHERE id = %s",
        book,
        "finance",
        "The kept totals differ from the ledger.",
    ),
    "recognised revenue": (
        "finance_costbook",
        "UPDATE finance_costbook SET net_recognised = net_recognised + 1 WHERE id = %s",
        book,
        "finance",
        "The kept totals differ from the ledger.",
    ),
    "category total": (
        "finance_booktotal",
        "UPDATE finance_booktotal SET net_cost = net_cost + 1 WHERE book_id = %s AND net_cost > 0",
        book,
        "finance",
        "differs from the ledger.",
    ),
    "category total gone": (
        "finance_booktotal",
        "DELETE FROM finance_booktotal WHERE book_id = %s",
        book,
        "finance",
        "differs from the ledger.",
    ),
    "ledger entry altered": (
        "finance_ledgerentry",
        "UPDATE finance_ledgerentry SET net_amount = net_amount + 1 WHERE book_id = %s AND nature = 'cost'",
        book,
        "finance",
        "The kept totals differ from the ledger.",
    ),
    "ledger entry gone": (
        "finance_ledgerentry",
        "DELETE FROM finance_ledgerentry WHERE book_id = %s AND nature = 'recognised'",
        book,
        "finance",
        "The kept totals differ from the ledger.",
    ),
    "sheet total": (
        "finance_costsheet",
        "UPDATE finance_costsheet SET net_cost = net_cost + 1 WHERE book_id = %s AND kind = 'budget'",
        book,
        "finance",
        "The lines do not sum to the costing.",
    ),
    "sheet line": (
        "finance_costline",
        "UPDATE finance_costline SET net_amount = net_amount + 1 WHERE sheet_id IN "
        "(SELECT id FROM finance_costsheet WHERE book_id = %s)",
        book,
        "finance",
        "The lines do not sum to the costing.",
    ),
    "purchase order": (
        "purchasing_purchaseorder",
        f"UPDATE purchasing_purchaseorder SET gross_amount = gross_amount + 1 WHERE id = {ORDER}",
        book,
        "purchasing",
        "The lines do not sum to the order.",
    ),
    "goods received": (
        "purchasing_purchaseline",
        f"UPDATE purchasing_purchaseline SET quantity_received = quantity_received + 1 WHERE order_id = {ORDER}",
        book,
        "purchasing",
        "Received or billed differs from what its documents sum to.",
    ),
    "open commitment": (
        "purchasing_purchaseline",
        f"UPDATE purchasing_purchaseline SET net_released = net_released + 1 WHERE order_id = {ORDER}",
        book,
        "purchasing",
        "What is still committed differs from the ledger.",
    ),
    "bill": (
        "purchasing_bill",
        f"UPDATE purchasing_bill SET gross_amount = gross_amount + 1 WHERE id = {BILL}",
        book,
        "purchasing",
        "The lines do not sum to the bill.",
    ),
    "paid too much": (
        "purchasing_payment",
        f"UPDATE purchasing_payment SET gross_amount = gross_amount + 1 WHERE bill_id = {BILL}",
        book,
        "purchasing",
        "More is paid than the bill says.",
    ),
    "contract against its lines": (
        "contracts_contractline",
        "UPDATE contracts_contractline SET net_amount = net_amount + 1 WHERE contract_id = %s",
        contract,
        "contracts",
        "The lines do not sum to the value of the contract.",
    ),
    "contract against its terms": (
        "contracts_paymentterm",
        f"UPDATE contracts_paymentterm SET gross_amount = gross_amount + 1 WHERE id = {TERM}",
        contract,
        "contracts",
        "The payment terms do not sum to the value of the contract.",
    ),
    "released": (
        "contracts_paymentterm",
        f"UPDATE contracts_paymentterm SET released_gross_amount = released_gross_amount - 1 WHERE id = {TERM}",
        contract,
        "contracts",
        "do not sum to what is kept as released.",
    ),
    "released twice": (
        "contracts_termrelease",
        'INSERT INTO contracts_termrelease (term_id, share_percent, gross_amount, source, "on", created_at) '
        f"SELECT term_id, share_percent, 0, 'twice', \"on\", now() FROM contracts_termrelease WHERE term_id = {TERM}",
        contract,
        "contracts",
        "is released beyond 100 %.",
    ),
    "tax split of a term": (
        "contracts_termtax",
        f"UPDATE contracts_termtax SET gross_amount = gross_amount + 1 WHERE term_id = {TERM}",
        contract,
        "contracts",
        "The tax split of",
    ),
    "received": (
        "billing_receivableline",
        f"UPDATE billing_receivableline SET gross_received = gross_received - 1 WHERE id = {LINE}",
        contract,
        "billing",
        "Invoiced or received differs from what its documents sum to.",
    ),
    "invoiced": (
        "billing_receivableline",
        f"UPDATE billing_receivableline SET gross_invoiced = gross_invoiced - 1 WHERE id = {LINE}",
        contract,
        "billing",
        "Invoiced or received differs from what its documents sum to.",
    ),
    "invoiced beyond the contract": (
        "billing_receivableline",
        f"UPDATE billing_receivableline SET gross_invoiced = gross_invoiced + 1 WHERE id = {LINE}",
        contract,
        "billing",
        "More stands invoiced than the contract is worth.",
    ),
    "receivables against the contract": (
        "billing_receivableline",
        f"UPDATE billing_receivableline SET gross_amount = gross_amount + 1 WHERE id = {LINE}",
        contract,
        "billing",
        "The receivables do not sum to the contract.",
    ),
    "tax split of a receivable": (
        "billing_receivabletax",
        f"UPDATE billing_receivabletax SET gross_amount = gross_amount + 1 WHERE receivable_id = {LINE}",
        contract,
        "billing",
        "The tax split does not sum to the receivable.",
    ),
    "allocation": (
        "billing_allocation",
        f"UPDATE billing_allocation SET gross_amount = gross_amount + 1 WHERE receipt_id = {RECEIPT}",
        contract,
        "billing",
        "The allocations do not sum to what is kept as allocated.",
    ),
    "allocated beyond the receipt": (
        "billing_receipt",
        f"UPDATE billing_receipt SET gross_amount = gross_amount - 1 WHERE id = {RECEIPT}",
        contract,
        "billing",
        "More is allocated and paid back than came in.",
    ),
    "invoice against its lines": (
        "billing_invoiceline",
        f"UPDATE billing_invoiceline SET gross_amount = gross_amount - 1 WHERE invoice_id = {INVOICE}",
        contract,
        "billing",
        "The lines do not sum to the invoice.",
    ),
    "a book that is open again": (
        "finance_costbook",
        "UPDATE finance_costbook SET is_frozen = false, frozen_at = NULL WHERE id = %s",
        book,
        "closing",
        "The accounts are final, but the book is not frozen.",
    ),
    "a project that is open again": (
        "projects_project",
        "UPDATE projects_project SET stage = 'operations' WHERE id = %s",
        project,
        "closing",
        "The accounts are final, but the project is not closed.",
    ),
    "final accounts against the ledger": (
        "finance_costsheet",
        "UPDATE finance_costsheet SET net_revenue = net_revenue + 1 WHERE book_id = %s AND kind = 'settlement'",
        book,
        "closing",
        "The settlement sheet differs from the ledger.",
    ),
    "final figures": (
        "closing_closing",
        "UPDATE closing_closing SET gross_received = gross_received + 1 WHERE id = %s",
        closing,
        "closing",
        "The final figures differ from what the documents sum to.",
    ),
    "lines of the final accounts": (
        "closing_closingline",
        "UPDATE closing_closingline SET net_actual = net_actual + 1 WHERE closing_id = %s",
        closing,
        "closing",
        "The lines do not sum to the cost of the accounts.",
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_figure_that_was_changed_is_found_and_named(books: Deal, name: str) -> None:
    table, sql, where, area, says = CORRUPTIONS[name]
    plant(table, sql, where(books))
    found = verify()
    assert any(line.startswith(f"✗ {area}: ") and says in line for line in found), found
