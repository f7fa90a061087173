"""Jobs of the ground floor."""

from celery import shared_task

from core.idempotency import purge_keys


@shared_task
def purge_idempotency_keys() -> int:
    """Every night: keys of requests nobody will send again."""
    return purge_keys()
