"""What beat rings for coverage and maturity; harmless when repeated."""

from celery import shared_task

from maturity.services import snapshot


@shared_task
def keep_month() -> int:
    """The figures of the month, kept at the first bell in it."""
    return snapshot.keep()
