"""camt.053, the account statement of ISO 20022: entries, their parties, opening and closing balance."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse
from django.utils.translation import gettext as _

from billing.bankfiles import guard
from billing.bankfiles.lines import BankLine, Problem, amount_of, currency_of, day_of
from core.errors import Refused

_FORMATS = ("%Y-%m-%d",)


class Camt:
    """One file: its entries in order; account and balances are known once they are read."""

    def __init__(self, file: Any, currency: str) -> None:
        self.file, self.currency = file, currency
        self.own_numbers: list[str] = []
        self.opening: Decimal | None = None
        self.closing: Decimal | None = None
        self.closed_on: dt.date | None = None

    def entries(self) -> Iterator[tuple[int, list[BankLine] | Problem]]:
        """(number of the entry, its lines or what is wrong with it). Raises Refused for what is no statement."""
        self.file.seek(0)
        number = 0
        try:
            for _event, node in iterparse(self.file, events=("end",), forbid_dtd=True):
                name = _local(node)
                if name == "Ntry":
                    number += 1
                    yield number, self._entry(number, node)
                    node.clear()
                elif name == "Bal":
                    self._balance(node)
                elif name == "Acct" and not self.own_numbers:
                    self.own_numbers = [text for text in (_find(node, "Id/IBAN"), _find(node, "Id/Othr/Id")) if text]
        except DefusedXmlException as error:
            raise Refused(_("The file holds XML entities: it is not read.")) from error
        except (ParseError, ValueError, LookupError) as error:
            raise guard.unreadable(".xml") from error
        if not number and self.opening is None:
            raise Refused(_("This is no camt.053 statement."))

    def _balance(self, node: Any) -> None:
        code = _find(node, "Tp/CdOrPrtry/Cd")
        amount = amount_of(_find(node, "Amt"))
        if amount is None:
            return
        signed = amount if _find(node, "CdtDbtInd") != "DBIT" else -amount
        # A file of several pages opens with the first and closes with the last balance.
        if code in ("OPBD", "PRCD") and self.opening is None:
            self.opening = signed
        if code == "CLBD":
            self.closing, self.closed_on = signed, _closing_day(node)

    def _entry(self, number: int, node: Any) -> list[BankLine] | Problem:
        if "PDNG" in (_find(node, "Sts"), _find(node, "Sts/Cd")):
            return []
        try:
            parts = _children(node, "NtryDtls/TxDtls")
            if len(parts) > 1 and all(_find(part, "Amt") or _find(part, "AmtDtls/TxAmt/Amt") for part in parts):
                return [self._line(number, node, part) for part in parts]
            return [self._line(number, node, parts[0] if parts else None)]
        except Problem as problem:
            return problem

    def _line(self, number: int, entry: Any, part: Any) -> BankLine:
        whole = _one(entry, "Amt")
        amount_node = whole
        if part is not None and len(_children(entry, "NtryDtls/TxDtls")) > 1:
            amount_node = next(n for n in (_one(part, "Amt"), _one(part, "AmtDtls/TxAmt/Amt")) if n is not None)
        amount = amount_of(amount_node.text if amount_node is not None else None)
        if not amount:
            raise Problem(_("The line has no amount."))
        given = amount_node.get("Ccy", "")
        if given and currency_of(given) != self.currency:
            text = _("The line is in %(given)s, the account in %(currency)s.")
            raise Problem(text % {"given": given, "currency": self.currency})
        is_credit = _find(entry, "CdtDbtInd") == "CRDT"
        side = "Dbtr" if is_credit else "Cdtr"
        day = _find(entry, "BookgDt/Dt") or _find(entry, "BookgDt/DtTm")[:10] or _find(entry, "ValDt/Dt")
        texts = [] if part is None else [one.text or "" for one in _children(part, "RmtInf/Ustrd")]
        return BankLine(
            number=number,
            booked_on=day_of(day, _FORMATS),
            is_credit=is_credit,
            gross_amount=abs(amount),
            name=_any(part, f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm"),
            account=_any(part, f"RltdPties/{side}Acct/Id/IBAN", f"RltdPties/{side}Acct/Id/Othr/Id"),
            summary=" ".join(text.strip() for text in (*texts, _find(entry, "AddtlNtryInf")) if text.strip()),
            reference=self._reference(entry, part),
        )

    @staticmethod
    def _reference(entry: Any, part: Any) -> str:
        """The bank's own number: of the part where an entry has several, else of the entry."""
        own = _any(part, "Refs/AcctSvcrRef")
        whole = _find(entry, "AcctSvcrRef")
        end = _any(part, "Refs/EndToEndId", "Refs/TxId")
        if len(_children(entry, "NtryDtls/TxDtls")) > 1:
            return own or "-".join(text for text in (whole, end) if text and text != "NOTPROVIDED")
        return whole or own or (end if end != "NOTPROVIDED" else "")


def _closing_day(node: Any) -> dt.date | None:
    """The day of a balance; none where the bank does not say it, or says no day."""
    try:
        return day_of(_find(node, "Dt/Dt") or _find(node, "Dt/DtTm")[:10], _FORMATS)
    except Problem:
        return None


def _local(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _children(node: Any, path: str) -> list[Any]:
    """All nodes on a path of local names, whatever the version of the namespace."""
    found = [node]
    for name in path.split("/"):
        found = [child for one in found for child in one if _local(child) == name]
    return found


def _one(node: Any, path: str) -> Any:
    found = _children(node, path)
    return found[0] if found else None


def _find(node: Any, path: str) -> str:
    found = _one(node, path)
    return (found.text or "").strip() if found is not None else ""


def _any(node: Any, *paths: str) -> str:
    if node is None:
        return ""
    return next((text for text in (_find(node, path) for path in paths) if text), "")
