"""Jobs of the final accounts."""

from celery import shared_task

from closing import services


@shared_task
def lock_again() -> int:
    """Reopened final accounts lock themselves on their day."""
    return services.lock_again()
