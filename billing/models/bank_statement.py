"""银行流水: what the bank exported, and its lines; money in becomes receipts, money out is kept to reconcile."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE

from accounts.models import User
from billing.bankfiles import Layout
from billing.bankfiles.layouts import CREDIT_WORDS, DATE_FORMATS, DEBIT_WORDS, MEANINGS
from billing.models.receipt import CASH, Receipt
from core.dictionary import Labelled
from core.fields import MoneyField
from core.money import ZERO
from process.machine import State, StateField, States, verb
from process.models import RecordQuerySet, StageRecord

# An account without a movement for so long does not say how far the bank's data reach.
STILL_DAYS = 30
# More lines than this are taken in behind the scenes, with progress on the page.
LARGE = 2000


def default_formats() -> list[str]:
    """The usual ways a bank writes a date."""
    return list(DATE_FORMATS)


class StatementPreset(Labelled):
    """网银模板: which column of a bank's export means what; an administrator adds and changes rows."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    columns = models.JSONField(
        _("columns"),
        help_text=_("meaning → names of the column, for instance {'income': ['贷方发生额', '收入']}"),
    )
    date_formats = ArrayField(models.CharField(max_length=30), default=default_formats, verbose_name=_("date formats"))
    credit_words = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("words for money in")
    )
    debit_words = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("words for money out")
    )

    class Meta:
        verbose_name = _("bank statement template")
        verbose_name_plural = _("bank statement templates")
        ordering = ["position", "pk"]

    def clean(self) -> None:
        """Known meanings, each with names; a date, and income or amount."""
        columns = self.columns
        if not isinstance(columns, dict) or not all(
            isinstance(names, list) and names and all(isinstance(name, str) for name in names)
            for names in columns.values()
        ):
            raise ValidationError({"columns": _t("Each meaning has a list of column names.")})
        unknown = sorted(set(columns) - set(MEANINGS))
        if unknown:
            known = {"unknown": ", ".join(unknown), "known": ", ".join(MEANINGS)}
            raise ValidationError({"columns": _t("Unknown: %(unknown)s. Known: %(known)s.") % known})
        if "booked_on" not in columns or not ("income" in columns or "amount" in columns):
            raise ValidationError({"columns": _t("A date, and income or an amount are needed.")})

    def layout(self) -> Layout:
        """As the reader takes it."""
        return Layout(
            code=self.code,
            columns={meaning: tuple(names) for meaning, names in self.columns.items()},
            date_formats=tuple(self.date_formats) or DATE_FORMATS,
            credit_words=tuple(word.upper() for word in self.credit_words) or CREDIT_WORDS,
            debit_words=tuple(word.upper() for word in self.debit_words) or DEBIT_WORDS,
            label=self.label,
        )


class BankStatementQuerySet(RecordQuerySet):
    """Statements as those speak of them who ask whether money may have come in."""

    def known_until(self) -> dict[int, dt.date]:
        """Up to which day the bank's movements are known, by legal entity: of its accounts the one that is behind.

        An account that has not moved for a month while others did holds nothing up.
        """
        taken = self.filter(state="taken").order_by().values_list("account__entity_id", "account_id")
        days: dict[int, list[dt.date]] = {}
        for entity, _account, until in taken.annotate(until=models.Max(Coalesce("reaches_until", "period_until"))):
            days.setdefault(entity, []).append(until)
        still = dt.timedelta(days=STILL_DAYS)
        return {entity: min(day for day in found if day >= max(found) - still) for entity, found in days.items()}


