"""What one person may see of the world, and which words must therefore stand in no answer given to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpResponseBase
from django.test import Client

from accounts.models import User
from process.outlet import Outlet, outlets
from tests.access.world import COMPANIES, World
from tests.helpers import signed_in

CODE = re.compile(r"[A-Z]{2}-[\d-]+")  # a record's number


def eyes(world: World, name: str) -> "Eyes":
    """Somebody of the world, read anew."""
    return Eyes(world, User.objects.get(pk=world.people[name].pk))


def stands_in(word: str, text: str) -> bool:
    """Whether a text holds a word: a code as a whole, names and amounts anywhere.

    `PJ-12` is not in `PJ-123`, and `IV-12` not in `HQ-IV-12`: that is the gap-free number of some other invoice.
    """
    if word not in text:
        return False
    whole = rf"(?<![A-Za-z0-9])(?<![A-Z]-){re.escape(word)}(?![A-Za-z0-9])"
    return not CODE.fullmatch(word) or re.search(whole, text) is not None


@dataclass
class Eyes:
    """A person looking at the world."""

    world: World
    user: User

    @cached_property
    def client(self) -> Client:
        return signed_in(self.user)

    @cached_property
    def seen(self) -> dict[str, set[int]]:
        """Keys of the visible records by kind."""
        person = User.objects.get(pk=self.user.pk)
        return {
            outlet.model.record_kind(): set(
                outlet.model._default_manager.visible_to(person).values_list("pk", flat=True)
            )
            for outlet in outlets()
        }

    def sees(self, record: Any) -> bool:
        return record.pk in self.seen[record.record_kind()]

    def pairs(self, deal: str) -> Iterator[tuple[Outlet, Any]]:
        """Every record of a deal with its outlet."""
        for outlet in outlets():
            for record in self.world.records(deal, outlet):
                yield outlet, record

    def visible(self) -> Iterator[tuple[Outlet, Any]]:
        """One visible record of each kind and deal."""
        for deal in self.world.deals:
            for outlet in outlets():
                found = [record for record in self.world.records(deal, outlet) if self.sees(record)]
                yield from ((outlet, record) for record in found[:1])

    def hidden(self) -> Iterator[tuple[Outlet, Any]]:
        """One invisible record of each kind and deal."""
        for deal in self.world.deals:
            for outlet in outlets():
                found = [record for record in self.world.records(deal, outlet) if not self.sees(record)]
                yield from ((outlet, record) for record in found[:1])

    @cached_property
    def forbidden(self) -> list[str]:
        """Words that no answer may hold: all of a deal one sees nothing of, number and address of a hidden record."""
        words: list[str] = []
        for deal in self.world.deals:
            pairs = list(self.pairs(deal))
            if not any(self.sees(record) for _outlet, record in pairs):
                words += self.world.secrets(deal)
            for outlet, record in pairs:
                if not self.sees(record):
                    words += [str(record.code), f"/{outlet.plural}/{record.pk}/"]
        return list(dict.fromkeys(words))

    @cached_property
    def forbidden_companies(self) -> list[str]:
        """Customers one knows nothing of but that they stand in the register."""
        return [
            COMPANIES[deal]
            for deal in self.world.deals
            if not any(self.sees(record) for _outlet, record in self.pairs(deal))
        ]

    @property
    def sight(self) -> object:
        """All that decides what a page shows to somebody: which records are visible, and whether cost is."""
        person = User.objects.get(pk=self.user.pk)
        return person.has_right("see_cost"), tuple(sorted((kind, *sorted(pks)) for kind, pks in self.seen.items()))

    @cached_property
    def told(self) -> str:
        """What the person was told at the time; a notice stays, as a letter does, though its link leads nowhere."""
        return " ".join(notice.text for notice in self.user.notices.all())

    def leaks(self, response: HttpResponseBase, *, register: bool = False) -> list[str]:
        """Which of the forbidden words stand in an answer; on the `register`'s own pages customers may be named."""
        body = getattr(response, "content", b"").decode(errors="replace")  # a file is no text
        words = self.forbidden if register else [*self.forbidden, *self.forbidden_companies]
        return [word for word in words if stands_in(word, body) and not stands_in(word, self.told)]
