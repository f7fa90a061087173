"""What beat rings for accounts."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts import services

logger = logging.getLogger(__name__)


@shared_task
def send_mails() -> int:
    """Every minute: the mails of the outbox that are due."""
    return services.send_mails()


@shared_task
def send_resets() -> int:
    """Every minute, and at once when somebody asks: password links that were asked for."""
    return services.send_resets()


@shared_task
def purge_sessions() -> int:
    """Every night: sessions that have run out."""
    return services.purge_sessions()


def ring_send_resets() -> None:
    """Have it done now; without Redis, beat rings within a minute of its return."""
    try:
        send_resets.delay()
    except (OperationalError, OSError):
        logger.exception("The job for password links could not be rung; beat will.")
