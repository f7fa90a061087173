"""Who acts: every verb is done by an Actor, and the log names it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Actor:
    """A user, the system (a named job) or an outsider (contact, signed link)."""

    kind: str
    name: str
    user: User | None = None
    ip: str = ""
    # The person a deputy acts for in this act, where only that person's standing allows it.
    principal_id: int | None = None

    @classmethod
    def of(cls, by: Actor | User) -> Actor:
        """The actor behind `by`: services accept a plain user where no request is at hand."""
        if isinstance(by, Actor):
            return by
        return cls(kind="user", name=str(by), user=by)

    @classmethod
    def system(cls, job: str) -> Actor:
        """The system itself, acting as the job `job`."""
        return cls(kind="system", name=job)

    def standing_in_for(self, principal: User) -> Actor:
        """The same person, named in the log as the deputy of another."""
        name = _("%(deputy)s for %(principal)s") % {"deputy": self.name, "principal": principal}
        return replace(self, name=name, principal_id=principal.pk)

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def person_ids(self) -> frozenset[int]:
        """Who does the act: the user, and whoever the user stands in for."""
        return frozenset(pk for pk in (self.user_id, self.principal_id) if pk is not None)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    def __str__(self) -> str:
        return self.name
