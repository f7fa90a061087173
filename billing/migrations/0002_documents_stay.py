"""Issued documents never change, whoever writes: the database refuses it beside the services."""

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION billing_guard_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a row of % is never deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = ANY (string_to_array(TG_ARGV[0], ','))
        AND (to_jsonb(OLD) - string_to_array(TG_ARGV[1], ',')) <> (to_jsonb(NEW) - string_to_array(TG_ARGV[1], ','))
    THEN
        RAISE EXCEPTION 'a row of % that is % never changes', TG_TABLE_NAME, OLD.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION billing_guard_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint;
    frozen boolean;
BEGIN
    parent := CASE WHEN TG_OP = 'INSERT' THEN (to_jsonb(NEW) ->> TG_ARGV[1])::bigint
                   ELSE (to_jsonb(OLD) ->> TG_ARGV[1])::bigint END;
    EXECUTE format('SELECT state = ANY ($1) AND NOT (imported AND $2) FROM %I WHERE id = $3', TG_ARGV[0])
        INTO frozen USING string_to_array(TG_ARGV[2], ','), TG_OP = 'INSERT', parent;
    IF frozen THEN
        RAISE EXCEPTION 'the lines of an issued document never change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION billing_guard_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed text[] := ARRAY['removed_on', 'removed_at', 'removed_by_id'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.removed_at IS NOT NULL OR (to_jsonb(OLD) - allowed) <> (to_jsonb(NEW) - allowed) THEN
        RAISE EXCEPTION 'an allocation is taken off, never changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON billing_invoice FOR EACH ROW EXECUTE FUNCTION
    billing_guard_document('issued,delivered,credited',
        'state,state_since,row_version,updated_at,search_text,owner_id,department_id,'
        'delivered_on,delivered_to,gross_credited');
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON billing_creditnote FOR EACH ROW EXECUTE FUNCTION
    billing_guard_document('issued', 'state,state_since,row_version,updated_at,search_text,owner_id,department_id');
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE ON billing_receipt FOR EACH ROW EXECUTE FUNCTION
    billing_guard_document('confirmed,held,honoured,discounted,endorsed,refused,reversed',
        'state,state_since,row_version,updated_at,search_text,owner_id,department_id,gross_allocated');
CREATE TRIGGER lines_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline FOR EACH ROW EXECUTE FUNCTION
    billing_guard_lines('billing_invoice', 'invoice_id', 'issued,delivered,credited');
CREATE TRIGGER lines_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_creditnoteline FOR EACH ROW EXECUTE FUNCTION
    billing_guard_lines('billing_creditnote', 'credit_note_id', 'issued');
CREATE TRIGGER allocation_stays BEFORE UPDATE OR DELETE ON billing_allocation FOR EACH ROW EXECUTE FUNCTION
    billing_guard_allocation();
"""
UNDO = """
DROP TRIGGER document_stays ON billing_invoice;
DROP TRIGGER document_stays ON billing_creditnote;
DROP TRIGGER document_stays ON billing_receipt;
DROP TRIGGER lines_stay ON billing_invoiceline;
DROP TRIGGER lines_stay ON billing_creditnoteline;
DROP TRIGGER allocation_stays ON billing_allocation;
DROP FUNCTION billing_guard_document();
DROP FUNCTION billing_guard_lines();
DROP FUNCTION billing_guard_allocation();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDO)]
