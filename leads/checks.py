"""What stands in the way of a lead's verbs; every reason at once."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core.calendar import today
from core.errors import Reason
from leads.policy import PoolPolicy
from process.models import Handover


class LeadChecks:
    """Mixed into the lead: methods named in the checks of its verbs."""

    # What the checks read of the lead they are mixed into.
    pk: Any
    owner_id: Any
    wake_on: Any
    invalid_reason_id: Any
    need: Any
    phone: Any
    email: Any
    contact_name: Any
    customer: Any
    customer_id: Any
    score: Any
    merged_into: Any
    merged_leads: Any
    book: Any
    book_id: Any
    record_kind: Any

    def owner_checks(self) -> list[str]:
        return [] if self.owner_id else [_("The lead needs an owner first: assign it.")]

    def wake_checks(self) -> list[str]:
        """A lead that sleeps wakes on a day to come."""
        if self.wake_on is None or self.wake_on <= today():
            return [_("Name the day after today on which the lead wakes up.")]
        return []

    def reason_checks(self) -> list[str]:
        return [] if self.invalid_reason_id else [_("Say why the lead is invalid.")]

    def field_url(self, name: str) -> str:
        """Where a missing value is filled in."""
        return f"{reverse('leads:lead-edit', args=[self.pk])}#id_{name}"

    def qualify_checks(self) -> list[str]:
        """What a project needs to know before it is worth a decision."""
        policy = PoolPolicy.current()
        reasons: list[str] = []
        if not self.need.strip():
            reasons.append(Reason(_("The need is not described."), self.field_url("need")))
        if not (self.phone or self.email):
            text = _("There is no phone number and no e-mail address to reach the customer.")
            reasons.append(Reason(text, self.field_url("phone")))
        if not self.contact_name:
            reasons.append(Reason(_("The contact person is not named."), self.field_url("contact_name")))
        if self.customer_id is None:
            text = _("Choose the customer, or register the company as a new one.")
            reasons.append(Reason(text, self.field_url("customer")))
        elif self.customer.state == "blocked":
            text = _("%(customer)s is blocked.") % {"customer": self.customer}
            reasons.append(Reason(text, self.customer.get_absolute_url()))
        if self.score < policy.qualify_score:
            text = _("The score is %(score)s, %(limit)s are needed.")
            reasons.append(Reason(text % {"score": self.score, "limit": policy.qualify_score}, key="score"))
        return reasons

    def offer_checks(self) -> list[Reason]:
        """While the next stage decides, the lead stays where it is."""
        found = self.offers().filter(state="offered").first()
        if found is None:
            return []
        text = _("It is offered to initiation: withdraw the handover first.")
        return [Reason(text, found.get_absolute_url())]

    def offers(self) -> QuerySet[Handover]:
        """The handovers of this lead, newest first."""
        return Handover.objects.filter(source_kind=self.record_kind(), source_id=self.pk).order_by("-pk")

    def came_back_checks(self) -> list[str]:
        latest = self.offers().first()
        came_back = latest is None or latest.state in ("returned", "withdrawn")
        return [] if came_back else [_("The handover has neither been returned nor withdrawn.")]

    def taken_checks(self) -> list[str]:
        taken = self.offers().filter(state="taken").exists()
        return [] if taken else [_("Initiation has not taken the lead over.")]

    def survivor_checks(self) -> list[str]:
        """A lead is merged into another one that goes on, and brings no booked cost along."""
        survivor = self.merged_into
        if survivor is None or survivor.pk == self.pk:
            return [_("Choose another lead that goes on.")]
        reasons = []
        if survivor.state not in ("new", "assigned", "working", "nurturing", "pooled"):
            text = _("%(lead)s is %(state)s and cannot take another lead in.")
            reasons.append(text % {"lead": survivor.code, "state": survivor.state_label})
        if self.book_id and (self.book.net_cost or self.book.net_committed):
            reasons.append(_("Cost has been booked on this lead: merge the other one into it."))
        if self.merged_leads.exists():
            reasons.append(_("Other leads have been merged into this one: merge the other way round."))
        return reasons

    def undo_checks(self) -> list[Reason]:
        """A merge can be undone until the survivor becomes a project."""
        survivor = self.merged_into
        if survivor is not None and survivor.state in ("converted", "merged"):
            text = _("%(lead)s is %(state)s: the merge can no longer be undone.")
            shown = text % {"lead": survivor.code, "state": survivor.state_label}
            return [Reason(shown, survivor.get_absolute_url())]
        return []
