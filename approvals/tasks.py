"""Jobs of approvals."""

from celery import shared_task

from approvals.services import escalating, special


@shared_task
def lapse_special_approvals() -> int:
    """Special approvals lapse after their last day."""
    return special.sweep()


@shared_task
def watch_approvals() -> int:
    """The clock of opinions and decisions: reminders, and the next head up."""
    return escalating.sweep()
