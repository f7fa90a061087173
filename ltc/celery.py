"""Celery: the worker and the beat. What must not be lost is a row with a due date; beat only rings the bell."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ltc.settings")

app = Celery("ltc")
app.conf.update(
    broker_url=os.environ.get("REDIS_URL", ""),
    broker_connection_retry_on_startup=True,
    # A killed worker's task comes back within seconds, not after kombu's default hour.
    broker_transport_options={
        "visibility_timeout": 300,
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
    timezone="Asia/Shanghai",
    # In LTC order.
    beat_schedule={},
)
app.autodiscover_tasks()
