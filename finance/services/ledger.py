"""The ledger: the one place where money is posted into a book."""

import datetime as dt
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from core.money import ZERO, round_money
from finance import costing, selectors
from finance.models import BookTotal, CostBook, CostCategory, CostLine, LedgerEntry
from finance.services import alerts
from finance.services.book import lock_book, require_open
from process.models import StageRecord

NATURES = ("commitment", "cost", "recognised")


def first_day(day: dt.date) -> dt.date:
    """The first day of a month: how accounting months are named."""
    return day.replace(day=1)


def _next_month(month: dt.date) -> dt.date:
    return first_day(month + dt.timedelta(days=32))


def posting_month(day: dt.date, *, accrual: bool = False) -> dt.date:
    """The month a posting of `day` belongs to: its own, or the first later one that is open.

    The months' rows are locked against closing until the transaction ends. A month nobody opened is open.
    Accruals may still go into a month that is being closed.
    """
    month = first_day(day)
    with connection.cursor() as cursor:
        cursor.execute("SELECT month, state FROM finance_period WHERE month >= %s ORDER BY month FOR SHARE", [month])
        states = dict(cursor.fetchall())
    shut = {"closed"} if accrual else {"closed", "closing"}
    while states.get(month) in shut:
        month = _next_month(month)
    return month


@transaction.atomic
def post(  # noqa: PLR0913 - what one posting says
    book: CostBook,
    *,
    nature: str,
    category: CostCategory | None = None,
    net_amount: Decimal,
    day: dt.date | None = None,
    source: str,
    text: str = "",
    by: Actor | User,
    commitment_check: bool = True,
    accrual: bool = False,
    document: StageRecord | None = None,
) -> LedgerEntry:
    """Post one entry and keep the totals; the same source again answers with the entry that is there.

    A new commitment beyond the released budget is Refused with its figures, an incurred cost always posts.
    A frozen book refuses everything; a closed month moves the entry to the next open one, the day stays.
    `document` is the record it comes from, for the way back from the figure.
    """
    row = lock_book(book)
    amount = round_money(net_amount)
    found = LedgerEntry.objects.filter(source=source).first()
    if found is not None:
        return _same(found, row, nature, category, amount)
    if nature not in NATURES or (category is None) != (nature == "recognised"):
        raise ValueError(f"A posting of nature {nature!r} does not go with category {category!r}.")
    day = day or timezone.localdate()
    require_open(row, day)
    if nature == "commitment" and category is not None and amount > 0 and commitment_check:
        require_budget(row, {category: amount})
    entry = _insert(row, nature, category, amount, day, source, text, Actor.of(by), None, accrual, document)
    _keep(row, book, entry)
    return entry


def _same(
    found: LedgerEntry, book: CostBook, nature: str, category: CostCategory | None, amount: Decimal
) -> LedgerEntry:
    """A retry is harmless; the same source with another content is a mistake nobody must overlook."""
    category_id = category.pk if category else None
    if (found.book_id, found.nature, found.category_id, found.net_amount) != (book.pk, nature, category_id, amount):
        raise Refused(_("%(source)s was posted before with other figures.") % {"source": found.source})
    return found


def _insert(  # noqa: PLR0913 - the columns of one row
    book: CostBook,
    nature: str,
    category: CostCategory | None,
    amount: Decimal,
    day: dt.date,
    source: str,
    text: str,
    actor: Actor,
    reverses: LedgerEntry | None,
    accrual: bool,
    document: StageRecord | None,
) -> LedgerEntry:
    return LedgerEntry.objects.create(
        book=book,
        nature=nature,
        category=category,
        net_amount=amount,
        day=day,
        month=posting_month(day, accrual=accrual),
        source=source,
        document_kind=document.record_kind() if document else reverses.document_kind if reverses else "",
        document_id=document.pk if document else reverses.document_id if reverses else None,
        text=text[:200],
        reverses=reverses,
        posted_by=actor.user,
        posted_by_name=str(actor)[:120],
    )


def _keep(row: CostBook, book: CostBook, entry: LedgerEntry) -> None:
    """The kept totals follow in the same transaction, under the book's lock; then the thresholds are looked at."""
    name = {"commitment": "net_committed", "cost": "net_cost", "recognised": "net_recognised"}[entry.nature]
    setattr(row, name, getattr(row, name) + entry.net_amount)
    row.save(update_fields=[name])
    setattr(book, name, getattr(row, name))
    if entry.category_id is None:
        return
    total, _created = BookTotal.objects.get_or_create(book=row, category_id=entry.category_id)
    setattr(total, name, getattr(total, name) + entry.net_amount)
    total.save(update_fields=[name])
    alerts.scan(row)


def require_budget(book: CostBook, wanted: dict[CostCategory, Decimal]) -> None:
    """Refused, without a figure, where new commitments do not fit into the released budget. Lock the book first."""
    if not CostLine.objects.filter(sheet__book=book, sheet__kind="budget", sheet__state="approved").exists():
        _require_advance(book, sum(wanted.values(), ZERO))
        return
    lines = selectors.budget_lines(book)
    budgeted = {code for code, line in lines.items() if line.net_budget}
    asked: dict[str, tuple[CostCategory, Decimal]] = {}
    for category, amount in wanted.items():
        parent = category.parent.code if category.parent else None
        code = costing.budget_code(category.code, parent, budgeted)
        line_category = lines[code].category if code in lines else category
        asked[code] = (line_category, asked[code][1] + amount if code in asked else amount)
    reasons = []
    for code, (category, amount) in asked.items():
        budget = lines[code].net_budget if code in lines else ZERO
        used = lines[code].net_used if code in lines else ZERO
        if used + amount > budget:
            reasons.append(_("%(category)s: this goes beyond the released budget.") % {"category": category})
    if reasons:
        raise Refused(reasons)


def _require_advance(book: CostBook, amount: Decimal) -> None:
    """Before a budget is approved only what was released ahead of it may be committed."""
    used = book.net_committed + book.net_cost
    if used + amount > book.net_advance_limit:
        raise Refused(_("No budget is approved yet, and this goes beyond what was released ahead of it."))


@transaction.atomic
def reverse(
    entry_or_source: LedgerEntry | str,
    *,
    by: Actor | User,
    day: dt.date | None = None,
    text: str = "",
    document: StageRecord | None = None,
) -> LedgerEntry:
    """Post the opposite of an entry; asked twice it answers with the reversal that is there."""
    if isinstance(entry_or_source, str):
        entry = LedgerEntry.objects.select_related("book", "category").filter(source=entry_or_source).first()
        if entry is None:
            raise Refused(_("Nothing was posted for %(source)s.") % {"source": entry_or_source})
    else:
        entry = entry_or_source
    row = lock_book(entry.book)
    existing = LedgerEntry.objects.filter(reverses=entry).first()
    if existing is not None:
        return existing
    if entry.reverses_id is not None:
        raise Refused(_("A reversal is not reversed: post it anew."))
    day = day or timezone.localdate()
    require_open(row, day)
    reversal = _insert(
        row,
        entry.nature,
        entry.category,
        -entry.net_amount,
        day,
        f"{entry.source}:reversed",
        text or entry.text,
        Actor.of(by),
        entry,
        False,
        document,
    )
    _keep(row, entry.book, reversal)
    return reversal
