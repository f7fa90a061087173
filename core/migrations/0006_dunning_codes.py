"""The number range of dunning letters."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0005_special_approval_codes")]

    operations = [migrations.RunSQL("CREATE SEQUENCE core_code_dn AS bigint", "DROP SEQUENCE core_code_dn")]
