"""What a business act may answer instead of doing it: not allowed, refused, or overtaken.

Each class carries the HTTP status a door answers with, so that page and API agree.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext as _


class Reason(str):
    """One sentence for the user, with an optional link to what is missing.

    `key` names a missing thing that somebody in authority may let pass; without one nobody may.
    """

    __slots__ = ("key", "link")
    link: str
    key: str

    def __new__(cls, text: object, link: str = "", key: str = "") -> "Reason":
        """Build from a string or a lazy translation; a Reason without a new link or key keeps its own."""
        reason = super().__new__(cls, str(text))
        reason.link = str(link) or getattr(text, "link", "")
        reason.key = key or getattr(text, "key", "")
        return reason

    def __getnewargs__(self) -> tuple[str, str, str]:
        """Keep link and key through copy and pickle."""
        return (str(self), self.link, self.key)


class Barred(Reason):
    """Why this person may not, whatever is filled in: somebody else has to do it. Nobody may let it pass."""

    __slots__ = ()


class DomainError(Exception):
    """An act the business rules stopped; nothing was changed."""

    status = 409


class NotAllowed(DomainError, PermissionDenied):
    """This person may not do this; Django answers 403 even where no door catches it."""

    status = 403

    def __init__(self, reason: object = "") -> None:
        """`reason` is the sentence shown to the user."""
        self.reason = reason if isinstance(reason, Reason) else Reason(reason)
        super().__init__(str(self.reason))


class Refused(DomainError):
    """The act is allowed to this person but something is missing; every missing item is named at once."""

    def __init__(self, *reasons: object) -> None:
        """Take sentences one by one, or one list of them."""
        given: Iterable[Any] = reasons
        if len(reasons) == 1 and isinstance(reasons[0], Iterable) and not isinstance(reasons[0], str | Promise):
            given = reasons[0]
        self.reasons: list[Reason] = [item if isinstance(item, Reason) else Reason(item) for item in given]
        super().__init__(*self.reasons)

    def __str__(self) -> str:
        return " ".join(self.reasons)


class Stale(DomainError):
    """Somebody else changed the record since it was shown; `conflict` is {field: (shown, stored)}."""

    status = 412

    def __init__(self, conflict: dict[str, tuple[Any, Any]] | None = None) -> None:
        """`shown` is what this user saw or typed, `stored` what stands in the database now."""
        self.conflict: dict[str, tuple[Any, Any]] = dict(conflict or {})
        super().__init__(self.conflict)

    def __str__(self) -> str:
        parts = [f"{field}: {shown!r} != {stored!r}" for field, (shown, stored) in self.conflict.items()]
        return "The record was changed meanwhile. " + "; ".join(parts) if parts else "The record was changed meanwhile."


class BadCursor(DomainError, BadRequest):
    """A page cursor that this list did not hand out; Django answers 400 even where no door catches it."""

    status = 400

    def __str__(self) -> str:
        return _("This list has no such page. Begin again at its first page.")


class BadKey(DomainError, BadRequest):
    """An idempotency key that is empty, too long or not printable."""

    status = 400

    def __str__(self) -> str:
        return _("A form's key has up to 255 plain characters. Load the page again.")


class KeyReused(DomainError):
    """The same idempotency key came with another body."""

    status = 422
