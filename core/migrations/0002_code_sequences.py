"""One PostgreSQL sequence per code prefix: LD-2026-000123 and its kind."""

from django.db import migrations

PREFIXES = (
    "LD PJ GP SL QT TN PC CT RL IV CN RC DL ES MS DV AC CO SA IN TK CB CS VO DP PO GR BL PY CL CU SP HO AP AL RK RQ"
).split()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [f"CREATE SEQUENCE core_code_{prefix.lower()} AS bigint" for prefix in PREFIXES],
            [f"DROP SEQUENCE core_code_{prefix.lower()}" for prefix in PREFIXES],
        ),
    ]
