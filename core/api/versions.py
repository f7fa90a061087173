"""ETags are row versions: `"3"`. If-Match says which version the caller has seen."""

import re
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from core.api.problems import OutdatedVersion, PreconditionRequired

_ENTRY = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[^"]*)"\s*(?:,|$)')


def etag(version: int) -> str:
    """The strong ETag of a row version."""
    return f'"{version}"'


def seen_version(request: Any, current: int, *, required: bool = False) -> int | None:
    """The version the caller has seen, for the door to compare; None where any will do.

    Raises PreconditionRequired where it must be named and is not, OutdatedVersion where none that was named can be
    the current one, ParseError for what is no If-Match.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        if required:
            raise PreconditionRequired(_("Send If-Match with the ETag of the record as you have seen it."))
        return None
    if header == "*":
        return None
    named = _named(header)
    if str(current) in named:
        return current
    # The door says what differs, where one version can be told from the current one.
    numbers = [int(tag) for tag in named if tag.isdecimal() and len(tag) < 10]
    if not numbers:
        raise OutdatedVersion
    return numbers[0]


def _named(header: str) -> list[str]:
    """The strong tags of a header; a weak one matches nothing."""
    found, at = [], 0
    while at < len(header):
        match = _ENTRY.match(header, at)
        if match is None:
            raise ParseError(_("This is no If-Match."))
        if not match["weak"]:
            found.append(match["tag"])
        at = match.end()
    return found
