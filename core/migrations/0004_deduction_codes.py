"""The number range of deductions."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0003_bank_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_dd AS bigint", "DROP SEQUENCE core_code_dd")]
