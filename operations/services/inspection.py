"""What is done with an inspection."""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.models import User
from core.calendar import today
from operations.models import Inspection, ServiceAgreement
from operations.services import agreement as agreements
from process.services import doors


@transaction.atomic
def open(
    *,
    by: Actor | User,
    agreement: ServiceAgreement,
    planned_on: dt.date,
    title: str = "",
    note: str = "",
    **fields: Any,
) -> Inspection:
    """Plan a visit."""
    inspection = Inspection(agreement=agreement, planned_on=planned_on, title=title or agreement.title, **fields)
    return doors.open(inspection, by=by, note=note, case=agreement.case)


@transaction.atomic
def edit(
    inspection: Inspection, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Inspection:
    """Change the plan."""
    changes.pop("agreement", None)
    return doors.edit(inspection, by=by, version=version, note=note, changes=changes)


@transaction.atomic
def perform(
    inspection: Inspection,
    *,
    by: Actor | User,
    findings: str,
    advice: str = "",
    performed_on: dt.date | None = None,
    note: str = "",
    version: int | None = None,
) -> Inspection:
    """Somebody was there and wrote down what was found."""
    changes = {"findings": findings, "advice": advice, "performed_on": performed_on or today()}
    return doors.fire(inspection, "perform", by=by, note=note, version=version, changes=changes)


@transaction.atomic
def close(inspection: Inspection, *, by: Actor | User, note: str = "", version: int | None = None) -> Inspection:
    """What was found is dealt with."""
    return doors.fire(inspection, "close", by=by, note=note, version=version)


@transaction.atomic
def skip(inspection: Inspection, *, by: Actor | User, note: str = "", version: int | None = None) -> Inspection:
    """It is not done this time, for a reason."""
    return doors.fire(inspection, "skip", by=by, note=note, version=version)


@transaction.atomic
def raise_lead(
    inspection: Inspection, *, by: Actor | User, title: str, need: str, note: str = "", **fields: Any
) -> Any:
    """A need found on site becomes a lead; returns the lead."""
    fields.pop("version", None)
    return agreements.raise_lead(
        inspection.agreement, by=by, title=title, need=need, note=note or inspection.code, **fields
    )
