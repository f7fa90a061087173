"""A promised day noted on a line so far becomes a promise of all that is open on it."""

from django.db import migrations
from django.db.models import F


def take_over(apps, schema_editor) -> None:
    line = apps.get_model("billing", "ReceivableLine")
    promise = apps.get_model("billing", "Promise")
    noted = line.objects.filter(promised_on__isnull=False).annotate(
        left=F("gross_amount") - F("gross_received") - F("gross_deducted")
    )
    promise.objects.bulk_create(
        promise(receivable_id=row.pk, promised_on=row.promised_on, gross_amount=row.left, created_at=row.updated_at)
        for row in noted.filter(left__gt=0).iterator(chunk_size=500)
    )
    noted.filter(left__lte=0).update(promised_on=None)


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_dunning_and_promises")]

    operations = [migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True)]
