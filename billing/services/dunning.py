"""Dunning letters: proposed by a sweep, renewed while they wait, sent or skipped by a person."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from billing.dunning import Standing, next_level
from billing.models import DunningItem, DunningLetter, DunningLevel, ReceivableLine
from billing.models.dunning import bank_is_known, with_history
from billing.services import kept
from billing.services.promise import FOLLOW
from core.calendar import today
from core.errors import Refused
from core.money import ZERO
from process.models import Case
from process.services import doors, open_case

SYSTEM = Actor.system("dunning")
# (payer, our legal entity, currency, account manager): whom one letter is from, to and about.
Key = tuple[int, int, str, int | None]
# A line with the level it is ripe for.
Ripe = tuple[ReceivableLine, int]


def _ladder() -> list[DunningLevel]:
    return list(DunningLevel.objects.filter(is_active=True).order_by("level"))


def _key(line: ReceivableLine) -> Key:
    return line.customer_id, line.contract.entity_id, line.currency, line.owner_id


def ripe(day: dt.date, ladder: Sequence[DunningLevel], **of: Any) -> dict[Key, list[Ripe]]:
    """The lines that ask for a letter on a day, by letter; not those a person put off. One statement.

    `of` narrows the lines, as in a filter of receivables.
    """
    found = with_history(ReceivableLine.objects.to_chase(day).filter(**of), day).filter(put_off=False)
    letters: dict[Key, list[Ripe]] = defaultdict(list)
    for line in found.select_related("contract", "customer", "owner").order_by("due_on", "pk"):
        standing = Standing((day - line.due_on).days, line.dunning_level, line.dunned_on, line.broken)
        if level := next_level(standing, ladder, day):
            letters[_key(line)].append((line, level))
    return letters


def propose() -> int:
    """Once a day: what is ripe is proposed, letter by letter, where the bank's data are fresh; how many are new.

    A proposal that waits is brought up to date, and lapses when nothing of it is left. Running twice proposes once.
    """
    day, ladder, made = today(), _ladder(), 0
    if not ladder:
        return 0
    letters = ripe(day, ladder)
    for key, lines in letters.items():
        made += _propose(key, lines, ladder)
    for letter in DunningLetter.objects.filter(state="proposed").order_by("pk"):
        if _key_of(letter) not in letters:
            renew(letter, by=SYSTEM)
    return made


def _key_of(letter: DunningLetter) -> Key:
    return letter.customer_id, letter.entity_id, letter.currency, letter.owner_id


@transaction.atomic
def _propose(key: Key, lines: list[Ripe], ladder: Sequence[DunningLevel]) -> bool:
    """One letter; False where it waits already or the bank's data are old."""
    # Whoever proposes waits for whoever proposes at this moment.
    DunningLevel.objects.select_for_update().filter(pk=ladder[0].pk).get()
    rung = _rung(lines, ladder)
    customer, entity, currency, owner = key
    waiting = DunningLetter.objects.filter(customer=customer, entity=entity, currency=currency, owner=owner)
    letter = waiting.filter(state="proposed").first()
    if letter is not None and _fits(letter, lines):
        _rewrite(letter, lines, rung)
        return False
    if not bank_is_known(entity, rung.bank_days):
        return False
    if letter is not None:
        doors.fire(letter, "lapse", by=SYSTEM)
    _open(lines, rung)
    return True


def _rung(lines: list[Ripe], ladder: Sequence[DunningLevel]) -> DunningLevel:
    """The letter's own level: the highest of its lines."""
    highest = max(level for _line, level in lines)
    return next(one for one in ladder if one.level == highest)


def _fits(letter: DunningLetter, lines: list[Ripe]) -> bool:
    """A letter on a deal stays the letter of that deal: another deal's lines are not told there."""
    cases = {line.case_id for line, _level in lines}
    of_a_deal = ReceivableLine.objects.filter(case_id=letter.case_id).exists()
    return not of_a_deal or cases == {letter.case_id}


def _open(lines: list[Ripe], rung: DunningLevel) -> DunningLetter:
    first = lines[0][0]
    cases = {line.case_id for line, _level in lines}
    title = first.customer.title[:200]
    letter = DunningLetter(
        title=title,
        owner=first.owner,
        department_id=first.department_id,
        customer=first.customer,
        entity_id=first.contract.entity_id,
        currency=first.currency,
        level=rung.level,
        rung=rung,
        gross_amount=_sum(lines),
        text_zh=rung.text_zh,
        text_en=rung.text_en,
    )
    case = Case.objects.get(pk=cases.pop()) if len(cases) == 1 else open_case(title)
    doors.open(letter, by=SYSTEM, case=case)
    _write(letter, lines)
    notify(
        [letter.owner_id] if letter.owner_id else [],
        gettext_noop("%(record)s waits to be sent: %(level)s"),
        key=f"dunning:{letter.pk}",
        params={"record": str(letter), "level": str(rung.level)},
        link=letter.get_absolute_url(),
    )
    return letter


def _sum(lines: list[Ripe]) -> Any:
    return sum((line.gross_open for line, _level in lines), ZERO)


def _write(letter: DunningLetter, lines: list[Ripe]) -> None:
    letter.items.all().delete()
    DunningItem.objects.bulk_create(
        DunningItem(letter=letter, receivable=line, level=level, gross_amount=line.gross_open) for line, level in lines
    )


