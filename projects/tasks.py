"""Jobs of projects: beat rings the bell, the service does the work."""

from celery import shared_task

from projects.services import reminders


@shared_task
def remind_of_resumption() -> int:
    """Every morning: suspended projects whose day has come."""
    return reminders.remind_of_resumption()
