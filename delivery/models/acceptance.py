"""Acceptance 验收: the customer's signature, which releases exactly its share of the payment terms."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contracts.models import PaymentTerm
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from delivery.models.deliverable import order_checks
from delivery.models.order import FINAL, DeliveryOrder
from process.machine import State, StateField, States, verb
from process.models import Attachment, StageRecord


class Acceptance(StageRecord):
    """One acceptance of one kind (arrival, installation, preliminary, trial run, final, …) by the customer."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("submitted", _("Submitted"), "orange"),
        State("signed", _("Signed"), "green", idle=True),
        State("rejected", _("Rejected"), "red", end=True),
        State("reversed", _("Taken back"), "secondary", end=True),
    )
    home_stage = "delivery"
    code_prefix = "AC"
    open_who = ("fr",)
    opened_on = "order"
    edit_who = ("fr", "owner")
    edit_states = ("draft",)

    state = StateField(states)
    order = models.ForeignKey(
        DeliveryOrder, on_delete=models.PROTECT, related_name="acceptances", verbose_name=_("delivery order")
    )
    kind = TermField("acceptance", _("kind"), required=True)
    is_final = models.BooleanField(
        _("completes the delivery"), default=False, help_text=_("A final acceptance, or a deemed one in its place.")
    )
    scope = models.TextField(_("scope accepted"))
    criteria = models.TextField(_("criteria"), blank=True)
    planned_on = models.DateField(_("planned on"), null=True, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True, editable=False)
    signer = models.CharField(_("customer's signer"), max_length=80, blank=True, editable=False)
    result = TermField("acceptance_result", _("result"), editable=False)
    seal = TermField("seal", _("seal"), editable=False)
    remarks = models.TextField(_("remarks"), blank=True, editable=False)
    remarks_due_on = models.DateField(_("remarks due on"), null=True, blank=True, editable=False)
    # What this acceptance posted as revenue; the rest of the contract's value is still to be recognised.
    net_recognised = MoneyField(_("revenue recognised (excl. tax)"), default=0, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="signed") | (Q(signed_on__isnull=False) & ~Q(signer="")),
                name="a_signed_acceptance_has_a_signer",
            )
        ]

    def open_checks(self) -> list[Any]:
        return [*order_checks(self.order), *self.edit_checks()]

    def edit_checks(self) -> list[Any]:
        if self.is_final and self.kind.code not in (FINAL, "deemed"):
            return [_t("Only a final or a deemed acceptance completes the delivery.")]
        return []

    def certificate(self) -> Attachment | None:
        """The signed paper, as the one who signed it off attached it; no other file stands for it."""
        found = Attachment.objects.filter(kind=self.record_kind(), object_id=self.pk, purpose="certificate")
        return found.order_by("-pk").first()

    def submit_checks(self) -> list[Any]:
        """The order is under way and every share still fits its term."""
        reasons: list[Any] = []
        if self.order.state not in ("in_progress", "in_acceptance", "accepted"):
            text = _t("%(record)s is still %(state)s.") % {"record": self.order, "state": self.order.state_label}
            reasons.append(Reason(text, link=self.order.get_absolute_url()))
        return [*reasons, *self.share_checks()]

    def share_checks(self) -> list[Any]:
        """No term is released beyond 100 %."""
        reasons: list[Any] = []
        for one in self.releases.select_related("term"):
            left = Decimal(100) - released_percent(one.term)
            if one.share_percent > left:
                text = _t("%(term)s: only %(left)s %% is left to release, not %(share)s %%.")
                reasons.append(text % {"term": one.term, "left": f"{left:.2f}", "share": f"{one.share_percent:.2f}"})
        return reasons

    def sign_checks(self) -> list[Any]:
        """Who, when, with what result and seal; the certificate is at hand; goods are signed for."""
        reasons: list[Any] = []
        wanted = (
            (self.signed_on, _t("The day of signature is missing.")),
            (self.signer, _t("The customer's signer is missing.")),
            (self.result_id, _t("The result is missing.")),
            (self.certificate(), _t("The signed certificate is not attached.")),
        )
        reasons += [text for value, text in wanted if not value]
        if self.result_id and self.result.code == "failed":
            reasons.append(_t("A failed acceptance is rejected, not signed."))
        if self.remarks and not self.remarks_due_on:
            reasons.append(_t("Remarks need a day by which they are cleared."))
        if self.kind.code == "arrival":
            unsigned = self.order.shipments.filter(signed_on__isnull=True)
            reasons += [_t("Nobody signed for the shipment %(shipment)s.") % {"shipment": one} for one in unsigned]
        if self.kind.code == "deemed" and not self.order.shipments.filter(signed_on__isnull=False).exists():
            reasons.append(_t("A deemed acceptance needs a proof of delivery."))
        if self.is_final and self.order.contract_id is None:
            reasons.append(_t("There is no contract yet."))
        return [*reasons, *self.share_checks()]

    @verb(
        source="draft",
        target="submitted",
        label=_("Submit to the customer"),
        who=("fr", "owner"),
        checks=("submit_checks",),
        primary=True,
    )
    def submit(self) -> None:
        """The customer is asked to sign."""

    @verb(
        source="submitted",
        target="signed",
        label=_("Signed by the customer"),
        who=("fr", "owner"),
        checks=("sign_checks",),
        primary=True,
    )
    def sign(self) -> None:
        """The customer signed: exactly its shares of the payment terms are released."""

    @verb(
        source="submitted",
        target="rejected",
        label=_("Rejected by the customer"),
        who=("fr", "owner"),
        note=True,
        danger=True,
    )
    def reject(self) -> None:
        """The customer refused to accept."""

    @verb(
        source="signed",
        target="reversed",
        label=_("Take acceptance back"),
        who=("fr", "owner", "pfc"),
        checks=("reverse_checks",),
        note=True,
        danger=True,
    )
    def reverse(self) -> None:
        """The acceptance does not stand: what it released is taken back while nothing is invoiced on it."""

    def reverse_checks(self) -> list[Any]:
        """A delivery handed to operations is not un-accepted."""
        if self.is_final and self.order.state in ("accepted", "closed"):
            return [_t("The delivery is already handed over to operations.")]
        return []


def released_percent(term: PaymentTerm) -> Decimal:
    """How much of a term is released by now, in percent."""
    return term.releases.aggregate(total=Sum("share_percent"))["total"] or Decimal(0)


class AcceptanceRelease(models.Model):
    """What one acceptance releases: a share of one payment term."""

    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT, related_name="releases")
    term = models.ForeignKey(PaymentTerm, on_delete=models.PROTECT, related_name="+", verbose_name=_("payment term"))
    share_percent = models.DecimalField(_("share of the term %"), max_digits=7, decimal_places=4, default=100)
    # Filled in when the acceptance is signed.
    gross_amount = MoneyField(_("released, gross"), null=True, blank=True)

    class Meta:
        verbose_name = _("release of a term")
        verbose_name_plural = _("releases of terms")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "term"], name="a_term_once_per_acceptance"),
            models.CheckConstraint(
                condition=Q(share_percent__gt=0, share_percent__lte=100), name="a_share_is_a_percentage"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} {self.share_percent:.2f} %"
