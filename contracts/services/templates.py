"""The usual sets of payment terms a house starts with."""

from django.db import transaction

from contracts.models import TermTemplate

# code, Chinese, English, rows of (event, percent).
_USUAL = (
    ("equipment", "设备 30/30/30/10", "Equipment 30/30/30/10", "effect 30, arrival 30, final 30, retention 10"),
    ("software", "软件 30/30/35/5", "Software 30/30/35/5", "effect 30, preliminary 30, final 35, retention 5"),
    ("integration", "集成 10/50/35/5", "Integration 10/50/35/5", "effect 10, arrival 50, final 35, retention 5"),
    (
        "construction",
        "工程 20/60/17/3",
        "Construction 20/60/17/3",
        "effect 20, progress 60, price_settlement 17, retention 3",
    ),
    (
        "maintenance",
        "运维 25×4",
        "Maintenance 25×4",
        "service_period 25, service_period 25, service_period 25, service_period 25",
    ),
    ("small", "小额 100", "Small 100", "arrival 100"),
)


def _rows(text: str) -> list[dict[str, object]]:
    parts = [part.split() for part in text.split(", ")]
    return [{"event": event, "percent": percent, "retention": event == "retention"} for event, percent in parts]


@transaction.atomic
def load_templates() -> int:
    """Add the usual sets that are missing; what an administrator changed stays. Returns how many were added."""
    added = 0
    for position, (code, zh, en, text) in enumerate(_USUAL):
        defaults = {"zh": zh, "en": en, "position": position, "rows": _rows(text)}
        added += TermTemplate.objects.get_or_create(code=code, defaults=defaults)[1]
    return added
