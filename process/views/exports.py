"""The export of a list: what is shown, with its filters, sort and columns, as a file."""

import logging
from typing import Any

from django.core.exceptions import BadRequest
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.request import Request
from core.paging import ordered
from process import export as files
from process.outlet import Outlet
from process.views.lists import narrowed
from process.views.looks import chosen_columns, own_views

logger = logging.getLogger(__name__)
FORMATS = ("csv", "xlsx")


def export(outlet: Outlet) -> Any:
    """The view that writes a list into a file: `?format=csv` (the default) or `xlsx`, and the list's own parameters."""

    def view(request: Request) -> HttpResponseBase:
        given = request.GET.copy()
        wanted = given.pop("format", ["csv"])[-1]
        for shown in ("cursor", "columns"):  # how the list looks, not what is in it
            given.pop(shown, None)
        keyset = outlet.keyset(given.get("sort", ""), request.user)
        if wanted not in FORMATS or keyset is None:
            raise BadRequest(_("Unknown sort order.") if keyset is None else _("Unknown file format."))
        queryset, _form = narrowed(outlet, given, request, outlet.list_queryset(request.user))
        columns = chosen_columns(outlet, request, list(own_views(outlet, request)))
        found = files.rows(outlet, ordered(queryset, keyset), columns, request.user)
        logger.info("export of %s as %s", outlet.model.record_kind(), wanted)
        name = f"{outlet.plural}-{timezone.localdate():%Y%m%d}.{wanted}"
        heads = files.headers(columns)
        return as_file(wanted, str(outlet.model._meta.verbose_name_plural), heads, found, name)

    return view


def as_file(wanted: str, title: str, heads: list[str], found: files.Rows, name: str) -> HttpResponseBase:
    """Rows as a download in one of FORMATS; `title` names the sheet. BadRequest for more rows than a sheet takes."""
    return _csv(heads, found, name) if wanted == "csv" else _xlsx(title, heads, found, name)


def _csv(heads: list[str], found: files.Rows, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(files.csv_lines(heads, found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _xlsx(title: str, heads: list[str], found: files.Rows, name: str) -> HttpResponseBase:
    try:
        content = files.sheet(title, heads, found)
    except files.TooManyRows as error:
        text = _("A spreadsheet takes up to %(most)s rows. Narrow the list, or export it as CSV.")
        raise BadRequest(text % {"most": f"{files.MOST_SHEET_ROWS:,}"}) from error
    return FileResponse(content, as_attachment=True, filename=name)
