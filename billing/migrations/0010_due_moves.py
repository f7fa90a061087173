"""Due days that were taken away are kept; receipts are found by their value date."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_standing_promises")]

    operations = [
        migrations.CreateModel(
            name="DueMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField(verbose_name="was due on")),
                ("gross_amount", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="gross")),
                ("moved_on", models.DateField(verbose_name="moved on")),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="due_moves",
                        to="billing.receivableline",
                        verbose_name="receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "moved due day",
                "verbose_name_plural": "moved due days",
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["due_on", "id"], name="due_move_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("gross_amount__gte", 0)), name="due_move_not_negative"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["value_on", "id"], name="receipt_by_value_day"),
        ),
    ]
