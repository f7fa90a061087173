"""The general service levels: P1 and P2 on natural hours, P3 and P4 on working hours. All editable."""

from decimal import Decimal

from django.db import migrations

# priority, respond, arrive, restore, resolve, clock
LEVELS = [
    ("P1", "0.5", "4", "8", "24", "natural"),
    ("P2", "1", "8", "24", "48", "natural"),
    ("P3", "4", None, "24", "40", "working"),
    ("P4", "8", None, None, "80", "working"),
]


def add(apps, schema_editor):
    policy = apps.get_model("operations", "SlaPolicy")
    for priority, response, arrive, restore, resolve, clock in LEVELS:
        hours = {
            "response_hours": response,
            "arrive_hours": arrive,
            "restore_hours": restore,
            "resolve_hours": resolve,
        }
        values = {name: Decimal(value) if value else None for name, value in hours.items()}
        policy.objects.get_or_create(cover=None, priority=priority, defaults={**values, "clock": clock})


def drop(apps, schema_editor):
    apps.get_model("operations", "SlaPolicy").objects.filter(cover=None).delete()


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial")]

    operations = [migrations.RunPython(add, drop)]
