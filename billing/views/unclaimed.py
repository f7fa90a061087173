"""Unclaimed money: every receipt nobody has claimed, with the best proposal, accepted by one click."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.request import Request, actor_of
from billing.matching import Proposal, propose
from billing.models import Receipt, ReceivableLine
from billing.models.receipt import CASH
from billing.services import receipt as services
from billing.views.tables import STRENGTHS, parts_text
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from core.money import format_money
from core.paging import Keyset, page
from core.parameters import takes
from core.text import row_key
from process.views.forms import done, once, problem, version_of

SIZE = 30


def may_match(user: User) -> bool:
    """Whether somebody says whose money it is: account managers, and those who keep the cash."""
    return any(user.has_role(role) for role in ("ar", *CASH))


@takes("cursor")
def unclaimed(request: Request) -> HttpResponse:
    """The list, oldest money first; POST accepts the shown proposal of one receipt."""
    actor = actor_of(request)
    if not may_match(request.user):
        raise NotAllowed(_t("%(who)s may not do this here.") % {"who": actor})
    if request.method != "POST":
        return _page(request)
    receipt = get_object_or_404(Receipt.objects.visible_to(request.user), pk=row_key(request.POST.get("receipt", "")))

    def act() -> str:
        services.accept(receipt, proposal=request.POST.get("proposal", ""), by=actor, version=version_of(request))
        return request.get_full_path()

    try:
        address = once(request, act)
    except DomainError as error:
        return _page(request, error=error)
    messages.success(request, _t("%(receipt)s is claimed.") % {"receipt": receipt.code})
    return done(request, address)


def _page(request: Request, error: DomainError | None = None) -> HttpResponse:
    waiting = Receipt.objects.visible_to(request.user).filter(state="unclaimed")
    found = page(waiting, keyset=Keyset(("value_on", "id")), cursor=request.GET.get("cursor"), size=SIZE)
    lines = ReceivableLine.objects.visible_to(request.user)
    context: dict[str, Any] = {
        "title": _("Unclaimed money"),
        "rows": [_row(receipt, offered) for receipt, offered in propose(found.rows, lines=lines, limit=2)],
        "next_url": f"?cursor={found.next_cursor}" if found.next_cursor else "",
        "previous_url": f"?cursor={found.previous_cursor}" if found.previous_cursor else "",
        "list_url": reverse("billing:receipt-list"),
        "empty_text": _("Nobody's money: everything that came in is claimed."),
    }
    if error is not None:
        context.update(problem(error))
    return render(request, "billing/unclaimed.html", context, status=error.status if error else 200)


def _row(receipt: Receipt, offered: list[Proposal]) -> dict[str, Any]:
    best = offered[0] if offered else None
    row: dict[str, Any] = {
        "id": receipt.pk,
        "url": receipt.get_absolute_url(),
        "code": receipt.code,
        "payer": receipt.payer_name,
        "amount": format_money(receipt.gross_amount),
        "day": receipt.value_on.isoformat(),
        "summary": receipt.summary,
        "version": receipt.row_version,
        "key": new_key(),
    }
    if best is not None:
        colour, word = STRENGTHS[best.strength]
        row["best"] = {
            "key": best.key,
            "text": parts_text(best),
            "reasons": " ".join(best.reasons),
            "score": best.score,
            "colour": colour,
            "word": word,
            # Without a word of explanation only money of a known payer can be claimed.
            "one_click": best.knows_payer,
            "dialog": f"{receipt.get_absolute_url()}accept/",
            "more": len(offered) > 1,
        }
    return row
