"""Lists: filter, search, sort, page by key. The state is in the address, so a link shows the same view."""

from typing import Any

from django.db.models import Model
from django.forms import ChoiceField
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.request import Request
from core.paging import capped_count, page
from core.search import search
from core.text import clean_text
from process import access, show
from process.outlet import Outlet

PAGE_SIZE = 50
_OWN = {"q", "sort", "cursor", "state"}


def filtered(outlet: Outlet, request: Request) -> tuple[Any, Any, list[dict[str, Any]]]:
    """(queryset, filter form or None, chips); an unknown parameter is a BadRequest by ValueError."""
    queryset: Any = outlet.queryset(request.user)
    known = set(_OWN)
    form, chips = None, []
    if outlet.filterset is not None:
        filterset = outlet.filterset(request.GET, queryset=queryset, request=request)
        known |= set(filterset.form.fields)
        if not filterset.form.is_valid():
            raise ValueError(next(iter(filterset.form.errors.values()))[0])
        queryset, form = filterset.qs, filterset.form
        chips = _chips(request, form)
    unknown = set(request.GET) - known
    if unknown:
        raise ValueError(_("Unknown filter: %(name)s") % {"name": ", ".join(sorted(unknown))})
    state = request.GET.get("state", "")
    if state and "state" not in (form.fields if form else {}):
        if state != "open" and state not in outlet.model.states.by_code:
            raise ValueError(_("Unknown state: %(name)s") % {"name": state})
        queryset = queryset.open() if state == "open" else queryset.filter(state=state)
    text = clean_text(request.GET.get("q", ""))[:100]
    if text.strip():
        queryset = search(queryset, "search_text", text)
    return queryset, form, chips


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
        try:
            queryset, form, chips = filtered(outlet, request)
        except ValueError as error:
            return HttpResponseBadRequest(
                render(request, "errors/400.html", {"reasons": [{"text": str(error), "link": ""}]}).content
            )
        keyset = outlet.keyset(request.GET.get("sort", ""))
        if keyset is None:
            return HttpResponseBadRequest(
                render(
                    request, "errors/400.html", {"reasons": [{"text": _("Unknown sort order."), "link": ""}]}
                ).content
            )
        found = page(queryset, keyset=keyset, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
        number, capped = capped_count(queryset)
        columns = outlet.list_columns(request.user)
        new_url = outlet.url("new") if outlet.form and may_open(outlet, request) else ""
        context = {
            "title": outlet.model._meta.verbose_name_plural,
            "q": request.GET.get("q", ""),
            "sort": request.GET.get("sort", ""),
            "views": state_views(outlet, request),
            "filter_form": form,
            "chips": chips,
            "columns": outlet.head_cells(columns, request),
            "rows": [outlet.row(record, columns, request.user) for record in found.rows],
            "next_url": _cursor_url(request, found.next_cursor),
            "previous_url": _cursor_url(request, found.previous_cursor),
            "count_text": f"{number}+" if capped else str(number),
            "new_url": new_url,
            "new_label": outlet.create_label,
            "empty_text": outlet.empty_text,
            "empty_action": {"url": new_url, "label": outlet.create_label or _("New")} if new_url else None,
        }
        return render(request, "generic/list.html", context)

    return view


def may_open(outlet: Outlet, request: Request) -> bool:
    """Whether the person may create such a record at all; seats on the case are checked at the door."""
    words = outlet.model.open_who
    seats = {"ar", "sr", "fr", "director", "pfc", "service", "member"}
    if "anyone" in words or set(words) & seats or any(word.startswith("@") or word == "owner" for word in words):
        return True
    return access.may_any(words, outlet.model(), Actor.of(request.user))


def _cursor_url(request: Request, cursor: str | None) -> str:
    if not cursor:
        return ""
    params = request.GET.copy()
    params["cursor"] = cursor
    return f"?{params.urlencode()}"
