"""Who decides: authority rules, the request frozen at submit, and each opinion and decision on it."""

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled
from core.fields import MoneyField
from process.machine import State, StateField, States, verb
from process.models import StageRecord


class AuthorityRule(Labelled):
    """授权规则: for one kind of document, who gives opinions and who decides, up to a limit."""

    document = models.CharField(_("document"), max_length=60, help_text=_("for instance contracts.contract"))
    reviewers = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("reviewers"))
    decider = models.CharField(_("decider"), max_length=40)
    fallback = models.CharField(_("fallback role"), max_length=40, default="director")
    up_to_amount = MoneyField(_("up to gross amount"), null=True, blank=True)
    min_margin = models.DecimalField(_("from margin %"), max_digits=6, decimal_places=2, null=True, blank=True)
    hours = models.PositiveIntegerField(_("decide within working hours"), default=16)

    class Meta:
        verbose_name = _("authority rule")
        verbose_name_plural = _("authority rules")
        ordering = ["document", "position", "pk"]


class ApprovalRequest(StageRecord):
    """A record submitted for decision: rule, people and figures as they were at that moment."""

    states = States(
        State("pending", _("Pending"), "orange"),
        State("approved", _("Approved"), "green", end=True),
        State("rejected", _("Rejected"), "red", end=True),
        State("sent_back", _("Sent back"), "yellow", end=True),
        State("withdrawn", _("Withdrawn"), "secondary", end=True),
        State("void", _("Void"), "secondary", end=True),
    )
    code_prefix = "RQ"
    tracked = False
    tells_owner = False
    edit_states = ("none",)

    state = StateField(states)
    document_kind = models.CharField(max_length=60)
    document_id = models.BigIntegerField()
    rule = models.ForeignKey(AuthorityRule, on_delete=models.PROTECT, related_name="requests")
    frozen_rule = models.JSONField(default=dict)
    snapshot = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    facts = models.JSONField(default=list)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta(StageRecord.Meta):
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        constraints = [
            models.UniqueConstraint(
                fields=["document_kind", "document_id"], condition=Q(state="pending"), name="one_pending_request"
            )
        ]

    def document(self) -> StageRecord:
        """The record that was submitted."""
        return apps.get_model(self.document_kind)._default_manager.get(pk=self.document_id)

    def get_absolute_url(self) -> str:
        return self.document().get_absolute_url()

    @verb(source="pending", target="approved", label=_("Approve"), who=("anyone", "system"), hidden=True)
    def approve(self) -> None:
        """The authorised decider agreed."""

    @verb(source="pending", target="rejected", label=_("Reject"), who=("anyone", "system"), hidden=True)
    def reject(self) -> None:
        """The authorised decider said no."""

    @verb(source="pending", target="sent_back", label=_("Send back"), who=("anyone", "system"), hidden=True)
    def send_back(self) -> None:
        """A decider wants changes."""

    @verb(source="pending", target="withdrawn", label=_("Withdraw"), who=("anyone", "system"), hidden=True)
    def withdraw(self) -> None:
        """The submitter took it back."""

    @verb(source=("pending",), target="void", label=_("Void"), who=("anyone", "system"), hidden=True)
    def void(self) -> None:
        """A watched field changed, so the question is no longer the one that was asked."""


class Decision(models.Model):
    """One step of a request: a review 评审 (opinion) or the decision 决策, asked of named people."""

    class Kind(models.TextChoices):
        REVIEW = "review", _("Review")
        DECISION = "decision", _("Decision")

    class Opinion(models.TextChoices):
        AGREE = "agree", _("Agree")
        CONDITIONAL = "conditional", _("Agree with conditions")
        DISAGREE = "disagree", _("Disagree")
        SEND_BACK = "send_back", _("Send back")

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind)
    role = models.CharField(_("role"), max_length=40)
    assignees = ArrayField(models.BigIntegerField(), default=list)
    step = models.ForeignKey("process.StepRecord", on_delete=models.PROTECT, null=True, related_name="+")
    opinion = models.CharField(_("opinion"), max_length=12, choices=Opinion, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    conditions = models.TextField(_("conditions"), blank=True)
    met_at = models.DateTimeField(_("conditions met at"), null=True)
    met_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | ~Q(opinion=""), name="a_decision_has_an_opinion"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.role}"
