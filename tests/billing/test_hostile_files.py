"""Files that must not be read: each is refused in one sentence, quickly, and leaves nothing behind."""

import io
import struct
import zipfile
from typing import Any

import openpyxl
import pytest
import xlwt
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from billing.models import BankStatement
from billing.services import bank_statement as statements
from core.errors import Refused
from process.models import Attachment
from tests.factories.bankfiles import camt_entry, camt_file, csv_file, icbc_row, upload, xls_file, xlsx_file
from tests.factories.billing import account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
ROW = icbc_row("1", "2026-10-08", "1", "甲公司")
BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">%s]><Document><Ntry>&k;</Ntry></Document>"""
    % b"".join(b'<!ENTITY %c "%s">' % (letter + 1, b"&%c;" % letter * 10) for letter in range(ord("a"), ord("k")))
)


def repacked(file: SimpleUploadedFile, **changes: bytes) -> SimpleUploadedFile:
    """A workbook with entries replaced or added; `__` stands for a slash."""
    out, given = io.BytesIO(), {name.replace("__", "/").replace("_dot_", "."): data for name, data in changes.items()}
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry not in given:
                new.writestr(entry, old.read(entry))
        for entry, data in given.items():
            new.writestr(entry, data)
    return upload("流水.xlsx", out.getvalue())


class Huge(SimpleUploadedFile):
    """200 MB that nobody may read."""

    def read(self, *_args: Any) -> bytes:
        raise AssertionError("it is refused by its size")

    chunks = read


def huge() -> SimpleUploadedFile:
    file = Huge("流水.csv", b"x")
    file.size = 200 * 1024 * 1024
    return file


def formula_xlsx() -> SimpleUploadedFile:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["日期", "金额", "户名"])
    book.active.append(["2026-10-08", "=1+1", "甲"])
    book.save(out)
    return upload("流水.xlsx", out.getvalue())


def formula_xls() -> SimpleUploadedFile:
    book, out = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("a")
    sheet.write(0, 0, "日期")
    sheet.write(1, 1, xlwt.Formula("1+1"))
    book.save(out)
    return upload("流水.xls", out.getvalue())


def wide_xlsx() -> SimpleUploadedFile:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["XFD1"] = "x"
    book.save(out)
    return upload("流水.xlsx", out.getvalue())


def locked_xls() -> SimpleUploadedFile:
    """An old workbook with a FILEPASS record after its first BOF."""
    content = xls_file([ROW]).read()
    at = content.index(struct.pack("<HH", 0x0809, 16))
    size = 4 + 16
    record = struct.pack("<HH", 0x002F, 6) + b"\x00" * 6
    # The record behind the BOF is made the password's; what follows is not read any more.
    return upload("流水.xls", content[: at + size] + record + content[at + size + len(record) :])


def macro_xls() -> SimpleUploadedFile:
    """A container in which a storage is named like a macro project."""
    content = xls_file([ROW]).read()
    name = "Workbook".encode("utf-16-le")
    at = content.index(name)
    root = content.index("Root Entry".encode("utf-16-le"))
    changed = bytearray(content)
    # Beside the workbook there is an empty directory entry: it becomes a storage of macros.
    free = at + 128 if root < at else root + 256
    macro = "_VBA_PROJECT_CUR".encode("utf-16-le")
    changed[free : free + 64] = macro.ljust(64, b"\x00")
    changed[free + 64 : free + 66] = struct.pack("<H", len(macro) + 2)
    changed[free + 66] = 1
    return upload("流水.xls", bytes(changed))


