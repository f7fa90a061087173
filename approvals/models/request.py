"""The request frozen at submit, each opinion and decision on it, reminders; special approvals."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from approvals.models.rule import AuthorityRule
from core.calendar import today
from core.dictionary import word_of
from process.machine import State, StateField, States, verb, verbs_of
from process.models import Reviewed, StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor


class AboutDocument(models.Model):
    """What is said about a record of any kind, which is named by its generic key."""

    document_kind = models.CharField(max_length=60)
    document_id = models.BigIntegerField()

    class Meta:
        abstract = True

    def document(self) -> StageRecord:
        """The record it is about."""
        return apps.get_model(self.document_kind)._default_manager.get(pk=self.document_id)


class ApprovalRequest(AboutDocument, StageRecord):
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
    # By which letter each of them may decide, as it was when they were asked: {user id: {id, code, version, limits}};
    # empty where no letter is asked for.
    letters = models.JSONField(default=dict)
    letter = models.ForeignKey(
        "approvals.AuthorityLetter",
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions",
        verbose_name=_("letter of authority"),
    )
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


class Reminder(models.Model):
    """催办: one person was reminded of one opinion or decision that is waited for."""

    append_only = True

    class Kind(models.TextChoices):
        NUDGE = "nudge", _("Nudge")
        EARLY = "early", _("Due soon")
        OVERDUE = "overdue", _("Time has run out")
        ESCALATION = "escalation", _("Escalated")

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField(max_length=10, choices=Kind)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # The log's name of who did it: "B for A" for a deputy.
    by_name = models.CharField(max_length=200, blank=True)
    note = models.TextField(_("remark"), blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "kind", "to"], condition=~Q(kind="nudge"), name="reminded_once_by_the_clock"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.to}"


class SpecialApproval(AboutDocument, Reviewed):
    """特批: one verb of one record may pass what it lacks and this names, decided by authority, until a day."""

    states = States(
        State("requested", _("Requested"), "orange"),
        State("granted", _("Granted"), "green", idle=True),
        State("refused", _("Refused"), "red", end=True),
        State("withdrawn", _("Withdrawn"), "secondary", end=True),
        State("lapsed", _("Lapsed"), "secondary", end=True),
    )
    code_prefix = "SX"
    edit_states = ("none",)
    review_state = "requested"
    watched_fields = ("document_kind", "document_id", "action", "items", "reason", "expires_on")

    state = StateField(states)
    # The act that may pass, as log and catalogue name it: "contract.sign".
    action = models.CharField(_("verb"), max_length=80, editable=False)
    # What lacks, as it was told when it was asked for: [{"key", "zh", "en"}].
    items = models.JSONField(_("what lacks"), default=list, editable=False)
    reason = models.TextField(_("reason"))
    expires_on = models.DateField(_("in force until"))

    class Meta(StageRecord.Meta):
        verbose_name = _("special approval")
        verbose_name_plural = _("special approvals")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["case"], name="special_by_case"),
            models.Index(fields=["expires_on"], condition=Q(state="granted"), name="special_by_expiry"),
        ]

    @verb(
        source="requested",
        target="granted",
        label=_("Grant"),
        who=("approver",),
        checks=("day_to_come",),
        primary=True,
    )
    def approve(self) -> None:
        """Who holds the authority lets it pass, perhaps on conditions."""

    @verb(source="requested", target="refused", label=_("Refuse"), who=("approver",), note=True, danger=True)
    def reject(self) -> None:
        """Who holds the authority does not let it pass."""

    @verb(source="requested", target="withdrawn", label=_("Withdraw"), who=("submitter",))
    def withdraw(self) -> None:
        """Who asked takes it back before the decision."""

    @verb(source=("requested", "granted"), target="lapsed", label=_("Lapse"), who=("system",), hidden=True)
    def lapse(self) -> None:
        """Its last day is over: what it named lacks again."""

    def open_checks(self) -> list[str]:
        reasons = self.day_to_come()
        if not self.reason.strip():
            reasons.append(_t("Please give a reason."))
        return reasons

    def day_to_come(self) -> list[str]:
        """It cannot end before it begins."""
        return [_t("The special approval would end in the past.")] if self.expires_on < today() else []

    @property
    def keys(self) -> set[str]:
        """The keys of what it lets pass."""
        return {item["key"] for item in self.items}

    @property
    @admin.display(description=_("verb"))
    def passes(self) -> str:
        """The verb that may pass, in words."""
        model: Any = apps.get_model(self.document_kind)
        return str(verbs_of(model)[self.action.rpartition(".")[2]].label)

    @property
    @admin.display(description=_("what lacks"))
    def things(self) -> list[str]:
        """What it lets pass, in words."""
        return [word_of(item) for item in self.items]

    def may_meet_condition(self, actor: "Actor") -> bool:
        """Who asked, or set a condition that is still open."""
        from approvals.selectors import may_meet_any

        return may_meet_any(self, actor)

    def measures(self) -> dict[str, Any]:
        """Authority goes by the amounts of what is passed."""
        return self.document().measures()

    def decision_facts(self, actor: "Actor") -> list[tuple[Any, str]]:
        return [
            (_("verb"), self.passes),
            *((_("what lacks"), thing) for thing in self.things),
            (_("reason"), self.reason),
            (_("in force until"), self.expires_on.isoformat()),
        ]
