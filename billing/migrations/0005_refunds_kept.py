"""What was paid back of a confirmed receipt may move; all else of it stays as it was."""

from django.db import migrations

_KEPT = "state,state_since,row_version,updated_at,search_text,owner_id,department_id,gross_allocated"
_LAY = """
DROP TRIGGER document_stays ON billing_receipt;
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON billing_receipt FOR EACH ROW EXECUTE FUNCTION
    billing_guard_document('confirmed,held,honoured,discounted,endorsed,refused,reversed', '{kept}');
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_claims_and_refunds")]

    operations = [
        migrations.RunSQL(_LAY.format(kept=f"{_KEPT},gross_refunded"), _LAY.format(kept=_KEPT)),
    ]
