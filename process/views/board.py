"""The board: one column per state, a card moves by verb."""

import json
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.request import Request
from core.paging import capped_counts, page
from process import access
from process.machine import Verb
from process.models import StageRecord
from process.outlet import Outlet
from process.views.lists import may_open, state_views

CARDS = 20


def _moves(outlet: Outlet, state: str) -> list[tuple[str, Verb]]:
    """(target column, verb) for every verb that can move a card out of `state`, in the machine's order."""
    return [
        (target, spec)
        for spec in outlet.offered().values()
        if state in spec.sources
        for target in spec.targets
        if target != state and target in outlet.board_states
    ]


def _verbs_of(record: StageRecord, moves: list[tuple[str, Verb]], actor: Actor, asked: set[int]) -> dict[str, str]:
    """{target column: address} of the first verb this person may fire; a card goes nowhere else."""
    found: dict[str, str] = {}
    for target, spec in moves:
        words = access.who_may(record, spec)
        decides = "approver" in words and record.pk in asked
        others = [word for word in words if word != "approver"]
        if target not in found and (decides or access.may_any(others, record, actor)):
            found[target] = f"{record.get_absolute_url()}{spec.name}/"
    return found


def cards(outlet: Outlet, state: str, request: Request) -> tuple[list[dict[str, Any]], str]:
    """One page of a column: its cards and the address of the next page."""
    queryset = outlet.queryset(request.user).filter(state=state)
    found = page(queryset, keyset=outlet.order, cursor=request.GET.get("cursor"), size=CARDS)
    moves, actor = _moves(outlet, state), Actor.of(request.user)
    # Seats and decisions asked for are read once per column, not once per card.
    access.read_seats({record.case_id for record in found.rows}, actor)
    asked = access.assigned_among(outlet.model, {record.pk for record in found.rows}, actor)
    shown = []
    for record in found.rows:
        card = outlet.card(record)
        card["verbs_json"] = json.dumps(_verbs_of(record, moves, actor, asked))
        shown.append(card)
    more = f"{outlet.url('board')}?column={state}&cursor={found.next_cursor}" if found.next_cursor else ""
    return shown, more


def board(outlet: Outlet) -> Any:
    """The board view of an outlet; `?column=` answers one more page of cards."""

    def view(request: Request) -> HttpResponse:
        column = request.GET.get("column", "")
        unknown = set(request.GET) - {"column", "cursor"}
        if unknown or (column and column not in outlet.board_states):
            raise BadRequest(_("Unknown filter: %(name)s") % {"name": ", ".join(sorted(unknown)) or column})
        if column:
            shown, more = cards(outlet, column, request)
            return render(request, "generic/_cards.html", {"cards": shown, "more_url": more})
        columns = []
        whole = outlet.queryset(request.user).select_related(None)
        numbers = capped_counts([whole.filter(state=code) for code in outlet.board_states])
        for code, (number, capped) in zip(outlet.board_states, numbers, strict=True):
            shown, more = cards(outlet, code, request)
            columns.append(
                {
                    "state": code,
                    "label": outlet.model.states.label(code),
                    "colour": outlet.model.states.colour(code),
                    "count_text": f"{number}+" if capped else str(number),
                    "cards": shown,
                    "more_url": more,
                }
            )
        context = {
            "title": outlet.model._meta.verbose_name_plural,
            "views": state_views(outlet, request),
            "columns": columns,
            "new_url": outlet.url("new") if outlet.form and may_open(outlet, request) else "",
            "new_label": outlet.create_label or _("New"),
        }
        return render(request, "generic/board.html", context)

    return view
