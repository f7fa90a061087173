"""Views of a list: kept under a name, shared, given up; and the columns one is used to."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import NotAllowed, Refused
from core.text import clean_text
from process.models import SavedView

# Tabs above a list; more would hide the list.
MOST = 20
LONGEST_NAME, LONGEST_QUERY = 60, 1000


def _person(by: Actor | User) -> User:
    user = Actor.of(by).user
    if user is None:
        raise NotAllowed(_("Only people keep views."))
    return user


def may_share_with_all(user: User) -> bool:
    """Heads of departments, and those who see the whole company."""
    return bool(user.has_right("see_all") or user.department_ids)


@transaction.atomic
def save_view(
    *,
    by: Actor | User,
    kind: str,
    name: str,
    query: str = "",
    columns: Sequence[str] = (),
    sharing: str = SavedView.Sharing.OWN,
) -> SavedView:
    """Keep a view under a name; one of the same name is replaced.

    Raises NotAllowed for sharing with everybody by somebody who heads nothing, Refused for an empty name, too many
    views, or a department one does not have.
    """
    user = _person(by)
    name = clean_text(name).strip()
    if sharing == SavedView.Sharing.ALL and not may_share_with_all(user):
        raise NotAllowed(_("Only heads of departments share a view with everybody."))
    reasons = []
    if not name:
        reasons.append(_("Give the view a name."))
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        reasons.append(_("The name or the filters are too long."))
    if sharing not in SavedView.Sharing.values:
        reasons.append(_("Choose with whom the view is shared."))
    if sharing == SavedView.Sharing.DEPARTMENT and user.department_id is None:
        reasons.append(_("You belong to no department."))
    mine = SavedView.objects.filter(owner=user, kind=kind).exclude(name="")
    if mine.exclude(name=name).count() >= MOST:
        reasons.append(_("You have %(count)s views of this list: give one up first.") % {"count": MOST})
    if reasons:
        raise Refused(reasons)
    department = user.department if sharing == SavedView.Sharing.DEPARTMENT else None
    values = {"query": query, "columns": list(columns), "sharing": sharing, "department": department}
    view, _made = SavedView.objects.update_or_create(owner=user, kind=kind, name=name, defaults=values)
    return view


@transaction.atomic
def delete_view(view: SavedView, *, by: Actor | User) -> None:
    """Give a view up; NotAllowed for anybody but its owner."""
    if view.owner_id != _person(by).pk:
        raise NotAllowed(_("This view belongs to %(who)s.") % {"who": view.owner})
    view.delete()


@transaction.atomic
def keep_columns(*, by: Actor | User, kind: str, columns: Sequence[str]) -> None:
    """The columns a person is used to in a list; none for those of the house."""
    user = _person(by)
    if not columns:
        SavedView.objects.filter(owner=user, kind=kind, name="").delete()
        return
    SavedView.objects.update_or_create(owner=user, kind=kind, name="", defaults={"columns": list(columns)})
