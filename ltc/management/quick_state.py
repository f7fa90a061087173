"""Migrating an empty database in seconds instead of a minute.

For every new model, index and constraint, Django builds anew each model that is related to it, however
remotely; with a hundred models that all know users and cases, nearly all the time goes into that. It is not
needed: a new model only has to be built itself, as when an application is loaded, and the other models do not
see an index or a constraint. Every other operation is left to Django. The schema is the same to the
letter (compared by pg_dump).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db.migrations.state import ModelState, ProjectState


def _add_model(self: ProjectState, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        self.apps.render_multiple([model_state])


def _append_option(self: ProjectState, app_label: str, model_name: str, option_name: str, obj: object) -> None:
    options = self.models[app_label, model_name].options
    options[option_name] = [*options[option_name], obj]


@contextmanager
def quick_state() -> Iterator[None]:
    """Let migrations run in this block build only what is new."""
    with patch.multiple(ProjectState, add_model=_add_model, _append_option=_append_option):
        yield
