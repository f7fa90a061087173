"""What is done with a deliverable."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from core.errors import Refused
from delivery.models import Deliverable, DeliveryOrder
from process.services import doors


@transaction.atomic
def open(*, by: Actor | User, order: DeliveryOrder, title: str, note: str = "", **fields: Any) -> Deliverable:
    """Plan something to be given to the customer."""
    return doors.open(Deliverable(order=order, title=title, **fields), by=by, note=note, case=order.case)


@transaction.atomic
def edit(
    deliverable: Deliverable, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Deliverable:
    """Change what is planned."""
    return doors.edit(deliverable, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def submit(
    deliverable: Deliverable,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    submitted_on: dt.date | None = None,
) -> Deliverable:
    """Give it to the customer and ask for an answer; after a rejection once more."""
    changes = {"submitted_on": submitted_on or today(), "answered_on": None}
    return doors.fire(deliverable, "submit", by=by, note=note, version=version, changes=changes)


def _answer(answered_on: dt.date | None, signer: str) -> dict[str, Any]:
    return {"answered_on": answered_on or today(), "signer": signer}


@transaction.atomic
def accept(
    deliverable: Deliverable,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    answered_on: dt.date | None = None,
    signer: str = "",
) -> Deliverable:
    """The customer accepted it as it is."""
    return doors.fire(deliverable, "accept", by=by, note=note, version=version, changes=_answer(answered_on, signer))


@transaction.atomic
def accept_with_remarks(
    deliverable: Deliverable,
    *,
    by: Actor | User,
    remarks: str,
    remarks_due_on: dt.date,
    note: str = "",
    version: int | None = None,
    answered_on: dt.date | None = None,
    signer: str = "",
) -> Deliverable:
    """The customer accepted it, and named what must be put right by a day. Raises Refused without either."""
    if not remarks.strip() or not remarks_due_on:
        raise Refused(_("Please give the remarks and the day by which they are cleared."))
    changes = {**_answer(answered_on, signer), "remarks": remarks, "remarks_due_on": remarks_due_on}
    return doors.fire(deliverable, "accept_with_remarks", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def clear(
    deliverable: Deliverable,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    cleared_on: dt.date | None = None,
) -> Deliverable:
    """What the customer remarked on is put right."""
    changes = {"cleared_on": cleared_on or today()}
    return doors.fire(deliverable, "clear", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def reject(
    deliverable: Deliverable,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    answered_on: dt.date | None = None,
    signer: str = "",
) -> Deliverable:
    """The customer refused it, for a reason; it is reworked and submitted again."""
    return doors.fire(deliverable, "reject", by=by, note=note, version=version, changes=_answer(answered_on, signer))
