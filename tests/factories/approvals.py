"""Letters of authority, made by services as the company makes them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import User
from approvals.models import AuthorityLetter
from approvals.services import letter as letters
from core.calendar import today
from tests.people import make_user

SHEET = "finance.costsheet"


def scan() -> ContentFile:
    """The signed letter."""
    return ContentFile(b"signed and sealed", name="授权书.pdf")


def make_issuer() -> User:
    """Somebody of the decision team, who may write and issue letters."""
    return make_user("issuer", department="management", roles=("decision_team",))


def covering(*documents: str, **limits: Any) -> list[dict[str, Any]]:
    """Lines for some documents, all with the same limits."""
    return [{"document": one, **limits} for one in documents]


def make_draft(grantee: User, *, by: User, lines: Any = None, days: tuple[int, int] = (-30, 300), **fields: Any) -> Any:
    """A draft for cost sheets up to 100,000 unless lines are given; `days` are first and last, seen from today."""
    lines = covering(SHEET, up_to_amount=Decimal(100_000)) if lines is None else lines
    first, last = (today() + dt.timedelta(days=day) for day in days)
    given = {"grantee": grantee, "valid_from": first, "valid_to": last, "reason": "年度授权", **fields}
    return letters.open(by=by, lines=lines, **given)


def make_issued(grantee: User, *, by: User, **given: Any) -> AuthorityLetter:
    """A letter that waits to be signed for."""
    return letters.issue(make_draft(grantee, by=by, **given), by=by, file=scan())


def make_letter(grantee: User, *, by: User | None = None, **given: Any) -> AuthorityLetter:
    """A letter in force."""
    return letters.accept(make_issued(grantee, by=by or make_issuer(), **given), by=grantee)
