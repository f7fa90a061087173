"""Text as it comes from browsers, files and the API: made safe to store, and comparable."""

import re
import unicodedata

# NUL and lone surrogates cannot be stored; other controls and bidi overrides can make a name read as another one.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BRACKETS = str.maketrans("【】〔〕[]{}「」『』〈〉《》", "()()()()()()()()")
_SPACES = re.compile(r"[\s\u200b-\u200f\u2060]+")


def clean_text(text: str | None) -> str:
    """Drop what must not be stored or shown: NUL, control characters, lone surrogates, bidi overrides."""
    return _UNSAFE.sub("", text or "")


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
