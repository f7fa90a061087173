"""Text as it comes from browsers, files and the API: made safe to store, and comparable."""

import re
import unicodedata

# NUL and lone surrogates cannot be stored; other controls and bidi overrides can make a name read as another one.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BRACKETS = str.maketrans("【】〔〕[]{}「」『』〈〉《》", "()()()()()()()()")
HIGHEST_KEY = 2**63 - 1
_SPACES = re.compile(r"[\s\u200b-\u200f\u2060]+")


def clean_text(text: str | None) -> str:
    """Drop what must not be stored or shown: NUL, control characters, lone surrogates, bidi overrides."""
    return _UNSAFE.sub("", text or "")


def row_key(text: str) -> int | None:
    """A row's key out of an address or a form; None for what no row can have."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):  # int() reads no number of thousands of digits
        return None
    key = int(text)
    return key if key <= HIGHEST_KEY else None


def name_key(name: str | None) -> str:
    """Reduce a company name to what makes it the same name: width of characters, kind of bracket, spaces, case.

    华讯(北京)有限公司 and 华讯 (北京) 有限公司 give one key; used by the duplicate checks, never shown.
    """
    folded = unicodedata.normalize("NFKC", clean_text(name)).casefold()
    return _SPACES.sub("", folded.translate(_BRACKETS))


def search_text(*parts: object) -> str:
    """Join what a record is found by (code, name, customer) into its one `search_text` column."""
    cleaned = (clean_text(str(part)) for part in parts if part not in (None, ""))
    return " ".join(unicodedata.normalize("NFKC", " ".join(cleaned)).split())
