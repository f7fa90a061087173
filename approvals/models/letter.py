"""授权书: what one person may decide, on which documents, how far and in which days of a year."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from approvals.models.rule import Limits
from core.calendar import today
from core.errors import Reason
from process.machine import State, StateField, States, verb
from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User

# Who writes letters; only the decision team issues them, and nobody one of their own.
KEEPERS = ("decision_team", "director", "pmo")
ISSUERS = ("decision_team",)


class AuthorityLetter(StageRecord):
    """授权书: issued to one person, signed for by them, for a year at most; from then on it never changes.

    Where an authority rule asks for letters, people decide within theirs only.
    """

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("issued", _("To be signed for"), "orange"),
        State("in_force", _("In force"), "green", idle=True),
        State("revoked", _("Revoked"), "red", end=True),
        State("expired", _("Expired"), "secondary", end=True),
        State("void", _("Void"), "secondary", end=True),
    )
    code_prefix = "LA"
    open_who = KEEPERS
    edit_who = KEEPERS
    edit_states = ("draft",)

    state = StateField(states)
    grantee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters", verbose_name=_("authorised person")
    )
    within = models.ForeignKey(
        "accounts.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for documents of"),
        help_text=_("the department and those below it; empty: the whole company"),
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), help_text=_("the last day; a year at most"))
    outside_deputies = models.BooleanField(
        _("deputies from other departments"),
        default=False,
        help_text=_("for the documents and days of this letter; else a deputy comes from the own department"),
    )
    reason = models.TextField(_("reason"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("issued by"),
    )
    issued_at = models.DateTimeField(_("issued at"), null=True, editable=False)
    accepted_at = models.DateTimeField(_("signed for at"), null=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("letter of authority")
        verbose_name_plural = _("letters of authority")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["case"], name="letter_by_case"),
            models.Index(fields=["grantee", "-id"], name="letter_by_grantee"),
            models.Index(fields=["valid_to"], condition=Q(state__in=("issued", "in_force")), name="letter_by_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")),
                name="letter_days_in_order",
                violation_error_message=_("The letter would end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(
                    valid_to__lt=Func(
                        F("valid_from"),
                        template="(%(expressions)s + interval '1 year')",
                        output_field=models.DateTimeField(),
                    )
                ),
                name="letter_for_a_year_at_most",
                violation_error_message=_("A letter is for a year at most."),
            ),
            models.CheckConstraint(
                condition=Q(issued_by__isnull=True) | ~Q(issued_by=F("grantee")),
                name="letter_issued_by_another",
                violation_error_message=_("Nobody issues a letter to themselves."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "void")) | Q(issued_by__isnull=False, issued_at__isnull=False),
                name="letter_has_an_issuer",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(accepted_at__isnull=False), name="letter_in_force_is_signed_for"
            ),
        ]

    @verb(
        source="draft",
        target="issued",
        label=_("Issue the letter"),
        who=("@may_issue",),
        checks=("issue_checks",),
        primary=True,
    )
    def issue(self) -> None:
        """Signed by the company; the days of its documents are taken from now on."""

    @verb(
        source="issued",
        target="in_force",
        label=_("Sign for"),
        who=("@is_grantee",),
        checks=("not_over",),
        primary=True,
    )
    def accept(self) -> None:
        """The authorised person takes it, and what it asks of them."""

    @verb(source="issued", target="draft", label=_("Decline"), who=("@is_grantee",), note=True)
    def decline(self) -> None:
        """The authorised person does not take it as it is."""

    @verb(
        source=("issued", "in_force"),
        target="revoked",
        label=_("Revoke the letter"),
        who=(*ISSUERS, "@is_issuer"),
        note=True,
        danger=True,
    )
    def revoke(self) -> None:
        """It counts no longer, not even for what is being decided."""

    @verb(source="draft", target="void", label=_("Void"), who=KEEPERS, note=True, danger=True)
    def void(self) -> None:
        """A draft nobody needs."""

    @verb(source=("issued", "in_force"), target="expired", label=_("Expire"), who=("system",), hidden=True)
    def expire(self) -> None:
        """Its last day is over."""

    @classmethod
    def visibility(cls, user: "User") -> Q:
        """Beside the usual people: whose letter it is, and who issued it."""
        return super().visibility(user) | Q(grantee_id__in=user.acting_ids) | Q(issued_by_id=user.pk)

    def holder_id(self) -> int | None:
        """A letter that was issued waits for the authorised person."""
        return self.grantee_id if self.state == "issued" else self.owner_id

    @property
    @admin.display(description=_("for documents of"))
    def reach(self) -> str:
        """Whose documents it is for, in words."""
        return str(self.within or _t("whole company"))

    def may_issue(self, actor: "Actor") -> bool:
        """The decision team, but for the authorised person."""
        user = actor.user
        return user is not None and user.pk != self.grantee_id and any(user.has_role(role) for role in ISSUERS)

    def is_grantee(self, actor: "Actor") -> bool:
        """The authorised person in person: no deputy signs for a letter."""
        return actor.user_id == self.grantee_id

    def is_issuer(self, actor: "Actor") -> bool:
        """Who issued it, in person."""
        return actor.user_id is not None and actor.user_id == self.issued_by_id

    def counts_on(self, day: dt.date) -> bool:
        """Whether one may decide by it on a day."""
        return self.state == "in_force" and self.valid_from <= day <= self.valid_to

    def not_over(self) -> list[str]:
        """What has ended is not put in force."""
        return [_t("The letter has ended already.")] if self.valid_to < today() else []

    def issue_checks(self) -> list[Any]:
        """It says something, to somebody who works here, in days that are not taken by another letter."""
        reasons: list[Any] = self.not_over()
        if not self.grantee.is_active:
            reasons.append(_t("%(who)s is no longer active.") % {"who": self.grantee})
        documents = [line.document for line in self.lines.all()]
        if not documents:
            reasons.append(_t("Say for which documents the letter is."))
        days = (self.valid_from, self.valid_to + dt.timedelta(days=1))
        taken = LetterLine.objects.filter(grantee_id=self.grantee_id, document__in=documents, during__overlap=days)
        others = {line.letter for line in taken.exclude(letter=self).select_related("letter")}
        text = _t("%(letter)s covers one of these documents in these days already.")
        found = sorted(others, key=lambda one: one.code)
        return reasons + [Reason(text % {"letter": one.code}, one.get_absolute_url()) for one in found]


class LetterLine(Limits):
    """What a letter covers: one kind of document, as far as every limit reaches."""

    letter = models.ForeignKey(AuthorityLetter, on_delete=models.PROTECT, related_name="lines")
    document = models.CharField(_("document"), max_length=60)
    # Both kept by the database with the state of the letter: whom it binds on which days, none while it is a draft or
    # was revoked.
    grantee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    during = DateRangeField(null=True, editable=False)

    class Meta:
        verbose_name = _("authorised document")
        verbose_name_plural = _("authorised documents")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "document"],
                name="one_line_per_document",
                violation_error_message=_("A document stands twice in the letter."),
            ),
            models.CheckConstraint(
                condition=Q(up_to_amount__gte=0)
                & Q(min_margin__range=(-100, 100))
                & Q(max_discount__range=(0, 100))
                & Q(min_advance__range=(0, 100))
                & Q(max_funding__gte=0)
                & Q(max_overrun__gte=0),
                name="letter_limits_make_sense",
                violation_error_message=_("Amounts are not negative, shares lie between 0 and 100 %."),
            ),
            ExclusionConstraint(
                name="one_letter_a_day",
                expressions=[
                    ("grantee", RangeOperators.EQUAL),
                    ("document", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another letter covers one of these documents in these days already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter.code} {self.document}"
