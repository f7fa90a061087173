"""The cost book 项目账 of a deal: what was committed, spent and recognised, entry by entry."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.branches import Through, any_of
from core.fields import MoneyField
from core.search import BigramIndex
from finance.models.dictionary import CostCategory
from process.models import Case, Seat

if TYPE_CHECKING:
    from accounts.models import User


class CostBookQuerySet(models.QuerySet):
    """Books are named to everyone who works on the case; what stands in them needs the right to cost."""

    def visible_to(self, user: "User") -> Self:
        """Books on whose case the user has a seat, that the user owns, or of a headed department."""
        if user.has_right("see_all"):
            return self
        if not user.sees_business:
            return self.none()
        seats = Seat.objects.current().filter(user_id__in=user.acting_ids)
        seen = Q(owner_id__in=user.acting_ids) | Q(Through("case_id", seats, "case_id"))
        if user.department_ids:
            seen |= Q(owner__department_id__in=user.department_ids)
        return any_of(self, seen)


class CostBook(models.Model):
    """项目账: opened by a lead, carried to the project, frozen by closing. Totals are kept by the poster."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="cost_books", verbose_name=_("case"))
    code = models.CharField(_("number"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("owner")
    )
    # A service agreement has a book of its own beside the main one of the case.
    is_main = models.BooleanField(_("main book of the case"), default=True)
    is_frozen = models.BooleanField(_("frozen"), default=False)
    frozen_at = models.DateTimeField(_("frozen at"), null=True)
    # What may be committed while no budget is approved: presales budget, cap of an early start.
    net_advance_limit = MoneyField(_("released before the budget"), default=0)
    net_committed = MoneyField(_("committed"), default=0)
    net_cost = MoneyField(_("cost to date"), default=0)
    net_recognised = MoneyField(_("revenue recognised"), default=0)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    search_text = models.CharField(max_length=600, default="")

    objects = CostBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("cost book")
        verbose_name_plural = _("cost books")
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(is_main=True), name="one_main_book_per_case"),
        ]
        indexes = [
            BigramIndex("search_text", name="costbook_find"),
            models.Index(fields=["case", "-id"], name="costbook_by_case"),
            models.Index(fields=["owner", "-id"], name="costbook_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("finance:book-detail", args=[self.pk])


class BookTotal(models.Model):
    """What stands in a book for one category, kept by the poster under the book's lock."""

    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="totals")
    category = models.ForeignKey(CostCategory, on_delete=models.PROTECT, related_name="+")
    net_committed = MoneyField(_("committed"), default=0)
    net_cost = MoneyField(_("cost to date"), default=0)
    # Bottom-up estimate to complete; empty means: what is left of the budget.
    net_to_complete = MoneyField(_("still to come"), null=True, blank=True)
    forecast_on = models.DateField(_("forecast of"), null=True, blank=True)

    class Meta:
        verbose_name = _("book total")
        verbose_name_plural = _("book totals")
        constraints = [models.UniqueConstraint(fields=["book", "category"], name="one_total_per_category")]

    def __str__(self) -> str:
        return f"{self.book_id} {self.category_id}"


class LedgerEntry(models.Model):
    """收支流水: one posting. It is never changed; a correction is an entry of its own."""

    append_only = True

    class Nature(models.TextChoices):
        COMMITMENT = "commitment", _("commitment")
        COST = "cost", _("cost")
        RECOGNISED = "recognised", _("revenue recognised")

    book = models.ForeignKey(CostBook, on_delete=models.PROTECT, related_name="entries", verbose_name=_("cost book"))
    nature = models.CharField(_("nature"), max_length=12, choices=Nature)
    category = models.ForeignKey(
        CostCategory, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("cost category")
    )
    net_amount = MoneyField(_("net amount"))
    day = models.DateField(_("day"))
    # The accounting month: that of the day, or the first open one where that is closed.
    month = models.DateField(_("month"))
    source = models.CharField(_("source"), max_length=100, unique=True)
    document_kind = models.CharField(max_length=60, blank=True)
    document_id = models.BigIntegerField(null=True)
    text = models.CharField(_("posting text"), max_length=200)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("posted by")
    )
    posted_by_name = models.CharField(_("posted by"), max_length=120)
    created_at = models.DateTimeField(_("posted at"), default=timezone.now)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.CheckConstraint(
                condition=Q(nature="recognised", category__isnull=True)
                | (~Q(nature="recognised") & Q(category__isnull=False)),
                name="entry_has_its_category",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="entry_month_is_a_first_day"),
        ]
        indexes = [
            models.Index(fields=["book", "-id"], name="entry_by_book"),
            models.Index(fields=["book", "month"], name="entry_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.net_amount}"
