"""What beat rings for guidance."""

from celery import shared_task

from guidance import services


@shared_task
def remind_guidance() -> None:
    """Next steps that are overdue."""
    services.remind_next_steps()
