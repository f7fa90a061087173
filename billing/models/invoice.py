"""开票申请与发票: requested by AR, approved, issued on the tax platform; from then on it never changes."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from billing.models.receivable import ReceivableLine
from core.dictionary import TermField
from core.errors import Reason
from core.fields import MoneyField
from core.money import ZERO, format_money
from process.machine import State, StateField, States, review, verb
from process.models import Reviewed

PLATFORM_NUMBER = RegexValidator(r"^\d{20}$", _("A digital fapiao number has 20 digits."))
# Company roles that request, issue and credit; cashiers only handle money.
FINANCE = ("finance", "pfc", "tax")
ISSUED = ("issued", "delivered", "credited")


class Invoice(Reviewed):
    """One invoice over one or several receivables of a contract."""

    states = States(
        State("draft", _("Draft"), "secondary"),
        State("in_review", _("In review"), "orange"),
        State("awaiting", _("To be issued"), "blue"),
        State("issued", _("Issued"), "green"),
        State("delivered", _("Delivered"), "teal", idle=True),
        State("credited", _("Credited in full"), "red", end=True),
    )
    home_stage = "delivery"
    code_prefix = "IV"
    open_who = ("ar", *FINANCE)
    opened_on = "contract"
    edit_who = ("ar", "owner", *FINANCE)
    edit_states = ("draft",)
    watched_fields = ("gross_amount", "content_digest", "title_customer", "fapiao", "entity")

    state = StateField(states)
    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="invoices", verbose_name=_("contract")
    )
    entity = models.ForeignKey(
        "accounts.LegalEntity", on_delete=models.PROTECT, related_name="+", verbose_name=_("our legal entity")
    )
    title_customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="invoices", verbose_name=_("invoicing title")
    )
    fapiao = TermField("fapiao", _("kind of fapiao"), required=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    gross_amount = MoneyField(_("gross"), default=ZERO, editable=False)
    net_amount = MoneyField(_("net"), default=ZERO, editable=False)
    tax_amount = MoneyField(_("tax"), default=ZERO, editable=False)
    remark = models.CharField(_("remark on the invoice"), max_length=300, blank=True)
    early_reason = models.CharField(_("reason for invoicing early"), max_length=300, blank=True)
    expected_on = models.DateField(_("money expected on"), null=True, blank=True)
    content_digest = models.CharField(max_length=64, blank=True, editable=False)
    internal_number = models.CharField(_("internal number"), max_length=40, blank=True, editable=False)
    platform_number = models.CharField(
        _("fapiao number"), max_length=20, blank=True, editable=False, validators=[PLATFORM_NUMBER]
    )
    issued_on = models.DateField(_("issued on"), null=True, blank=True, editable=False)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True, editable=False)
    delivered_to = models.CharField(_("delivered to"), max_length=120, blank=True, editable=False)
    gross_credited = MoneyField(_("credited"), default=ZERO, editable=False)

    class Meta(Reviewed.Meta):
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        indexes = [*Reviewed.Meta.indexes, models.Index(fields=["contract", "state"], name="invoice_by_contract")]
        constraints = [
            models.UniqueConstraint(
                fields=["platform_number"], condition=~Q(platform_number=""), name="invoice_platform_number_once"
            ),
            models.UniqueConstraint(
                fields=["internal_number"], condition=~Q(internal_number=""), name="invoice_internal_number_once"
            ),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")), name="invoice_gross_is_net_plus_tax"
            ),
            models.CheckConstraint(
                condition=Q(gross_credited__gte=0) & Q(gross_credited__lte=F("gross_amount")),
                name="invoice_credited_within",
            ),
            models.CheckConstraint(
                condition=Q(imported=True)
                | ~Q(state__in=ISSUED)
                | (~Q(internal_number="") & ~Q(platform_number="") & Q(issued_on__isnull=False)),
                name="invoice_issued_has_numbers",
            ),
        ]

    @property
    @admin.display(description=_("standing"))
    def gross_standing(self) -> Decimal:
        """What is left of it after its credit notes."""
        return self.gross_amount - self.gross_credited

    @property
    @admin.display(description=_("received"))
    def gross_received(self) -> Decimal:
        """Money allocated to it by name."""
        found = self.allocations.filter(removed_at__isnull=True, difference__isnull=True)
        return found.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO

    def submit_checks(self) -> list[Any]:
        """Within what is owed, to a buyer whose data are known, early only with a reason."""
        reasons: list[Any] = []
        lines = list(self.lines.select_related("receivable"))
        if not lines:
            reasons.append(_t("The invoice has no lines."))
        wanted: dict[int, Decimal] = {}
        for line in lines:
            wanted[line.receivable_id] = wanted.get(line.receivable_id, ZERO) + line.gross_amount
        early = False
        for receivable in {line.receivable_id: line.receivable for line in lines}.values():
            early |= receivable.state == "planned"
            reasons += self._line_reasons(receivable, wanted[receivable.pk])
        if early and not (self.early_reason and self.expected_on):
            reasons.append(_t("Invoicing before the right to payment needs a reason and a day the money is expected."))
        if self.fapiao.code in ("e_special", "paper_special") and not self.title_customer.tax_id:
            text = _t("%(customer)s has no tax number: a special fapiao cannot be issued.")
            reasons.append(Reason(text % {"customer": self.title_customer}, self.title_customer.get_absolute_url()))
        return reasons

    def _line_reasons(self, receivable: ReceivableLine, wanted: Decimal) -> list[Any]:
        reasons: list[Any] = []
        if receivable.state in receivable.states.ends:
            text = _t("%(line)s is %(state)s.") % {"line": receivable, "state": receivable.state_label}
            reasons.append(Reason(text, receivable.get_absolute_url()))
        if wanted > receivable.gross_uninvoiced:
            text = _t("%(line)s: only %(left)s is left to invoice, not %(wanted)s.")
            left = {"left": format_money(receivable.gross_uninvoiced), "wanted": format_money(wanted)}
            reasons.append(Reason(text % {"line": receivable, **left}, receivable.get_absolute_url()))
        return reasons

    submit, approve, send_back, withdraw = review(
        approved="awaiting",
        rejected=None,
        submit_who=("ar", "owner", *FINANCE),
        submit_checks=("submit_checks",),
    )

    @verb(
        source="awaiting",
        target="issued",
        label=_("Issue"),
        who=(*FINANCE,),
        checks=("submit_checks",),
        primary=True,
    )
    def issue(self) -> None:
        """The tax platform has issued it: from now on it never changes."""

    @verb(source="issued", target="delivered", label=_("Deliver"), who=("ar", "owner", *FINANCE), primary=True)
    def deliver(self) -> None:
        """The buyer has it."""

    @verb(source=("issued", "delivered"), target="credited", label=_("Credit in full"), who=("system",), hidden=True)
    def credit(self) -> None:
        """Its credit notes have taken all of it back."""

    def searchable(self) -> str:
        return (
            f"{self.code} {self.title} {self.title_customer.title} {self.contract.code} "
            f"{self.platform_number} {self.internal_number}"
        )

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_amount}

    def decision_facts(self, actor: Actor) -> list[tuple[Any, str]]:
        lines = self.lines.filter(receivable__state="planned")
        early = lines.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO
        return [
            (_("gross"), format_money(self.gross_amount)),
            (_("tax"), format_money(self.tax_amount)),
            (_("invoiced early"), format_money(early)),
            (_("money expected on"), str(self.expected_on or "–")),
            (_("invoicing title"), str(self.title_customer)),
        ]


class InvoiceLine(models.Model):
    """One rate of one receivable on an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    receivable = models.ForeignKey(
        ReceivableLine, on_delete=models.PROTECT, related_name="invoice_lines", verbose_name=_("receivable")
    )
    tax_rate = models.ForeignKey(
        "finance.TaxRate", on_delete=models.PROTECT, related_name="+", verbose_name=_("tax rate")
    )
    gross_amount = MoneyField(_("gross"))
    net_amount = MoneyField(_("net"))
    tax_amount = MoneyField(_("tax"))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "receivable", "tax_rate"], name="invoice_line_once"),
            models.CheckConstraint(
                condition=Q(gross_amount=F("net_amount") + F("tax_amount")) & Q(gross_amount__gt=0),
                name="invoice_line_gross_is_net_plus_tax",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receivable} {self.tax_rate}"