CASES: dict[str, tuple[Any, str]] = {
    "an XML bomb": (lambda: upload("a.xml", BOMB), "XML entities"),
    "an XML bomb in a workbook": (lambda: repacked(xlsx_file([ROW]), xl__sharedStrings_dot_xml=BOMB), "XML entities"),
    "XML that is none": (lambda: upload("a.xml", b"<a><b></a>"), "damaged"),
    "XML that is no statement": (lambda: upload("a.xml", b"<a/>"), "no camt.053"),
    "another file of the XML kind": (lambda: upload("a.xml", b"hello"), "damaged"),
    "macros by name": (lambda: upload("a.xlsm", b"PK\x03\x04"), "macros"),
    "macros inside": (lambda: repacked(xlsx_file([ROW]), xl__vbaProject_dot_bin=b"x"), "macros"),
    "macros in an old workbook": (macro_xls, "macros"),
    "a zip bomb": (lambda: repacked(xlsx_file([ROW]), xl__media__x_dot_xml=b"0" * 90_000_000), "unpacks"),
    "a damaged workbook": (lambda: upload("a.xlsx", xlsx_file([ROW]).read()[:-900]), "damaged"),
    "a damaged old workbook": (lambda: upload("a.xls", xls_file([ROW]).read()[:1500]), "damaged"),
    "a zip that is no workbook": (lambda: repacked(xlsx_file([ROW]), xl__workbook_dot_xml=b"<a/>"), "damaged"),
    "200 MB": (huge, "larger than"),
    "nothing": (lambda: upload("a.csv", b""), "empty"),
    "an unknown kind": (lambda: upload("a.pdf", b"%PDF"), "camt.053"),
    "no kind": (lambda: upload("a", b"x"), "camt.053"),
    "a workbook named as text": (lambda: upload("a.csv", xlsx_file([ROW]).read()), "not what the name"),
    "text named as a workbook": (lambda: upload("a.xlsx", csv_file([ROW]).read()), "not what the name"),
    "a web page named as an old workbook": (lambda: upload("a.xls", b"<html><table>"), "not what the name"),
    "an old workbook named as a new one": (lambda: upload("a.xlsx", xls_file([ROW]).read()), "not what the name"),
    "a password": (locked_xls, "password"),
    "NULs": (lambda: upload("a.csv", csv_file([ROW], encoding="utf-8").read() + b"\x00"), "NUL"),
    "bytes that are no text": (lambda: upload("a.csv", b"\xff\xff\x81\x00\xff" * 9), "neither"),
    "a formula": (formula_xlsx, "Line 2"),
    "a formula in an old workbook": (formula_xls, "Line 2"),
    "a row as wide as a sheet": (wide_xlsx, "columns"),
    "no header": (lambda: csv_file([["1", "2"]], header=["a", "b"]), "template"),
    "no lines": (lambda: csv_file([]), "no movements"),
    "a closing quote that never comes": (lambda: upload("a.csv", b'"' + b"x" * 300_000), "Line"),
    "another currency": (
        lambda: csv_file([["2026-10-08", "1", "USD"]], header=["日期", "金额", "币种"]),
        "USD",
    ),
    "a camt in another currency": (
        lambda: upload(
            "a.xml", camt_file([camt_entry("1", "2026-10-08", "1", "甲")], closing="1").read().replace(b"CNY", b"USD")
        ),
        "USD",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_in_one_sentence(name: str, cashier: User) -> None:
    make, expected = CASES[name]
    with pytest.raises(Refused) as refused:
        statements.open(account=account(), file=make(), by=cashier)
    assert len(refused.value.reasons) == 1
    assert expected in str(refused.value.reasons[0])
    assert not BankStatement.objects.exists() and not Attachment.objects.exists()


def test_a_password_around_a_new_workbook(cashier: User) -> None:
    """Excel puts an encrypted workbook into the old container, in a stream named EncryptedPackage."""
    content = xls_file([ROW]).read()
    name, wrapped = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    at = content.index(name)
    changed = bytearray(content)
    changed[at : at + 64] = wrapped.ljust(64, b"\x00")
    changed[at + 64 : at + 66] = struct.pack("<H", len(wrapped) + 2)
    with pytest.raises(Refused, match="password"):
        statements.open(account=account(), file=upload("a.xlsx", bytes(changed)), by=cashier)


def test_faults_beyond_twenty_are_not_listed(cashier: User) -> None:
    with pytest.raises(Refused) as refused:
        statements.open(account=account(), file=csv_file([icbc_row("1", "x", "1", "甲")] * 50), by=cashier)
    assert len(refused.value.reasons) == 21
