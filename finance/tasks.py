"""Jobs of finance: each is a sweep over what the database says is due, harmless when repeated."""

from celery import shared_task

from finance.services import alerts, deposit, period, voucher


@shared_task
def scan_variance() -> int:
    """Budget lines that run full, behind the scan every posting does."""
    return alerts.scan_all()


@shared_task
def post_vouchers() -> int:
    """Approved vouchers that are not posted yet."""
    return voucher.post_approved()


@shared_task
def open_month() -> bool:
    """The current accounting month is there."""
    return period.open_current() is not None


@shared_task
def close_reopened_months() -> int:
    """Months that were reopened for a few days close again."""
    return period.close_again()


@shared_task
def freeze_actuals() -> int:
    """Actual sheets of closed months."""
    return period.freeze_actuals()


@shared_task
def remind_deposits() -> int:
    """Deposits that should be back, guarantees that run out."""
    return deposit.remind()
