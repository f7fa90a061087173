"""催办: whoever waits for an opinion or a decision reminds those who are asked."""

from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actor import Actor
from accounts.models import User
from accounts.services import notify
from approvals import selectors
from approvals.models import Decision, Reminder
from core.errors import Reason, Refused
from process import show
from process.machine import message_id
from process.models import Reviewed
from process.models.case import TRIANGLE
from process.services import doors
from process.services.log import lock_case

Record = TypeVar("Record", bound=Reviewed)

# Who waits for the answer: who submitted it, whose record it is, and the triangle of its deal.
WAITING = ("submitter", "owner", *TRIANGLE)


@transaction.atomic
def nudge(record: Record, *, by: Actor | User, note: str = "", version: int | None = None) -> Record:
    """Remind everybody whose opinion or decision on the record is waited for, each once in the rule's span.

    Raises NotAllowed for whoever neither submitted nor follows it, Stale, and Refused where nothing is asked of anybody
    else, or all of them were nudged within the span (working hours, frozen at submit); it says when one may again.
    """
    lock_case(record.case_id)
    actor = doors.require(record, WAITING, Actor.of(by))
    asked = [one for one in selectors.asked_now(record) if one.user.pk != actor.user_id]
    if not asked:
        raise Refused(_("Nobody else is asked for an opinion or a decision on this record."))
    now = timezone.now()
    fresh = [one for one in asked if one.again_at is None or one.again_at <= now]
    if not fresh:
        text = _("%(who)s was nudged already; again from %(when)s.")
        raise Refused([Reason(text % {"who": one.user, "when": show.text_of(one.again_at)}) for one in asked])
    names = ", ".join(dict.fromkeys(str(one.user) for one in fresh))
    doors.act(
        record,
        "nudge",
        by=actor,
        who=WAITING,
        states=(record.review_state,),
        note=note,
        version=version,
        changes={"reminded": names},
    )
    for one in fresh:
        _tell(record, one, actor, note)
    return record


def _tell(record: Reviewed, asked: selectors.Waited, actor: Actor, note: str) -> None:
    """Write down that one person was nudged, and tell them and whoever stands in for them today."""
    made = Reminder.objects.create(
        decision=asked.decision,
        kind=Reminder.Kind.NUDGE,
        to=asked.user,
        by=actor.user,
        by_name=str(actor),
        note=note,
    )
    notify(
        selectors.with_deputies([asked.user.pk], record.record_kind()),
        gettext_noop("%(who)s asks for your %(kind)s on %(record)s: %(note)s")
        if note
        else gettext_noop("%(who)s asks for your %(kind)s on %(record)s"),
        key=f"nudge:{made.pk}",
        params={"record": str(record), "who": str(actor), "note": note},
        words={"kind": message_id(Decision.Kind(asked.decision.kind).label)},
        link=record.get_absolute_url(),
        level="warning",
    )
