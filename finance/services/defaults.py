"""Seeding finance's dated tables: `load_defaults` calls this; what an administrator edited is left as it is."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from finance.models import CostCategory, CostRate, TaxRate


def _rows(path: Path) -> list[dict[str, Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or []


def _day(value: Any) -> dt.date | None:
    return dt.date.fromisoformat(str(value)) if value else None


@transaction.atomic
def load(data_dir: Path | str) -> int:
    """Add the cost categories, tax rates and cost rates that are not there yet; returns how many were added."""
    folder = Path(data_dir)
    return _categories(folder) + _tax_rates(folder) + _cost_rates(folder)


def _categories(folder: Path) -> int:
    added = 0
    for position, row in enumerate(_rows(folder / "cost_categories.yaml"), 1):
        parent = CostCategory.objects.get(code=row["parent"]) if row.get("parent") else None
        _one, created = CostCategory.objects.get_or_create(
            code=row["code"],
            defaults={
                "parent": parent,
                "zh": row["zh"],
                "en": row["en"],
                "margin": row.get("margin") or (parent.margin if parent else CostCategory.Margin.PROJECT),
                "position": position * 10,
            },
        )
        added += created
    return added


def _tax_rates(folder: Path) -> int:
    added = 0
    for position, row in enumerate(_rows(folder / "tax_rates.yaml"), 1):
        _one, created = TaxRate.objects.get_or_create(
            code=row["code"],
            from_on=_day(row["from_on"]),
            defaults={
                "zh": row["zh"],
                "en": row["en"],
                "percent": Decimal(str(row["percent"])),
                "kind": row["kind"],
                "until_on": _day(row.get("until_on")),
                "is_active": row.get("active", True),
                "position": position * 10,
            },
        )
        added += created
    return added


def _cost_rates(folder: Path) -> int:
    added = 0
    for row in _rows(folder / "cost_rates.yaml"):
        _one, created = CostRate.objects.get_or_create(
            grade=str(row["grade"]),
            from_on=_day(row["from_on"]),
            defaults={"net_day_amount": Decimal(str(row["net_day_amount"])), "until_on": _day(row.get("until_on"))},
        )
        added += created
    return added
