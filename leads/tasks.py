"""What beat rings for leads; each sweep is harmless when repeated."""

from celery import shared_task

from leads.services import sweeps


@shared_task
def remind_leads() -> None:
    """First responses and next acts that are overdue."""
    sweeps.remind_first_response()
    sweeps.remind_next_acts()


@shared_task
def wake_leads() -> None:
    """Leads whose waiting is over."""
    sweeps.wake_due()


@shared_task
def pool_leads() -> None:
    """Leads nobody has followed up."""
    sweeps.pool_neglected()
