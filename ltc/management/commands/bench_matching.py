"""`./run manage bench_matching`: how long matching takes, and whether its memory stays flat. Leaves nothing behind."""

import random
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from accounts.models import BankAccount
from billing.matching import propose
from billing.models import Receipt, ReceivableLine
from contracts.models import Contract
from core.calendar import today
from core.dictionary import Term
from customers.models import Customer
from customers.names import core_of, key_of
from process.models import Case

# The bar: this many lines of a statement against this many open lines within a minute.
LIMIT_SECONDS = 60
# What may be held more while ten times as many receipts go through.
LIMIT_MEMORY = 8 * 1024 * 1024
LINES_OF_A_CONTRACT = 5


class Command(BaseCommand):
    """Makes customers, contracts and open lines, matches receipts against them, and rolls everything back."""

    help = "Measure matching of bank lines against open receivables; exit 1 beyond 60 s or where memory grows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--receipts", type=int, default=10_000)
        parser.add_argument("--lines", type=int, default=50_000)

    def handle(self, *args: Any, **options: Any) -> None:
        receipts, lines = options["receipts"], options["lines"]
        with transaction.atomic():
            contracts = _company(lines)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE customers_customer, contracts_contract, billing_receivableline")
            begun = time.monotonic()
            found = sum(bool(offered) for _one, offered in propose(_money(contracts, receipts)))
            seconds = time.monotonic() - begun
            small, large = _held(contracts, receipts // 10), _held(contracts, receipts)
            transaction.set_rollback(True)
        self.stdout.write(f"{receipts:,} receipts against {lines:,} open lines: {seconds:.1f} s, {found:,} proposed")
        self.stdout.write(f"memory held at most: {small >> 20} MB for a tenth of them, {large >> 20} MB for all")
        if seconds > LIMIT_SECONDS or large - small > LIMIT_MEMORY:
            self.stderr.write("beyond the bar")
            sys.exit(1)


def _held(contracts: list[Contract], receipts: int) -> int:
    """The most memory Python held while so many receipts went through."""
    tracemalloc.start()
    for _one in propose(_money(contracts, receipts)):
        pass
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def _company(lines: int) -> list[Contract]:
    """One customer per two contracts, each with five open lines; written past the doors, so marked imported."""
    case = Case.objects.create(title="bench")
    count = max(lines // LINES_OF_A_CONTRACT, 1)
    names = [f"基准客户（{at}）科技有限公司" for at in range(count // 2 + 1)]
    customers = Customer.objects.bulk_create(
        Customer(
            case=case, code=f"CU-B-{at:06d}", title=name, name_key=key_of(name), name_core=core_of(name), imported=True
        )
        for at, name in enumerate(names)
    )
    contracts = Contract.objects.bulk_create(
        Contract(
            case=case,
            code=f"CT-2099-{at:06d}",
            title=f"基准合同 {at}",
            state="effective",
            customer=customers[at // 2],
            payer=customers[at // 2],
            invoice_title=customers[at // 2],
            imported=True,
            # Rolled back before the database would look for them.
            project_id=0,
            entity_id=0,
        )
        for at in range(count)
    )
    rows = (_line(contract, at) for contract in contracts for at in range(LINES_OF_A_CONTRACT))
    ReceivableLine.objects.bulk_create(rows, batch_size=2000)
    return contracts


def _gross(contract: Contract, at: int) -> Decimal:
    """Amounts that repeat now and then, as they do."""
    return Decimal((contract.pk * 7919 + at * 104_729) % 900_000 + 1000) / 100 + 1000


def _line(contract: Contract, at: int) -> ReceivableLine:
    gross = _gross(contract, at)
    return ReceivableLine(
        case_id=contract.case_id,
        code=f"RL-B-{contract.pk:08d}-{at}",
        title="阶段款",
        state="eligible",
        contract=contract,
        customer_id=contract.payer_id,
        gross_amount=gross,
        net_amount=gross,
        tax_amount=0,
        arises_on=today(),
        due_on=today() + timedelta(days=at),
        imported=True,
    )


def _money(contracts: list[Contract], receipts: int) -> Iterator[Receipt]:
    """A statement's money in: single lines, sums of lines, texts with a number, part payments, strangers."""
    chance = random.Random(7)
    method, account = Term.objects.get(dictionary="receipt_method", code="transfer"), BankAccount(currency="CNY")
    for number in range(1, receipts + 1):
        contract = chance.choice(contracts)
        kind = number % 5
        wanted = chance.sample(range(LINES_OF_A_CONTRACT), 3 if kind == 1 else 1)
        amount = sum((_gross(contract, at) for at in wanted), Decimal(0))
        yield Receipt(
            pk=-number,
            account=account,
            method=method,
            payer_name="无人认识的公司" if kind == 4 else contract.payer.title.replace("（", "(").replace("）", ")"),
            gross_amount=amount - Decimal("0.01") if kind == 3 else amount,
            summary=f"付{contract.code}" if kind == 2 else "货款",
            reference=f"B{number}",
            value_on=today(),
        )