class BankStatement(StageRecord):
    """One file of one account: read and shown first, then taken in whole or not at all."""

    states = States(
        State("checked", _("To be taken in"), "orange"),
        State("taking", _("Being taken in"), "blue"),
        State("taken", _("Taken in"), "green", end=True),
        State("discarded", _("Discarded"), "secondary", end=True),
    )
    code_prefix = "BS"
    open_who = CASH
    edit_who = CASH

    state = StateField(states)
    account = models.ForeignKey(
        "accounts.BankAccount", on_delete=models.PROTECT, related_name="statements", verbose_name=_("bank account")
    )
    preset = models.ForeignKey(
        StatementPreset,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="statements",
        verbose_name=_("template"),
        help_text=_("empty: the one whose columns fit best"),
    )
    file_name = models.CharField(_("file"), max_length=200, editable=False)
    format = models.CharField(_("format"), max_length=10, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    period_from = models.DateField(_("first day"), editable=False)
    period_until = models.DateField(_("last day"), editable=False)
    # Said by whoever exported it, or by its closing balance: nothing moved between the last line and this day.
    reaches_until = models.DateField(
        _("reaches until"),
        null=True,
        blank=True,
        help_text=_("the last day that was exported; empty: that of the last movement"),
    )
    opening_balance = MoneyField(_("opening balance"), null=True, blank=True, editable=False)
    closing_balance = MoneyField(_("closing balance"), null=True, blank=True, editable=False)
    lines_read = models.PositiveIntegerField(_("lines read"), editable=False)
    lines_new = models.PositiveIntegerField(_("new lines"), editable=False)
    lines_known = models.PositiveIntegerField(_("lines known before"), editable=False)
    # Of all lines read, and of the new ones alone.
    gross_in = MoneyField(_("money in"), default=ZERO, editable=False)
    gross_out = MoneyField(_("money out"), default=ZERO, editable=False)
    gross_in_new = MoneyField(_("new money in"), default=ZERO, editable=False)
    gross_out_new = MoneyField(_("new money out"), default=ZERO, editable=False)
    # The first lines as they were understood, for the page where somebody agrees with them.
    preview = models.JSONField(default=list, editable=False)

    objects = BankStatementQuerySet.as_manager()

    class Meta(StageRecord.Meta):
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        indexes = [
            *StageRecord.Meta.indexes,
            models.Index(fields=["account", "period_until"], name="statement_by_account"),
            models.Index(fields=["id"], condition=Q(state="taking"), name="statement_under_way"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"],
                condition=~Q(state="discarded"),
                name="statement_file_once",
                violation_error_message=_("This file was uploaded before."),
            ),
            models.CheckConstraint(
                condition=Q(lines_read=F("lines_new") + F("lines_known")), name="statement_read_is_new_plus_known"
            ),
            models.CheckConstraint(
                condition=Q(gross_in_new__gte=0)
                & Q(gross_in__gte=F("gross_in_new"))
                & Q(gross_out_new__gte=0)
                & Q(gross_out__gte=F("gross_out_new")),
                name="statement_new_within_read",
            ),
            models.CheckConstraint(
                condition=Q(reaches_until__isnull=True) | Q(reaches_until__gte=F("period_until")),
                name="statement_reaches_its_lines",
                violation_error_message=_("It reaches at least to the day of its last movement."),
            ),
        ]

    @classmethod
    def visibility(cls, user: User) -> Q:
        """The company's accounts are for those who handle its money."""
        return Q() if user.role_codes & set(CASH) else super().visibility(user)

    @property
    def is_large(self) -> bool:
        """Too long to be waited for."""
        return self.lines_new > LARGE

    @property
    def reach(self) -> dt.date:
        """Up to which day the account's movements are known from it."""
        return self.reaches_until or self.period_until

    @property
    def gross_moved(self) -> Decimal:
        """What came in less what went out."""
        return self.gross_in - self.gross_out

    def _taken_state(self) -> str:
        return "taking" if self.is_large else "taken"

    @verb(
        source="checked",
        target=GET_STATE(_taken_state, states=["taking", "taken"]),
        label=_("Take in"),
        who=CASH,
        primary=True,
    )
    def take(self) -> None:
        """What was shown is right: its new lines are taken in."""

    @verb(source="taking", target="taken", label=_("Finish"), who=("system",), hidden=True)
    def finish(self) -> None:
        """The last line of a large file is in."""

    @verb(source="taking", target="checked", label=_("Stop"), who=("system",), note=True, hidden=True)
    def fail(self) -> None:
        """Something stood in the way: nothing is taken in."""

    @verb(source="checked", target="discarded", label=_("Discard"), who=CASH)
    def discard(self) -> None:
        """The wrong file; it may be uploaded again later."""

    def searchable(self) -> str:
        return f"{self.code} {self.title} {self.account} {self.file_name}"

    def measures(self) -> dict[str, Any]:
        return {"gross_amount": self.gross_in}


class StatementLine(models.Model):
    """One movement of an account, kept as the bank wrote it; the same movement stands once, however often exported."""

    append_only = True

    statement = models.ForeignKey(
        BankStatement, on_delete=models.PROTECT, related_name="lines", verbose_name=_("bank statement")
    )
    account = models.ForeignKey("accounts.BankAccount", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("line"))
    booked_on = models.DateField(_("booked on"))
    is_credit = models.BooleanField(_("money in"))
    gross_amount = MoneyField(_("amount"))
    name = models.CharField(_("other side"), max_length=200, blank=True)
    other_account = models.CharField(_("its account"), max_length=60, blank=True)
    summary = models.CharField(_("purpose on the statement"), max_length=300, blank=True)
    reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    balance = MoneyField(_("balance"), null=True)
    # What makes it the same movement in another export: the bank's reference, else all it says and its turn of the day.
    fingerprint = models.CharField(max_length=64)
    receipt = models.OneToOneField(
        Receipt, on_delete=models.PROTECT, null=True, related_name="statement_line", verbose_name=_("receipt")
    )

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "fingerprint"], name="statement_line_once"),
            models.CheckConstraint(condition=Q(gross_amount__gt=0), name="statement_line_positive"),
            # Money in is a receipt, money out never.
            models.CheckConstraint(
                condition=Q(is_credit=True, receipt__isnull=False) | Q(is_credit=False, receipt__isnull=True),
                name="statement_line_in_is_receipt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.name} {self.gross_amount}"
