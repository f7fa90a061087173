"""The number range of special approvals."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0004_deduction_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_sx AS bigint", "DROP SEQUENCE core_code_sx")]
