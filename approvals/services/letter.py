"""What is done with letters of authority: written, issued, signed for, and how each comes to its end."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import letters, selectors
from approvals.models import AuthorityLetter, Decision, LetterLine
from approvals.services.deciding import department_of, tell_asked
from core.calendar import today
from process.services import attach, doors
from process.services import steps as process_steps
from process.services.log import lock_case, write_log

__all__ = ["accept", "decline", "edit", "expire", "issue", "open", "remind", "revoke", "sweep", "void"]

JOB = "letters of authority"
# So many days before its last one both sides are told that a letter ends.
REMIND_DAYS = 30


@transaction.atomic
def open(
    *, by: Actor | User, grantee: User, lines: Iterable[dict[str, Any]] = (), note: str = "", **fields: Any
) -> AuthorityLetter:
    """Write the draft of a letter. A line: {document, and any of the limits of an authority rule}."""
    letter = AuthorityLetter(grantee=grantee, department_id=grantee.department_id, **fields)
    letter.title = _title(letter)
    doors.open(letter, by=by, note=note)
    _write(letter, lines)
    return letter


def _title(letter: AuthorityLetter) -> str:
    """Whose it is and of which years: 刘建国 2026."""
    years = dict.fromkeys((letter.valid_from.year, letter.valid_to.year))
    return f"{letter.grantee} {'–'.join(map(str, years))}"[:200]


def _write(letter: AuthorityLetter, lines: Iterable[dict[str, Any]]) -> None:
    LetterLine.objects.bulk_create([LetterLine(letter=letter, **line) for line in lines])


@transaction.atomic
def edit(
    letter: AuthorityLetter,
    *,
    by: Actor | User,
    version: int | None = None,
    note: str = "",
    lines: Iterable[dict[str, Any]] | None = None,
    **changes: Any,
) -> AuthorityLetter:
    """Change a draft; `lines` replaces all its lines."""
    after = {name: changes.get(name, getattr(letter, name)) for name in ("grantee", "valid_from", "valid_to")}
    changes |= {"title": _title(AuthorityLetter(**after)), "department": after["grantee"].department}
    doors.edit(letter, by=by, changes=changes, version=version, note=note)
    if lines is not None:
        letter.lines.all().delete()
        _write(letter, lines)
    return letter


@transaction.atomic
def issue(
    letter: AuthorityLetter, *, by: Actor | User, file: Any, note: str = "", version: int | None = None
) -> AuthorityLetter:
    """Put the signed scan on record and hand the letter to the authorised person, who signs for it.

    Raises Refused where it says nothing, is over, or another letter of the person covers one of its documents then.
    """
    actor = Actor.of(by)
    changes = {"issued_by": actor.user, "issued_at": timezone.now()}
    doors.fire(letter, "issue", by=actor, note=note, version=version, changes=changes)
    attach(letter, file=file, by=actor, purpose="letter")
    _tell(letter, [letter.grantee_id], gettext_noop("%(letter)s was issued to you: please sign for it"), "issued")
    return letter


@transaction.atomic
def accept(letter: AuthorityLetter, *, by: Actor | User, note: str = "", version: int | None = None) -> AuthorityLetter:
    """签收: the authorised person takes it; from its first day on it counts."""
    changes = {"accepted_at": timezone.now()}
    doors.fire(letter, "accept", by=by, note=note, version=version, changes=changes)
    _tell(letter, [letter.issued_by_id], gettext_noop("%(letter)s was signed for"), "accepted")
    return letter


@transaction.atomic
def decline(
    letter: AuthorityLetter, *, by: Actor | User, note: str = "", version: int | None = None
) -> AuthorityLetter:
    """The authorised person does not take it as it is: it is a draft again."""
    issuer = letter.issued_by_id
    changes = {"issued_by": None, "issued_at": None}
    doors.fire(letter, "decline", by=by, note=note, version=version, changes=changes)
    _tell(letter, [issuer], gettext_noop("%(letter)s was declined"), "declined", level="warning")
    return letter


@transaction.atomic
def void(letter: AuthorityLetter, *, by: Actor | User, note: str = "", version: int | None = None) -> AuthorityLetter:
    """Put a draft away that nobody needs."""
    return doors.fire(letter, "void", by=by, note=note, version=version)


@transaction.atomic
def revoke(letter: AuthorityLetter, *, by: Actor | User, note: str = "", version: int | None = None) -> AuthorityLetter:
    """Take the authority back at once: decisions that wait for it are asked of the next who may."""
    _end(letter, "revoke", Actor.of(by), note, version)
    _tell(letter, [letter.grantee_id], gettext_noop("%(letter)s was revoked"), "revoked", level="danger")
    return letter


@transaction.atomic
def expire(letter: AuthorityLetter, *, by: Actor, note: str = "", version: int | None = None) -> AuthorityLetter:
    """Its last day is over: decisions that wait for it are asked of the next who may."""
    _end(letter, "expire", by, note, version)
    people = [letter.grantee_id, letter.issued_by_id]
    _tell(letter, people, gettext_noop("%(letter)s has expired"), "expired", level="warning")
    return letter


def _end(letter: AuthorityLetter, verb: str, actor: Actor, note: str, version: int | None) -> None:
    """End a letter and hand on what is asked under it.

    All cases are locked first, in the order of their ids, so that whoever decides now is either done or comes too
    late; a request submitted meanwhile waits for the letter's row and does not choose it.
    """
    cases = {letter.case_id, *(one.request.case_id for one in selectors.asked_under(letter))}
    for case_id in sorted(cases):
        lock_case(case_id)
    doors.fire(letter, verb, by=actor, note=note, version=version)
    for one in selectors.asked_under(letter):
        _ask_others(one, letter, by=actor)


def _ask_others(one: Decision, letter: AuthorityLetter, *, by: Actor) -> None:
    """The letter of one who was asked has ended: the others go on being asked, else the next whose letter covers it.

    Where nobody's does, the fallback role that was frozen at submit decides, without a letter; never who submitted.
    """
    record = one.request.document()
    case = lock_case(record.case_id)
    one.refresh_from_db()
    lost = letter.grantee_id
    if one.decided_at is not None or one.letters.get(str(lost), {}).get("id") != letter.pk:
        return
    before = set(one.assignees)
    one.letters.pop(str(lost))
    one.assignees = [pk for pk in one.assignees if pk != lost]
    if not one.assignees:
        lines = selectors.next_by_letter(one, record)
        one.letters = {str(pk): letters.kept(line) for pk, line in lines.items()}
        frozen = one.request.frozen_rule
        barred = {lost, *frozen["submitters"]}
        one.assignees = list(lines) or selectors.asked_as(frozen["fallback"], frozen["fallback"], record, barred)
    one.save(update_fields=["assignees", "letters"])
    names = ", ".join(str(user) for user in User.objects.filter(pk__in=one.assignees).order_by("pk"))
    write_log(
        case,
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.ask_others",
        by=by,
        changes={"letter": [letter.code, ""], "decider": [str(letter.grantee), names]},
    )
    if one.step is None:
        return
    process_steps.ask_instead(one.step, assignees=one.assignees)
    holder = one.assignees[0] if one.assignees else one.request.submitted_by_id
    process_steps.hold(record, user_id=holder, department_id=department_of(holder) if holder else None)
    tell_asked(one, record, set(one.assignees) - before, f"decision:{one.pk}:{letter.code}")
    if not one.assignees and holder is not None:
        notify(
            [holder],
            gettext_noop("%(record)s: nobody is left who may decide on it"),
            key=f"decision:{one.pk}:{letter.code}:nobody",
            params={"record": str(record)},
            link=record.get_absolute_url(),
            level="danger",
        )


def _tell(letter: AuthorityLetter, people: Iterable[int | None], message: str, key: str, *, level: str = "info") -> int:
    return notify(
        {pk for pk in people if pk is not None},
        message,
        key=f"authority_letter:{letter.pk}:{letter.row_version if key != 'ends' else letter.valid_to}:{key}",
        params={"letter": str(letter), "day": letter.valid_to.isoformat()},
        link=letter.get_absolute_url(),
        level=level,
    )


def sweep() -> int:
    """Every night: letters expire whose last day is over; how many did."""
    expired = 0
    over = AuthorityLetter.objects.filter(state__in=("issued", "in_force"), valid_to__lt=today()).order_by("pk")
    for letter in over:
        with transaction.atomic():
            lock_case(letter.case_id)
            letter.refresh_from_db()
            if letter.state in ("issued", "in_force"):
                expire(letter, by=Actor.system(JOB))
                expired += 1
    return expired


def remind() -> int:
    """Every morning: holder and issuer are told once that a letter ends within 30 days; how many people were."""
    end = today() + dt.timedelta(days=REMIND_DAYS)
    found = AuthorityLetter.objects.filter(state="in_force", valid_to__range=(today(), end)).order_by("pk")
    message = gettext_noop("%(letter)s ends on %(day)s")
    return sum(
        _tell(letter, [letter.grantee_id, letter.issued_by_id], message, "ends", level="warning") for letter in found
    )
