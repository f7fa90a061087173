"""The four doors: open creates, edit changes fields, fire moves the state, adopt takes in history."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core import bulk
from core.errors import Barred, NotAllowed, Reason, Refused, Stale
from core.numbering import next_code
from core.transactions import atomic_part
from process import access, segregation
from process.machine import Verb, message_id, verbs_of
from process.models import Case, CaseRecord, LogEntry, Seat, StageRecord
from process.services import evidence, steps
from process.services.cases import open_case
from process.services.log import keep_heads, lock_case, mac_of, write_log

Record = TypeVar("Record", bound=StageRecord)
_UNTOUCHED = {"case", "state", "code", "row_version", "created_at", "updated_at", "state_since", "search_text"}


def plain(value: Any) -> Any:
    """A field's value as JSON can keep it in the log."""
    if isinstance(value, models.Model):
        return {"id": value.pk, "text": str(value)}
    if isinstance(value, Decimal | dt.date | dt.datetime | dt.time | dt.timedelta):
        return str(value)
    if isinstance(value, str | int | float | bool | None | list | dict):
        return value
    return force_str(value)


def _validate(record: StageRecord, *, exclude: Iterable[str] = ()) -> None:
    """Field and constraint validation, turned into one refusal that lists every reason."""
    try:
        record.full_clean(exclude={*exclude, "case", "search_text"})
    except ValidationError as error:
        raise Refused(sentences(record, error)) from error


def sentences(record: StageRecord, error: ValidationError) -> list[Reason]:
    """What is wrong with the fields, one reason each."""
    reasons = []
    for field, messages in getattr(error, "message_dict", {"__all__": error.messages}).items():
        label = "" if field == "__all__" else f"{record._meta.get_field(field).verbose_name}: "
        reasons += [Reason(f"{label}{message}") for message in messages]
    return reasons


def index(record: StageRecord) -> None:
    """Keep the column that search looks in."""
    record.search_text = record.searchable()[:600].lower()


def _keep_case_record(record: StageRecord, actor: Actor) -> None:
    """The kernel's own row about the record: state, holder, since; never read from the stage above."""
    if not record.tracked:
        return
    holder_id = record.holder_id() if record.is_open else None
    row = CaseRecord(
        case_id=record.case_id,
        kind=record.record_kind(),
        object_id=record.pk,
        code=record.code,
        title=record.title[:200],
        state=record.state,
        stage=record.home_stage,
        is_open=record.is_open,
        holder_id=holder_id,
        department_id=_department_of(holder_id, record, actor) or record.department_id,
        since=record.state_since,
    )
    kept = [field.name for field in CaseRecord._meta.concrete_fields if field.name not in ("id", "kind", "object_id")]
    CaseRecord.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["kind", "object_id"], update_fields=kept
    )


def _department_of(user_id: int | None, record: StageRecord, actor: Actor) -> int | None:
    """The department of a holder; mostly it is the actor or the owner, who are at hand."""
    if user_id is None:
        return None
    at_hand = (actor.user, record.owner if "owner" in record._state.fields_cache else None)
    known = next((one for one in at_hand if one is not None and one.pk == user_id), None)
    if known is not None:
        return known.department_id
    return User.objects.filter(pk=user_id).values_list("department_id", flat=True).first()


