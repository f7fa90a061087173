"""A letter that was issued never changes, whoever writes; its lines bind its holder in its days, by the database."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION approvals_guard_letter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := ARRAY['state', 'state_since', 'row_version', 'updated_at', 'search_text', 'owner_id',
                         'department_id', 'accepted_at'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a letter of authority is never deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'draft' THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'issued' AND NEW.state = 'draft' THEN
        kept := kept || ARRAY['issued_by_id', 'issued_at'];
    END IF;
    IF OLD.accepted_at IS DISTINCT FROM NEW.accepted_at AND NOT (OLD.state = 'issued' AND NEW.state = 'in_force')
        OR (to_jsonb(OLD) - kept) <> (to_jsonb(NEW) - kept)
    THEN
        RAISE EXCEPTION 'a letter of authority that was issued never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION approvals_bind_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE approvals_letterline SET grantee_id = NEW.grantee_id, during =
        CASE WHEN NEW.state IN ('issued', 'in_force', 'expired') THEN daterange(NEW.valid_from, NEW.valid_to, '[]') END
    WHERE letter_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION approvals_guard_letter_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen boolean;
BEGIN
    SELECT state <> 'draft' INTO frozen FROM approvals_authorityletter
        WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.letter_id ELSE OLD.letter_id END;
    -- Deeper than one: the letter itself moves and takes its lines along.
    IF frozen AND pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'the lines of a letter of authority that was issued never change'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER letter_stays BEFORE UPDATE OR DELETE ON approvals_authorityletter
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_letter();
CREATE TRIGGER letter_binds AFTER UPDATE OF state ON approvals_authorityletter
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION approvals_bind_letter();
CREATE TRIGGER lines_stay BEFORE INSERT OR UPDATE OR DELETE ON approvals_letterline
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_letter_lines();
"""
UNDO = """
DROP TRIGGER letter_stays ON approvals_authorityletter;
DROP TRIGGER letter_binds ON approvals_authorityletter;
DROP TRIGGER lines_stay ON approvals_letterline;
DROP FUNCTION approvals_guard_letter();
DROP FUNCTION approvals_bind_letter();
DROP FUNCTION approvals_guard_letter_lines();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0006_letters_of_authority")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
