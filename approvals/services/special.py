"""特批: past what a verb lacks, by who holds the authority, with a reason and until a day."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import selectors
from approvals.models import SpecialApproval
from approvals.services.deciding import approve, ask, reject, void, withdraw
from approvals.services.deciding import meet as meet_condition
from core.calendar import today
from core.errors import NotAllowed, Reason, Refused
from process import access
from process.machine import Verb, verbs_of
from process.models import StageRecord
from process.services import doors
from process.services.log import lock_case

__all__ = ["approve", "lapse", "meet_condition", "open", "reject", "sweep", "withdraw"]

JOB = "special approval"


def require_asker(document: StageRecord, verb: str, actor: Actor) -> None:
    """NotAllowed for whoever neither owns the record nor could fire the verb: they are not told what it lacks."""
    if not access.may_any(("owner", *access.words_for(document, verb)), document, actor) or actor.user is None:
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})


@transaction.atomic
def open(
    *,
    by: Actor | User,
    document: StageRecord,
    verb: str,
    items: Iterable[str],
    reason: str,
    expires_on: dt.date,
    note: str = "",
) -> SpecialApproval:
    """Ask that `verb` of `document` may pass what it lacks, thing by thing (the keys of the reasons against it).

    Raises NotAllowed for whoever neither owns the record nor could fire the verb, Refused where a thing does not lack,
    may not be passed or is asked for already, and where no rule says who decides.
    """
    actor = Actor.of(by)
    spec = verbs_of(type(document)).get(verb)
    if spec is None or spec.hidden:
        raise Refused(_("There is no such verb."))
    lock_case(document.case_id)
    document.refresh_from_db()
    require_asker(document, verb, actor)
    permit = SpecialApproval(
        title=f"{document.code} {document.title}"[:200],
        department_id=document.department_id,
        submitted_by=actor.user,
        document_kind=document.record_kind(),
        document_id=document.pk,
        action=f"{document.noun()}.{verb}",
        items=_named(document, spec, set(items)),
        reason=reason,
        expires_on=expires_on,
    )
    _require_new(permit)
    doors.open(permit, by=actor, note=note, case=document.case)
    ask(permit, by=actor)
    return permit


def _named(document: StageRecord, spec: Verb, keys: set[str]) -> list[dict[str, Any]]:
    """What lacks under these keys, in the words the door uses, in every language."""
    now = {reason.key: reason for reason in doors.reasons_against(document, spec)}
    if not keys:
        raise Refused(_("Name what the special approval lets pass."))
    unknown = sorted(keys - {key for key in now if key})
    if unknown:
        text = _("“%(thing)s” does not lack, or nobody may let it pass.")
        raise Refused([Reason(text % {"thing": key}) for key in unknown])
    words: dict[str, dict[str, str]] = {key: {"key": key} for key in sorted(keys)}
    for language, _label in settings.LANGUAGES:
        with override(language):
            for reason in doors.reasons_against(document, spec):
                if reason.key in words:
                    words[reason.key][language[:2]] = str(reason)
    return list(words.values())


def _require_new(permit: SpecialApproval) -> None:
    """Nobody is asked twice for the same thing at the same time."""
    running = SpecialApproval.objects.filter(
        case_id=permit.case_id or permit.document().case_id,
        document_kind=permit.document_kind,
        document_id=permit.document_id,
        action=permit.action,
        state="requested",
    )
    text = _("%(approval)s asks for this already.")
    reasons = [
        Reason(text % {"approval": one.code}, one.get_absolute_url()) for one in running if one.keys & permit.keys
    ]
    if reasons:
        raise Refused(reasons)


@transaction.atomic
def lapse(permit: SpecialApproval, *, by: Actor, note: str = "", version: int | None = None) -> SpecialApproval:
    """Its last day is over: what it named lacks again; conditions that are open stay owed."""
    void(permit, by=by)
    doors.fire(permit, "lapse", by=by, note=note, version=version)
    owed = selectors.open_conditions(permit)
    people = (permit.owner_id, *(one.decided_by_id for one in owed))
    notify(
        {pk for pk in people if pk is not None},
        gettext_noop("%(permit)s has lapsed and its conditions are not met")
        if owed
        else gettext_noop("%(permit)s has lapsed: what it let pass lacks again"),
        key=f"special_approval:{permit.pk}:lapsed",
        params={"permit": str(permit)},
        link=permit.get_absolute_url(),
        level="warning",
    )
    return permit


def sweep() -> int:
    """Every day: let special approvals lapse whose last day is over, decided or not; how many did."""
    running, lapsed = ("requested", "granted"), 0
    for permit in SpecialApproval.objects.filter(state__in=running, expires_on__lt=today()).order_by("pk"):
        with transaction.atomic():
            lock_case(permit.case_id)
            permit.refresh_from_db()
            if permit.state in running:
                lapse(permit, by=Actor.system(JOB))
                lapsed += 1
    return lapsed
