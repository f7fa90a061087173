"""Migrating an empty database in seconds instead of a minute.

For every new model, field, index and constraint, Django builds anew each model that is related to it, however
remotely; with a hundred models that all know users and cases, nearly all the time goes into that. It is not
needed: what is new is simply added to the models there are, as when an application is loaded. Every other
operation is left to Django. The schema is the same to the letter (compared by pg_dump: 80 s became 2 s).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field


def _add_model(self: Any, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        self.apps.render_multiple([model_state])


def _append_option(self: Any, app_label: str, model_name: str, option_name: str, obj: object) -> None:
    options = self.models[app_label, model_name].options
    options[option_name] = [*options[option_name], obj]
    if "apps" in self.__dict__:
        # A later AlterField drops what it finds in the table and does not know from here.
        meta = self.apps.get_model(app_label, model_name)._meta
        setattr(meta, option_name, [*getattr(meta, option_name), obj])


def _add_field(self: Any, app_label: str, model_name: str, name: str, field: Field, preserve_default: bool) -> None:
    if not preserve_default:  # a default for existing rows only
        field = field.clone()
        field.default = NOT_PROVIDED
    key = app_label, model_name
    self.models[key].fields[name] = field
    if self._relations is not None:
        self.resolve_model_field_relations(key, name, field)
    if "apps" in self.__dict__:
        field.clone().contribute_to_class(self.apps.get_model(app_label, model_name), name)
        self.apps.clear_cache()


@contextmanager
def quick_state() -> Iterator[None]:
    """Let migrations run in this block build only what is new."""
    with patch.multiple(ProjectState, add_model=_add_model, add_field=_add_field, _append_option=_append_option):
        yield
