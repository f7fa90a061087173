"""The number range of letters of authority."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0008_practice_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_la AS bigint", "DROP SEQUENCE core_code_la")]
