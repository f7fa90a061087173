"""The one page for all departments: which panels stand first for whom, and where the others are folded away."""

from collections import Counter
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from process import panels
from process.access import seats_of
from process.models import CaseRecord
from process.outlet import outlets
from projects.models import Project

# Which panels each of the three looks at first, by the beginning of their route names.
VIEWS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "ar": (_("Account manager"), ("contracts:", "billing:", "solutions:quote", "leads:", "guidance:")),
    "sr": (_("Solution manager"), ("guidance:", "solutions:", "finance:fourcost")),
    "fr": (_("Delivery manager"), ("delivery:", "finance:", "purchasing:", "operations:")),
}
# Everything else lies folded, by part of the way.
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("Lead and guidance"), ("leads:", "guidance:")),
    (_("Solution and quote"), ("solutions:",)),
    (_("Contract and money"), ("contracts:", "billing:", "finance:deposit")),
    (_("Purchasing and cost"), ("purchasing:", "finance:")),
    (_("Delivery"), ("delivery:",)),
    (_("Service and final accounts"), ("operations:", "closing:", "")),
)
OPEN_PANELS = 3
COSTINGS = "finance:fourcost-panel"
# Panels that are no plain list of one kind of record.
KINDS = {"billing:receivables-panel": "billing.receivableline"}


def first_view(record: Project, user: User) -> str:
    """The view of the seat the reader holds."""
    held = seats_of(record.case_id, Actor.of(user))
    return next((code for code in VIEWS if code in held), "ar")


def context(record: Project, user: User, view: str) -> dict[str, Any]:
    """What the page shows of the apps above: the costings, the open panels of the view, the folded groups."""
    found = _panels(record, user)
    costings = [one for one in found if one["name"] == COSTINGS]
    rest = sorted((one for one in found if one["name"] != COSTINGS), key=lambda one: _rank(one["name"], view))
    wanted = [one for one in rest if one["count"] and _rank(one["name"], view) < len(VIEWS[view][1])]
    opened = wanted[:OPEN_PANELS]
    return {
        "case_views": [
            {"label": label, "url": f"?view={code}", "active": code == view} for code, (label, _names) in VIEWS.items()
        ],
        "panels": [{**one, "open": True} for one in costings],
        "view_panels": [{**one, "open": True} for one in opened],
        "panel_groups": _grouped([one for one in rest if one not in opened], view),
    }


def _panels(record: Project, user: User) -> list[dict[str, Any]]:
    """The panels this reader may look into, with how many records stand behind each."""
    kinds = {f"{one.model._meta.app_label}:{one.slug}-panel": one for one in outlets()}
    counts = Counter(CaseRecord.objects.filter(case_id=record.case_id).values_list("kind", flat=True))
    found = []
    for panel in panels.panels_on(record.record_kind()):
        outlet = kinds.get(panel.url_name)
        if outlet is not None and not outlet.shown_to(user):
            continue
        if panel.url_name == COSTINGS and not user.has_right("see_cost"):
            continue
        kind = outlet.model.record_kind() if outlet is not None else KINDS.get(panel.url_name, "")
        found.append(
            {
                "name": panel.url_name,
                "title": panel.title,
                "url": panel.url(record.case_id),
                "count": counts.get(kind, 0),
                "open": False,
            }
        )
    return found


def _rank(name: str, view: str) -> int:
    prefixes = VIEWS[view][1]
    return next((index for index, prefix in enumerate(prefixes) if name.startswith(prefix)), len(prefixes))


def _grouped(found: list[dict[str, Any]], view: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = [{"title": title, "panels": []} for title, _names in GROUPS]
    for one in found:
        index = next(i for i, (_title, names) in enumerate(GROUPS) if one["name"].startswith(names))
        groups[index]["panels"].append(one)
    kept = [group for group in groups if group["panels"]]
    return sorted(kept, key=lambda group: min(_rank(one["name"], view) for one in group["panels"]))
