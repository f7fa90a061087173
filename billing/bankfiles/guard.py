"""What must not be read at all: wrong kinds, bombs, macros, passwords. Each is refused in one sentence."""

import codecs
import zipfile
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDoc, CompDocError

from core.errors import Refused

KINDS = {".csv": "csv", ".txt": "csv", ".xls": "xls", ".xlsx": "xlsx", ".xml": "camt"}
_MACRO_NAMES = (".xlsm", ".xltm", ".xlsb", ".xlam", ".xla", ".xlt")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_CHUNK = 256 * 1024
# A real export unpacks to 5 to 40 times its size; a bomb to a thousand times.
_UNPACKED = 256 * 1024 * 1024
_RATIO = 150
_ENTRIES = 2000
# Records of an old workbook: formulas (three generations of Excel), its password, a sheet of macros.
_FORMULAS = (0x0006, 0x0206, 0x0406)
_FILEPASS, _BOUNDSHEET = 0x002F, 0x0085


def kind_of(name: str, file: Any) -> str:
    """csv, xls, xlsx or camt, where name and content agree. Raises Refused with one sentence."""
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    if suffix in _MACRO_NAMES:
        raise Refused(_("Files that may hold macros are not taken: save it as .xlsx or .csv."))
    kind = KINDS.get(suffix)
    if kind is None:
        raise Refused(_("A bank statement is .xls, .xlsx, .csv or camt.053 .xml."))
    if not file.size:
        raise Refused(_("The file is empty."))
    if file.size > settings.LTC_UPLOAD_MAX_BYTES:
        limit = settings.LTC_UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(_("The file is larger than %(limit)s MB.") % {"limit": limit})
    file.seek(0)
    head = file.read(64)
    file.seek(0)
    really = "xls" if head.startswith(_OLE) else "xlsx" if head.startswith(_ZIP) else "text"
    if really == "xls" and kind == "xlsx":
        # Excel wraps a workbook with a password into the old container.
        _check_ole(file.read())
    if really != {"csv": "text", "camt": "text"}.get(kind, kind):
        raise Refused(_("The content is not what the name %(suffix)s says: export it anew.") % {"suffix": suffix})
    return kind


def check_workbook(file: Any) -> None:
    """A new workbook (.xlsx): no macros, no password, no bomb, before anything is unpacked."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as packed:
            found = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise unreadable(".xlsx") from error
    if any(one.flag_bits & 1 for one in found):
        raise Refused(_("The file has a password: save it without one."))
    if any(
        one.filename.lower().endswith((".bin", "vbaproject.bin")) and "vba" in one.filename.lower() for one in found
    ):
        raise Refused(_("Files that may hold macros are not taken: save it as .xlsx or .csv."))
    unpacked = sum(one.file_size for one in found)
    if len(found) > _ENTRIES or unpacked > _UNPACKED or unpacked > _RATIO * max(file.size, 1):
        raise Refused(_("The file unpacks to far more than a table holds: it is not read."))
    file.seek(0)


def check_old_workbook(content: bytes) -> None:
    """An old workbook (.xls): no macros, no password, no formulas."""
    stream = _check_ole(content)
    for code, data in _records(stream):
        if code == _FILEPASS:
            raise Refused(_("The file has a password: save it without one."))
        if code == _BOUNDSHEET and len(data) > 5 and data[5] & 0x0F == 1:
            raise Refused(_("Files that may hold macros are not taken: save it as .xlsx or .csv."))
        if code in _FORMULAS and len(data) >= 2:
            text = _("Line %(line)s: %(problem)s")
            problem = _("A cell holds a formula: export values only.")
            raise Refused(text % {"line": int.from_bytes(data[:2], "little") + 1, "problem": problem})


def _check_ole(content: bytes) -> bytes:
    """The workbook inside the old container; Refused where macros or a password are beside or around it."""
    try:
        container = CompDoc(content, logfile=_Silent())
        names = {entry.name for entry in container.dirlist}
        if "EncryptedPackage" in names or "EncryptionInfo" in names:
            raise Refused(_("The file has a password: save it without one."))
        if any(name.upper().startswith(("_VBA_PROJECT", "VBA")) or name == "Macros" for name in names):
            raise Refused(_("Files that may hold macros are not taken: save it as .xlsx or .csv."))
        stream = container.get_named_stream("Workbook") or container.get_named_stream("Book")
    except (CompDocError, XLRDError, IndexError, AssertionError, ValueError) as error:
        raise unreadable(".xls") from error
    if not stream:
        raise unreadable(".xls")
    return bytes(stream)


class _Silent:
    """Where xlrd may grumble."""

    def write(self, _text: str) -> int:
        return 0


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """(code, data) of each record of a workbook stream."""
    position = 0
    while position + 4 <= len(stream):
        code = int.from_bytes(stream[position : position + 2], "little")
        size = int.from_bytes(stream[position + 2 : position + 4], "little")
        yield code, stream[position + 4 : position + 4 + min(size, 16)]
        position += 4 + size


def unreadable(suffix: str) -> Refused:
    """The sentence for a damaged file."""
    return Refused(_("The file is damaged or no %(suffix)s file: export it anew.") % {"suffix": suffix})


def encoding_of(file: Any) -> str:
    """UTF-8, GB18030 or UTF-16 with its mark, found by decoding all of it in pieces. Raises Refused."""
    file.seek(0)
    wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for name in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        if _decodes(file, name):
            file.seek(0)
            return name
    raise Refused(_("The text is neither UTF-8 nor GB18030."))


def _decodes(file: Any, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    while True:
        piece = file.read(_CHUNK)
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            return False
        if "\x00" in text:
            raise Refused(_("The file holds NUL characters: it is no text export."))
        if not piece:
            return True


def text_reader(file: Any, encoding: str) -> TextIOWrapper:
    """The file as text, without closing it in the end."""
    file.seek(0)
    return TextIOWrapper(file, encoding=encoding, newline="")
