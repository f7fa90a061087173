"""Jobs of the kernel."""

from celery import shared_task

from process.services.anchors import anchor_heads


@shared_task(name="process.anchor")
def anchor() -> None:
    """Every night: anchor the log's heads."""
    anchor_heads()
