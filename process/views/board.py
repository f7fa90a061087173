"""The board: one column per state, a card moves by verb."""

import json
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.request import Request
from core.paging import capped_counts, page
from process.outlet import Outlet
from process.views.lists import may_open, state_views

CARDS = 20


def _verbs_json(outlet: Outlet, state: str) -> dict[str, str]:
    """{target state: verb} that can move a card out of `state`; the address is completed per card."""
    return {target: name for name, spec in outlet.offered().items() if state in spec.sources for target in spec.targets}


def cards(outlet: Outlet, state: str, request: Request) -> tuple[list[dict[str, Any]], str]:
    """One page of a column: its cards and the address of the next page."""
    queryset = outlet.queryset(request.user).filter(state=state)
    found = page(queryset, keyset=outlet.order, cursor=request.GET.get("cursor"), size=CARDS)
    moves = _verbs_json(outlet, state)
    shown = []
    for record in found.rows:
        card = outlet.card(record)
        card["verbs_json"] = json.dumps({target: f"{card['url']}{verb}/" for target, verb in moves.items()})
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