def _rewrite(letter: DunningLetter, lines: list[Ripe], rung: DunningLevel) -> None:
    """Bring a waiting letter up to date; its text stays as it was edited, unless the letter became another."""
    kept_lines = {(item.receivable_id, item.level, item.gross_amount) for item in letter.items.all()}
    if kept_lines == {(line.pk, level, line.gross_open) for line, level in lines}:
        return
    changes: dict[str, Any] = {"gross_amount": _sum(lines)}
    if rung.pk != letter.rung_id:
        changes |= {"level": rung.level, "rung": rung, "text_zh": rung.text_zh, "text_en": rung.text_en}
    doors.edit(letter, by=SYSTEM, changes=changes, action="renew")
    _write(letter, lines)


@transaction.atomic
def renew(letter: DunningLetter, *, by: Actor | User, note: str = "", version: int | None = None) -> DunningLetter:
    """Bring the lines of a proposal up to date; it lapses when none is left."""
    doors.act(letter, "renew", by=by, who=letter.edit_who, states=("proposed",), note=note, version=version)
    ladder = _ladder()
    customer, entity, currency, owner = _key_of(letter)
    of = {"customer": customer, "contract__entity": entity, "currency": currency, "owner": owner}
    found = ripe(today(), ladder, **of).get(_key_of(letter), [])
    if ReceivableLine.objects.filter(case_id=letter.case_id).exists():
        found = [(line, level) for line, level in found if line.case_id == letter.case_id]
    if not found:
        return doors.fire(letter, "lapse", by=SYSTEM, note=note)
    _rewrite(letter, found, _rung(found, ladder))
    return letter


@transaction.atomic
def edit(
    letter: DunningLetter, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> DunningLetter:
    """Word a letter otherwise before it goes out."""
    return doors.edit(letter, by=by, changes=changes, version=version, note=note)


@transaction.atomic
def send(
    letter: DunningLetter, *, by: Actor | User, sent_how: str = "", note: str = "", version: int | None = None
) -> DunningLetter:
    """The letter went out: each of its lines comes to its level. Raises Refused where a line no longer asks for it."""
    items = list(letter.items.order_by("receivable_id"))
    cases = set(ReceivableLine.objects.filter(dunning_items__letter=letter).values_list("case_id", flat=True))
    kept.lock_cases({letter.case_id, *cases})
    day = today()
    doors.fire(letter, "send", by=by, note=note, version=version, changes={"sent_on": day, "sent_how": sent_how})
    for item in items:
        line = kept.lock_line(item.receivable_id)
        changes = {"dunning_level": item.level, "dunned_on": day, "contacted_on": day}
        doors.edit(line, by=SYSTEM, changes=changes, action="dun", note=letter.code)
    return letter


@transaction.atomic
def skip(
    letter: DunningLetter,
    *,
    again_on: dt.date,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
) -> DunningLetter:
    """No letter about these lines before a day, and why."""
    if again_on <= today():
        raise Refused(_("Please name a day after today."))
    return doors.fire(letter, "skip", by=by, note=note, version=version, changes={"again_on": again_on})


@transaction.atomic
def propose_letter(
    line: ReceivableLine, *, by: Actor | User, note: str = "", version: int | None = None
) -> ReceivableLine:
    """Propose the letter a line is ripe for now, with all that belongs into it, before the morning does.

    Harmless where it waits already. Raises Refused where the line is not ripe or the bank's data are old.
    """
    doors.act(line, "propose_letter", by=by, who=FOLLOW, states=("eligible",), note=note, version=version)
    ladder, key = _ladder(), _key(line)
    customer, entity, currency, owner = key
    of = {"customer": customer, "contract__entity": entity, "currency": currency, "owner": owner}
    found = ripe(today(), ladder, **of).get(key, [])
    if all(one.pk != line.pk for one, _level in found):
        raise Refused(_("%(line)s is not ripe for a letter today.") % {"line": line.code})
    if not bank_is_known(entity, _rung(found, ladder).bank_days):
        raise Refused(_("The bank's data are too old: the money may have come in. Take in the bank statement."))
    _propose(key, found, ladder)
    return line


@transaction.atomic
def escalate(line: ReceivableLine, *, by: Actor | User, note: str = "", version: int | None = None) -> ReceivableLine:
    """Ask the head above the account manager to step in: letters are used up. Raises Refused without words or head."""
    doors.act(line, "escalate", by=by, who=FOLLOW, states=("eligible",), note=note, version=version)
    if not note.strip():
        raise Refused(_("Please write down what was tried and what is asked for."))
    department = line.owner.department if line.owner is not None else line.department
    head = department.nearest_head(but=line.owner) if department is not None else None
    if head is None:
        raise Refused(_("No department above has a head."))
    kept.spoken_with(line)
    notify(
        [head],
        gettext_noop("%(record)s is %(days)s days overdue and needs you: %(note)s"),
        key=f"escalate:{line.pk}:{line.row_version}:{today()}",
        params={"record": str(line), "days": line.days_overdue, "note": note[:200]},
        link=line.get_absolute_url(),
        level="warning",
    )
    return line
