"""What a list looks like for one person: the tabs of saved views and the columns, read in one statement."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.request import Request
from process import show
from process.models import SavedView
from process.outlet import Outlet
from process.shapes import Column


class UnknownColumn(BadRequest):
    """A column that the list does not have."""


def asked_columns(outlet: Outlet, request: Request) -> list[str]:
    """The columns named in the address; UnknownColumn for one this list does not have."""
    asked = [key for key in request.GET.get("columns", "").split(",") if key]
    unknown = set(asked) - {*outlet.columns, *outlet.more_columns()}
    if unknown:
        raise UnknownColumn(_("Unknown column: %(name)s") % {"name": ", ".join(sorted(unknown))})
    return asked


def own_views(outlet: Outlet, request: Request) -> Any:
    """The views of a list that this person sees, own and shared, with the nameless one of their habits."""
    return SavedView.objects.shown_to(request.user).filter(kind=outlet.model.record_kind())


def chosen_columns(outlet: Outlet, request: Request, kept: list[SavedView]) -> list[Column]:
    """The columns of the address, else of the saved view it is, else those the person is used to."""
    asked = asked_columns(outlet, request)
    habits: list[str] = next((view.columns for view in kept if not view.name and view.owner_id == request.user.pk), [])
    return outlet.list_columns(request.user, asked or habits)


def saved_tabs(outlet: Outlet, request: Request, kept: list[SavedView]) -> list[dict[str, Any]]:
    """The saved views as tabs after the states; the one whose list this is can be given up by its owner."""
    here = request.GET.copy()
    here.pop("cursor", None)
    tabs = []
    for view in kept:
        if not view.name:
            continue
        params = QueryDict(view.query, mutable=True)
        if view.columns:
            params["columns"] = ",".join(view.columns)
        mine = view.owner_id == request.user.pk
        tab = {"label": view.name, "url": f"{outlet.url('list')}?{params.urlencode()}", "active": params == here}
        tab["saved"] = True
        tab["shared"] = "" if view.sharing == SavedView.Sharing.OWN else show.text_of(view.get_sharing_display())
        tab["forget_url"] = outlet.url("forget-view", view.pk) if mine and tab["active"] else ""
        tabs.append(tab)
    return tabs
