"""应收: the hub. Invoicing and collecting are two amounts on it that do not wait for each other."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.calendar import today
from core.fields import MoneyField
from core.money import ZERO, format_money
from process.machine import State, StateField, States, verb
from process.models import RecordQuerySet, StageRecord

PAID = F("gross_received") + F("gross_deducted")


class ReceivableQuerySet(RecordQuerySet):
    """Receivables as collectors speak of them."""

    def open(self) -> "ReceivableQuerySet":
        """Not yet settled, waived or written off."""
        return super().open().filter(gross_amount__gt=PAID)

    def ageing(self) -> "ReceivableQuerySet":
        """What ages: payable and not settled.

        A retention is planned, a contract asset, until its warranty ends; then it is a receivable like any other.
        """
        return self.open().filter(state="eligible")

    def to_chase(self, on: dt.date | None = None) -> "ReceivableQuerySet":
        """Overdue, and neither disputed nor promised for that day or a later one."""
        day = on or today()
        return self.overdue(day).exclude(Q(disputed_until__gte=day) | Q(promised_on__gte=day))

    def overdue(self, on: dt.date | None = None) -> "ReceivableQuerySet":
        """Payable and past the due day."""
        return self.ageing().filter(due_on__lt=on or today())


class ReceivableLine(StageRecord):
    """One instalment owed by a payer; a partial release splits it in two."""

    states = States(
        State("planned", _("Planned"), "secondary"),
        State("eligible", _("Payable"), "blue"),
        State("waived", _("Waived"), "secondary", end=True),
        State("written_off", _("Written off"), "red", end=True),
    )
    home_stage = "delivery"
    code_prefix = "RL"
    open_who = ("system",)
    edit_who = ("ar", "owner", "finance", "pfc")

    state = StateField(states)
    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="receivables", verbose_name=_("contract")
    )
    term = models.ForeignKey(
        "contracts.PaymentTerm",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="receivables",
        verbose_name=_("payment term"),
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="receivables", verbose_name=_("payer")
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))
    is_retention = models.BooleanField(_("retention"), default=False)
    arises_on = models.DateField(_("arose on"), null=True, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    # Which fact made it payable: an acceptance, the contract's effect, the end of warranty.
    source = models.CharField(_("released by"), max_length=120, blank=True, editable=False)
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("split from")
    )
    # Kept by the writers in the same transaction, recomputable from the documents.
    gross_invoiced = MoneyField(_("invoiced"), default=ZERO, editable=False)
    gross_received = MoneyField(_("received"), default=ZERO, editable=False)
    gross_deducted = MoneyField(_("deducted"), default=ZERO, editable=False)
    disputed_until = models.DateField(_("disputed until"), null=True, blank=True)
    dispute_note = models.CharField(_("what is disputed"), max_length=300, blank=True)
    # The day of the standing promise; empty again once it is judged (billing.services.promise).
    promised_on = models.DateField(_("promised for"), null=True, blank=True)
    # How far dunning has come: level and day of the last letter that went out; when anybody last spoke with the payer.
    dunning_level = models.PositiveSmallIntegerField(_("dunning level"), default=0, editable=False)
    dunned_on = models.DateField(_("last letter on"), null=True, blank=True, editable=False)
    contacted_on = models.DateField(_("last contact on"), null=True, blank=True, editable=False)

    objects = ReceivableQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("receivable")
        verbose_name_plural = _("receivables")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["due_on", "id"], condition=Q(state="eligible"), name="receivable_by_due"),
            # What ages on somebody's deals: few beside all that was ever paid.
            models.Index(
                fields=["case"], name="receivable_ageing", condition=Q(state="eligible", gross_amount__gt=PAID)
            ),
            models.Index(fields=["contract", "state"], name="receivable_by_contract"),
            models.Index(fields=["term"], name="receivable_by_term"),
            # Matching asks for lines by what is open on them.
            models.Index(
                F("gross_amount") - F("gross_received") - F("gross_deducted"),
                name="receivable_by_open",
                condition=Q(state__in=("planned", "eligible")),
            ),
            models.Index(fields=["source"], condition=~Q(source=""), name="receivable_by_source"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="receivable_gross_is_net_plus_tax"
            ),
            models.CheckConstraint(
                condition=Q(gross_invoiced__gte=0) & Q(gross_invoiced__lte=F("gross_amount")),
                name="receivable_invoiced_within",
                violation_error_message=_("More would be invoiced than is owed."),
            ),
            models.CheckConstraint(
                condition=Q(gross_received__gte=0)
                & Q(gross_deducted__gte=0)
                & Q(gross_amount__gte=F("gross_received") + F("gross_deducted")),
                name="receivable_received_within",
                violation_error_message=_("More would be received than is owed."),
            ),
            models.CheckConstraint(
                condition=~Q(state="eligible") | Q(due_on__isnull=False), name="receivable_payable_has_due_day"
            ),
        ]

    # Amounts -------------------------------------------------------------------------------------
    @property
    @admin.display(description=_("still open"))
    def gross_open(self) -> Decimal:
        """What is still to come in."""
        return self.gross_amount - self.gross_received - self.gross_deducted

    @property
    @admin.display(description=_("not invoiced"))
    def gross_uninvoiced(self) -> Decimal:
        return self.gross_amount - self.gross_invoiced

    @property
    @admin.display(description=_("released by"))
    def released_by(self) -> Any:
        """The record whose act made it payable: an acceptance, the contract itself, a service agreement."""
        kind, _colon, rest = self.source.partition(":")
        number = rest.partition(":")[0]
        if "." not in kind or not number.isdecimal():
            return self.source
        try:
            model = apps.get_model(kind)
        except LookupError:
            return self.source
        return model._default_manager.filter(pk=number).first() or self.source

    @property
    def is_settled(self) -> bool:
        return self.gross_open <= 0

    @property
    def is_open(self) -> bool:
        return super().is_open and not self.is_settled

    @property
    @admin.display(description=_("days overdue"))
    def days_overdue(self) -> int:
        """Days past the due day; nothing while it is not payable (a retention in warranty) or settled."""
        if self.state != "eligible" or self.is_settled or self.due_on is None:
            return 0
        return max((today() - self.due_on).days, 0)

    @property
    @admin.display(description=_("invoice and payment"))
    def settlement_label(self) -> str:
        """Where it stands on the two axes, in words."""
        if self.state in self.states.ends:
            return self.state_label
        invoiced = _t("invoiced") if self.gross_uninvoiced <= 0 else _t("not invoiced")
        if 0 < self.gross_invoiced < self.gross_amount:
            invoiced = _t("invoiced in part")
        received = _t("received") if self.is_settled else _t("not received")
        if not self.is_settled and self.gross_received + self.gross_deducted > 0:
            received = _t("received in part")
        return f"{invoiced} · {received}"

    def quiet_reason(self, day: dt.date) -> str:
        """Why nobody is dunned for it on a day, as the end of a sentence; empty where nothing stands against it."""
        if self.state != "eligible" or self.is_settled or self.due_on is None or self.due_on >= day:
            return _t("is not overdue")
        if self.disputed_until is not None and self.disputed_until >= day:
            return _t("is disputed until %(day)s") % {"day": self.disputed_until}
        if self.promised_on is not None and self.promised_on >= day:
            return _t("is promised for %(day)s") % {"day": self.promised_on}
        return ""

    # Checks --------------------------------------------------------------------------------------
    def unrelease_checks(self) -> list[Any]:
        """What is invoiced is taken back by a credit note first."""
        if self.gross_invoiced > 0:
            return [_t("%(line)s is invoiced: issue a credit note first.") % {"line": self}]
        return []

    def give_up_checks(self) -> list[Any]:
        """Only what nobody paid or invoiced can be given up whole; the rest is a credit note or a difference."""
        reasons = []
        if self.gross_received + self.gross_deducted > 0:
            reasons.append(_t("Money is allocated to it: take it off first, or allocate the rest as a difference."))
        if self.gross_invoiced > 0:
            reasons.append(_t("It is invoiced: issue a credit note first."))
        return reasons

    def write_off_checks(self) -> list[Any]:
        """A settled line has nothing to write off."""
        return [_t("Nothing is open on it.")] if self.is_settled else []

    # Verbs ---------------------------------------------------------------------------------------
    @verb(source="planned", target="eligible", label=_("Release for payment"), who=("system",), hidden=True)
    def release(self) -> None:
        """The event of the term happened and its documents are there."""

    @verb(
        source="eligible",
        target="planned",
        label=_("Take release back"),
        who=("system",),
        checks=("unrelease_checks",),
        hidden=True,
    )
    def unrelease(self) -> None:
        """The fact that made it payable was reversed."""

    @verb(
        source=("planned", "eligible"),
        target="waived",
        label=_("Waive"),
        who=(
            "director",
            "decision_team",
        ),
        checks=("give_up_checks",),
        note=True,
        danger=True,
    )
    def waive(self) -> None:
        """We no longer ask for it, decided by the authorised director."""

    @verb(
        source="eligible",
        target="written_off",
        label=_("Write off"),
        who=(
            "director",
            "decision_team",
        ),
        checks=("write_off_checks",),
        note=True,
        danger=True,
    )
    def write_off(self) -> None:
        """What is still open will not come, decided by the authorised director."""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.customer.title} {self.contract.code} {self.contract.customer_number}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def __str__(self) -> str:
        return f"{self.code} {self.title} {format_money(self.gross_amount)}"


class ReceivableTax(models.Model):
    """The part of a receivable at one tax rate."""

    receivable = models.ForeignKey(ReceivableLine, on_delete=models.PROTECT, related_name="taxes")
    tax_rate = models.ForeignKey(
        "finance.TaxRate", on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate")
    )
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))

    class Meta:
        verbose_name = _("tax of a receivable")
        verbose_name_plural = _("taxes of receivables")
        ordering = ["receivable", "tax_rate"]
        constraints = [
            models.UniqueConstraint(fields=["receivable", "tax_rate"], name="receivable_tax_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="receivable_tax_gross_is_net_plus_tax"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tax_rate} {format_money(self.gross_amount)}"
