"""The number range of the as-is inventory."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0007_improvement_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_as AS bigint", "DROP SEQUENCE core_code_as")]
