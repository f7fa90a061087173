"""The view set of an outlet: what its pages read and do, for programs."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from accounts.actor import Actor
from accounts.request import ApiRequest, actor_of
from core.api.inputs import read
from core.api.lists import envelope, limit_of, number_of, page_response
from core.api.problems import Invalid
from core.api.versions import etag, seen_version
from core.api.views import ApiView, once
from core.errors import NotAllowed
from core.paging import Keyset, capped_count, page
from process import access
from process.api import asking, inputs, outputs, reading, shapes
from process.models import StageRecord
from process.outlet import Outlet
from process.services import attach
from process.views.details import attached_to, entries_of
from process.views.lists import FilterError, may_open, narrowed


class RecordViewSet(ViewSetMixin, ApiView):
    """Reads and writes of one kind of record; `process.api.outlets` makes one per outlet."""

    request: Any
    outlet: Outlet
    queryset: Any = None
    lookup_value_converter = "int"

    def allowed_params(self) -> frozenset[str] | None:
        """The list knows its filters itself."""
        return {"list": None, "timeline": frozenset({"cursor", "limit"})}.get(self.action or "", frozenset())

    # Reading -----------------------------------------------------------------------------------
    def record(self, pk: int) -> Any:
        """The record, or 404 for one the person may not see: its existence is not told."""
        return get_object_or_404(self.outlet.queryset(self.request.user), pk=pk)

    def shown(self, record_id: int, code: int = status.HTTP_200_OK, headers: dict[str, str] | None = None) -> Response:
        """The whole record as an answer, with its ETag; no content where the person sees it no longer."""
        shape, user = outputs.shape_of(self.outlet, False), self.request.user
        found: Any = self.outlet.queryset(user).filter(pk=record_id).select_related(*shape.related).first()
        if found is None:
            return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)
        body = outputs.represent(found, shape, user, outputs.unseen([found], shape, user))
        return Response(body, status=code, headers={"ETag": etag(found.row_version), **(headers or {})})

    def list(self, request: ApiRequest) -> Response:
        """One page of the records the person may see."""
        given = request.query_params.copy()
        size = limit_of(given.pop("limit", []))
        case = given.pop("case", [])
        queryset = selection(self.outlet, given, request)
        if case:
            queryset = queryset.filter(case_id=number_of("case", case))
        keyset = self.outlet.keyset(given.get("sort", ""), request.user)
        if keyset is None:
            raise Invalid({"sort": [_("Unknown sort order.")]})
        shape = outputs.shape_of(self.outlet, True)
        rows = outputs.telling(queryset.select_related(*shape.related), shape, request.user)
        found = page(rows, keyset=keyset, cursor=given.get("cursor") or None, size=size)
        hidden = outputs.unseen_in(found.rows, shape, request.user)
        shown = [outputs.represent(record, shape, request.user, hidden) for record in found.rows]
        return Response(envelope(request, found, shown, capped_count(queryset)))

    def retrieve(self, request: ApiRequest, pk: int) -> Response:
        """The whole record."""
        return self.shown(self.record(pk).pk)

    def page(self, request: ApiRequest, pk: int) -> Response:
        """Everything the record's page shows, as text in the caller's language."""
        return Response(reading.record_page(self.outlet, self.record(pk), request.user))

    def timeline(self, request: ApiRequest, pk: int) -> Response:
        """The record's log, newest first; that of a project is its whole deal's."""
        entries = entries_of(self.outlet, self.record(pk), request.user)
        return page_response(request, entries, Keyset(("-id",)), lambda one: reading.entry_row(one, request.user))

    # What the forms ask for ---------------------------------------------------------------------
    def asks_new(self, request: ApiRequest) -> Response:
        """What a new record is asked for, with the values to choose from."""
        outlet: Any = self.outlet
        if not may_open(outlet, request):
            raise not_allowed(request)
        form = inputs.blank_form(outlet.form, request.user, None)
        form.initial.update(outlet.initial(_without_address(request), outlet.form))
        return Response(asking.asked(form, outlet.lines, request.user, None))

    def asks_change(self, request: ApiRequest, pk: int) -> Response:
        """What can be changed on the record, with the values to choose from."""
        outlet: Any = self.outlet
        record = self.record(pk)
        if not access.may(record, "edit", Actor.of(request.user)):
            raise not_allowed(request)
        form = inputs.blank_form(outlet.edit_form or outlet.form, request.user, record)
        lines = {name: one for name, one in outlet.lines.items() if one.read}
        return Response(asking.asked(form, lines, request.user, record))

    # Writing -----------------------------------------------------------------------------------
    def create(self, request: ApiRequest) -> Response:
        """Open a record, as the page of a new one does."""
        outlet: Any = self.outlet
        if not may_open(outlet, request):
            raise not_allowed(request)
        outlet.require_open(request.data if isinstance(request.data, Mapping) else {}, actor_of(request))
        entered = inputs.Input(outlet.form, outlet.lines, request.user, None)
        given = read(shapes.create_input(outlet), request.data)
        entered.bind(given, initial=outlet.initial(_without_address(request), outlet.form))

        def act() -> Response:
            record = outlet.open(by=actor_of(request), **entered.cleaned())
            headers = {"Location": address(outlet, record, request)}
            return self.shown(record.pk, status.HTTP_201_CREATED, headers)

        return once(request, act)

    def partial_update(self, request: ApiRequest, pk: int) -> Response:
        """Change some fields; If-Match names the version that was seen."""
        outlet: Any = self.outlet
        record = self.record(pk)
        entered = inputs.Input(outlet.edit_form or outlet.form, outlet.lines, request.user, record)
        try:
            version = seen_version(request, record.row_version, required=True)
            entered.bind(read(shapes.edit_input(outlet), request.data), partial=True)
        except Exception:
            if not access.may(record, "edit", Actor.of(request.user)):
                raise not_allowed(request) from None
            raise

        def act() -> Response:
            outlet.edit(record, by=actor_of(request), version=version, **entered.changes())
            return self.shown(record.pk)

        return once(request, act)

    # Files -------------------------------------------------------------------------------------
    def files(self, request: ApiRequest, pk: int) -> Response:
        """The record's files, newest first."""
        return Response([reading.file_row(one, request) for one in attached_to(self.record(pk))[:100]])

    def add_file(self, request: ApiRequest, pk: int) -> Response:
        """Hang a file on the record. It proves nothing: the verb that asks for a file sets its purpose."""
        record = self.record(pk)
        if not access.may_attach(record, actor_of(request)):
            raise not_allowed(request)
        file = read(shapes.FileInput, request.data)["file"]

        def act() -> Response:
            found = attach(record, file=file, by=actor_of(request))
            return Response(reading.file_row(found, request), status=status.HTTP_201_CREATED)

        return once(request, act)


def selection(outlet: Outlet, given: QueryDict, request: Any) -> Any:
    """The records the person may see, narrowed by filters; Invalid with the errors of each that is none."""
    try:
        return narrowed(outlet, given, request)[0]
    except FilterError as error:
        raise Invalid(error.errors) from error


def not_allowed(request: Any) -> NotAllowed:
    """The same sentence as on the page."""
    return NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})


def address(outlet: Outlet, record: StageRecord, request: Any) -> str:
    """Where the API shows a record."""
    return str(reverse(f"api:{outlet.slug}-detail", args=[record.pk], request=request))


def _without_address(request: Any) -> Any:
    """The request as a new form's initial values see it: a program sends what it wants, nothing is in the address."""
    bare: Any = HttpRequest()
    bare.user = request.user
    return bare
