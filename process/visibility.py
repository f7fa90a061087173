"""Whether a person may know of the records that stand behind a page: asked for many records in one statement."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import CharField, Model, Value

from accounts.models import User

# A record anywhere in the company: (kind, primary key).
Key = tuple[str, int]
# Acts on these are cost as a whole: kinds begin so.
COST_APPS = ("finance.", "purchasing.")
# The paper of a decision repeats what stands on the record itself.
PAPER_KINDS = ("approvals.approvalrequest",)


def key_of(value: Any) -> Key | None:
    """The key of a value that some may see and others not; None for everything that is no such row."""
    if isinstance(value, Model) and value.pk is not None and is_scoped(type(value)):
        return value._meta.label_lower, value.pk
    return None


def is_scoped(model: type[Model]) -> bool:
    """Whether rows of this model are visible to some only."""
    return hasattr(model._default_manager, "visible_to")


def seen(keys: Iterable[Key], user: User) -> set[Key]:
    """Those of the records that the person may see; what was asked before in this request is not asked again."""
    asked = set(keys)
    known: dict[Key, bool] = user.__dict__.setdefault("_sees", {})
    new: dict[str, set[int]] = {}
    for kind, pk in asked - known.keys():
        new.setdefault(kind, set()).add(pk)
    models = {kind: apps.get_model(kind) for kind in sorted(new)}
    open_to_all = {kind for kind, model in models.items() if is_common(model, user)}
    known.update({(kind, pk): True for kind in open_to_all for pk in new[kind]})
    querysets = [
        _among(new[kind], scope(model, user), kind) for kind, model in models.items() if kind not in open_to_all
    ]
    if querysets:
        found = set(querysets[0].union(*querysets[1:], all=True))
        known.update({(kind, pk): (kind, pk) in found for kind in new.keys() - open_to_all for pk in new[kind]})
    return {key for key in asked if known[key]}


def forget(user: User) -> None:
    """Drop what was asked: for who reads through all records, a few at a time."""
    user.__dict__.pop("_sees", None)


def scope(model: type[Model], user: User) -> Any:
    """The rows of a model that the person may see."""
    manager: Any = model._default_manager
    return manager.visible_to(user) if hasattr(manager, "visible_to") else manager.none()


def is_common(model: type[Model], user: User) -> bool:
    """Whether the person sees every row: a register that is common to all, or the right to see all. No question."""
    return not scope(model, user).query.where


def _among(pks: set[int], rows: Any, kind: str) -> Any:
    rows = rows.filter(pk__in=pks).order_by()
    return rows.annotate(of_kind=Value(kind, CharField())).values_list("of_kind", "pk")


def sees(value: Any, user: User) -> bool:
    """Whether the person may know of this value: a row that is not for everybody only where it is visible."""
    key = key_of(value)
    return key is None or key in seen([key], user)
