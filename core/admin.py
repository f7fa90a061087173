"""Basic data in the back room: dictionaries, currencies, rates, the calendar; counters are only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core import calendar
from core.dictionary import Term
from core.models import CalendarYear, Currency, ExchangeRate, Sequence, WorkingDay


@admin.register(Term)
class TermAdmin(admin.ModelAdmin):
    """Words of the dictionaries; a word in use is made inactive, not deleted."""

    list_display = ("dictionary", "code", "zh", "en", "position", "is_active")
    list_filter = ("dictionary", "is_active")
    search_fields = ("code", "zh", "en")


@admin.register(Currency)
class CurrencyAdmin(admin.ModelAdmin):
    """Currencies we sell or buy in."""

    list_display = ("code", "name", "digits", "is_base")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(admin.ModelAdmin):
    """Dated rates to base currency."""

    list_display = ("currency", "on", "rate")
    list_filter = ("currency",)
    date_hierarchy = "on"


@admin.register(WorkingDay)
class WorkingDayAdmin(admin.ModelAdmin):
    """Holidays, adjusted weekends and company days."""

    list_display = ("day", "is_working", "note")
    list_filter = ("is_working",)
    date_hierarchy = "day"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Let this process see the day at once."""
        super().save_model(request, obj, form, change)
        calendar.forget()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Let this process forget the day at once."""
        super().delete_model(request, obj)
        calendar.forget()


@admin.register(CalendarYear)
class CalendarYearAdmin(admin.ModelAdmin):
    """Which years' public holidays are known."""

    list_display = ("year", "published", "source")


@admin.register(Sequence)
class SequenceAdmin(admin.ModelAdmin):
    """Gap-free counters; nobody turns them by hand."""

    list_display = ("key", "value")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Counters are made by the first draw."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A counter that was turned is no longer gap-free."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A counter deleted would give its numbers out twice."""
        return False
