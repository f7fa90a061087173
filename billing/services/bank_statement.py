"""Bank statements: a file is read, shown, and taken in whole or not at all; what is known already adds nothing."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import BankAccount, User
from accounts.services import notify
from billing.bankfiles import BankFile, BankLine
from billing.models import BankStatement, Receipt, StatementLine, StatementPreset
from billing.models.receipt import CASH
from billing.services.fingerprints import fingerprinted
from core.calendar import today
from core.dictionary import Term
from core.errors import Reason, Refused
from core.money import ZERO
from process.models import Attachment
from process.services import attach, doors, open_many

logger = structlog.get_logger(__name__)
PURPOSE = "statement"
CHUNK = 500
PREVIEW_LINES = 12
# What stands as payer where the bank names nobody.
NOBODY = "—"
SYSTEM = Actor.system("billing.take_statements")
_PROGRESS_SECONDS = 24 * 3600


# Reading ---------------------------------------------------------------------------------------------
def _layouts(preset: StatementPreset | None) -> list[Any]:
    if preset is not None:
        return [preset.layout()]
    return [one.layout() for one in StatementPreset.objects.filter(is_active=True)]


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in iter(lambda: file.read(1024 * 1024), b""):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _require_new_file(digest: str) -> None:
    """The same file twice is one: the second is shown where the first is."""
    same = BankStatement.objects.filter(sha256=digest).exclude(state="discarded").first()
    if same is not None:
        text = _("This file was uploaded before: %(statement)s.") % {"statement": same.code}
        raise Refused(Reason(text, same.get_absolute_url()))


def _require_own_account(bank_file: BankFile, account: BankAccount) -> None:
    """A file that names another of our accounts belongs to that one."""
    digits = {"".join(one.split()): one for one in bank_file.own_numbers}
    others = BankAccount.objects.filter(number__in=digits).exclude(pk=account.pk)
    if account.number not in digits and (other := others.first()) is not None:
        text = _("The file is of the account %(other)s, not of %(account)s.")
        raise Refused(text % {"other": other, "account": account})


class _Totals:
    """What a pass over the file adds up to."""

    def __init__(self) -> None:
        self.read = self.known = 0
        self.sums = {"gross_in": ZERO, "gross_out": ZERO, "gross_in_new": ZERO, "gross_out_new": ZERO}
        self.days: list[Any] = []
        self.preview: list[dict[str, Any]] = []

    def add(self, line: BankLine, is_known: bool) -> None:
        self.read += 1
        self.known += is_known
        side = "gross_in" if line.is_credit else "gross_out"
        self.sums[side] += line.gross_amount
        if not is_known:
            self.sums[f"{side}_new"] += line.gross_amount
        self.days = [min([*self.days, line.booked_on]), max([*self.days, line.booked_on])]
        if len(self.preview) < PREVIEW_LINES:
            self.preview.append(_shown(line, is_known))

    def fields(self) -> dict[str, Any]:
        """As the statement keeps them."""
        return {
            "period_from": self.days[0],
            "period_until": self.days[1],
            "lines_read": self.read,
            "lines_known": self.known,
            "lines_new": self.read - self.known,
            **self.sums,
        }


def _shown(line: BankLine, is_known: bool) -> dict[str, Any]:
    return {
        "number": line.number,
        "booked_on": line.booked_on.isoformat(),
        "is_credit": line.is_credit,
        "gross_amount": str(line.gross_amount),
        "name": line.name[:60],
        "summary": line.summary[:80],
        "reference": line.reference[:40],
        "known": is_known,
    }


def _marked(bank_file: BankFile, account: BankAccount) -> Iterator[list[tuple[BankLine, str, bool]]]:
    """Chunks of (line, fingerprint, whether it is known), known also being what stands twice in the file itself."""
    seen: set[bytes] = set()
    lines = fingerprinted(bank_file.lines())
    while chunk := list(islice(lines, CHUNK)):
        stored = StatementLine.objects.filter(account=account, fingerprint__in=[mark for _line, mark in chunk])
        known = set(stored.values_list("fingerprint", flat=True))
        marked = []
        for line, mark in chunk:
            short = bytes.fromhex(mark[:32])
            marked.append((line, mark, mark in known or short in seen))
            seen.add(short)
        yield marked


# Verbs -----------------------------------------------------------------------------------------------
@transaction.atomic
def open(
    *,
    account: BankAccount,
    file: Any,
    by: Actor | User,
    preset: StatementPreset | None = None,
    reaches_until: dt.date | None = None,
    title: str = "",
    note: str = "",
) -> BankStatement:
    """Read a bank's file and keep it with its totals, first lines and how many are known; nothing is taken in yet.

    `file` has name, size and bytes (an upload). `reaches_until` is the last day that was exported, where nothing moved
    at the end; without it the day of the file's own closing balance, or of the last line. Raises Refused in one
    sentence for a file that must not be read, and with every faulty line otherwise.
    """
    name = str(file.name).replace("\\", "/").rpartition("/")[2][-200:]
    bank_file = BankFile(file, name, currency=account.currency, layouts=_layouts(preset))
    digest = _digest(file)
    _require_new_file(digest)
    totals = _Totals()
    for chunk in _marked(bank_file, account):
        for line, _mark, is_known in chunk:
            totals.add(line, is_known)
    bank_file.refuse_problems()
    _require_own_account(bank_file, account)
    opening, closing = bank_file.opening, bank_file.closing
    moved = totals.sums["gross_in"] - totals.sums["gross_out"]
    if bank_file.balances_given and opening is not None and closing is not None and opening + moved != closing:
        raise Refused(_("The lines do not lead from the opening to the closing balance: the file is not complete."))
    if preset is None and bank_file.layout is not None:
        preset = StatementPreset.objects.get(code=bank_file.layout.code)
    fields = totals.fields()
    if reaches_until is not None:
        _require_reach(reaches_until, fields["period_until"])
    elif bank_file.closed_on is not None and fields["period_until"] <= bank_file.closed_on <= today():
        reaches_until = bank_file.closed_on
    statement = BankStatement(
        title=(title or f"{account} {fields['period_from']} – {fields['period_until']}")[:200],
        account=account,
        preset=preset,
        file_name=name,
        format=bank_file.kind,
        sha256=digest,
        reaches_until=reaches_until,
        opening_balance=opening,
        closing_balance=closing,
        preview=totals.preview,
        **fields,
    )
    doors.open(statement, by=by, note=note)
    file.seek(0)
    attach(statement, file=file, by=by, purpose=PURPOSE)
    return statement


def _require_reach(day: dt.date, least: dt.date) -> None:
    if least > today():
        raise Refused(_("The account is known until today already."))
    if not least <= day <= today():
        raise Refused(_("It reaches to a day from %(least)s to today.") % {"least": least})


@transaction.atomic
def extend(
    statement: BankStatement, *, reaches_until: dt.date, by: Actor | User, note: str = "", version: int | None = None
) -> BankStatement:
    """Say that nothing has moved on the account since: banks export no file without movements.

    Raises Refused for a day that is not later, for one to come, and where another statement reaches further already.
    """
    changes = {"reaches_until": reaches_until}
    doors.act(statement, "extend", by=by, who=CASH, states=("taken",), note=note, version=version, changes=changes)
    # Two at once: the second waits and knows what the first said.
    BankAccount.objects.select_for_update().get(pk=statement.account_id)
    others = BankStatement.objects.filter(account=statement.account_id, state="taken").exclude(pk=statement.pk)
    further = others.filter(Q(reaches_until__gt=statement.reach) | Q(period_until__gt=statement.reach)).first()
    if further is not None:
        text = _("%(statement)s reaches further: %(day)s.") % {"statement": further.code, "day": further.reach}
        raise Refused(Reason(text, further.get_absolute_url()))
    _require_reach(reaches_until, statement.reach + dt.timedelta(days=1))
    statement.reaches_until = reaches_until
    statement.row_version += 1
    statement.save(update_fields=["reaches_until", "row_version", "updated_at"])
    return statement


@transaction.atomic
def take(statement: BankStatement, *, by: Actor | User, note: str = "", version: int | None = None) -> BankStatement:
    """Take the new lines in: money in becomes receipts, money out is kept; all of them or none.

    A large file is taken in behind the scenes (`run`); the page shows how far it is.
    """
    doors.fire(statement, "take", by=by, note=note, version=version)
    if statement.state == "taking":
        transaction.on_commit(partial(_ring, statement.pk), robust=True)
        return statement
    _take_lines(statement, by=by)
    return statement


@transaction.atomic
def discard(statement: BankStatement, *, by: Actor | User, note: str = "", version: int | None = None) -> BankStatement:
    """Put a wrong file away; it may be uploaded again."""
    return doors.fire(statement, "discard", by=by, note=note, version=version)


def import_(
    *,
    account: BankAccount,
    file: Any,
    by: Actor | User,
    preset: StatementPreset | None = None,
    reaches_until: dt.date | None = None,
    note: str = "",
) -> BankStatement:
    """Open a file and take it in at once, for those who need no preview (the API, the demo company)."""
    with transaction.atomic():
        statement = open(account=account, file=file, by=by, preset=preset, reaches_until=reaches_until, note=note)
        return take(statement, by=by)


def _ring(pk: int) -> None:
    """Wake the worker; should it be away, the sweep finds the statement by its state."""
    current_app.send_task("billing.tasks.take_statement", [pk])


def run(pk: int) -> bool:
    """Take a large statement's lines in, one transaction for all; False where nobody waits for it.

    What stands in the way sends it back to be looked at, with the reasons; its owner is told.
    """
    try:
        with transaction.atomic():
            waiting = BankStatement.objects.filter(pk=pk, state="taking")
            statement = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if statement is None:
                return False
            _take_lines(statement, by=SYSTEM, told=partial(_tell_progress, pk))
            doors.fire(statement, "finish", by=SYSTEM)
    except (Refused, DatabaseError) as error:
        logger.warning("statement_not_taken", statement=pk, error=str(error))
        _give_back(pk, error)
        return False
    _tell(statement, gettext_noop("%(record)s is taken in"), "info")
    return True


def _give_back(pk: int, error: Exception) -> None:
    reason = str(error) if isinstance(error, Refused) else _("The database could not take it in: please try again.")
    with transaction.atomic():
        statement = BankStatement.objects.get(pk=pk)
        if statement.state != "taking":
            return
        doors.fire(statement, "fail", by=SYSTEM, note=reason[:1000])
    _tell(statement, gettext_noop("%(record)s could not be taken in: please look at it"), "warning")


def _tell(statement: BankStatement, message: str, level: str) -> None:
    notify(
        [statement.owner_id] if statement.owner_id else [],
        message,
        key=f"statement:{statement.pk}:{statement.row_version}",
        params={"record": str(statement)},
        link=statement.get_absolute_url(),
        level=level,
    )


def run_waiting() -> int:
    """Take in what waits, one after the other; what a killed worker left is found again."""
    waiting = BankStatement.objects.filter(state="taking").order_by("pk").values_list("pk", flat=True)
    return sum(run(pk) for pk in list(waiting))


# Progress: seen from outside the transaction, lost without harm. ---------------------------------------
def _tell_progress(pk: int, done: int) -> None:
    try:
        cache.set(f"statement:{pk}", done, _PROGRESS_SECONDS)
    except Exception as error:  # the cache is a comfort: without it the page shows no figure
        logger.info("progress_not_kept", error=str(error))


def progress(statement: BankStatement) -> int:
    """How many lines of a statement being taken in are done; 0 where nobody knows."""
    try:
        return int(cache.get(f"statement:{statement.pk}") or 0)
    except Exception as error:  # as above
        logger.info("progress_not_known", error=str(error))
        return 0


# Taking in -------------------------------------------------------------------------------------------
def _take_lines(statement: BankStatement, *, by: Actor | User, told: Callable[[int], None] | None = None) -> None:
    """Write the lines that are new, and count anew what is: another file may have come in since the preview."""
    # Two files of one account at once: the second waits, then knows the lines of the first.
    account = BankAccount.objects.select_for_update().get(pk=statement.account_id)
    attachment = Attachment.objects.filter(
        kind=statement.record_kind(), object_id=statement.pk, purpose=PURPOSE
    ).earliest("pk")
    totals = _Totals()
    with attachment.file.open("rb") as file:
        if _digest(file) != statement.sha256:
            raise Refused(_("The stored file is not the one that was uploaded."))
        bank_file = BankFile(file, statement.file_name, currency=account.currency, layouts=_layouts(statement.preset))
        for chunk in _marked(bank_file, account):
            for line, _mark, is_known in chunk:
                totals.add(line, is_known)
            _write(statement, [(line, mark) for line, mark, is_known in chunk if not is_known], by)
            if told is not None:
                told(totals.read)
        bank_file.refuse_problems()
    for name, value in totals.fields().items():
        setattr(statement, name, value)
    statement.save(update_fields=[*totals.fields(), "updated_at"])


def _write(statement: BankStatement, fresh: list[tuple[BankLine, str]], by: Actor | User) -> None:
    receipts = _receipts(statement, [(line, mark) for line, mark in fresh if line.is_credit], by)
    StatementLine.objects.bulk_create(
        StatementLine(
            statement=statement,
            account_id=statement.account_id,
            number=line.number,
            booked_on=line.booked_on,
            is_credit=line.is_credit,
            gross_amount=line.gross_amount,
            name=line.name[:200],
            other_account=line.account[:60],
            summary=line.summary[:300],
            reference=line.reference[:80],
            balance=line.balance,
            fingerprint=mark,
            receipt=receipts.get(mark),
        )
        for line, mark in fresh
    )


def _receipts(statement: BankStatement, credits: list[tuple[BankLine, str]], by: Actor | User) -> dict[str, Receipt]:
    """The receipt of each line of money in, by fingerprint: one that was typed by hand before, or a new one."""
    typed = _typed_before(statement, (line.reference for line, _mark in credits if line.reference))
    method = Term.objects.get(dictionary="receipt_method", code="transfer")
    found: dict[str, Receipt] = {}
    made: dict[str, Receipt] = {}
    taken = set(typed)
    for line, mark in credits:
        same = typed.get(line.reference)
        if same is not None and same.gross_amount == line.gross_amount and not hasattr(same, "statement_line"):
            found[mark] = typed.pop(line.reference)
            continue
        # Banks give one number to a batch of movements: each of them is a receipt with a number of its own.
        reference = line.reference[:80]
        if not reference or reference in taken:
            reference = f"{line.reference[:60]}#{mark[:16]}"
        taken.add(reference)
        made[mark] = _receipt(statement, line, reference, method)
    open_many(list(made.values()), by=by, note=statement.code)
    return {**found, **made}


def _receipt(statement: BankStatement, line: BankLine, reference: str, method: Term) -> Receipt:
    return Receipt(
        title=(line.summary or line.name or NOBODY)[:200],
        account=statement.account,
        payer_name=line.name[:200] or NOBODY,
        payer_account=line.account[:40],
        gross_amount=line.gross_amount,
        currency=statement.account.currency,
        value_on=line.booked_on,
        reference=reference,
        summary=line.summary[:300],
        method=method,
    )


def _typed_before(statement: BankStatement, references: Iterable[str]) -> dict[str, Receipt]:
    known = Receipt.objects.filter(account_id=statement.account_id, reference__in=set(references))
    return {receipt.reference: receipt for receipt in known.select_related("statement_line")}
