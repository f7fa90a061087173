"""Row versions: what changed, and whether somebody else changed it first."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet

from core.errors import Refused, Stale

M = TypeVar("M", bound=Model)

Conflict = dict[str, tuple[Any, Any]]


def lock_row(queryset: QuerySet[M], pk: Any) -> M:
    """Read one row for writing: other writers wait, readers and foreign keys to it do not."""
    return queryset.select_for_update(of=("self",), no_key=True).get(pk=pk)


def check_version(stored: int, sent: int | None, conflict: Callable[[], Conflict] | Conflict | None = None) -> None:
    """Raise Stale when the version a user saw is not the stored one; None means no version was asked for.

    Call it on the locked row. `conflict` names what differs, best as a callable over `conflict_of`.
    """
    if sent is None or sent == stored:
        return
    differs = conflict() if callable(conflict) else conflict
    raise Stale(differs or {"version": (sent, stored)})


def diff(instance: Model, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a change would really change: {field: (old, new)} in JSON-able values, a relation by its key.

    Values are read as the field reads them, so "12.00" does not change 12. Refused for a value the field cannot read.
    """
    result = {}
    for name, (field, value) in _read(instance, changes).items():
        old, new = getattr(instance, field.attname), value
        if old != new:
            result[name] = (as_json(old), as_json(new))
    return result


def assign(instance: Model, changes: dict[str, Any]) -> list[str]:
    """Set what really changes and return the names for save(update_fields=…), so that no other column is written."""
    changed = []
    for name, (field, value) in _read(instance, changes).items():
        if getattr(instance, field.attname) == value:
            continue
        given = changes[name]
        setattr(instance, *((field.name, given) if isinstance(given, Model) else (field.attname, value)))
        changed.append(field.name)
    return changed


def conflict_of(instance: Model, changes: dict[str, Any]) -> Conflict:
    """For Stale: {field: (what this user sent, what is stored)} for every sent field that differs from the row."""
    return {name: (new, old) for name, (old, new) in diff(instance, changes).items()}


def as_json(value: Any) -> Any:
    """A field value as JSON can hold it, without losing a cent or a microsecond."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return str(value)


def _read(instance: Model, changes: dict[str, Any]) -> dict[str, tuple["Field[Any, Any]", Any]]:
    """Resolve the fields of a change and read its values; FieldDoesNotExist for a name the model does not have."""
    known = {field.attname: field for field in instance._meta.concrete_fields}
    read: dict[str, tuple[Field[Any, Any], Any]] = {}
    reasons: list[str] = []
    for name, value in changes.items():
        field = known.get(name) or cast("Field[Any, Any]", instance._meta.get_field(name))
        try:
            plain = value.pk if isinstance(value, Model) else field.to_python(value)
        except ValidationError as error:
            reasons += [f"{field.verbose_name}: {message}" for message in error.messages]
            continue
        read[name] = (field, plain)
    if reasons:
        raise Refused(reasons)
    return read
