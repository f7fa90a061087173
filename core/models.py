"""Tables without an LTC word: counters, currencies, the working calendar, keys of requests already done."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.dictionary import Term  # noqa: F401 - a model of this app in a module of its own


class TimeStamped(models.Model):
    """Knows when it was written first and last."""

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True


class Sequence(models.Model):
    """A gap-free counter, one row per number range; the law asks for it on issued invoices only."""

    key = models.CharField(_("number range"), max_length=100, unique=True)
    value = models.BigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number range")
        verbose_name_plural = _("number ranges")
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


class Currency(models.Model):
    """A currency we sell or buy in; exactly one is the base in which books are kept."""

    code = models.CharField(_("code"), max_length=3, primary_key=True)
    name = models.CharField(_("name"), max_length=50)
    digits = models.PositiveSmallIntegerField(_("decimal places"), default=2)
    is_base = models.BooleanField(_("base currency"), default=False)

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["is_base"], condition=models.Q(is_base=True), name="currency_one_base"),
            models.CheckConstraint(condition=models.Q(code__regex=r"^[A-Z]{3}$"), name="currency_code_iso"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def label(self) -> str:
        """The name in the user's language where it is one of the seeded ones."""
        return gettext(self.name)


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in base currency from this day on."""

    currency = models.ForeignKey(Currency, models.PROTECT, verbose_name=_("currency"), related_name="rates")
    on = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate to base currency"), max_digits=18, decimal_places=8)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-on"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "on"], name="rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.on:%Y-%m-%d} {self.rate}"


class WorkingDay(models.Model):
    """A day whose working state is known by name: a public holiday, an adjusted weekend, a company day."""

    day = models.DateField(_("day"), primary_key=True)
    is_working = models.BooleanField(_("working day"))
    note = models.CharField(_("note"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.note}".strip()


class CalendarYear(models.Model):
    """Whether the public holidays of a year are known; if not, plain weekdays are assumed and pages say so."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    published = models.BooleanField(_("published"), default=False)
    source = models.CharField(_("source"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("calendar year")
        verbose_name_plural = _("calendar years")
        ordering = ["-year"]

    def __str__(self) -> str:
        return str(self.year)


class IdempotencyKey(models.Model):
    """A request already carried out, with its answer; written in the same transaction as its effect."""

    key = models.CharField(_("key"), max_length=255)
    user_id = models.BigIntegerField(_("user"), null=True, blank=True)  # no foreign key: core knows no app above
    scope = models.CharField(_("method and path"), max_length=255)
    body_hash = models.CharField(_("hash of the body"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.JSONField(_("answer"), null=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "scope", "key"], nulls_distinct=False, name="idempotency_key_once"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_created")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
