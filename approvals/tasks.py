"""Jobs of approvals."""

from celery import shared_task

from approvals.services import special


@shared_task
def lapse_special_approvals() -> int:
    """Special approvals lapse after their last day."""
    return special.sweep()
