"""Rows of cells out of .csv, .xls and .xlsx, one at a time."""

import csv
import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from zipfile import BadZipFile

import openpyxl
import xlrd
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext as _

from billing.bankfiles import guard
from core.errors import Refused

# More columns than any bank writes: a row this wide is an attempt to fill the memory.
WIDEST = 200
Rows = Iterator[tuple[int, list[Any]]]


def rows(kind: str, file: Any) -> Rows:
    """(row number from 1, cells) of a table. Raises Refused for what is not read at all."""
    return {"csv": _csv, "xls": _xls, "xlsx": _xlsx}[kind](file)


def _narrow(number: int, cells: list[Any]) -> list[Any]:
    if len(cells) > WIDEST:
        raise Refused(_("Line %(line)s has %(count)s columns.") % {"line": number, "count": len(cells)})
    return cells


def _csv(file: Any) -> Rows:
    text = guard.text_reader(file, guard.encoding_of(file))
    try:
        sample = text.read(16 * 1024)
        delimiter = max(",\t;|", key=sample.count)
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter)
        for cells in reader:
            yield reader.line_num, _narrow(reader.line_num, [cell.strip() for cell in cells])
    except csv.Error as error:
        raise Refused(_("Line %(line)s: %(problem)s") % {"line": reader.line_num, "problem": error}) from error
    finally:
        if not text.closed:  # read half and let go: the file may be gone before its rows are
            text.detach()


def _xls(file: Any) -> Rows:
    file.seek(0)
    content = file.read()
    guard.check_old_workbook(content)
    try:
        book = xlrd.open_workbook(file_contents=content, on_demand=True, ragged_rows=True, logfile=guard._Silent())
        sheet = book.sheet_by_index(0)
    except Exception as error:  # whatever a damaged file makes the reader trip over
        raise guard.unreadable(".xls") from error
    for number in range(sheet.nrows):
        cells = [_old_cell(cell, book.datemode) for cell in _narrow(number + 1, sheet.row(number))]
        yield number + 1, cells


def _old_cell(cell: Any, datemode: int) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return "#ERROR"
    return None if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) else cell.value


def _xlsx(file: Any) -> Rows:
    guard.check_workbook(file)
    try:
        with closing(openpyxl.load_workbook(file, read_only=True, keep_links=False)) as book:
            sheet = book.worksheets[0]
            # What the file says about its size is not believed.
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), 1):
                yield number, [_cell(number, cell) for cell in _narrow(number, list(cells))]
    except (BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, OSError) as error:
        # The reader wraps what the XML parser refused.
        if isinstance(error, DefusedXmlException) or isinstance(error.__cause__, DefusedXmlException):
            raise Refused(_("The file holds XML entities: it is not read.")) from error
        raise guard.unreadable(".xlsx") from error


def _cell(number: int, cell: Any) -> Any:
    if cell.data_type == "f":
        problem = _("A cell holds a formula: export values only.")
        raise Refused(_("Line %(line)s: %(problem)s") % {"line": number, "problem": problem})
    value = cell.value
    return str(value) if isinstance(value, dt.time | dt.timedelta) else value
