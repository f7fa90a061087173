"""What a record's page shows beside its fields: pages of rows, the log, the files, the texts."""

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from accounts.models import User
from accounts.request import ApiRequest
from core.api.lists import page_of
from core.api.shapes import Ref, ref
from process.models import Attachment, LogEntry, StageRecord
from process.outlet import Outlet
from process.shapes import Cell, Table
from process.views import history


# Files ---------------------------------------------------------------------------------------------
class FileSerializer(serializers.Serializer):
    """A file of a record; `url` gives its content."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    purpose = serializers.CharField(help_text="What the file proves; empty for one that was only added.")
    purpose_label = serializers.CharField()
    added_at = serializers.DateTimeField()
    added_by = Ref(allow_null=True)
    url = serializers.CharField()


def file_row(found: Attachment, request: ApiRequest) -> dict[str, Any]:
    """A file as the API shows it."""
    return {
        "id": found.pk,
        "name": found.name,
        "size": found.size,
        "sha256": found.sha256,
        "purpose": found.purpose,
        "purpose_label": str(history.PURPOSES.get(found.purpose, found.purpose)),
        "added_at": found.added_at.isoformat(),
        "added_by": ref(found.added_by),
        "url": reverse("api:file", args=[found.pk], request=request),
    }


# The log -------------------------------------------------------------------------------------------
class ChangeSerializer(serializers.Serializer):
    """One field that an act changed, as people read it."""

    field = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class EntrySerializer(serializers.Serializer):
    """One act: who, when, what, why."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    who = serializers.CharField()
    action = serializers.CharField(help_text="`lead.qualify`")
    action_label = serializers.CharField()
    kind = serializers.CharField(help_text="What was acted on: `leads.lead`.")
    object_id = serializers.IntegerField()
    state_from = serializers.CharField()
    state_to = serializers.CharField()
    note = serializers.CharField()
    changes = ChangeSerializer(many=True)


EntryPage = page_of(EntrySerializer, "Entry")


def entry_row(found: LogEntry, reader: User) -> dict[str, Any]:
    """A log entry as the API shows it."""
    read = history.entry(found, reader)
    return {
        "id": found.pk,
        "at": found.at.isoformat(),
        "who": str(read["who"]),
        "action": found.action,
        "action_label": str(read["action_label"]),
        "kind": found.kind,
        "object_id": found.object_id,
        "state_from": found.state_from,
        "state_to": found.state_to,
        "note": read["note"],
        "changes": [
            {"field": str(one["field"]), "old": str(one["old"]), "new": str(one["new"])} for one in read["changes"]
        ],
    }


# The page as text ----------------------------------------------------------------------------------
class FactSerializer(serializers.Serializer):
    """A label with its value, as the page shows them."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field, not DRF's own attribute
    value = serializers.CharField()
    url = serializers.CharField()


class SectionSerializer(serializers.Serializer):
    """A titled group of facts."""

    title = serializers.CharField()
    facts = FactSerializer(many=True)


class CellSerializer(serializers.Serializer):
    """A cell: its text, a second line, the page it leads to."""

    text = serializers.CharField()
    sub = serializers.CharField()
    url = serializers.CharField()


class TableSerializer(serializers.Serializer):
    """A table of the page: what hangs on the record."""

    id = serializers.CharField()
    title = serializers.CharField()
    note = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=CellSerializer(many=True))


class RecordPageSerializer(serializers.Serializer):
    """Everything the record's page shows, in the caller's language."""

    title = serializers.CharField()
    state_label = serializers.CharField()
    figures = FactSerializer(many=True)
    sections = SectionSerializer(many=True)
    tables = TableSerializer(many=True)


def record_page(outlet: Outlet, record: StageRecord, user: Any) -> dict[str, Any]:
    """The texts of a record's page."""
    return {
        "title": str(record),
        "state_label": record.state_label,
        "figures": [
            {"label": str(one["label"]), "value": str(one["value"]), "url": one.get("url", "")}
            for one in outlet.stats(record, user)
        ],
        "sections": [
            {
                "title": str(section.title),
                "facts": [{"label": str(f.label), "value": str(f.value), "url": f.url} for f in section.facts],
            }
            for section in outlet.sections(record, user)
        ],
        "tables": [table_row(table) for table in outlet.all_tables(record, user)],
    }


def table_row(table: Table) -> dict[str, Any]:
    """A table with its footer as the last row."""
    rows = [[cell_row(cell) for cell in row.cells] for row in table.rows]
    if table.footer_cells:
        rows.append([cell_row(cell) for cell in table.footer_cells])
    return {
        "id": table.id,
        "title": str(table.title),
        "note": str(table.note),
        "columns": [str(column.label) for column in table.columns],
        "rows": rows,
    }


def cell_row(cell: Cell) -> dict[str, str]:
    """A cell as text."""
    return {"text": str(cell.text), "sub": str(cell.sub), "url": cell.url}
