"""Two leads were one: the survivor keeps, the other becomes a tombstone that leads to it."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import NotAllowed
from leads.models import FollowUp, Lead
from process.services import edit as edit_record
from process.services import fire, leave_seat, seat, take_seat

# What a survivor takes over where it knows nothing itself, or where the person wants the other's value.
ABSORBED = (
    "customer",
    "contact_name",
    "phone",
    "email",
    "industry",
    "region",
    "need",
    "product_interest",
    "gross_amount",
    "expected_on",
    "budget_known",
    "decision_maker_known",
    "tax_id",
)


@transaction.atomic
def merge(
    lead: Lead,
    *,
    by: Actor | User,
    survivor: Lead,
    take_fields: Iterable[str] = (),
    note: str = "",
    version: int | None = None,
) -> Lead:
    """Merge `lead` into `survivor`: contacts made move along, empty fields are filled, `take_fields` are overwritten.

    Who may not change the survivor may not merge into it: two owners need a lead manager.
    """
    actor = Actor.of(by)
    before = {name: getattr(survivor, name) for name in ABSORBED}
    wanted = set(take_fields)
    taken = {
        name: getattr(lead, name)
        for name in ABSORBED
        if getattr(lead, name) and (name in wanted or not before[name]) and getattr(lead, name) != before[name]
    }
    absorbed = {name: [_stored(lead, name, before[name]), _stored(lead, name, value)] for name, value in taken.items()}
    # The lock order of two cases is by id, always.
    _lock_cases(lead, survivor)
    _require_own(survivor, actor)
    changes = {"merged_into": survivor, "absorbed": absorbed}
    fire(lead, "merge", by=actor, note=note, version=version, changes=changes)
    _give_up_seat(lead, actor)
    FollowUp.objects.filter(lead=lead).update(lead=survivor, moved_from=lead)
    text = _("Merged with %(lead)s") % {"lead": lead}
    edit_record(survivor, by=actor, changes={**taken, **Lead.comparable(taken)}, note=text, action="absorb")
    return lead


def _require_own(survivor: Lead, actor: Actor) -> None:
    """Whoever is not a lead manager merges into own or unowned leads only."""
    if actor.user is None or actor.user.has_role("lead_manager"):
        return
    if survivor.owner_id is not None and survivor.owner_id not in actor.user.acting_ids:
        raise NotAllowed(_("The other lead belongs to a colleague: a lead manager merges them."))


def _lock_cases(*leads: Lead) -> None:
    from process.models import Case

    ids = sorted({lead.case_id for lead in leads})
    list(Case.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _give_up_seat(lead: Lead, actor: Actor) -> None:
    holder = seat(lead.case_id, "ar")
    if holder is not None:
        leave_seat(lead.case_id, "ar", holder, by=actor)


def _stored(lead: Lead, name: str, value: Any) -> Any:
    """A field's value as the tombstone keeps it: a reference by its key, anything else as text or truth."""
    if value is None or isinstance(value, bool):
        return value
    return value.pk if hasattr(value, "pk") else str(value)


def _read(name: str, kept: Any) -> Any:
    """The value a field had, from what was kept."""
    field = Lead._meta.get_field(name)
    if field.is_relation:
        return field.related_model._default_manager.filter(pk=kept).first() if kept else None
    return field.to_python(kept)


@transaction.atomic
def undo_merge(lead: Lead, *, by: Actor | User, note: str = "", version: int | None = None) -> Lead:
    """Separate two merged leads: contacts made go back, and what the survivor took over and kept is put back."""
    actor = Actor.of(by)
    survivor: Any = lead.merged_into
    absorbed = lead.absorbed
    if survivor is not None:
        _lock_cases(lead, survivor)
    fire(lead, "undo_merge", by=actor, note=note, version=version, changes={"absorbed": {}})
    FollowUp.objects.filter(moved_from=lead).update(lead=lead, moved_from=None)
    back = {}
    for name, (old, new) in absorbed.items():
        if _stored(survivor, name, getattr(survivor, name)) == new:
            back[name] = _read(name, old)
    text = _("Separated from %(lead)s") % {"lead": lead}
    edit_record(
        survivor,
        by=Actor.system(_("undo of a merge")),
        changes={**back, **Lead.comparable(back)},
        note=text,
        action="absorb",
    )
    if lead.owner is not None and lead.state in ("assigned", "working", "nurturing"):
        take_seat(lead.case_id, "ar", lead.owner, by=actor)
    return lead
