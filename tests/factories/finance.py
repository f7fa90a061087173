"""Books, costings and vouchers, made by services as the company makes them."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from accounts.models import User
from finance import selectors
from finance.models import CostBook, CostCategory, CostSheet, TaxRate, Voucher
from finance.services import book as books
from finance.services import sheet as sheets
from finance.services import voucher as vouchers
from process.models import Case
from process.services import take_seat

_numbers = itertools.count(1)


def category(code: str) -> CostCategory:
    """A category of the seeded tree."""
    return selectors.category(code)


def rate(code: str) -> TaxRate:
    """A seeded VAT rate of today."""
    return selectors.tax_rate(code, dt.date.today())


def make_book(owner: User, *, seats: dict[str, User] | None = None, title: str = "") -> CostBook:
    """A case with its book and its people."""
    case = Case.objects.create(title=title or f"Deal {next(_numbers)}")
    book = books.open_book(case, owner=owner, by=owner)
    for role, user in ({"ar": owner} | (seats or {})).items():
        take_seat(case, role, user, by=owner)
    return book


def line(code: str, amount: Any, **fields: Any) -> dict[str, Any]:
    """A costing line of a category without deductible VAT."""
    return {"category": category(code), "gross_amount": Decimal(str(amount)), **fields}


def make_sheet(book: CostBook, by: User, *, kind: str = "estimate", lines: Any = None, revenue: Any = 0) -> CostSheet:
    """A draft costing; 100,000 of hardware unless lines are given."""
    lines = [line("material.hardware", 100000)] if lines is None else lines
    return sheets.open(book=book, kind=kind, net_revenue=Decimal(str(revenue)), lines=lines, by=by)


def approve_sheet(sheet: CostSheet, *, by: User, decider: User) -> CostSheet:
    """Submitted by one, approved by the other."""
    sheets.submit(sheet, by=by)
    return sheets.approve(sheet, by=decider)


def make_budget(book: CostBook, *, by: User, decider: User, lines: Any = None, revenue: Any = 0) -> CostSheet:
    """An approved budget."""
    return approve_sheet(make_sheet(book, by, kind="budget", lines=lines, revenue=revenue), by=by, decider=decider)


def make_voucher(book: CostBook, by: User, *, kind: str = "expense", **fields: Any) -> Voucher:
    """A draft voucher: 500 of transport unless said otherwise."""
    values: dict[str, Any] = {"category": category("travel.transport"), "worked_on": dt.date.today()}
    values |= {"gross_amount": Decimal(500)} if kind == "expense" else {"days": Decimal(1)}
    return vouchers.open(kind=kind, book=book, by=by, **(values | fields))
