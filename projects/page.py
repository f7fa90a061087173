"""The one page for all departments: which panels stand first for whom, and where the others are folded away."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from core.dictionary import word_of
from process import panels
from process.access import seats_of
from process.models import ProcessVersion, StageRecord
from process.outlet import outlets
from process.services import definitions
from process.shapes import Fact
from projects import selectors
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
# How many of them stand on the first screen, with the costings for those who see cost.
FIRST_PANELS = 2
CHECKLIST = "checklist-steps"
COSTINGS = "finance:fourcost-panel"
# Panels that are no plain list of one kind of record.
KINDS = {"billing:receivables-panel": "billing.receivableline"}


def first_view(record: Project, user: User) -> str:
    """The view of the seat the reader holds."""
    held = seats_of(record.case_id, Actor.of(user))
    return next((code for code in VIEWS if code in held), "ar")


def context(record: Project, user: User, view: str) -> dict[str, Any]:
    """What the page shows of the apps above: the costings, the open panels of the view, the folded groups.

    The costings, the first open panels, the checklist and the files stand on the first screen and come in one answer;
    whatever is below comes when it is scrolled to.
    """
    counts = selectors.kinds_on(record)
    found = [{**one, "count": counts[one["kind"]]} for one in panels_for(record, user)]
    costings = [one for one in found if one["name"] == COSTINGS]
    rest = sorted((one for one in found if one["name"] != COSTINGS), key=lambda one: _rank(one["name"], view))
    wanted = [one for one in rest if one["count"] and _rank(one["name"], view) < len(VIEWS[view][1])]
    opened = wanted[:OPEN_PANELS]
    first = [*costings, *opened[: FIRST_PANELS - len(costings)]]
    names = urlencode([("panel", one["name"]) for one in first])
    return {
        "first_url": f"{reverse('projects:first-screen', args=[record.pk])}?{names}",
        "checklist_slot": CHECKLIST,
        "case_views": [
            {"label": label, "url": f"?view={code}", "active": code == view} for code, (label, _names) in VIEWS.items()
        ],
        "panels": [{**one, "open": True, "first": True} for one in costings],
        "view_panels": [{**one, "open": True, "first": one in first} for one in opened],
        "panel_groups": _grouped([one for one in rest if one not in opened], view),
    }


def panels_for(record: Project, user: User) -> list[dict[str, Any]]:
    """The panels this reader may look into, with the kind of the records behind each."""
    kinds = {f"{one.model._meta.app_label}:{one.slug}-panel": one for one in outlets()}
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
                "kind": kind,
                "slot": f"panel-{slugify(panel.url_name.replace(':', '-'))}",
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


def move_facts(record: StageRecord, user: User) -> list[Fact]:
    """What moving the deal to the process in force would change, step by step."""
    latest = ProcessVersion.objects.order_by("-number").first()
    if latest is None:
        return []
    words = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
    steps = {step["code"]: word_of(step) for step in latest.content}
    found = definitions.preview_move(record.case, latest)
    facts = [Fact(f"{one.code} {steps.get(one.code, '')}", str(words[one.kind])) for one in found]
    return [Fact(_("Process version"), f"{record.case.process_version or '–'} → {latest}"), *facts]
