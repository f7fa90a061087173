"""Number ranges of bank statements and refunds."""

from django.db import migrations

PREFIXES = ("BS", "RF")


class Migration(migrations.Migration):
    dependencies = [("core", "0002_code_sequences")]

    operations = [
        migrations.RunSQL(
            [f"CREATE SEQUENCE core_code_{prefix.lower()} AS bigint" for prefix in PREFIXES],
            [f"DROP SEQUENCE core_code_{prefix.lower()}" for prefix in PREFIXES],
        ),
    ]
