"""Celery: the worker and the beat. What must not be lost is a row with a due date; beat only rings the bell."""

import logging.config
import os
from typing import Any

from celery import Celery, Task, signals
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from django.db import InterfaceError, OperationalError
from django_structlog.celery.steps import DjangoStructLogInitStep

from ltc.observe import life

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ltc.settings")


def _at(hour: int, minute: int) -> crontab:
    """Once a day, in the company's time zone."""
    return crontab(hour=hour, minute=minute)


# In LTC order, then the apps that serve the stages. Every job is a sweep over what the database says is due, so
# a bell that rings twice, late or not at all for a while does no harm. Reminders stand at the start of the day.
SCHEDULE: dict[str, crontab] = {
    "leads.tasks.remind_leads": crontab(minute="*/30", hour="9-17"),
    "leads.tasks.wake_leads": _at(7, 0),
    "leads.tasks.pool_leads": _at(7, 10),
    "projects.tasks.remind_of_resumption": _at(7, 30),
    "guidance.tasks.remind_guidance": _at(8, 0),
    "solutions.tasks.expire_quotes": _at(0, 20),
    "solutions.tasks.remind_of_tenders": crontab(minute="*/15"),
    "solutions.tasks.remind_of_pocs": _at(8, 5),
    "billing.tasks.judge_promises": _at(7, 50),
    "billing.tasks.propose_letters": _at(8, 0),
    "billing.tasks.remind_due": _at(8, 10),
    "billing.tasks.remind_overdue": _at(8, 15),
    "billing.tasks.remind_uninvoiced": _at(8, 20),
    "billing.tasks.remind_unclaimed": _at(8, 25),
    "billing.tasks.remind_bills": _at(8, 28),
    "billing.tasks.lapse_credit_notes": crontab(minute=5),
    "billing.tasks.take_statements": crontab(minute="*/5"),
    "delivery.tasks.watch_early_starts": _at(0, 30),
    "delivery.tasks.watch_orders": _at(8, 30),
    "operations.tasks.watch_agreements": _at(8, 35),
    "operations.tasks.watch_tickets": crontab(minute="*/5"),
    "closing.tasks.lock_again": _at(0, 40),
    "approvals.tasks.watch_approvals": crontab(minute="*/10"),
    "approvals.tasks.lapse_special_approvals": _at(0, 15),
    "approvals.tasks.expire_letters": _at(0, 1),
    "approvals.tasks.remind_of_letters": _at(8, 45),
    "finance.tasks.open_month": _at(0, 5),
    "finance.tasks.close_reopened_months": _at(0, 10),
    "finance.tasks.freeze_actuals": _at(0, 50),
    "finance.tasks.post_vouchers": crontab(minute=15),
    "finance.tasks.scan_variance": _at(6, 30),
    "finance.tasks.remind_deposits": _at(8, 40),
    "purchasing.tasks.remind_bills": _at(8, 45),
    "accounts.tasks.send_resets": crontab(),
    "accounts.tasks.send_mails": crontab(),
    "dashboard.tasks.recount": crontab(minute="*/5"),
    "maturity.tasks.keep_month": _at(0, 35),
    "process.anchor": _at(2, 0),
    "process.sweep_files": _at(2, 40),
    "process.remind_improvements": _at(8, 50),
    "core.tasks.purge_idempotency_keys": _at(2, 30),
    "accounts.tasks.purge_sessions": _at(2, 40),
}


def _entries() -> dict[str, dict[str, Any]]:
    return {name: {"task": name, "schedule": schedule} for name, schedule in SCHEDULE.items()}


class Beat(PersistentScheduler):
    """The schedule on disk, and a sign of life with every look at it."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring what is due; the seconds until the next look."""
        life.sign("beat")
        return float(super().tick(*args, **kwargs))


class PatientTask(Task):
    """A job that finds the database away rings again until it is back: its next bell may be a day off."""

    autoretry_for = (OperationalError, InterfaceError)
    retry_backoff = 2  # seconds, doubled each time
    retry_backoff_max = 60
    max_retries = 30


app = Celery("ltc", task_cls=PatientTask)
app.conf.update(
    broker_url=os.environ.get("REDIS_URL", ""),
    broker_connection_retry_on_startup=True,
    # A killed worker's task comes back within two minutes, not after kombu's default hour. Whoever waits longer to
    # be rung again would be rung twice, so the longest pause between two tries is shorter.
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_publish_retry=False,
    # Our own lines only (ltc.observe.logs): Celery's would quote what a failing job was given.
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    beat_scheduler="ltc.celery:Beat",
    beat_max_loop_interval=life.EVERY,
    timezone=os.environ.get("LTC_TIME_ZONE", "Asia/Shanghai"),
    beat_schedule=_entries(),
)
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@signals.setup_logging.connect
def _log_as_django_does(**_: Any) -> None:
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.heartbeat_sent.connect
@signals.worker_ready.connect
def _worker_lives(**_: Any) -> None:
    life.sign("worker")


@signals.task_postrun.connect
def _job_ended(task: Any = None, state: str | None = None, **_: Any) -> None:
    life.job_ended(task.name, state or "unknown")
