"""Lists: filter, search, sort, page by key. The state is in the address, so a link shows the same view."""

from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Model
from django.forms import ChoiceField
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.request import Request
from core.paging import capped_count, page
from core.search import search
from core.text import clean_text
from process import access, show
from process.outlet import Outlet
from process.views.looks import chosen_columns, own_views, saved_tabs

PAGE_SIZE = 50
_OWN = {"q", "sort", "cursor", "state"}


class FilterError(BadRequest):
    """Parameters of a list that are not known or have no such value: {name: messages}."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__(next(iter(errors.values()))[0])


def filtered(outlet: Outlet, request: Request) -> tuple[Any, Any, list[dict[str, Any]]]:
    """(queryset, filter form or None, chips)."""
    given = request.GET.copy()
    given.pop("columns", None)
    queryset, form = narrowed(outlet, given, request, outlet.list_queryset(request.user))
    return queryset, form, _chips(request, form) if form is not None else []


def narrowed(outlet: Outlet, given: QueryDict, request: Request, visible: Any = None) -> tuple[Any, Any]:
    """(queryset, filter form or None) of what the person may see, by the filters in `given`.

    The form is only made where one of its filters is given. FilterError for an unknown filter and for a value that it
    does not know.
    """
    queryset: Any = outlet.queryset(request.user) if visible is None else visible
    names = set(outlet.filterset.base_filters) if outlet.filterset is not None else set()
    form = None
    if names & set(given):
        filterset = outlet.filterset(given, queryset=queryset, request=request)
        if not filterset.form.is_valid():
            raise FilterError({name: list(found) for name, found in filterset.form.errors.items()})
        queryset, form = filterset.qs, filterset.form
    unknown = set(given) - _OWN - names
    if unknown:
        raise FilterError({name: [_("Unknown filter: %(name)s") % {"name": name}] for name in sorted(unknown)})
    state = given.get("state", "")
    if state and "state" not in names:
        if state != "open" and state not in outlet.model.states.by_code:
            raise FilterError({"state": [_("Unknown state: %(name)s") % {"name": state}]})
        queryset = queryset.open() if state == "open" else queryset.filter(state=state)
    text = clean_text(given.get("q", ""))[:100]
    if text.strip():
        queryset = search(queryset, "search_text", text, weighed=True)
    return queryset, form


def _chips(request: Request, form: Any) -> list[dict[str, Any]]:
    chips = []
    for name, value in form.cleaned_data.items():
        if value in (None, "", []) or name not in request.GET:
            continue
        params = request.GET.copy()
        params.pop(name)
        params.pop("cursor", None)
        field = form.fields[name]
        chips.append({"label": f"{field.label}: {_shown(field, value)}", "remove_url": f"?{params.urlencode()}"})
    return chips


def _shown(field: Any, value: Any) -> Any:
    """A filter's value as people read it; a row says its own name, so its table is not read for it."""
    if isinstance(value, Model) or not isinstance(field, ChoiceField):
        return show.text_of(value)
    return next((label for key, label in field.choices if str(key) == str(value)), value)


def state_views(outlet: Outlet, request: Request) -> list[dict[str, Any]]:
    """Tabs: all, the board where there is one, and each state."""
    current = request.GET.get("state", "")
    here = outlet.url("list")
    on_board = request.path != here
    tabs = [{"label": _("All"), "url": here, "active": not on_board and not current}]
    if outlet.board_states:
        tabs.append({"label": _("Board"), "url": outlet.url("board"), "active": on_board})
    tabs.append({"label": _("Open"), "url": f"{here}?state=open", "active": current == "open"})
    for code, state in outlet.model.states.by_code.items():
        tabs.append({"label": state.label, "url": f"{here}?state={code}", "active": current == code})
    return tabs


