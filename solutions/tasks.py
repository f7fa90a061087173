"""Jobs of solutions: beat rings the bell, the services do the work."""

from celery import shared_task

from solutions.services import poc, quote, tender


@shared_task
def expire_quotes() -> int:
    """Every night: quotes whose last valid day has passed."""
    return quote.expire_overdue()


@shared_task
def remind_of_tenders() -> int:
    """Every quarter of an hour: bid deadlines that come near."""
    return tender.remind_of_deadlines()


@shared_task
def remind_of_pocs() -> int:
    """Every morning: trials whose end date has come."""
    return poc.remind_of_ends()
