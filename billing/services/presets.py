"""The templates of bank statements and the dunning ladder a house starts with; `load_defaults` calls this."""

from typing import Any

from django.db import transaction

from billing.models import DunningLevel, StatementPreset


@transaction.atomic
def load_presets(rows: list[dict[str, Any]]) -> int:
    """Add the templates that are missing; what an administrator changed stays. Returns how many were added."""
    added = 0
    for position, row in enumerate(rows, 1):
        values = {name: value for name, value in row.items() if name != "code"}
        preset = StatementPreset(code=row["code"], position=position * 10, **values)
        preset.clean()
        _one, created = StatementPreset.objects.get_or_create(
            code=row["code"], defaults={"position": position * 10, **values}
        )
        added += created
    return added


@transaction.atomic
def load_ladder(rows: list[dict[str, Any]]) -> int:
    """Add the dunning levels that are missing; what an administrator changed stays. Returns how many were added."""
    levels = [DunningLevel(position=row["level"] * 10, **row) for row in rows]
    before = DunningLevel.objects.count()
    DunningLevel.objects.bulk_create(levels, ignore_conflicts=True)
    return DunningLevel.objects.count() - before
