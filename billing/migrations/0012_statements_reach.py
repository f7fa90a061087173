"""A bank statement may reach beyond its last movement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_due_moves_from_the_log")]

    operations = [
        migrations.AddField(
            model_name="bankstatement",
            name="reaches_until",
            field=models.DateField(
                blank=True,
                help_text="the last day that was exported; empty: that of the last movement",
                null=True,
                verbose_name="reaches until",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reaches_until__isnull", True),
                    ("reaches_until__gte", models.F("period_until")),
                    _connector="OR",
                ),
                name="statement_reaches_its_lines",
                violation_error_message="It reaches at least to the day of its last movement.",
            ),
        ),
    ]
