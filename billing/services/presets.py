"""The templates of bank statements a house starts with; `load_defaults` calls this."""

from typing import Any

from django.db import transaction

from billing.models import StatementPreset


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
