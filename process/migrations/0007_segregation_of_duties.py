from django.db import migrations, models
from django.db.models.functions import Greatest, Least


class Migration(migrations.Migration):
    """The table of two acts that no person does both of."""

    dependencies = [("process", "0006_improvements")]

    operations = [
        migrations.CreateModel(
            name="SegregationRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("zh", models.CharField(max_length=120, verbose_name="Chinese name")),
                ("en", models.CharField(max_length=120, verbose_name="English name")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("first", models.CharField(max_length=80, verbose_name="one act")),
                ("second", models.CharField(max_length=80, verbose_name="other act")),
                (
                    "level",
                    models.CharField(
                        choices=[("forbid", "Forbidden"), ("report", "Only reported")],
                        default="forbid",
                        max_length=10,
                        verbose_name="consequence",
                    ),
                ),
                ("why_zh", models.CharField(blank=True, max_length=300, verbose_name="reason in Chinese")),
                ("why_en", models.CharField(blank=True, max_length=300, verbose_name="reason in English")),
                (
                    "forbidden_since",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="forbidden since"),
                ),
                ("row_version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "segregation rule",
                "verbose_name_plural": "segregation of duties",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        Least("first", "second"),
                        Greatest("first", "second"),
                        name="segregation_pair_once",
                        violation_error_message="There is a rule about these two acts already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first", models.F("second")), _negated=True),
                        name="segregation_of_two_acts",
                        violation_error_message="Name two different acts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("forbidden_since__isnull", False), ("is_active", True), ("level", "forbid")),
                            models.Q(
                                models.Q(("is_active", True), ("level", "forbid"), _negated=True),
                                ("forbidden_since__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="segregation_forbidden_since",
                    ),
                ],
            },
        ),
    ]
