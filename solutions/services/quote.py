"""The quote's verbs: priced, decided, sent, accepted; every revision a row of its own."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from approvals import services as decisions
from approvals.services import meet as meet_condition
from approvals.services import send_back, withdraw
from core.calendar import today
from core.errors import Refused
from core.money import ZERO, Split, round_money
from core.numbering import next_code
from process.services import doors
from projects.selectors import current_estimate
from solutions.models import Quote, QuoteLine, Solution
from solutions.models.quote import margin_of
from solutions.services import solution as solutions

__all__ = [
    "accept",
    "approve",
    "decline",
    "edit",
    "expire",
    "expire_overdue",
    "extend",
    "meet_condition",
    "new_revision",
    "open",
    "send",
    "send_back",
    "submit",
    "supersede",
    "withdraw",
    "withdraw_offer",
]
VALID_DAYS = 30
LINE_FIELDS = (
    "product",
    "name",
    "quantity",
    "unit",
    "gross_price",
    "discount_percent",
    "tax_rate",
    "category",
    "is_optional",
    "delivery_on",
    "promise",
)


@transaction.atomic
def open(
    *, by: Actor | User, solution: Solution, lines: list[dict[str, Any]] | None = None, note: str = "", **fields: Any
) -> Quote:
    """Open a quote draft with its lines, priced at once. Raises NotAllowed, or Refused with every reason."""
    quote = Quote(solution=solution, **fields)
    quote.title = quote.title or solution.title
    quote.customer = quote.customer or solution.project.customer
    quote.valid_until = quote.valid_until or today() + dt.timedelta(days=VALID_DAYS)
    quote.code = quote.code or next_code(Quote.code_prefix)
    quote.base_number = quote.base_number or quote.code
    made = _made(lines or [])
    for name, value in _amounts(solution, made).items():
        setattr(quote, name, value)
    doors.open(quote, by=by, note=note, case=solution.project.case)
    _write(quote, made)
    return quote


def _made(lines: list[dict[str, Any]]) -> list[QuoteLine]:
    """Unsaved lines with their three amounts; a product gives name and unit where none is typed."""
    made = []
    for position, values in enumerate(lines, 1):
        line = QuoteLine(position=position, **{name: values[name] for name in LINE_FIELDS if name in values})
        line.quantity = line.quantity if line.quantity is not None else Decimal(1)
        line.discount_percent = line.discount_percent or ZERO
        if line.product is not None:
            line.name = line.name or line.product.title
            line.unit = line.unit or str(getattr(line.product, "unit", "") or "")
        _require_whole(line)
        split = line.split()
        line.gross_amount, line.net_amount, line.tax_amount = split.gross, split.net, split.tax
        made.append(line)
    return made


def _require_whole(line: QuoteLine) -> None:
    missing = [
        text
        for given, text in (
            (line.name, _("Line %(number)s has no name.")),
            (line.tax_rate_id, _("Line %(number)s has no tax rate.")),
            (line.gross_price is not None, _("Line %(number)s has no price.")),
            (line.quantity > 0, _("Line %(number)s has no quantity.")),
            (0 <= line.discount_percent <= 100, _("Line %(number)s has an impossible discount.")),
        )
        if not given
    ]
    if missing:
        raise Refused([text % {"number": line.position} for text in missing])


def _amounts(solution: Solution, lines: list[QuoteLine]) -> dict[str, Any]:
    """Header figures: sums of the rounded lines without options, cost by the current estimate, margin on net."""
    counted = [line for line in lines if not line.is_optional]
    total = sum((Split(line.gross_amount, line.net_amount, line.tax_amount) for line in counted), Split())
    full = sum((line.list_gross() for line in counted), ZERO)
    discount = round_money((full - total.gross) / full * 100) if full else ZERO
    amounts = {
        "gross_amount": total.gross,
        "net_amount": total.net,
        "tax_amount": total.tax,
        "discount_percent": discount,
    }
    return amounts | _cost(solution, total.net)


def _cost(solution: Solution, net: Decimal) -> dict[str, Any]:
    sheet = current_estimate(solution.project)
    if sheet is None:
        return {"net_cost": None, "margin_percent": None}
    return {"net_cost": sheet.net_cost, "margin_percent": margin_of(net, sheet.net_cost)}


def _write(quote: Quote, lines: list[QuoteLine]) -> None:
    """Lines of a draft are laid anew: the log keeps the amounts, a decided quote is never rewritten."""
    quote.lines.all().delete()
    for line in lines:
        line.quote = quote
    QuoteLine.objects.bulk_create(lines)


@transaction.atomic
def edit(
    quote: Quote,
    *,
    by: Actor | User,
    lines: list[dict[str, Any]] | None = None,
    version: int | None = None,
    note: str = "",
    **changes: Any,
) -> Quote:
    """Change a draft and price it again. Raises Stale, NotAllowed, or Refused with every reason."""
    if lines is None:
        return doors.edit(quote, by=by, changes=changes, version=version, note=note)
    made = _made(lines)
    doors.edit(quote, by=by, changes=changes | _amounts(quote.solution, made), version=version, note=note)
    _write(quote, made)
    return quote


@transaction.atomic
def submit(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """Ask for approval, with the margin over the estimate as it is today."""
    doors.edit(quote, by=by, changes=_cost(quote.solution, quote.net_amount), version=version, action="price")
    return decisions.submit(quote, by=by, note=note)


@transaction.atomic
def approve(
    quote: Quote,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    opinion: str = "agree",
    conditions: str = "",
) -> Quote:
    """The price is approved; where ATB had decided on another price, ATB falls."""
    decisions.approve(quote, by=by, note=note, version=version, opinion=opinion, conditions=conditions)
    if quote.state == "approved" and not quote.is_alternative:
        solution = quote.solution
        if solution.quote_id is not None and solution.quote_id != quote.pk:
            solutions.void_bid(solution, note=_("The price changed: %(quote)s.") % {"quote": quote.code})
    return quote


@transaction.atomic
def send(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """The customer has it; earlier revisions under the same number no longer count."""
    doors.fire(quote, "send", by=by, note=note, version=version)
    earlier = Quote.objects.filter(base_number=quote.base_number, state__in=("approved", "sent")).exclude(pk=quote.pk)
    for one in earlier.filter(revision__lt=quote.revision):
        supersede(one, by=Actor.system("quote.send"), note=quote.code)
    return quote


@transaction.atomic
def accept(
    quote: Quote,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    accepted_on: dt.date | None = None,
    customer_number: str = "",
) -> Quote:
    """The customer takes it, while it is valid; every other offer of the solution is declined by that."""
    changes = {"accepted_on": accepted_on, "customer_number": customer_number}
    doors.fire(quote, "accept", by=by, note=note, version=version, changes=changes)
    system = Actor.system("quote.accept")
    for other in quote.solution.quotes.filter(state__in=("approved", "sent")).exclude(pk=quote.pk):
        text = _("The customer accepted %(quote)s.") % {"quote": quote.code}
        if other.state == "sent":
            decline(other, by=system, note=text)
        else:
            supersede(other, by=system, note=text)
    return quote


@transaction.atomic
def decline(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """The customer does not take it."""
    return doors.fire(quote, "decline", by=by, note=note, version=version)


@transaction.atomic
def withdraw_offer(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """We take the offer back before it is accepted."""
    return doors.fire(quote, "withdraw_offer", by=by, note=note, version=version)


@transaction.atomic
def extend(
    quote: Quote,
    *,
    by: Actor | User,
    note: str = "",
    version: int | None = None,
    valid_until: dt.date | None = None,
) -> Quote:
    """The approver lets a sent or expired quote stand until a later day."""
    if valid_until is None:
        raise Refused(_("Please name the new last valid day."))
    return doors.fire(quote, "extend", by=by, note=note, version=version, changes={"valid_until": valid_until})


@transaction.atomic
def expire(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """Its last valid day has passed; fired by the nightly job."""
    return doors.fire(quote, "expire", by=by, note=note, version=version)


@transaction.atomic
def supersede(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """A later revision, or the customer's choice, took its place; fired by other verbs only."""
    return doors.fire(quote, "supersede", by=by, note=note, version=version)


