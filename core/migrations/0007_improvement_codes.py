"""The number range of proposals to improve the process."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0006_dunning_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_im AS bigint", "DROP SEQUENCE core_code_im")]
