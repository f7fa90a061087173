"""Jobs of the kernel."""

from celery import shared_task

from process.services.anchors import anchor_heads
from process.services.files import sweep_strays


@shared_task(name="process.anchor")
def anchor() -> None:
    """Every night: anchor the log's heads."""
    anchor_heads()


@shared_task(name="process.sweep_files")
def sweep_files() -> None:
    """Every night: remove uploads whose transaction was cut off."""
    sweep_strays()
