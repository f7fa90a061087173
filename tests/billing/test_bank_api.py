"""The same by program: a statement is uploaded and taken in, a proposal accepted, confirmed by somebody else."""

from decimal import Decimal

import pytest

from accounts.models import User
from billing.matching import proposals
from billing.models import BankStatement, Receipt
from tests.api.caller import Caller, problem
from tests.factories.bankfiles import csv_file, icbc_row
from tests.factories.billing import account, line_of
from tests.factories.contracts import make_effective_contract

pytestmark = pytest.mark.django_db


def test_a_statement_and_a_proposal_by_program(cashier: User, finance: User) -> None:
    contract, own, program = make_effective_contract(), account(), Caller(cashier)
    file = csv_file([icbc_row("A1", "2026-11-02", "301800.00", contract.payer.title)])
    answer = program.upload("bank-statements/", {"account": own.pk, "file": file})
    assert answer.status_code == 201, answer.content.decode()[:800]
    statement = BankStatement.objects.get()
    assert program.post(f"bank-statements/{statement.pk}/take/").status_code == 200
    file.seek(0)
    again = problem(program.upload("bank-statements/", {"account": own.pk, "file": file}), 409)
    assert statement.code in str(again)
    receipt = Receipt.objects.get()
    key = proposals(receipt)[0].key
    problem(program.post(f"receipts/{receipt.pk}/accept/", {"proposal": "1:1"}), 400)
    answer = program.post(f"receipts/{receipt.pk}/accept/", {"proposal": key})
    assert answer.status_code == 200, answer.content.decode()[:800]
    problem(program.post(f"receipts/{receipt.pk}/confirm/"), 403)
    assert Caller(finance).post(f"receipts/{receipt.pk}/confirm/").status_code == 200
    assert line_of(contract, "effect").gross_received == Decimal(301800)
