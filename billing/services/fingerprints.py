"""What makes two lines of two exports the same movement of money."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from billing.bankfiles import BankLine
from core.text import name_key


def fingerprinted(lines: Iterable[BankLine]) -> Iterator[tuple[BankLine, str]]:
    """Each line with its fingerprint: the bank's reference with direction and amount.

    Without a reference: day, direction, amount, other side and purpose, and which of the equal lines of that day
    it is: banks export whole days, so the first of two equal lines is the first in every export.
    """
    turns: Counter[bytes] = Counter()
    for line in lines:
        side = "+" if line.is_credit else "-"
        if line.reference:
            yield line, _hash("reference", side, str(line.gross_amount), line.reference.casefold())
            continue
        content = _hash(
            *("content", side, str(line.gross_amount), line.booked_on.isoformat()),
            *(name_key(line.name), name_key(line.account), name_key(line.summary)),
        )
        turns[bytes.fromhex(content[:32])] += 1
        yield line, _hash(content, str(turns[bytes.fromhex(content[:32])]))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
