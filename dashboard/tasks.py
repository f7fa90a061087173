"""What beat rings for the dashboard; harmless when repeated."""

from celery import shared_task

from dashboard import services


@shared_task
def recount() -> None:
    """The kept figures, counted anew."""
    services.recount()
