"""Model fields of money and rates; migrations see a plain DecimalField."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.money import check_rate
from core.widgets import MoneyInput


class _PlainDecimal(models.DecimalField):
    """A DecimalField with fixed precision that migrations write as the stock one."""

    precision: tuple[int, int]

    def __init__(self, verbose_name: Any = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", self.precision[0])
        kwargs.setdefault("decimal_places", self.precision[1])
        super().__init__(verbose_name, name, **kwargs)

    def deconstruct(self) -> Any:
        """Name the stock field, so that no migration depends on this module."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DecimalField", args, kwargs


class MoneyField(_PlainDecimal):
    """An amount in the record's currency, to the cent, up to 16 digits before the point."""

    precision = (18, 2)

    def formfield(self, **kwargs: Any) -> Any:
        """Offer the input that takes thousands separators and full-width digits."""
        kwargs.setdefault("widget", MoneyInput)
        return super().formfield(**kwargs)


class RateField(_PlainDecimal):
    """A percentage with four decimals: 13.0000 means 13 %."""

    precision = (7, 4)


def validate_tax_rate(value: Decimal) -> None:
    """Refuse a tax rate that core.money would refuse, in words for a form."""
    try:
        check_rate(value)
    except ValueError:
        raise ValidationError(_("A tax rate is in percent: 13 means 13 %."), code="rate") from None
