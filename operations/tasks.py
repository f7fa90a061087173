"""Jobs of operations."""

from celery import shared_task

from operations.services import agreement, ticket


@shared_task
def watch_agreements() -> int:
    """Warranty and service ends: 90, 60, 30 and 7 days ahead."""
    return agreement.sweep()


@shared_task
def watch_tickets() -> int:
    """The clocks of open tickets: 75, 100 and 125 % of the promise."""
    return ticket.sweep()
