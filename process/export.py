"""A list as a file: the same rows and columns as on the page, as plain values instead of cells.

Most columns are fields, so rows are read as tuples: no record is built for them, and they are made column by column, a
batch at a time. Columns that only a record can answer (a property, a row that an outlet writes itself) are read from
records.
"""

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from io import BytesIO, StringIO
from itertools import islice
from typing import IO, Any

import xlsxwriter
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.dictionary import Labelled
from process import show
from process.models import StageRecord
from process.outlet import Outlet
from process.shapes import Column

CHUNK = 2000
# A spreadsheet of more rows than this takes longer than a page may; CSV has no limit.
MOST_SHEET_ROWS = 50_000
# What a spreadsheet would run as a formula when it opens a CSV file.
_FORMULA = frozenset("=+-@\t\r")

# Many rows at a time, column by column.
Batch = Iterable[Iterable[Any]]
Rows = Iterator[Batch]


class TooManyRows(Exception):
    """More rows than a spreadsheet of ours may have."""


@dataclass(frozen=True)
class _Reading:
    """How one column is read from a tuple: the names of what it needs, and what is made of their values."""

    lookups: tuple[str, ...]
    make: Callable[..., Any] | None = None


def headers(columns: list[Column]) -> list[str]:
    """The heads of the columns in the reader's language."""
    return [label[:1].upper() + label[1:] for label in (str(column.label) for column in columns)]


def rows(outlet: Outlet, queryset: models.QuerySet[Any], columns: list[Column], user: User) -> Rows:
    """The rows of a list as plain values, in batches from a cursor on the server; words in the present language."""
    scoped = _scoped(outlet, user)
    readings = [None if column.key in scoped else _reading(outlet, column.key) for column in columns]
    found = [reading for reading in readings if reading is not None]
    if len(found) == len(columns) and (outlet.row_decorates or type(outlet).row is Outlet.row):
        return _from_tuples(queryset, found)
    return _from_records(outlet, queryset, columns, user)


def _from_tuples(queryset: models.QuerySet[Any], readings: list[_Reading]) -> Rows:
    lookups = list(dict.fromkeys(name for reading in readings for name in reading.lookups))

    def made(batch: list[Any]) -> Batch:
        read = dict(zip(lookups, zip(*batch, strict=True), strict=True))
        return [_column(reading, [read[name] for name in reading.lookups]) for reading in readings]

    tuples = queryset.select_related(None).values_list(*lookups).iterator(chunk_size=CHUNK)
    return in_language(tuples, made)


def _column(reading: _Reading, read: list[Any]) -> Iterable[Any]:
    return read[0] if reading.make is None else list(map(reading.make, *read))


def _from_records(outlet: Outlet, queryset: models.QuerySet[Any], columns: list[Column], user: User) -> Rows:
    """From records; what an outlet writes into a cell itself counts, else the value behind it."""
    records = _learned(outlet, queryset.iterator(chunk_size=CHUNK), columns, user)
    made = partial(_values, outlet, columns=columns, user=user)
    return in_language(records, lambda batch: zip(*map(made, batch), strict=True))


def _scoped(outlet: Outlet, user: User) -> set[str]:
    """Columns that name records which this reader sees some of only: they are asked for row by row."""
    if user.has_right("see_all"):
        return set()
    models_of = {name: field.related_model for name, field in outlet.references().items()}
    return {name for name, model in models_of.items() if not hasattr(model, "visibility") or model.visibility(user)}


def _learned(outlet: Outlet, records: Iterator[Any], columns: list[Column], user: User) -> Iterator[Any]:
    """The records; which of those they name the reader may see is asked once per chunk."""
    names = [column.key for column in columns]
    while batch := list(islice(records, CHUNK)):
        outlet.learn(batch, names, user)
        yield from batch


def in_language(found: Iterator[Any], make: Callable[[list[Any]], Batch]) -> Rows:
    """Rows in the present language, though they are asked for when the answer is sent and it is gone."""
    language = translation.get_language()

    def made() -> Rows:
        while batch := list(islice(found, CHUNK)):
            with translation.override(language):
                columns = list(make(batch))
            yield columns

    return made()


