"""Watching budget lines: at 90 % and beyond 100 % the delivery manager, the seller and project finance are told."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from core.dictionary import Term
from core.errors import NotAllowed, Refused
from core.money import format_money
from finance import costing, selectors
from finance.models import CostBook, VarianceAlert
from process import access
from process.models import Seat
from process.services import write_log
from process.services.log import lock_case

TOLD = ("ar", "fr", "pfc")


@transaction.atomic
def scan(book: CostBook) -> list[VarianceAlert]:
    """Open an alert for every budget line that newly reached a threshold, clear those that fell below it."""
    reached: dict[int, tuple[int, selectors.BudgetLine]] = {}
    for line in selectors.budget_lines(book).values():
        threshold = costing.threshold_of(line.net_used, line.net_budget)
        # Without any budget there is nothing to compare with: presales cost is no overrun.
        if threshold is not None:
            reached[line.category.pk] = (threshold, line)
    if not _has_budget(book):
        reached = {}
    standing = {(one.category_id, one.threshold): one for one in selectors.open_alerts(book)}
    opened = [
        _open(book, line, step)
        for category_id, (threshold, line) in reached.items()
        for step in (90, 100)
        if step <= threshold and (category_id, step) not in standing
    ]
    gone = [
        one.pk
        for (category_id, step), one in standing.items()
        if category_id not in reached or step > reached[category_id][0]
    ]
    if gone:
        VarianceAlert.objects.filter(pk__in=gone).update(cleared_at=timezone.now())
    _tell(book, opened)
    return opened


def _has_budget(book: CostBook) -> bool:
    return book.sheets.filter(kind="budget", state="approved").exists()


def _open(book: CostBook, line: selectors.BudgetLine, threshold: int) -> VarianceAlert:
    return VarianceAlert.objects.create(
        book=book,
        category=line.category,
        threshold=threshold,
        net_budget=line.net_budget,
        net_used=line.net_used,
    )


def _tell(book: CostBook, opened: list[VarianceAlert]) -> None:
    """One notice per line, about the highest threshold it reached; told once, whatever posts next."""
    loudest = {one.category_id: one for one in sorted(opened, key=lambda one: one.threshold)}
    if not loudest:
        return
    seats = Seat.objects.current().filter(case_id=book.case_id, role__in=TOLD)
    people = set(seats.values_list("user_id", flat=True)) or {pk for pk in [book.owner_id] if pk}
    for alert in loudest.values():
        over = alert.threshold > 90
        notify(
            people,
            gettext_noop("%(book)s: budget %(category)s is overspent: %(used)s of %(budget)s")
            if over
            else gettext_noop("%(book)s: budget %(category)s is used to 90 %%: %(used)s of %(budget)s"),
            key=f"variance:{alert.pk}",
            params={
                "book": str(book),
                "category": str(alert.category),
                "used": format_money(alert.net_used),
                "budget": format_money(alert.net_budget),
            },
            link=book.get_absolute_url(),
            level="danger" if over else "warning",
        )


def scan_all() -> int:
    """The sweep behind the postings' own scan: every living book with a budget; returns how many alerts opened."""
    found = CostBook.objects.filter(is_frozen=False, sheets__kind="budget", sheets__state="approved").distinct()
    opened = 0
    for pk in found.values_list("pk", flat=True):
        with transaction.atomic():
            book = CostBook.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
            opened += len(scan(book)) if book else 0
    return opened


def may_explain(alert: VarianceAlert, by: Actor | User) -> bool:
    """Those who answer for the budget explain it."""
    actor = Actor.of(by)
    if actor.user is None or not actor.user.has_right("see_cost"):
        return False
    seats = access.seats_of(alert.book.case_id, actor)
    return bool(seats & {"ar", "sr", "fr", "pfc"}) or bool(actor.user.role_codes & {"finance", "pfc"})


@transaction.atomic
def explain(
    alert: VarianceAlert, *, cause: Term | None, explanation: str, by: Actor | User, note: str = ""
) -> VarianceAlert:
    """Say why a budget line runs over: a cause of the dictionary and a sentence."""
    actor = Actor.of(by)
    if not may_explain(alert, actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
    if cause is None or not explanation.strip():
        raise Refused(_("An explanation needs a cause and a sentence."))
    case = lock_case(alert.book.case_id)
    alert.cause, alert.explanation, alert.explained_by = cause, explanation.strip(), actor.user
    alert.save(update_fields=["cause", "explanation", "explained_by"])
    write_log(
        case,
        kind="finance.costbook",
        object_id=alert.book_id,
        action="cost_book.explain",
        by=actor,
        note=note or explanation.strip(),
        changes={alert.category.code: ["", cause.label]},
    )
    return alert
