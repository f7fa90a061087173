"""Opening, releasing and freezing the book of a deal."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import NotAllowed, Refused
from core.money import round_money
from core.numbering import next_code
from core.transactions import atomic_part
from finance.models import BookTotal, CostBook, CostCategory
from process import access
from process.models import Case
from process.services import write_log
from process.services.log import lock_case

KIND = "finance.costbook"


def _log(book: CostBook, action: str, by: Actor, note: str = "", **changes: tuple[object, object]) -> None:
    write_log(
        lock_case(book.case_id),
        kind=KIND,
        object_id=book.pk,
        action=f"cost_book.{action}",
        by=by,
        note=note,
        changes={name: [str(old), str(new)] for name, (old, new) in changes.items()},
    )


def lock_book(book: CostBook) -> CostBook:
    """The book's row, locked until the transaction ends: whoever posts has it."""
    return CostBook.objects.select_for_update(no_key=True).get(pk=book.pk)


def _sync(book: CostBook, row: CostBook) -> CostBook:
    for name in ("is_frozen", "frozen_at", "net_advance_limit", "net_committed", "net_cost", "net_recognised"):
        setattr(book, name, getattr(row, name))
    return book


@atomic_part
def open_book(
    case: Case,
    title: str = "",
    owner: User | None = None,
    *,
    by: Actor | User,
    main: bool = True,
    code: str = "",
    fresh: bool = False,
) -> CostBook:
    """Open the book of a case, so that presales cost counts from the first day.

    `main=False` opens a further one (a service agreement's). `fresh`: the caller made the case in this transaction, so
    it has no book and nobody else knows it; the log line is written with that of the record that is opened next on it.
    Refused when the case has its main book already.
    """
    actor = Actor.of(by)
    locked = case if fresh else lock_case(case.pk)
    if main and not fresh and CostBook.objects.filter(case=locked, is_main=True).exists():
        raise Refused(_("This case has its cost book already."))
    code = code or next_code("CB")
    title = (title or case.title)[:200]
    book = CostBook.objects.create(
        case=locked,
        code=code,
        title=title,
        owner=owner or actor.user,
        is_main=main,
        search_text=f"{code} {title}".lower()[:600],
    )
    write_log(locked, kind=KIND, object_id=book.pk, action="cost_book.open", by=actor, with_next=fresh)
    return book


def require_open(book: CostBook, day: dt.date | None = None) -> None:
    """Refused where the book is frozen. A closed month is no obstacle: a late posting goes to the next open one."""
    if book.is_frozen:
        raise Refused(_("The book %(book)s is frozen.") % {"book": book})
    if day is not None and day > timezone.localdate() + dt.timedelta(days=366):
        raise Refused(_("%(day)s lies too far ahead to be posted.") % {"day": day})


@transaction.atomic
def freeze(book: CostBook, *, by: Actor | User, note: str = "") -> CostBook:
    """Nothing is posted any more; called by closing."""
    row = lock_book(book)
    if not row.is_frozen:
        row.is_frozen, row.frozen_at = True, timezone.now()
        row.save(update_fields=["is_frozen", "frozen_at"])
        _log(row, "freeze", Actor.of(by), note)
    return _sync(book, row)


@transaction.atomic
def unfreeze(book: CostBook, *, by: Actor | User, note: str) -> CostBook:
    """Let postings in again after a decision to reopen the final accounts; called by closing, with a reason."""
    if not note.strip():
        raise Refused(_("Please give a reason."))
    row = lock_book(book)
    if row.is_frozen:
        row.is_frozen, row.frozen_at = False, None
        row.save(update_fields=["is_frozen", "frozen_at"])
        _log(row, "unfreeze", Actor.of(by), note)
    return _sync(book, row)


@transaction.atomic
def release_advance(book: CostBook, net_amount: Decimal, *, by: Actor | User, note: str = "") -> CostBook:
    """Let so much be committed while no budget is approved: the presales budget, the cap of an early start."""
    if net_amount < 0:
        raise Refused(_("The limit must not be negative."))
    row = lock_book(book)
    require_open(row)
    amount = round_money(net_amount)
    if amount != row.net_advance_limit:
        _log(row, "release_advance", Actor.of(by), note, net_advance_limit=(row.net_advance_limit, amount))
        row.net_advance_limit = amount
        row.save(update_fields=["net_advance_limit"])
    return _sync(book, row)


def may_forecast(book: CostBook, by: Actor | User) -> bool:
    """The delivery manager and project finance say what is still to come."""
    actor = Actor.of(by)
    if actor.user is None or not actor.user.has_right("see_cost"):
        return False
    seats = access.seats_of(book.case_id, actor)
    return bool(seats & {"fr", "pfc"}) or actor.user.has_role("finance") or actor.user.has_role("pfc")


@transaction.atomic
def forecast(
    book: CostBook, *, lines: list[dict], by: Actor | User, on: dt.date | None = None, note: str = ""
) -> CostBook:
    """Enter the bottom-up estimate to complete per category: [{category, net_to_complete}]; None takes it back."""
    actor = Actor.of(by)
    if not may_forecast(book, actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    row = lock_book(book)
    require_open(row)
    day = on or timezone.localdate()
    changes: dict[str, tuple[object, object]] = {}
    for line in lines:
        category: CostCategory = line["category"]
        amount = line["net_to_complete"]
        if amount is not None and amount < 0:
            raise Refused(_("%(category)s: what is still to come must not be negative.") % {"category": category})
        total, _created = BookTotal.objects.get_or_create(book=row, category=category)
        if total.net_to_complete == amount and total.forecast_on == (day if amount is not None else None):
            continue
        changes[category.code] = (total.net_to_complete, amount)
        total.net_to_complete = amount
        total.forecast_on = day if amount is not None else None
        total.save(update_fields=["net_to_complete", "forecast_on"])
    if changes:
        _log(row, "forecast", actor, note, **changes)
    return _sync(book, row)
