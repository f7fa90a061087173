"""Pages of special approvals; every other approval is decided on the page of its own record."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import User
from approvals.forms import MeetConditionForm, SpecialApprovalForm
from approvals.models import SpecialApproval
from approvals.services import special
from core.paging import Keyset
from process import visibility
from process.models import StageRecord
from process.outlet import Outlet
from process.shapes import Act, Fact, Section


class SpecialApprovalOutlet(Outlet):
    """Special approvals: what lacks and passes all the same, by whose decision, until when."""

    model = SpecialApproval
    services = special
    form = SpecialApprovalForm
    acts = {
        "meet_condition": Act(
            _("Condition of the decision is met"),
            MeetConditionForm,
            who=("@may_meet_condition",),
            states=("granted", "lapsed"),
        ),
    }
    icon = "license"
    columns = ("code", "title", "passes", "owner", "expires_on", "state")
    panel_columns = ("code", "passes", "expires_on", "state")
    facts = ((_("Special approval"), ("passes", "things", "reason", "expires_on", "submitted_by")),)
    order = Keyset(("-id",))
    sorts = {"code": ("code", "id"), "end": ("expires_on", "id")}
    create_label = _("Ask for a special approval")
    empty_text = _("What a verb lacks may pass by a special approval only; it is asked for where the verb is refused.")

    def require_open(self, given: Mapping[str, Any], actor: Actor) -> None:
        """It is asked for by whoever owns the record or could fire the verb; nobody else learns what is lacking."""
        document, verb = given.get("document"), str(given.get("verb"))
        if not isinstance(document, StageRecord) and actor.user is not None:
            subject = SpecialApprovalForm(given, user=actor.user).subject
            document = subject[0] if subject else None
        if isinstance(document, StageRecord):
            special.require_asker(document, verb, actor)

    def sections(self, record: Any, user: User) -> list[Section]:
        found = super().sections(record, user)
        document = record.document()
        seen = visibility.sees(document, user)
        url = document.get_absolute_url() if seen else ""
        found[0].facts.insert(0, Fact(_("record"), str(document) if seen else "–", url=url))
        return found
