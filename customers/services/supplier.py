"""Every write on a supplier."""

from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from customers.models import Supplier
from customers.services.customer import comparable, require_single, require_single_after
from process.models import Case
from process.services import edit as edit_record
from process.services import fire
from process.services import open as open_record


@transaction.atomic
def open(*, by: Actor | User, note: str = "", case: Case | None = None, **fields: Any) -> Supplier:
    """Register a supplier. Raises Refused for a tax id that is registered, and for a similar name without a note."""
    supplier = Supplier(**comparable(fields))
    require_single(supplier, note=note)
    return open_record(supplier, by=by, note=note, case=case)


@transaction.atomic
def edit(
    supplier: Supplier, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Supplier:
    """Change a supplier's data; a new name or tax id is compared with the register again."""
    prepared = comparable(changes)
    require_single_after(supplier, prepared, note=note)
    return edit_record(supplier, by=by, changes=prepared, version=version, note=note)


@transaction.atomic
def block(supplier: Supplier, *, by: Actor | User, note: str = "", version: int | None = None) -> Supplier:
    """Nothing more is ordered here (reason mandatory)."""
    return fire(supplier, "block", by=by, note=note, version=version)


@transaction.atomic
def unblock(supplier: Supplier, *, by: Actor | User, note: str = "", version: int | None = None) -> Supplier:
    """Ordering here goes on (reason mandatory)."""
    return fire(supplier, "unblock", by=by, note=note, version=version)