def expire_overdue() -> int:
    """Every quote whose last valid day has passed; rows another worker holds are left to it."""
    overdue = Quote.objects.filter(state__in=("approved", "sent"), valid_until__lt=today())
    expired = 0
    for pk in list(overdue.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            quote = overdue.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
            if quote is not None:
                expire(quote, by=Actor.system("expire_quotes"))
                expired += 1
    return expired


@transaction.atomic
def new_revision(quote: Quote, *, by: Actor | User, note: str = "", version: int | None = None) -> Quote:
    """Open the next revision under the same base number, with the lines copied.

    Raises Refused while a revision is being worked on. Returns the new draft.
    """
    doors.act(
        quote,
        "new_revision",
        by=by,
        who=("ar", "sr", "owner"),
        states=("approved", "sent", "expired", "declined", "withdrawn"),
        note=note,
        version=version,
    )
    family = Quote.objects.filter(base_number=quote.base_number)
    begun = family.filter(state__in=("draft", "in_review")).first()
    if begun is not None:
        raise Refused(_("Revision %(code)s is being worked on already.") % {"code": begun.code})
    number = max(family.values_list("revision", flat=True)) + 1
    lines = [{name: getattr(line, name) for name in LINE_FIELDS} for line in quote.lines.select_related("tax_rate")]
    return open(
        by=by,
        solution=quote.solution,
        lines=lines,
        title=quote.title,
        customer=quote.customer,
        code=f"{quote.base_number}-R{number}",
        base_number=quote.base_number,
        revision=number,
        is_alternative=quote.is_alternative,
        currency=quote.currency,
        payment_terms=quote.payment_terms,
        delivery_terms=quote.delivery_terms,
    )
