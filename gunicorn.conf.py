"""How gunicorn serves LTC; it reads this file by itself. Options on the command line count more."""

import os
import shutil
import tempfile
from typing import Any

from ltc.observe.logs import at_least_info, configuration

wsgi_app = "ltc.wsgi:application"
bind = f"{os.environ.get('LTC_BIND') or '127.0.0.1'}:{os.environ.get('PORT') or 8000}"
# Threads share a process's memory, but only one of them runs Python at a time: a process for each core.
worker_class = "gthread"
workers = int(os.environ.get("LTC_WEB_WORKERS") or 2)
threads = int(os.environ.get("LTC_WEB_THREADS") or 4)
preload_app = True  # Django starts once instead of once per worker
timeout = 60
graceful_timeout = 20  # seconds an answer may still take when the server is asked to stop
max_requests, max_requests_jitter = 5000, 500
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
forwarded_allow_ips = ""  # Django alone decides what a proxy's headers are worth (LTC_HTTPS)

_level = os.environ.get("LTC_LOG_LEVEL") or "INFO"
logconfig_dict: dict[str, Any] = configuration(_level, os.environ.get("LTC_LOG_FORMAT") or "plain")
logconfig_dict["loggers"] |= {
    "gunicorn.error": {"level": at_least_info(_level), "handlers": ["console"], "propagate": False},
    "gunicorn.access": {"level": "CRITICAL", "handlers": ["console"], "propagate": False},
}

# The figures of all workers lie in one folder (see ltc.observe.metrics): the runner's, or one of this server's own.
# In memory where that is possible: a full disk under a mapped file kills the process (SIGBUS).
_given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
_figures = os.environ["PROMETHEUS_MULTIPROC_DIR"] = _given or tempfile.mkdtemp(
    prefix="ltc-metrics-", dir=worker_tmp_dir
)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the live figures of a worker that has ended."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    if not _given:
        shutil.rmtree(_figures, ignore_errors=True)
