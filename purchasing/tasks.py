"""Jobs of purchasing."""

from celery import shared_task

from purchasing.services import bill


@shared_task
def remind_bills() -> int:
    """Posted bills that should be paid by now."""
    return bill.remind()