def _values(outlet: Outlet, record: Any, columns: list[Column], user: User) -> list[Any]:
    values = []
    for column, cell in zip(columns, outlet.row(record, columns, user).cells, strict=True):
        raw = record.state_label if column.key == "state" else show.value(record, column.key)
        # A moment is written as it is shown, in the company's time; a spreadsheet knows no time zones.
        plain = isinstance(raw, Decimal | int | dt.date) and not isinstance(raw, bool | dt.datetime)
        same = plain and cell.text == show.text_of(raw)
        values.append(raw if same else "" if cell.text == "–" else str(cell.text))
    return values


def _reading(outlet: Outlet, name: str) -> _Reading | None:
    """How a column is read without a record; None where only a record can say it."""
    if name in outlet.export_lookups:
        lookups, make = outlet.export_lookups[name]
        return _Reading(lookups, make)
    if name == "state":
        labels = {code: str(state.label) for code, state in outlet.model.states.by_code.items()}
        return _Reading((name,), labels.get)
    try:
        field: Any = outlet.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    if isinstance(field, models.ForeignKey):
        return _named(name, field.related_model)
    if field.flatchoices:
        words = {code: str(label) for code, label in field.flatchoices}
        return _Reading((name,), lambda code: words.get(code, code))
    if isinstance(field, models.BooleanField):
        answers = {True: _("Yes"), False: _("No"), None: ""}
        return _Reading((name,), answers.get)
    if isinstance(field, models.DateTimeField):
        return _Reading((name,), _local)
    return _Reading((name,)) if not field.is_relation and not isinstance(field, models.JSONField) else None


def _named(name: str, model: Any) -> _Reading | None:
    """A reference by the name that its row has for people."""
    if issubclass(model, Labelled):
        english = (translation.get_language() or "").startswith("en")
        return _Reading((f"{name}__{'en' if english else 'zh'}",))
    if issubclass(model, User):
        return _Reading((f"{name}__name", f"{name}__username"), lambda full, short: full or short)
    if issubclass(model, StageRecord) and (
        model.__str__ is StageRecord.__str__ or model.shown_by != StageRecord.shown_by
    ):
        lookups = tuple(f"{name}__{part}" for part in model.shown_by)
        return _Reading(lookups, None if len(lookups) == 1 else _joined)
    return None


def _joined(*parts: Any) -> str:
    return " ".join(str(part) for part in parts if part is not None)


def _local(moment: dt.datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


# CSV -----------------------------------------------------------------------------------------------
def csv_lines(heads: list[str], found: Rows) -> Iterator[bytes]:
    """The file in parts: UTF-8 with a mark that spreadsheets understand, formulas made harmless."""
    yield b"\xef\xbb\xbf" + _written([[head] for head in heads])
    yield from map(_written, found)


def _written(batch: Batch) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(zip(*map(safe, batch), strict=True))
    return text.getvalue().encode()


def safe(column: Iterable[Any]) -> list[Any]:
    """Values that no spreadsheet takes for a formula; numbers and dates stay what they are."""
    return [f"'{value}" if type(value) is str and value[:1] in _FORMULA else value for value in column]


# Spreadsheet ---------------------------------------------------------------------------------------
def sheet(title: str, heads: list[str], found: Rows) -> IO[bytes]:
    """The list as an .xlsx file: numbers and dates as such, text never as a formula. Raises TooManyRows."""
    content = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        page = book.add_worksheet(_sheet_name(title))
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "#,##0.00"})
        page.freeze_panes(1, 0)
        for place, head in enumerate(heads):
            page.write_string(0, place, head, bold)
        for number, row in enumerate((row for batch in found for row in zip(*batch, strict=True)), 1):
            if number > MOST_SHEET_ROWS:
                raise TooManyRows
            for place, value in enumerate(row):
                _write(page, number, place, value, day, money)
    content.seek(0)
    return content


def _write(page: Any, number: int, place: int, value: Any, day: Any, money: Any) -> None:
    if isinstance(value, Decimal):
        page.write_number(number, place, value, money)
    elif isinstance(value, int) and not isinstance(value, bool):
        page.write_number(number, place, value)
    elif isinstance(value, dt.date):
        page.write_datetime(number, place, value, day)
    elif value is not None and value != "":
        page.write_string(number, place, str(value))


def _sheet_name(title: str) -> str:
    """Up to 31 characters, without those that Excel forbids."""
    return "".join("-" if letter in "[]:*?/\\" else letter for letter in title)[:31] or "LTC"
