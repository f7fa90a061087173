"""催款函: the ladder an administrator keeps, the letter to one customer, and the lines that stand in it."""

import datetime as dt
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from billing.models.bank_statement import BankStatement
from billing.models.promise import Promise
from billing.models.receivable import ReceivableLine
from core.calendar import add_working_days, today
from core.dictionary import Labelled
from core.fields import MoneyField
from core.money import format_money
from process.machine import State, StateField, States, verb
from process.models import StageRecord

FIRST = [MinValueValidator(1)]


class DunningLevel(Labelled):
    """催收级别: from when on a line is ripe for a letter, and what it says; an administrator changes rows."""

    level = models.PositiveSmallIntegerField(_("level"), unique=True, validators=FIRST)
    days_overdue = models.PositiveSmallIntegerField(_("days overdue"), validators=FIRST)
    wait_days = models.PositiveSmallIntegerField(_("days after the letter before"), default=0)
    bank_days = models.PositiveSmallIntegerField(
        _("working days the bank's data may be old"),
        default=3,
        help_text=_("older than that no letter goes out: the money may have come in"),
    )
    text_zh = models.TextField(_("Chinese text"))
    text_en = models.TextField(_("English text"))

    class Meta:
        verbose_name = _("dunning level")
        verbose_name_plural = _("dunning levels")
        ordering = ["level"]


class DunningLetter(StageRecord):
    """One letter to one customer about what is overdue in one currency with one account manager."""

    states = States(
        State("proposed", _("Proposed"), "orange"),
        State("sent", _("Sent"), "green", end=True),
        State("skipped", _("Skipped"), "secondary", end=True),
        State("lapsed", _("No longer needed"), "secondary", end=True),
    )
    home_stage = "delivery"
    code_prefix = "DN"
    open_who = ("system",)
    edit_who = ("owner", "finance", "pfc")
    edit_states = ("proposed",)

    state = StateField(states)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="dunning_letters", verbose_name=_("payer")
    )
    entity = models.ForeignKey(
        "accounts.LegalEntity", on_delete=models.PROTECT, related_name="+", verbose_name=_("our legal entity")
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY", editable=False)
    level = models.PositiveSmallIntegerField(_("level"), editable=False)
    # The highest level of its lines; its name stays as it was when the letter was proposed.
    rung = models.ForeignKey(
        DunningLevel, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind of letter"), editable=False
    )
    gross_amount = MoneyField(_("amount"), editable=False)
    text_zh = models.TextField(_("Chinese text"))
    text_en = models.TextField(_("English text"))
    sent_on = models.DateField(_("sent on"), null=True, blank=True, editable=False)
    sent_how = models.CharField(_("how it was sent"), max_length=120, blank=True, editable=False)
    again_on = models.DateField(_("not again before"), null=True, blank=True, editable=False)

    class Meta(StageRecord.Meta):
        verbose_name = _("dunning letter")
        verbose_name_plural = _("dunning letters")
        indexes = [*StageRecord.Meta.indexes, models.Index(fields=["customer", "state"], name="dunning_by_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "entity", "currency", "owner"],
                condition=Q(state="proposed"),
                nulls_distinct=False,
                name="dunning_proposed_once",
            ),
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="dunning_positive"),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_on__isnull=False), name="dunning_sent_has_day"),
        ]

    def send_checks(self) -> list[Any]:
        """Every line still asks for this very letter, and the bank's data are fresh enough to say so."""
        day, reasons = today(), []
        for item in self.items.select_related("receivable").order_by("pk"):
            line = item.receivable
            if why := line.quiet_reason(day):
                reasons.append(_t("%(line)s %(why)s.") % {"line": line.code, "why": why})
            elif line.gross_open != item.gross_amount or line.dunning_level >= item.level:
                reasons.append(_t("%(line)s has changed since: renew the letter.") % {"line": line.code})
        if not bank_is_known(self.entity_id, self.rung.bank_days):
            reasons.append(_t("The bank's data are too old: the money may have come in. Take in the bank statement."))
        return reasons

    @verb(
        source="proposed",
        target="sent",
        label=_("Mark as sent"),
        who=("owner", "finance", "pfc"),
        checks=("send_checks",),
        primary=True,
    )
    def send(self) -> None:
        """The letter went out to the customer."""

    @verb(source="proposed", target="skipped", label=_("Skip"), who=("owner", "finance", "pfc"), note=True)
    def skip(self) -> None:
        """No letter this time, and not again before a day."""

    @verb(source="proposed", target="lapsed", label=_("No longer needed"), who=("system",), hidden=True)
    def lapse(self) -> None:
        """What it was about is paid, promised or disputed."""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.customer.title}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}


class DunningItem(models.Model):
    """One line in a letter, with the level it comes to and what was open on it."""

    letter = models.ForeignKey(DunningLetter, on_delete=models.PROTECT, related_name="items")
    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="dunning_items", verbose_name=_("receivable")
    )
    level = models.PositiveSmallIntegerField(_("level"))
    gross_amount = MoneyField(_("still open"))

    class Meta:
        verbose_name = _("line of a dunning letter")
        verbose_name_plural = _("lines of a dunning letter")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["letter", "receivable"], name="dunning_item_once")]

    def __str__(self) -> str:
        return f"{self.receivable.code} {format_money(self.gross_amount)}"


def bank_is_known(entity_id: int, bank_days: int) -> bool:
    """Whether the bank statements of an entity reach to within `bank_days` working days of today."""
    return reaches(BankStatement.objects.known_until().get(entity_id), bank_days)


def reaches(until: dt.date | None, bank_days: int) -> bool:
    """Whether a day is within `bank_days` working days of today."""
    return until is not None and until >= add_working_days(today(), -bank_days)


def with_history(lines: Any, day: dt.date) -> Any:
    """Receivables with what the ladder asks of each: `broken`, a promise since the last letter; `put_off` on a day."""
    put_off = DunningItem.objects.filter(receivable=OuterRef("pk"), letter__state="skipped", letter__again_on__gt=day)
    broken = Promise.objects.filter(
        receivable=OuterRef("pk"), outcome=Promise.Outcome.BROKEN, decided_on__gte=OuterRef("dunned_on")
    )
    return lines.annotate(put_off=Exists(put_off), broken=Exists(broken))
