"""职责分离: the table of acts that one person may not both do."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.dictionary import Labelled


class SegregationRule(Labelled):
    """Two acts on one record, or on two that belong together, which no person does both of.

    An act is named as the log names it (`bill.pay`). The two acts of a rule never change: another pair is another rule.
    """

    class Level(models.TextChoices):
        FORBID = "forbid", _("Forbidden")
        REPORT = "report", _("Only reported")

    # What may be changed of a rule, in the order of the form.
    KEPT: ClassVar[tuple[str, ...]] = ("zh", "en", "why_zh", "why_en", "level", "is_active")

    first = models.CharField(_("one act"), max_length=80)
    second = models.CharField(_("other act"), max_length=80)
    level = models.CharField(_("consequence"), max_length=10, choices=Level, default=Level.FORBID)
    why_zh = models.CharField(_("reason in Chinese"), max_length=300, blank=True)
    why_en = models.CharField(_("reason in English"), max_length=300, blank=True)
    # From this moment on every process refuses the second of the two acts; empty while nothing is refused.
    forbidden_since = models.DateTimeField(_("forbidden since"), null=True, blank=True, editable=False)
    row_version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("segregation rule")
        verbose_name_plural = _("segregation of duties")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                Least("first", "second"),
                Greatest("first", "second"),
                name="segregation_pair_once",
                violation_error_message=_("There is a rule about these two acts already."),
            ),
            models.CheckConstraint(
                condition=~Q(first=F("second")),
                name="segregation_of_two_acts",
                violation_error_message=_("Name two different acts."),
            ),
            models.CheckConstraint(
                condition=Q(level="forbid", is_active=True, forbidden_since__isnull=False)
                | (~Q(level="forbid", is_active=True) & Q(forbidden_since__isnull=True)),
                name="segregation_forbidden_since",
            ),
        ]

    @property
    def why(self) -> str:
        """The reason in the reader's language."""
        return self.why_en if (get_language() or "zh").startswith("en") else self.why_zh

    @property
    def forbids(self) -> bool:
        """Whether the doors refuse the second of the two acts."""
        return self.is_active and self.level == self.Level.FORBID
