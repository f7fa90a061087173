"""Who decides: rules of authority, and the dimensions in which authority ends."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled
from core.fields import MoneyField

# Where the rule of a request did not say yet: after how much of the time the reminder comes, and how many working
# hours after its end the next head up is asked.
REMIND_PERCENT = 50
ESCALATE_HOURS = 8
# Working hours in which the same person is nudged once, where the rule of a request did not say yet.
NUDGE_HOURS = 4


def _percent(label: Any) -> models.DecimalField:
    return models.DecimalField(label, max_digits=6, decimal_places=2, null=True, blank=True)


class Limits(models.Model):
    """How far somebody's authority reaches, dimension by dimension; a limit that is empty limits nothing."""

    up_to_amount = MoneyField(_("up to gross amount"), null=True, blank=True)
    min_margin = _percent(_("from margin %"))
    max_discount = _percent(_("up to discount %"))
    min_advance = _percent(_("from advance payment %"))
    max_days = models.PositiveSmallIntegerField(_("up to payment term, days"), null=True, blank=True)
    max_funding = _percent(_("up to peak funding, % of the gross amount"))
    max_overrun = _percent(_("up to overrun %"))
    max_deviations = models.PositiveSmallIntegerField(_("up to deviations"), null=True, blank=True)
    worst_credit = models.CharField(
        _("down to credit class"),
        max_length=1,
        blank=True,
        choices=[(one, one) for one in "ABCD"],
    )

    class Meta:
        abstract = True


class AuthorityRule(Limits, Labelled):
    """授权规则: for one kind of document, who gives opinions and who decides, as far as every limit reaches.

    A rule of a department comes before those of the departments above it and of the company; `approvals.authority`
    holds it against a document.
    """

    document = models.CharField(_("document"), max_length=60, help_text=_("for instance contracts.contract"))
    reviewers = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("reviewers"))
    decider = models.CharField(_("decider"), max_length=40)
    fallback = models.CharField(_("fallback role"), max_length=40, default="director")
    department = models.ForeignKey(
        "accounts.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
        help_text=_("empty: the whole company"),
    )
    needs_letter = models.BooleanField(
        _("only by letter of authority"),
        default=False,
        help_text=_("whoever decides must hold a letter in force that covers the document"),
    )
    hours = models.PositiveIntegerField(_("decide within working hours"), default=16)
    nudge_hours = models.PositiveSmallIntegerField(
        _("working hours between two nudges"), default=NUDGE_HOURS, help_text=_("of the same person")
    )
    remind_percent = models.PositiveSmallIntegerField(
        _("remind after % of the time"),
        default=REMIND_PERCENT,
        validators=[MaxValueValidator(99)],
        help_text=_("0: only when it has run out"),
    )
    escalate_hours = models.PositiveSmallIntegerField(
        _("working hours late until the next head is asked"),
        default=ESCALATE_HOURS,
        null=True,
        blank=True,
        help_text=_("empty: never"),
    )

    class Meta:
        verbose_name = _("authority rule")
        verbose_name_plural = _("authority rules")
        ordering = ["document", "position", "pk"]

    @property
    def layer(self) -> str:
        """Whose rule it is: a department's, or the whole company's."""
        return self.department.label if self.department is not None else _t("whole company")
