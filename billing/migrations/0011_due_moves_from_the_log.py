"""Due days that were taken away before they were kept: the log knows them, with the amount of today."""

import datetime as dt

from django.db import migrations
from django.utils import timezone


def take_over(apps, schema_editor) -> None:
    line = apps.get_model("billing", "ReceivableLine")
    move = apps.get_model("billing", "DueMove")
    log = apps.get_model("process", "LogEntry").objects
    found = log.filter(kind="billing.receivableline", action="receivable_line.unrelease").order_by("pk")
    zone = timezone.get_default_timezone()
    amounts = dict(line.objects.filter(pk__in=found.values("object_id")).values_list("pk", "gross_amount"))
    rows = []
    for entry in found.iterator(chunk_size=500):
        was = (entry.changes.get("due_on") or [None])[0]
        if was and entry.object_id in amounts:
            rows.append(
                move(
                    receivable_id=entry.object_id,
                    due_on=dt.date.fromisoformat(was),
                    gross_amount=amounts[entry.object_id],
                    moved_on=timezone.localdate(entry.at, zone),
                )
            )
    move.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_due_moves"), ("process", "0005_seats_held_by_user")]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True)]
