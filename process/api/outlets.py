"""One view set and its routes for every outlet."""

from typing import Any

from django.urls import URLPattern, path
from rest_framework.parsers import MultiPartParser

from core.api.parsers import JSONParser
from process.api import shapes
from process.api.schema import RecordSchema
from process.api.verbs import VerbViewSet, verb_method
from process.outlet import Outlet


def names(outlet: Outlet) -> list[str]:
    """Every verb and act the API offers for the outlet: those of its pages."""
    return [*outlet.offered(), *outlet.acts]


def editable(outlet: Outlet) -> bool:
    """Whether the records have a page to be changed on."""
    return outlet.service("edit") is not None and bool(outlet.edit_form or outlet.form)


def view_set(outlet: Outlet) -> type[VerbViewSet]:
    """The view set of an outlet."""
    model = outlet.model
    members: dict[str, Any] = {
        "__doc__": str(model._meta.verbose_name),
        "outlet": outlet,
        "area": model._meta.app_label,
        "queryset": model._default_manager.none(),
        "schema": RecordSchema(),
        **{f"do_{verb}": verb_method(verb) for verb in names(outlet)},
    }
    return type(f"{model.__name__}ViewSet", (VerbViewSet,), members)


def parsers(form: Any) -> list[Any]:
    """JSON, or multipart/form-data where the form takes a file."""
    return [MultiPartParser] if shapes.file_fields(form) else [JSONParser]


def routes(outlet: Outlet) -> list[URLPattern]:
    """The addresses of an outlet below /api/v1/."""
    views, plural, slug = view_set(outlet), outlet.plural, outlet.slug
    one = f"{plural}/<int:pk>/"
    listed: dict[str, Any] = {"get": "list", **({"post": "create"} if outlet.form is not None else {})}
    single: dict[str, Any] = {"get": "retrieve", **({"patch": "partial_update"} if editable(outlet) else {})}
    return [
        path(f"{plural}/", views.as_view(listed, parser_classes=parsers(outlet.form)), name=f"{slug}-list"),
        *([path(f"{plural}/asks/", views.as_view({"get": "asks_new"}), name=f"{slug}-asks")] if outlet.form else []),
        path(f"{plural}/bulk/<str:verb>/", views.as_view({"post": "bulk"}), name=f"{slug}-bulk"),
        path(
            one, views.as_view(single, parser_classes=parsers(outlet.edit_form or outlet.form)), name=f"{slug}-detail"
        ),
        path(f"{one}page/", views.as_view({"get": "page"}), name=f"{slug}-page"),
        path(f"{one}timeline/", views.as_view({"get": "timeline"}), name=f"{slug}-timeline"),
        *(
            [path(f"{one}asks/", views.as_view({"get": "asks_change"}), name=f"{slug}-detail-asks")]
            if editable(outlet)
            else []
        ),
        path(f"{one}actions/", views.as_view({"get": "actions"}), name=f"{slug}-actions"),
        path(
            f"{one}files/",
            views.as_view({"get": "files", "post": "add_file"}, parser_classes=[MultiPartParser]),
            name=f"{slug}-files",
        ),
        *(
            path(
                f"{one}{verb}/",
                views.as_view({"post": f"do_{verb}"}, parser_classes=parsers(shapes.verb_form(outlet, verb))),
                name=f"{slug}-{verb}",
            )
            for verb in names(outlet)
        ),
    ]
