"""The database's own guards, tried as the role that serves pages."""

import pytest
from django.db import Error, connection, transaction

from process.guards import append_only_models, arrows, stage_models
from tests.factories.leads import make_lead

pytestmark = pytest.mark.django_db


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except Error:
        return True
    return False


def test_tests_run_as_the_narrow_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("ltc_app",)


def test_a_state_cannot_be_moved_past_the_machine(sales) -> None:
    lead = make_lead(by=sales)
    assert refused(f"UPDATE leads_lead SET state = 'converted' WHERE id = {lead.pk}")
    assert refused(f"UPDATE leads_lead SET state = 'nonsense' WHERE id = {lead.pk}")


def test_records_cannot_be_deleted(sales) -> None:
    make_lead(by=sales)
    assert refused("DELETE FROM leads_lead")


@pytest.mark.parametrize("model", append_only_models(), ids=lambda model: model.__name__)
def test_append_only_tables_refuse_change(model) -> None:
    table = model._meta.db_table
    column = next(field.column for field in model._meta.concrete_fields if not field.primary_key)
    assert refused(f'UPDATE "{table}" SET "{column}" = "{column}"')
    assert refused(f'DELETE FROM "{table}"')
    assert refused(f'TRUNCATE "{table}" CASCADE')


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_stopped_by_the_trigger_too(sales, owner_connection) -> None:
    make_lead(by=sales)
    with pytest.raises(Exception, match="append-only"):
        owner_connection.execute("UPDATE process_logentry SET note = 'rewritten'")


def test_triggers_say_what_the_code_declares() -> None:
    """The trigger's arguments are the arrows of the machine, for every record."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname = 'state_machine'"
        )
        laid = {table: arguments.split("\\000")[:-1] for table, arguments in cursor.fetchall()}
    declared = {model._meta.db_table: [model.states.initial, *arrows(model)] for model in stage_models()}
    assert laid == declared
