"""What the database itself refuses: states moved past the machine, and history changed.

Laid after every migration from the declarations in code, so that the two cannot drift apart.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections

from process.machine import verbs_of

_STATE_FUNCTION = """
CREATE OR REPLACE FUNCTION ltc_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> TG_ARGV[0] AND NOT NEW.imported THEN
            RAISE EXCEPTION 'a new row of % starts as %, not %', TG_TABLE_NAME, TG_ARGV[0], NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state IS DISTINCT FROM OLD.state THEN
        IF NOT (OLD.state || '>' || NEW.state) = ANY (TG_ARGV) THEN
            RAISE EXCEPTION 'no verb leads % from % to %', TG_TABLE_NAME, OLD.state, NEW.state
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""
_APPEND_FUNCTION = """
CREATE OR REPLACE FUNCTION ltc_guard_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def stage_models() -> list[type[Any]]:
    """Every concrete record with a machine."""
    from process.models import StageRecord

    return [model for model in apps.get_models() if issubclass(model, StageRecord)]


def append_only_models() -> list[type[Any]]:
    """Models that say `append_only = True`, and the log."""
    from process.models import LogEntry

    return [LogEntry, *(model for model in apps.get_models() if getattr(model, "append_only", False))]


def arrows(model: type[Any]) -> list[str]:
    """All allowed moves of a machine as "source>target"."""
    return sorted(
        {
            f"{source}>{target}"
            for verb in verbs_of(model).values()
            for source in verb.sources
            for target in verb.targets
        }
    )


def after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Run once per migrate, after the last app."""
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if sender.name == last.name and kwargs.get("plan") is not None:
        install(using)


def install(using: str = "default") -> None:
    """Lay the triggers and grants; harmless when repeated."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(_STATE_FUNCTION)
        cursor.execute(_APPEND_FUNCTION)
        for model in stage_models():
            if model._meta.db_table in existing:
                _guard_state(cursor, model)
        frozen = [model for model in append_only_models() if model._meta.db_table in existing]
        for model in frozen:
            cursor.execute(
                f'CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{model._meta.db_table}" '
                "FOR EACH ROW EXECUTE FUNCTION ltc_guard_append_only()"
            )
        _grant(cursor, existing, frozen)


def _guard_state(cursor: Any, model: type[Any]) -> None:
    arguments = ", ".join(f"'{word}'" for word in [model.states.initial, *arrows(model)])
    cursor.execute(
        f'CREATE OR REPLACE TRIGGER state_machine BEFORE INSERT OR UPDATE OF state ON "{model._meta.db_table}" '
        f"FOR EACH ROW EXECUTE FUNCTION ltc_guard_state({arguments})"
    )


def _grant(cursor: Any, existing: set[str], frozen: list[type[Any]]) -> None:
    """The role that serves pages may not rewrite history nor delete a record."""
    role = settings.LTC_APP_ROLE
    cursor.execute("SELECT current_user <> %s AND EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", [role, role])
    if not cursor.fetchone()[0]:
        return
    cursor.execute(f'GRANT USAGE ON SCHEMA public TO "{role}"')
    cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"')
    cursor.execute(f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"')
    for model in frozen:
        cursor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{model._meta.db_table}" FROM "{role}"')
    for model in stage_models():
        if model._meta.db_table in existing:
            cursor.execute(f'REVOKE DELETE, TRUNCATE ON "{model._meta.db_table}" FROM "{role}"')
    cursor.execute(f'REVOKE INSERT, UPDATE, DELETE ON "django_migrations" FROM "{role}"')
