"""红字发票: takes an issued invoice back in part or in full; a new document, never a change of the old one."""

from typing import Any

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.models.invoice import FINANCE, PLATFORM_NUMBER, Invoice, InvoiceLine
from core.dictionary import TermField
from core.fields import MoneyField
from core.money import ZERO, format_money
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed

# The confirmation form lapses this long after it was started.
CONFIRM_HOURS = 72


class CreditNote(Reviewed):
    """One red letter over one invoice."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("confirming", _("To be confirmed and issued"), "blue"),
        State("issued", _("Issued"), "green", end=True),
    )
    home_stage = "delivery"
    code_prefix = "CN"
    open_who = ("ar", *FINANCE)
    opened_on = "invoice"
    edit_who = ("ar", "owner", *FINANCE)
    edit_states = ("draft",)
    watched_fields = ("gross_amount", "content_digest", "reason", "mode")

    state = StateField(states)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credit_notes", verbose_name=_("invoice")
    )
    reason = TermField("red_reason", _("reason"), required=True)
    mode = TermField("red_mode", _("mode"), required=True)
    gross_amount = MoneyField(_("gross"), default=ZERO, editable=False)
    net_amount = MoneyField(_("net"), default=ZERO, editable=False)
    tax_amount = MoneyField(_("tax"), default=ZERO, editable=False)
    content_digest = models.CharField(max_length=64, blank=True, editable=False)
    confirmation_number = models.CharField(_("confirmation form number"), max_length=40, blank=True)
    confirmed_on = models.DateField(_("confirmed on"), null=True, blank=True, editable=False)
    internal_number = models.CharField(_("internal number"), max_length=40, blank=True, editable=False)
    platform_number = models.CharField(
        _("fapiao number"), max_length=20, blank=True, editable=False, validators=[PLATFORM_NUMBER]
    )
    issued_on = models.DateField(_("issued on"), null=True, blank=True, editable=False)

    class Meta(Reviewed.Meta):
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.UniqueConstraint(
                fields=["platform_number"], condition=~Q(platform_number=""), name="credit_note_platform_number_once"
            ),
            models.UniqueConstraint(
                fields=["internal_number"], condition=~Q(internal_number=""), name="credit_note_internal_number_once"
            ),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="credit_note_gross_is_net_plus_tax"
            ),
        ]

    @property
    def needs_confirmation(self) -> bool:
        """Only a direct red letter needs nothing from the other side."""
        return self.mode.code != "direct"

    def submit_checks(self) -> list[Any]:
        """Within what the invoice still stands for; a wrongly issued one is taken back whole."""
        reasons: list[Any] = []
        lines = list(self.lines.select_related("invoice_line"))
        if not lines:
            reasons.append(_t("The credit note has no lines."))
        if self.invoice.state not in ("issued", "delivered"):
            text = _t("%(invoice)s is %(state)s.")
            reasons.append(text % {"invoice": self.invoice, "state": self.invoice.state_label})
        for line in lines:
            left = line.left()
            if line.gross_amount > left:
                text = _t("%(line)s: only %(left)s is left to credit.")
                reasons.append(text % {"line": line.invoice_line, "left": format_money(left)})
        if self.reason.code == "wrong" and self.gross_amount != self.invoice.gross_amount:
            reasons.append(_t("A wrongly issued invoice is credited in full."))
        return reasons

    def issue_checks(self) -> list[Any]:
        if self.needs_confirmation and not (self.confirmation_number and self.confirmed_on):
            return [_t("The confirmation form is not confirmed yet."), *self.submit_checks()]
        return self.submit_checks()

    submit, approve, send_back, withdraw = review(
        approved="confirming",
        rejected=None,
        submit_who=("ar", "owner", *FINANCE),
        submit_checks=("submit_checks",),
    )

    @verb(
        source="confirming",
        target="issued",
        label=_("Issue"),
        who=(*FINANCE,),
        checks=("issue_checks",),
        primary=True,
    )
    def issue(self) -> None:
        """The tax platform has issued the red letter."""

    @verb(source="confirming", target="draft", label=_("Lapse"), who=("system",), hidden=True)
    def lapse(self) -> None:
        """The confirmation form was not confirmed within 72 hours."""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.invoice.code} {self.platform_number} {self.confirmation_number}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        return [
            (_("gross"), format_money(self.gross_amount)),
            (_("tax"), format_money(self.tax_amount)),
            (_("reason"), str(self.reason)),
            (_("mode"), str(self.mode)),
            (_("invoice"), str(self.invoice)),
        ]


class CreditNoteLine(models.Model):
    """What is taken back of one invoice line."""

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, related_name="credit_lines", verbose_name=_("invoice line")
    )
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))

    class Meta:
        verbose_name = _("credit note line")
        verbose_name_plural = _("credit note lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "invoice_line"], name="credit_note_line_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")) & Q(gross_amount__gt=0),
                name="credit_note_line_gross_is_net_plus_tax",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_line} {format_money(self.gross_amount)}"

    def left(self) -> Any:
        """What issued credit notes have left of the invoice line."""
        issued = CreditNoteLine.objects.filter(invoice_line_id=self.invoice_line_id, credit_note__state="issued")
        return self.invoice_line.gross_amount - (issued.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO)
