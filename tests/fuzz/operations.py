"""Every operation of the schema with the outlet, action and serializer behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from process.api import shapes
from process.api.outlets import editable, names
from process.outlet import Outlet, outlets


@dataclass(frozen=True)
class Target:
    """What an operation of an outlet is."""

    outlet: Outlet
    action: str
    verb: str = ""

    @property
    def name(self) -> str:
        """The operation's id in the schema."""
        return f"{self.outlet.slug.replace('-', '_')}_{self.verb or self.action}"

    @property
    def body(self) -> type[serializers.Serializer] | None:
        """The serializer of its body."""
        if self.verb:
            return shapes.verb_input(self.outlet, self.verb)
        if self.action == "new":
            return shapes.create_input(self.outlet)
        return shapes.edit_input(self.outlet) if self.action == "change" else None


def targets() -> Iterator[Target]:
    """All operations of all outlets."""
    for outlet in outlets():
        for action in ("list", "read", "page", "timeline", "actions", "files", "add_file", "bulk"):
            yield Target(outlet, action)
        if outlet.form is not None:
            yield from (Target(outlet, "asks_new"), Target(outlet, "new"))
        if editable(outlet):
            yield from (Target(outlet, "asks_change"), Target(outlet, "change"))
        for verb in names(outlet):
            yield Target(outlet, "verb", verb)


def by_name() -> dict[str, Target]:
    """Targets by the operation's id."""
    return {target.name: target for target in targets()}


def model_of(target: Target) -> Any:
    """The records of a target."""
    return target.outlet.model._default_manager
