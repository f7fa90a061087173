"""Which column means what: the header row is found by the names of its columns, whatever stands above it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.bankfiles.lines import BankLine, Problem, amount_of, currency_of, day_of, text_of

# What a column can mean. `name` and `account` are the other side's; some banks write payer and payee instead.
MEANINGS = (
    *("booked_on", "income", "expense", "amount", "direction", "currency", "balance", "reference", "summary"),
    *("name", "account", "payer_name", "payer_account", "payee_name", "payee_account"),
)
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日")
CREDIT_WORDS = ("贷", "贷方", "收入", "来账", "转入", "收", "C", "CR", "CREDIT", "CRDT")
DEBIT_WORDS = ("借", "借方", "支出", "往账", "转出", "付", "支", "D", "DR", "DEBIT", "DBIT")
# Rows between or below the lines that are no movements.
_NO_LINES = ("合计", "总计", "小计", "累计", "承前页", "过次页", "期初余额", "期末余额", "上期余额", "total")
_BRACKETED = re.compile(r"[\[(【].*?[\])】]")


def column_key(text: str) -> str:
    """A column's name without width, blanks, case and what stands in brackets: 贷方发生额（收入） is 贷方发生额."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
    return _BRACKETED.sub("", plain) or plain


@dataclass(frozen=True)
class Layout:
    """One bank's way of exporting: names of columns per meaning, date formats, words for in and out."""

    code: str
    columns: dict[str, tuple[str, ...]]
    date_formats: tuple[str, ...] = DATE_FORMATS
    credit_words: tuple[str, ...] = CREDIT_WORDS
    debit_words: tuple[str, ...] = DEBIT_WORDS
    label: str = ""

    def find(self, cells: Iterable[Any]) -> "Header | None":
        """The columns of a header row; None where the row has no date, or neither income nor amount."""
        keys: dict[str, int] = {}
        for position, cell in enumerate(cells):
            if isinstance(cell, str) and cell.strip():
                keys.setdefault(column_key(cell), position)
        at: dict[str, tuple[int, ...]] = {}
        for meaning, names in self.columns.items():
            found = tuple(dict.fromkeys(keys[key] for key in map(column_key, names) if key in keys))
            if found:
                at[meaning] = found
        if "booked_on" not in at or not ("income" in at or "amount" in at):
            return None
        return Header(self, at)


@dataclass
class Header:
    """A layout found in a file: turns rows into lines."""

    layout: Layout
    at: dict[str, tuple[int, ...]]
    # How many columns were recognised: the layout with most is the bank's.
    known: int = field(init=False)

    def __post_init__(self) -> None:
        self.known = len({position for found in self.at.values() for position in found})

    def line(self, number: int, cells: list[Any], currency: str) -> BankLine | None:
        """The movement of a row; None for a blank or summing row. Raises Problem."""
        raw = {name: self._cell(cells, name) for name in ("booked_on", "income", "expense", "amount")}
        if not any(value not in (None, "") for value in cells) or self._sums(cells):
            return None
        signed = self._signed(cells, raw)
        if signed is None:
            if raw["booked_on"] in (None, ""):
                return None
            raise Problem(_("The line has no amount."))
        given = self._text(cells, "currency")
        if given and currency_of(given) != currency:
            text = _("The line is in %(given)s, the account in %(currency)s.")
            raise Problem(text % {"given": given[:10], "currency": currency})
        is_credit = signed > 0
        side = "payer" if is_credit else "payee"
        return BankLine(
            number=number,
            booked_on=day_of(raw["booked_on"], self.layout.date_formats),
            is_credit=is_credit,
            gross_amount=abs(signed),
            name=self._text(cells, "name") or self._text(cells, f"{side}_name"),
            account=self._text(cells, "account") or self._text(cells, f"{side}_account"),
            summary=self._text(cells, "summary", joined=True),
            reference=self._text(cells, "reference"),
            balance=amount_of(self._cell(cells, "balance")),
        )

    def _cell(self, cells: list[Any], meaning: str) -> Any:
        """The first column of this meaning that holds something."""
        for position in self.at.get(meaning, ()):
            if position < len(cells) and cells[position] not in (None, ""):
                return cells[position]
        return None

    def _text(self, cells: list[Any], meaning: str, *, joined: bool = False) -> str:
        texts = [text_of(cells[at]) for at in self.at.get(meaning, ()) if at < len(cells)]
        texts = [text for text in dict.fromkeys(texts) if text]
        return " ".join(texts) if joined else (texts[0] if texts else "")

    def _sums(self, cells: list[Any]) -> bool:
        first = next((str(value) for value in cells if value not in (None, "")), "").strip()
        return first.casefold().startswith(_NO_LINES)

    def _signed(self, cells: list[Any], raw: dict[str, Any]) -> Decimal | None:
        """The amount, positive for money in; a negative income is money that went back."""
        income, expense = amount_of(raw["income"]) or Decimal(0), amount_of(raw["expense"]) or Decimal(0)
        if income and expense:
            raise Problem(_("The line has both income and expense."))
        if income or expense:
            return income - expense
        amount = amount_of(raw["amount"])
        if not amount:
            return None
        word = self._text(cells, "direction").upper()
        if not word:
            return amount
        if word in self.layout.credit_words:
            return amount
        if word in self.layout.debit_words:
            # Some banks sign what goes out beside saying so.
            return -abs(amount)
        raise Problem(_("“%(word)s” says neither in nor out.") % {"word": word[:20]})