def listing(outlet: Outlet) -> Any:
    """The list view of an outlet."""

    def view(request: Request) -> HttpResponse:
        kept = list(own_views(outlet, request))
        queryset, form, chips = filtered(outlet, request)
        columns = chosen_columns(outlet, request, kept)
        keyset = outlet.keyset(request.GET.get("sort", ""), request.user)
        if keyset is None:
            raise BadRequest(_("Unknown sort order."))
        found = page(outlet.showing(queryset, columns), keyset=keyset, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
        number, capped = capped_count(queryset)
        outlet.learn(found.rows, [column.key for column in columns], request.user)
        rows = [outlet.row(record, columns, request.user) for record in found.rows]
        bulk_verbs = outlet.bulk_verbs()
        for record, row in zip(found.rows, rows, strict=True):
            row.pick = (record.pk, record.state) if bulk_verbs else None
        new_url = outlet.url("new") if outlet.form and may_open(outlet, request) else ""
        context = {
            "title": outlet.model._meta.verbose_name_plural,
            "q": request.GET.get("q", ""),
            "sort": request.GET.get("sort", ""),
            "views": [*state_views(outlet, request), *saved_tabs(outlet, request, kept)],
            "filters_url": filters_url(outlet, request) if outlet.filterset is not None else "",
            "filters_set": [
                (name, value) for name in (form.fields if form else ()) for value in request.GET.getlist(name)
            ],
            "keeps_state": bool(request.GET.get("state")) and not (form and "state" in form.fields),
            "chips": chips,
            "columns": outlet.head_cells(columns, request),
            "rows": rows,
            "bulk_verbs": [
                {"label": spec.label, "url": outlet.url("bulk", spec.name), "sources": " ".join(spec.sources)}
                for spec in bulk_verbs
            ],
            "query": _query(request),
            "columns_url": f"{outlet.url('columns')}?{_query(request)}",
            "save_view_url": f"{outlet.url('views')}?{_query(request)}",
            "columns_set": request.GET.get("columns", ""),
            "next_url": _cursor_url(request, found.next_cursor),
            "previous_url": _cursor_url(request, found.previous_cursor),
            "count_text": f"{number}+" if capped else str(number),
            "export_url": outlet.url("export"),
            "new_url": new_url,
            "new_label": outlet.create_label,
            "empty_text": outlet.empty_text,
            "empty_action": {"url": new_url, "label": outlet.create_label or _("New")} if new_url else None,
        }
        return render(request, "generic/list.html", context)

    return view


def filters_url(outlet: Outlet, request: Request) -> str:
    """Where the fields of the drawer are fetched from when it is opened, filled as the list is narrowed now."""
    params = request.GET.copy()
    for name in ("q", "sort", "cursor"):
        params.pop(name, None)
    return f"{outlet.url('filters')}?{params.urlencode()}"


def filters(outlet: Outlet) -> Any:
    """The fields of the filter drawer: half of what a list would cost, and most people never open it."""

    def view(request: Request) -> HttpResponse:
        filterset: Any = outlet.filterset
        form = filterset(request.GET, queryset=outlet.model._default_manager.none(), request=request).form
        form.is_valid()
        return render(request, "generic/_filters.html", {"filter_form": form})

    return view


def may_open(outlet: Outlet, request: Request) -> bool:
    """Whether the person may create such a record at all; seats on the case are checked at the door."""
    words = outlet.model.open_who
    seats = {"ar", "sr", "fr", "director", "pfc", "service", "member"}
    if "anyone" in words or set(words) & seats or any(word.startswith("@") or word == "owner" for word in words):
        return True
    return access.may_any(words, outlet.model(), Actor.of(request.user))


def _query(request: Request) -> str:
    """What the list shows now, without the place one stands in it."""
    params = request.GET.copy()
    params.pop("cursor", None)
    return params.urlencode()


def _cursor_url(request: Request, cursor: str | None) -> str:
    if not cursor:
        return ""
    params = request.GET.copy()
    params["cursor"] = cursor
    return f"?{params.urlencode()}"
