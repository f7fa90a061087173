"""Whose money it is: for a receipt, what it may pay, each proposal with a score and its reasons, the best first.

By reference (a contract's or invoice's number in the remittance text), by payer (name variants, names learnt from
confirmed receipts), by amount (one open line, or a few together), then by the oldest due. Work is bounded: receipts
are taken in chunks, a payer's lines are looked at oldest first, a combination has six lines at most.
"""

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, islice, product
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from billing.models import Invoice, InvoiceLine, PayerAlias, Receipt, ReceivableLine
from contracts.models import Contract
from core.money import format_money
from core.text import name_key
from customers.models import Customer
from customers.names import core_of

CHUNK = 500
# How many lines of one payer are looked at, how many one transfer may pay, how many proposals are shown.
LOOKED_AT = 24
TOGETHER = 6
SHOWN = 5
# What speaks for a proposal, in points of 100.
REFERENCE = 50
SAME_NAME, LEARNT_NAME, LIKE_NAME = 30, 28, 20
EXACT, ONE_OF_EXACT, COMBINED, OLDEST = 30, 22, 20, 5
AMOUNT_ALONE, AMOUNT_AMONG_MANY = 15, 8
STRONG, LIKELY = 60, 40
_OWN_CODE = re.compile(r"(?<![A-Z])([A-Z]{2})[-_ ]?(\d{4})[-_ ]?(\d{6})(?!\d)")
_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-_/.#]{3,}")
_BETWEEN = re.compile(r"[\s,;:、，；：。|+]+")
_NUMBERED = re.compile(r"^.*?(?:合同号|合同编号|合同|发票号|发票|NO\.?|号码)[:：]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Open:
    """An open receivable as matching sees it."""

    pk: int
    code: str
    title: str
    contract_id: int
    contract_code: str
    gross_open: Decimal
    due_on: dt.date | None
    is_payable: bool

    @property
    def order(self) -> tuple[bool, dt.date, int]:
        """Payable and oldest first."""
        return (not self.is_payable, self.due_on or dt.date.max, self.pk)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a receipt may pay: (line, amount) each, what stays on account, why, and how sure that is."""

    score: int
    reasons: tuple[str, ...]
    parts: tuple[tuple[Open, Decimal], ...]
    rest: Decimal
    # Whether the payer is known to pay for these contracts, so that a claim needs no word of explanation.
    knows_payer: bool

    @property
    def key(self) -> str:
        """Names it in a form: the same lines and amounts have the same key."""
        return ",".join(f"{line.pk}:{amount}" for line, amount in self.parts)

    @property
    def strength(self) -> str:
        """strong, likely or weak."""
        return "strong" if self.score >= STRONG else "likely" if self.score >= LIKELY else "weak"

    def __str__(self) -> str:
        return " + ".join(f"{line.code} {format_money(amount)}" for line, amount in self.parts)


@dataclass
class _Known:
    """What was read for a chunk of receipts."""

    lines: dict[int, Open] = field(default_factory=dict)
    by_contract: dict[int, list[Open]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[Decimal, list[Open]] = field(default_factory=lambda: defaultdict(list))
    contracts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    invoices: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    payers: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    contracts_of: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def propose(
    receipts: Iterable[Receipt], *, lines: QuerySet[ReceivableLine] | None = None, limit: int = SHOWN
) -> Iterator[tuple[Receipt, list[Proposal]]]:
    """(receipt, its proposals) for each receipt, in chunks; `lines` narrows what may be proposed (visible_to)."""
    narrowed: Any = ReceivableLine.objects.all() if lines is None else lines
    open_lines = narrowed.open()
    waiting = iter(receipts)
    while chunk := list(islice(waiting, CHUNK)):
        texts = {receipt.pk: tokens(f"{receipt.summary} {receipt.reference}") for receipt in chunk}
        known = _read(chunk, texts, open_lines)
        for receipt in chunk:
            yield receipt, _proposals(receipt, texts[receipt.pk], known)[:limit]


def proposals(receipt: Receipt, *, lines: QuerySet[ReceivableLine] | None = None) -> list[Proposal]:
    """The proposals for one receipt."""
    return next(propose([receipt], lines=lines))[1]


# Reading ---------------------------------------------------------------------------------------------
def tokens(text: str) -> set[str]:
    """What in a remittance text may be a number: our own codes as written here, and every other run of characters."""
    plain = unicodedata.normalize("NFKC", text).upper()
    found = {"-".join(parts) for parts in _OWN_CODE.findall(plain)}
    for run in _TOKEN.findall(plain):
        found.add(run.strip("-_/.#"))
    for piece in _BETWEEN.split(plain):
        found |= {piece, _NUMBERED.sub("", piece)}
    return {one for one in found if 4 <= len(one) <= 80}


def _read(chunk: Sequence[Receipt], texts: dict[int, set[str]], open_lines: QuerySet[ReceivableLine]) -> _Known:
    known = _Known()
    words = set().union(*texts.values())
    _read_references(known, words)
    _read_payers(known, chunk)
    contracts = set().union(*known.contracts_of.values(), *known.contracts.values())
    amounts = {receipt.gross_free for receipt in chunk}
    invoiced = set().union(*known.invoices.values())
    left = F("gross_amount") - F("gross_received") - F("gross_deducted")
    payable = open_lines.filter(state__in=("planned", "eligible")).annotate(left=left)
    for found in (
        payable.filter(contract_id__in=contracts),
        payable.filter(left__in=amounts),
        payable.filter(pk__in=invoiced),
    ):
        _keep(known, found, currency=chunk[0].currency)
    return known


def _keep(known: _Known, found: QuerySet, currency: str) -> None:
    rows = found.filter(currency=currency).values_list(
        *("pk", "code", "title", "contract_id", "contract__code", "left", "due_on", "state")
    )
    for *values, state in rows.order_by(F("due_on").asc(nulls_last=True), "pk").iterator(chunk_size=2000):
        if values[0] in known.lines:
            continue
        line = Open(*values, is_payable=state == "eligible")
        known.lines[line.pk] = line
        known.by_contract[line.contract_id].append(line)
        known.by_amount[line.gross_open].append(line)


def _read_references(known: _Known, words: set[str]) -> None:
    numbered = Contract.objects.filter(Q(code__in=words) | Q(customer_number__in=words))
    for pk, code, number in numbered.values_list("pk", "code", "customer_number"):
        for word in {code, number.upper()} & words:
            known.contracts[word].add(pk)
    issued = Invoice.objects.filter(
        Q(code__in=words) | Q(platform_number__in=words) | Q(internal_number__in=words),
        state__in=("issued", "delivered"),
    )
    numbers = {pk: set(names) for pk, *names in issued.values_list("pk", "code", "platform_number", "internal_number")}
    for invoice_id, line_id in InvoiceLine.objects.filter(invoice_id__in=numbers).values_list(
        "invoice_id", "receivable_id"
    ):
        for word in numbers[invoice_id] & words:
            known.invoices[word].add(line_id)


def _read_payers(known: _Known, chunk: Sequence[Receipt]) -> None:
    """Customers behind the payers' names, and the contracts in which they pay, sign or are invoiced."""
    keys = {name_key(receipt.payer_name) for receipt in chunk}
    by_core: dict[str, set[str]] = defaultdict(set)
    for receipt in chunk:
        by_core[core_of(receipt.payer_name)].add(name_key(receipt.payer_name))
    named = Customer.objects.filter(Q(name_key__in=keys) | Q(name_core__in=by_core.keys()))
    for pk, key, core in named.values_list("pk", "name_key", "name_core"):
        if key in keys:
            known.payers[key][pk] = SAME_NAME
        for other in by_core.get(core, ()):
            known.payers[other].setdefault(pk, LIKE_NAME)
    for key, customer_id in PayerAlias.objects.filter(key__in=keys).values_list("key", "customer_id"):
        known.payers[key][customer_id] = max(LEARNT_NAME, known.payers[key].get(customer_id, 0))
    customers = {pk for found in known.payers.values() for pk in found}
    parties = Q(payer_id__in=customers) | Q(customer_id__in=customers) | Q(invoice_title_id__in=customers)
    fields = ("pk", "payer_id", "customer_id", "invoice_title_id")
    for pk, *sides in Contract.objects.filter(parties).values_list(*fields):
        for customer_id in set(sides) & customers:
            known.contracts_of[customer_id].add(pk)


# Weighing --------------------------------------------------------------------------------------------
def _proposals(receipt: Receipt, words: set[str], known: _Known) -> list[Proposal]:
    payers = known.payers.get(name_key(receipt.payer_name), {})
    strength: dict[int, int] = {}
    for customer_id, points in payers.items():
        for contract_id in known.contracts_of.get(customer_id, ()):
            strength[contract_id] = max(points, strength.get(contract_id, 0))
    found: list[Proposal] = []
    for lines, points, reasons in _groups(words, payers, strength, known):
        found += _fits(receipt, lines, points, reasons, strength)
    alone = known.by_amount.get(receipt.gross_free, [])
    points = AMOUNT_ALONE if len(alone) == 1 else AMOUNT_AMONG_MANY
    for line in sorted(alone, key=lambda one: one.order)[:SHOWN]:
        if line.contract_id not in strength:
            found.append(_proposal(receipt, [line], points, [_exact_text(len(alone) == 1)], strength))
    best: dict[str, Proposal] = {}
    for one in found:
        if one.parts and (one.key not in best or best[one.key].score < one.score):
            best[one.key] = one
    return sorted(best.values(), key=lambda one: (-one.score, len(one.parts), one.parts[0][0].order))


def _groups(
    words: set[str], payers: dict[int, int], strength: dict[int, int], known: _Known
) -> Iterator[tuple[list[Open], int, list[str]]]:
    """(lines, points, reasons): what the text names, then what each possible payer owes."""
    invoiced = {word: known.invoices[word] for word in words if word in known.invoices}
    if invoiced:
        lines = [known.lines[pk] for pk in set().union(*invoiced.values()) if pk in known.lines]
        yield lines, REFERENCE, [_("The text names invoice %(number)s.") % {"number": ", ".join(sorted(invoiced))}]
    named = {word: known.contracts[word] for word in words if word in known.contracts}
    if named:
        contracts = set().union(*named.values())
        lines = [line for pk in contracts for line in known.by_contract.get(pk, ())]
        yield lines, REFERENCE, [_("The text names contract %(number)s.") % {"number": ", ".join(sorted(named))}]
    for customer_id in payers:
        lines = [line for pk in known.contracts_of.get(customer_id, ()) for line in known.by_contract.get(pk, ())]
        yield lines, 0, []


def _payer_reason(points: int) -> list[str]:
    words = {
        SAME_NAME: _("The payer is a party of the contract."),
        LEARNT_NAME: _("This payer paid for this customer before."),
        LIKE_NAME: _("The payer's name is like the customer's."),
    }
    return [words[points]] if points in words else []


def _exact_text(only: bool) -> str:
    return _("Exactly what is open on one line.") if only else _("Exactly what is open on one of several lines.")


def _fits(
    receipt: Receipt, lines: list[Open], points: int, reasons: list[str], strength: dict[int, int]
) -> Iterator[Proposal]:
    """One line of exactly the amount, else a few together, else the oldest first."""
    ordered = sorted(lines, key=lambda one: one.order)
    exact = [line for line in ordered if line.gross_open == receipt.gross_free]
    # The one that is payable is meant, not the ones to come.
    meant = [line for line in exact if line.is_payable] or exact
    for line in exact[:SHOWN]:
        only = meant == [line]
        text = [*reasons, _exact_text(only)]
        yield _proposal(receipt, [line], points + (EXACT if only else ONE_OF_EXACT), text, strength)
    if exact or not ordered:
        return
    near = [line for line in ordered if line.gross_open < receipt.gross_free][:LOOKED_AT]
    together = combination([line.gross_open for line in near], receipt.gross_free)
    if together:
        text = [*reasons, _("Exactly what is open on %(count)s lines together.") % {"count": len(together)}]
        yield _proposal(receipt, [near[at] for at in together], points + COMBINED, text, strength)
    yield _proposal(receipt, ordered[:TOGETHER], points + OLDEST, [*reasons, _("The oldest due first.")], strength)


def _proposal(
    receipt: Receipt, lines: Sequence[Open], points: int, reasons: list[str], strength: dict[int, int]
) -> Proposal:
    left, parts = receipt.gross_free, []
    for line in lines:
        part = min(left, line.gross_open)
        if part > 0:
            parts.append((line, part))
            left -= part
    # All of it must be the payer's, so the weakest link counts.
    payer = min((strength.get(line.contract_id, 0) for line, _part in parts), default=0)
    text = [*_payer_reason(payer), *reasons]
    if left > 0:
        text.append(_("%(amount)s stays on account.") % {"amount": format_money(left)})
    return Proposal(min(points + payer, 100), tuple(text), tuple(parts), left, payer >= LEARNT_NAME)


def combination(amounts: Sequence[Decimal], target: Decimal) -> tuple[int, ...] | None:
    """Positions of two to six amounts that sum to the target, the fewest and first ones; None where there are none.

    Sums of up to three are kept and met in the middle: for 24 amounts some 2,300 of them, whatever the amounts are.
    """
    cents, wanted = [int(amount * 100) for amount in amounts], int(target * 100)
    if sum(cents) < wanted:
        return None
    sums: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for size in (1, 2, 3):
        for chosen in combinations(range(len(cents)), size):
            total = sum(cents[at] for at in chosen)
            if total <= wanted and len(sums[total]) < 4:
                sums[total].append(chosen)
    whole = [chosen for chosen in sums.get(wanted, ()) if len(chosen) > 1]
    return whole[0] if whole else _met_in_the_middle(sums, wanted)


def _met_in_the_middle(sums: dict[int, list[tuple[int, ...]]], wanted: int) -> tuple[int, ...] | None:
    """Two disjoint sums of up to three that make the wanted one."""
    best: tuple[int, ...] | None = None
    for total, ones in sums.items():
        others = sums.get(wanted - total, ()) if total * 2 <= wanted else ()
        for one, other in product(ones, others):
            if set(one).isdisjoint(other):
                both = tuple(sorted((*one, *other)))
                best = both if best is None else min(best, both, key=lambda found: (len(found), found))
    return best
