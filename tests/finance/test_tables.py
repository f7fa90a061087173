"""The dated tables: no two rates on one day, two levels of categories, seeding that never overwrites."""

import datetime as dt
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.errors import Refused
from finance import selectors
from finance.models import CostCategory, CostRate, TaxRate
from finance.services import defaults

pytestmark = pytest.mark.django_db
DAY = dt.date


def test_cost_rates_of_a_grade_never_overlap() -> None:
    CostRate.objects.create(grade="T1", from_on=DAY(2025, 1, 1), until_on=DAY(2025, 12, 31), net_day_amount=1000)
    CostRate.objects.create(grade="T1", from_on=DAY(2026, 1, 1), net_day_amount=1100)
    CostRate.objects.create(grade="T2", from_on=DAY(2025, 6, 1), net_day_amount=900)
    with pytest.raises(IntegrityError), transaction.atomic():
        CostRate.objects.create(grade="T1", from_on=DAY(2025, 12, 31), until_on=DAY(2025, 12, 31), net_day_amount=1)
    with pytest.raises(ValidationError):
        CostRate(grade="T1", from_on=DAY(2030, 1, 1), net_day_amount=Decimal(1)).full_clean()
    assert selectors.day_rate("T1", DAY(2025, 12, 31)) == 1000
    assert selectors.day_rate("T1", DAY(2026, 1, 1)) == 1100
    assert selectors.day_rate("T1", DAY(2024, 1, 1)) is None


def test_tax_rates_of_a_code_never_overlap() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        TaxRate.objects.create(code="13", zh="x", en="x", percent=12, kind="rate", from_on=DAY(2026, 7, 1))
    with pytest.raises(Refused):
        selectors.tax_rate("1", DAY(2028, 1, 1))
    assert selectors.tax_rate("1", DAY(2027, 12, 31)).percent == 1


def test_categories_have_two_levels() -> None:
    third = CostCategory(code="x.y.z", zh="x", en="x", parent=selectors.category("labour.pm"))
    with pytest.raises(ValidationError):
        third.full_clean()
    assert set(selectors.category_ids("labour")) == set(
        CostCategory.objects.filter(code__startswith="labour").values_list("pk", flat=True)
    )


def test_seeding_again_adds_nothing_and_keeps_what_was_edited() -> None:
    CostCategory.objects.filter(code="labour.pm").update(zh="项目经理")
    assert defaults.load(settings.BASE_DIR / "ltc" / "defaults") == 0
    assert selectors.category("labour.pm").zh == "项目经理"
