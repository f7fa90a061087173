"""Jobs of approvals."""

from celery import shared_task

from approvals.services import escalating, letter, special


@shared_task
def lapse_special_approvals() -> int:
    """Special approvals lapse after their last day."""
    return special.sweep()


@shared_task
def watch_approvals() -> int:
    """The clock of opinions and decisions: reminders, and the next head up."""
    return escalating.sweep()


@shared_task
def expire_letters() -> int:
    """Letters of authority end after their last day."""
    return letter.sweep()


@shared_task
def remind_of_letters() -> int:
    """Both sides learn 30 days before that a letter of authority ends."""
    return letter.remind()