def require(record: StageRecord, words: Iterable[str], actor: Actor) -> Actor:
    """The actor as the log names them; NotAllowed for anybody who is none of `words`."""
    allowed = tuple(words)
    if not access.may_any(allowed, record, actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    return access.named(allowed, record, actor)


@atomic_part
def open(
    record: Record,
    *,
    by: Actor | User,
    note: str = "",
    case: Case | None = None,
    action: str = "open",
    fresh: bool = False,
    code: str = "",
) -> Record:
    """Create a record: its number, its case (a new one where none is given), owner, log line and steps.

    `code`: the caller drew the number from the record's range, together with another. `fresh`: the caller made the case
    in this transaction, so nobody else knows it and it need not be locked.
    Raises NotAllowed, or Refused with every reason why the values cannot stand.
    """
    actor = Actor.of(by)
    if case is None and record.case_id is None:
        case, fresh = open_case(record.title), True
    if case is not None:
        record.case = case
    locked = case if fresh and case is not None else lock_case(record.case_id)
    if record.owner_id is None and actor.user is not None and record.owner_defaults_to_actor:
        record.owner = actor.user
    if record.department_id is None:
        source = record.owner or actor.user
        record.department_id = source.department_id if source else None
    record.created_by = actor.user
    actor = require(record, access.words_for(record, "open"), actor)
    reasons = [*record.open_checks(), *_bars(record, action, actor)]
    if reasons:
        raise Refused(reasons)
    # A number that was drawn is nobody else's; one that was typed is looked for.
    drawn = () if record.code else ("code",)
    record.code = record.code or code or next_code(record.code_prefix)
    index(record)
    _validate(record, exclude=drawn)
    record.save(force_insert=True)
    _keep_case_record(record, actor)
    write_log(
        locked,
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.{action}",
        by=actor,
        state_to=record.state,
        note=note,
    )
    steps.on_action(record, f"{record.noun()}.{action}", actor, fresh=fresh)
    return record


def lock(record: Record, version: int | None = None) -> tuple[Case, Record]:
    """The case and the record's row, locked in this order; Stale when `version` is no longer the current one."""
    locked_case = lock_case(record.case_id)
    row: Any = type(record)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
    if version is not None and version != row.row_version:
        raise Stale({"row_version": (version, row.row_version)})
    return locked_case, row


def _sync(record: StageRecord, row: StageRecord) -> None:
    """The caller's instance shows what the door wrote."""
    if record is row:
        return
    for field in row._meta.concrete_fields:
        record.__dict__[field.attname] = row.__dict__[field.attname]
    record._state.fields_cache.clear()


def _apply(row: StageRecord, changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Set the changed fields; returns {field: [old, new]} of what really changes."""
    changed: dict[str, list[Any]] = {}
    for name, value in changes.items():
        if name in _UNTOUCHED:
            raise AttributeError(f"{name} is kept by the doors")
        old = getattr(row, name)
        if old != value:
            changed[name] = [plain(old), plain(value)]
            setattr(row, name, value)
    return changed


@atomic_part
def edit(
    record: Record,
    *,
    by: Actor | User,
    changes: dict[str, Any],
    version: int | None = None,
    note: str = "",
    action: str = "edit",
) -> Record:
    """Change fields of a record, not its state.

    `version` is the row version the reader saw; raises Stale with both values of every field that
    another person changed meanwhile, NotAllowed, or Refused with every reason.
    """
    actor = Actor.of(by)
    locked_case = lock_case(record.case_id)
    row = type(record)._default_manager.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
    if version is not None and version != row.row_version:
        raise Stale(_conflict(row, changes))
    actor = require(row, access.words_for(row, "edit"), actor)
    allowed = row.edit_states or row.states.open
    if row.state not in allowed:
        raise Refused(_("%(record)s is %(state)s and can no longer be changed.") % _named(row))
    changed = _apply(row, changes)
    if changed:
        reasons = [*row.edit_checks(), *_bars(row, action, actor)]
        if reasons:
            raise Refused(reasons)
        index(row)
        _validate(row, exclude=("code",))
        row.row_version += 1
        row.save(update_fields=[*changed, "row_version", "search_text", "updated_at"])
        _keep_case_record(row, actor)
        write_log(
            locked_case,
            kind=row.record_kind(),
            object_id=row.pk,
            action=f"{row.noun()}.{action}",
            by=actor,
            note=note,
            changes=changed,
        )
    _sync(record, row)
    return record


def _conflict(row: StageRecord, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        str(row._meta.get_field(name).verbose_name): (plain(value), plain(getattr(row, name)))
        for name, value in changes.items()
        if row.has_field(name) and getattr(row, name) != value
    }


def _passed_by(permits: list[evidence.Permit]) -> dict[str, list[str]]:
    """The special approvals a verb passed by, as the log names them."""
    return {"special_approval": ["", ", ".join(dict.fromkeys(one.code for one in permits))]} if permits else {}


def _named(row: StageRecord) -> dict[str, str]:
    return {"record": f"{row._meta.verbose_name} {row.code}", "state": row.state_label}


def _bars(row: StageRecord, name: str, actor: Actor) -> list[Barred]:
    """Whose other act forbids this one, the case being locked."""
    segregation.one_at_a_time(row, name, actor)
    return segregation.bars(row, name, actor)


def bars(row: StageRecord, name: str, by: Actor | User) -> list[Barred]:
    """Why this person may not do `name` to the row, though others in the same role may."""
    actor = Actor.of(by)
    if name in verbs_of(type(row)) or name in ("open", "edit"):
        actor = access.named(access.words_for(row, name), row, actor)
    return segregation.bars(row, segregation.meant(row, name, actor), actor)


def reasons_against(
    row: StageRecord, spec: Verb, note: str = "given", *, by: Actor | User | None = None
) -> list[Reason]:
    """Every reason why `spec` cannot be fired on the row now: by this person, or by anybody where `by` is left out."""
    reasons = weigh(row, spec, note)[0]
    return [*reasons, *bars(row, spec.name, by)] if by is not None and row.state in spec.sources else reasons


def weigh(row: StageRecord, spec: Verb, note: str = "given") -> tuple[list[Reason], list[evidence.Permit]]:
    """(every reason why nobody can fire `spec` on the row now, the special approvals by which it passes others)."""
    if row.state not in spec.sources:
        text = _("%(record)s is %(state)s: “%(verb)s” is not possible.")
        return [Reason(text % {**_named(row), "verb": spec.label})], []
    reasons = [Reason(_("Please give a reason."))] if spec.note and not note.strip() else []
    for check in spec.checks:
        reasons += [reason if isinstance(reason, Reason) else Reason(reason) for reason in getattr(row, check)()]
    action = f"{row.noun()}.{spec.name}"
    return evidence.passed(row, action, reasons + evidence.lacking(row, action))


@atomic_part
def fire(
    record: Record,
    verb: str,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    changes: dict[str, Any] | None = None,
) -> Record:
    """Move the state of a record by one declared verb, setting `changes` on the way.

    Locks the case, then the row. Raises NotAllowed for the wrong person, Stale when `version` is
    not the current row version, Refused with every reason otherwise. Nothing is written on refusal.
    """
    actor = Actor.of(by)
    locked_case, locked = lock(record, version)
    row: Any = locked
    spec = verbs_of(type(row))[verb]
    actor = require(row, access.words_for(row, verb), actor)
    changed = _apply(row, changes or {})
    reasons, permits = weigh(row, spec, note)
    if row.state in spec.sources:
        # What one person may not do alone is no thing that lacks: no special approval passes it.
        reasons += _bars(row, verb, actor)
    if reasons:
        raise Refused(reasons)
    before = row.state
    getattr(row, spec.attribute)()
    if verb == "submit" and row.has_field("submitted_by"):
        row.submitted_by = actor.user
    if verb == "approve" and row.has_field("approved_at"):
        row.approved_at = timezone.now()
    row.state_since = timezone.now()
    row.row_version += 1
    index(row)
    if changed:
        _validate(row, exclude=("code",))
    row.save()
    _keep_case_record(row, actor)
    action = f"{row.noun()}.{verb}"
    write_log(
        locked_case,
        kind=row.record_kind(),
        object_id=row.pk,
        action=action,
        by=actor,
        state_from=before,
        state_to=row.state,
        note=note,
        changes={**changed, **_passed_by(permits)},
    )
    steps.on_action(row, action, actor)
    _tell_owner(row, spec, actor)
    _sync(record, row)
    return record


@atomic_part
def act(
    record: Record,
    action: str,
    *,
    by: Actor | User,
    who: Iterable[str] = ("owner",),
    states: Iterable[str] = (),
    note: str = "",
    version: int | None = None,
    changes: dict[str, Any] | None = None,
) -> Record:
    """The edit door for what hangs on a record without a machine of its own (a visit, a stakeholder, a line).

    Locks and checks person and state, writes the log line `<noun>.<action>`; the caller then writes the
    child rows in the same transaction. Empty `states` means every open state.
    """
    actor = Actor.of(by)
    locked_case, row = lock(record, version)
    actor = require(row, (*who, "system"), actor)
    if row.state not in (tuple(states) or row.states.open):
        raise Refused(_("%(record)s is %(state)s and can no longer be changed.") % _named(row))
    if barred := _bars(row, action, actor):
        raise Refused(barred)
    write_log(
        locked_case,
        kind=row.record_kind(),
        object_id=row.pk,
        action=f"{row.noun()}.{action}",
        by=actor,
        note=note,
        changes={name: ["", plain(value)] for name, value in (changes or {}).items()},
    )
    steps.on_action(row, f"{row.noun()}.{action}", actor)
    _sync(record, row)
    return record


def _tell_owner(row: StageRecord, spec: Verb, actor: Actor) -> None:
    """The owner learns what somebody else did to the record."""
    if not row.tells_owner or row.owner_id is None or row.owner_id == actor.user_id:
        return
    notify(
        [row.owner_id],
        gettext_noop("%(record)s: %(verb)s by %(who)s"),
        key=f"{row.record_kind()}:{row.pk}:{row.row_version}:{spec.name}",
        params={"record": str(row), "who": str(actor)},
        # The name of a job is for the log; people are told that it was the system.
        words={"verb": message_id(spec.label), **({"who": gettext_noop("System")} if actor.is_system else {})},
        link=row.get_absolute_url(),
    )


@atomic_part
def adopt(
    rows: list[Record],
    *,
    by: Actor,
    source: str,
    at: Iterable[dt.datetime],
    seats: Iterable[dict[str, int]] = (),
) -> list[Record]:
    """Take history in, in bulk: unsaved rows with their case, code and final state set.

    Each is marked imported and gets one log row saying where it came from; no gates, no notices, no
    steps. `at` is when each reached its state; `seats` maps seats to user ids, by row, for new cases.
    Rows whose case is unsaved get a new one; rows of one case share the unsaved instance.
    """
    moments = list(at)
    cases = {id(row.case): row.case for row in rows if row.case.pk is None}
    bulk.insert(list(cases.values()))
    known = {row.case_id for row in rows if id(row.case) not in cases}
    heads = {case.pk: case for case in Case.objects.select_for_update(no_key=True).filter(pk__in=known).order_by("pk")}
    heads.update({case.pk: case for case in cases.values()})
    for row, moment in zip(rows, moments, strict=True):
        row.case_id = row.case.pk
        row.imported = True
        row.state_since = moment
        index(row)
    bulk.insert(rows)
    bulk.insert([_imported_case_record(row) for row in rows if row.tracked])
    bulk.insert([_imported_entry(row, heads[row.case_id], by, source) for row in rows])
    keep_heads(heads.values())
    _adopt_seats(rows, moments, seats)
    return rows


def _imported_case_record(row: StageRecord) -> CaseRecord:
    return CaseRecord(
        case_id=row.case_id,
        kind=row.record_kind(),
        object_id=row.pk,
        code=row.code,
        title=row.title[:200],
        state=row.state,
        stage=row.home_stage,
        is_open=row.is_open,
        holder_id=row.owner_id if row.is_open else None,
        department_id=row.department_id,
        since=row.state_since,
    )


def _imported_entry(row: StageRecord, case: Case, by: Actor, source: str) -> LogEntry:
    entry = LogEntry(
        case_id=case.pk,
        seq=case.log_length + 1,
        at=timezone.now(),
        kind=row.record_kind(),
        object_id=row.pk,
        action=f"{row.noun()}.adopt",
        state_to=row.state,
        actor_kind=by.kind,
        actor_name=str(by),
        user_id=by.user_id,
        note=source,
        changes={"since": str(row.state_since)},
    )
    entry.mac = mac_of(entry, case.log_head)
    case.log_length, case.log_head = entry.seq, entry.mac
    return entry


def _adopt_seats(rows: list[Record], moments: list[dt.datetime], seats: Iterable[dict[str, int]]) -> None:
    wanted = [
        Seat(case_id=row.case_id, role=role, user_id=user_id, during=(moment, None))
        for row, moment, held in zip(rows, moments, seats, strict=False)
        for role, user_id in held.items()
    ]
    bulk.insert(wanted)
