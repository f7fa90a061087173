"""Generic pages built from outlets: list, board, detail, form, verb, and their fragments."""

from typing import Any

from process.views.board import board
from process.views.bulk import bulk
from process.views.details import detail, files, panel, timeline
from process.views.exports import export
from process.views.forms import create, edit
from process.views.lists import filters, listing
from process.views.record_steps import step, steps
from process.views.saved import columns, forget, views
from process.views.verbs import verb


def routes(outlet: Any) -> list[tuple[str, Any, str]]:
    """(route, view, name) of an outlet, in act order."""
    plural, slug = outlet.plural, outlet.slug
    found = [(f"{plural}/", listing(outlet), f"{slug}-list")]
    found.append((f"{plural}/export/", export(outlet), f"{slug}-export"))
    if outlet.filterset is not None:
        found.append((f"{plural}/filters/", filters(outlet), f"{slug}-filters"))
    found += [
        (f"{plural}/columns/", columns(outlet), f"{slug}-columns"),
        (f"{plural}/views/", views(outlet), f"{slug}-views"),
        (f"{plural}/views/<int:pk>/forget/", forget(outlet), f"{slug}-forget-view"),
    ]
    if outlet.bulk_verbs():
        found.append((f"{plural}/bulk/<str:verb>/", bulk(outlet), f"{slug}-bulk"))
    if outlet.board_states:
        found.append((f"{plural}/board/", board(outlet), f"{slug}-board"))
    if outlet.form is not None:
        found.append((f"{plural}/new/", create(outlet), f"{slug}-new"))
    found.append((f"{plural}/panel/<int:case_id>/", panel(outlet), f"{slug}-panel"))
    found.append((f"{plural}/<int:pk>/", detail(outlet), f"{slug}-detail"))
    if outlet.service("edit") is not None and (outlet.edit_form or outlet.form):
        found.append((f"{plural}/<int:pk>/edit/", edit(outlet), f"{slug}-edit"))
    found += [
        (f"{plural}/<int:pk>/timeline/", timeline(outlet), f"{slug}-timeline"),
        (f"{plural}/<int:pk>/files/", files(outlet), f"{slug}-files"),
        (f"{plural}/<int:pk>/steps/", steps(outlet), f"{slug}-steps"),
        (f"{plural}/<int:pk>/steps/<str:code>/", step(outlet), f"{slug}-step"),
        (f"{plural}/<int:pk>/<str:verb>/", verb(outlet), f"{slug}-verb"),
    ]
    return found
