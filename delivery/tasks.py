"""Jobs of delivery."""

from celery import shared_task

from delivery.services import early, order


@shared_task
def watch_early_starts() -> int:
    """Permits lapse on their day; caps and ends that are near are told."""
    return early.sweep()


@shared_task
def watch_orders() -> int:
    """Late milestones, and deliveries nobody has reported on for two weeks."""
    return order.sweep()
