"""四算: the book of a deal, its four costings, its ledger, and what is posted into it."""

from finance.models.alert import VarianceAlert
from finance.models.book import BookTotal, CostBook, LedgerEntry
from finance.models.deposit import Deposit
from finance.models.dictionary import CostCategory, CostRate, TaxRate
from finance.models.period import Period
from finance.models.sheet import CashMonth, CostLine, CostSheet
from finance.models.voucher import Voucher

__all__ = [
    "BookTotal",
    "CashMonth",
    "CostBook",
    "CostCategory",
    "CostLine",
    "CostRate",
    "CostSheet",
    "Deposit",
    "LedgerEntry",
    "Period",
    "TaxRate",
    "VarianceAlert",
    "Voucher",
]
