"""催收工作台: the customers somebody has to collect from, the most overdue first, each with the next act."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from billing.dunning import Facts, Next, Standing, next_act, next_level
from billing.models import BankStatement, DunningLetter, DunningLevel, ReceivableLine
from billing.models.dunning import reaches, with_history
from core.calendar import today
from core.money import ZERO
from core.paging import Keyset
from customers.models import Customer

# The customers of a page: the most overdue first.
ORDER = Keyset(("-late", "-id"))
LEFT = F("gross_amount") - F("gross_received") - F("gross_deducted")


@dataclass(frozen=True)
class Work:
    """One customer in one currency: what is open, and what comes next."""

    customer: Customer
    currency: str
    open: Decimal
    overdue: Decimal
    disputed: Decimal
    contacted_on: dt.date | None
    promised_on: dt.date | None
    act: Next
    level: int
    # What the act is about: the most overdue line (of those disputed, where that is the act), the letter that waits.
    line: ReceivableLine
    letter: DunningLetter | None


def lines_of(user: User, owner: int | None) -> QuerySet[ReceivableLine]:
    """What is payable and open of what the person may see, of one account manager or of all."""
    found = ReceivableLine.objects.visible_to(user).ageing()
    return found.filter(owner=owner) if owner else found


def managers(user: User) -> list[User]:
    """The account managers of what the person may see."""
    owners = lines_of(user, None).order_by().values("owner")
    return list(User.objects.filter(pk__in=owners).order_by("name", "pk"))


def totals(lines: QuerySet[ReceivableLine]) -> list[tuple[str, Decimal, Decimal]]:
    """(currency, what is payable, what of it is overdue), with tax, each currency for itself."""
    late = Sum(LEFT, filter=Q(due_on__lt=today()), default=ZERO)
    return list(
        lines.order_by("currency").values_list("currency").annotate(open_sum=Sum(LEFT, default=ZERO), late_sum=late)
    )


def customers(lines: QuerySet[ReceivableLine]) -> QuerySet[Customer]:
    """The customers of these lines with `late`, what is overdue in whatever currency: their order, not a figure."""
    late = lines.filter(customer=OuterRef("pk"), due_on__lt=today()).order_by().values("customer")
    sums = late.annotate(sum=Sum(LEFT)).values("sum")
    found = Customer.objects.filter(pk__in=lines.order_by().values("customer"))
    return found.annotate(late=Coalesce(Subquery(sums), ZERO))


def work_of(chosen: Iterable[Customer], lines: QuerySet[ReceivableLine], user: User) -> list[Work]:
    """The rows of some customers, in their order. Four statements, however many lines."""
    by_id = {customer.pk: customer for customer in chosen}
    found = with_history(lines.filter(customer__in=by_id), today()).select_related("contract")
    groups: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for line in found.order_by("due_on", "pk"):
        groups[line.customer_id, line.currency].append(line)
    ladder = list(DunningLevel.objects.filter(is_active=True).order_by("level"))
    known = BankStatement.objects.known_until()
    waiting = DunningLetter.objects.visible_to(user).filter(state="proposed", customer__in=by_id)
    letters = {(one.customer_id, one.currency): one for one in waiting.order_by("-pk")}
    places = {pk: place for place, pk in enumerate(by_id)}
    return [
        _work(by_id[key[0]], groups[key], ladder, known, letters.get(key))
        for key in sorted(groups, key=lambda key: (places[key[0]], key[1]))
    ]


def _work(
    customer: Customer,
    lines: list[Any],
    ladder: Sequence[DunningLevel],
    known: dict[int, dt.date],
    letter: DunningLetter | None,
) -> Work:
    day = today()
    late = [line for line in lines if line.due_on < day]
    disputed = [line for line in late if line.disputed_until is not None and line.disputed_until >= day]
    chased = [line for line in late if not line.quiet_reason(day)]
    contacts = [line.contacted_on for line in lines if line.contacted_on]
    contacted = max(contacts, default=None)
    overdue, of_disputed = _open(late), _open(disputed)
    facts = Facts(
        overdue=overdue,
        disputed=of_disputed,
        promised=overdue - of_disputed - _open(chased),
        letter=max((_ripe(line, ladder, day) for line in chased), default=0),
        ladder_ended=any(_ended(line, ladder, day) for line in chased),
        silent_days=(day - contacted).days if contacted else None,
        bank_known=all(_known(line, ladder, known) for line in chased),
    )
    act, level = next_act(facts)
    about = disputed if act == Next.DISPUTE else chased or late or lines
    return Work(
        customer=customer,
        currency=lines[0].currency,
        open=_open(lines),
        overdue=overdue,
        disputed=of_disputed,
        contacted_on=contacted,
        promised_on=min((line.promised_on for line in lines if line.promised_on), default=None),
        act=act,
        level=level,
        line=about[0],
        letter=letter,
    )


def _open(lines: list[Any]) -> Decimal:
    return sum((line.gross_open for line in lines), ZERO)


def _standing(line: Any, day: dt.date) -> Standing:
    return Standing((day - line.due_on).days, line.dunning_level, line.dunned_on, line.broken)


def _ripe(line: Any, ladder: Sequence[DunningLevel], day: dt.date) -> int:
    return 0 if line.put_off else next_level(_standing(line, day), ladder, day)


def _ended(line: Any, ladder: Sequence[DunningLevel], day: dt.date) -> bool:
    """The last letter went out, and as long as before it nothing came."""
    last = ladder[-1] if ladder else None
    if last is None or line.dunning_level < last.level or line.dunned_on is None:
        return False
    return day >= line.dunned_on + dt.timedelta(days=last.wait_days)


def _known(line: Any, ladder: Sequence[DunningLevel], known: dict[int, dt.date]) -> bool:
    """Whether the bank's data reach as far as the line's next letter asks (the first one's, where none is next)."""
    rung = next((one for one in ladder if one.level > line.dunning_level), ladder[0] if ladder else None)
    return rung is None or reaches(known.get(line.contract.entity_id), rung.bank_days)
