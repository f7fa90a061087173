"""Jobs of the kernel."""

from celery import shared_task

from process.services.anchors import anchor_heads
from process.services.files import sweep_strays
from process.services.improvements import remind_undecided


@shared_task(name="process.anchor")
def anchor() -> None:
    """Every night: anchor the log's heads."""
    anchor_heads()


@shared_task(name="process.sweep_files")
def sweep_files() -> None:
    """Every night: remove uploads whose transaction was cut off."""
    sweep_strays()


@shared_task(name="process.remind_improvements")
def remind_improvements() -> None:
    """Every working morning: proposals to improve a step that nobody has decided on."""
    remind_undecided()
