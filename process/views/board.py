"""The board: one column per state, a card moves by verb."""

import json
from collections.abc import Container, Sequence
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.request import Request
from core.calendar import today
from core.money import format_money
from core.paging import Page, first_pages, page
from core.selectors import Total, column_totals
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


def _verbs_of(
    record: StageRecord, moves: list[tuple[str, Verb]], actor: Actor, asked: set[int], asking: set[str]
) -> dict[str, dict[str, Any]]:
    """{target column: {url, ask}} of the first verb this person may fire; a card goes nowhere else.

    A verb that asks for something (`asking`) opens its dialog, any other is fired by the drop.
    """
    found: dict[str, dict[str, Any]] = {}
    for target, spec in moves:
        words = access.who_may(record, spec)
        decides = "approver" in words and record.pk in asked
        others = [word for word in words if word != "approver"]
        if target not in found and (decides or access.may_any(others, record, actor)):
            found[target] = {"url": f"{record.get_absolute_url()}{spec.name}/", "ask": spec.name in asking}
    return found


def sum_text(total: Total, language: str) -> str:
    """What a column is worth; "≥" where only the first thousand of its rows were added, or a rate is missing."""
    if total.amount is None:
        return ""
    text = format_money(total.amount, total.currency, language, digits=0)
    return f"≥ {text}" if total.is_at_least else text


def totals_of(outlet: Outlet, queryset: Any, by: str, values: Sequence[str], request: Request) -> list[Total]:
    """Number and worth of each column, in one statement."""
    model: Any = outlet.model
    amount = outlet.amount_field
    if amount in model.hidden_from(request.user):
        amount = ""
    currency = "currency" if amount and model.has_field("currency") else ""
    rows = queryset.select_related(None)
    return column_totals(rows, by=by, values=values, day=today(), amount=amount, currency=currency)


def cards(outlet: Outlet, found: dict[str, Page[Any]], request: Request) -> dict[str, tuple[list[dict[str, Any]], str]]:
    """The cards of each column and the address of its next page, out of the columns' pages of records."""
    actor = Actor.of(request.user)
    records = [record for one in found.values() for record in one.rows]
    # Seats and decisions asked for are read once per board, not once per card.
    access.read_seats({record.case_id for record in records}, actor)
    asks = any(
        "approver" in access.who_may(outlet.model, spec) for state in found for _to, spec in _moves(outlet, state)
    )
    asked = access.assigned_among(outlet.model, {record.pk for record in records}, actor) if asks else set()
    untold = {"amount": ""} if outlet.amount_field in outlet.model.hidden_from(request.user) else {}
    shown: dict[str, tuple[list[dict[str, Any]], str]] = {}
    for state, one in found.items():
        moves = _moves(outlet, state)
        asking = {spec.name for _to, spec in moves if spec.note or spec.danger or outlet.verb_form(spec.name)}
        column = [
            outlet.card(record)
            | untold
            | {
                "verbs_json": json.dumps(_verbs_of(record, moves, actor, asked, asking)),
                "version": record.row_version,
            }
            for record in one.rows
        ]
        more = f"{outlet.url('board')}?column={state}&cursor={one.next_cursor}" if one.next_cursor else ""
        shown[state] = column, more
    return shown


def asked_column(request: Request, known: Container[str]) -> str:
    """The column whose next page is asked for; empty for the whole board, BadRequest for what a board does not take."""
    column = request.GET.get("column", "")
    unknown = set(request.GET) - ({"column", "cursor"} if column else {"column"})
    if unknown or (column and column not in known):
        raise BadRequest(_("Unknown filter: %(name)s") % {"name": ", ".join(sorted(unknown)) or column})
    return column


def board(outlet: Outlet) -> Any:
    """The board view of an outlet; `?column=` answers one more page of cards."""

    def view(request: Request) -> HttpResponse:
        column = asked_column(request, outlet.board_states)
        visible = outlet.list_queryset(request.user)
        if column:
            cursor = request.GET.get("cursor")
            found = page(visible.filter(state=column), keyset=outlet.order, cursor=cursor, size=CARDS)
            shown, more = cards(outlet, {column: found}, request)[column]
            return render(request, "generic/_cards.html", {"cards": shown, "more_url": more})
        columns = []
        states = outlet.board_states
        totals = totals_of(outlet, visible, "state", states, request)
        pages = first_pages(visible, by="state", values=states, keyset=outlet.order, size=CARDS)
        drawn = cards(outlet, dict(zip(states, pages, strict=True)), request)
        for code, total in zip(states, totals, strict=True):
            shown, more = drawn[code]
            columns.append(
                {
                    "state": code,
                    "label": outlet.model.states.label(code),
                    "colour": outlet.model.states.colour(code),
                    "count_text": total.number_text,
                    "sum_text": sum_text(total, request.LANGUAGE_CODE),
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
