"""Signs of life: a file for the health check beside the process, and a few keys in Redis for /metrics.

Nothing depends on them: where Redis or the disk does not answer, the sign is missing and the work goes on.
"""

import logging
import os
import socket
import time
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

EVERY = 10  # seconds between two signs
STALE = 60  # seconds after which a process counts as dead
WORKERS, JOBS = "ltc:workers", "ltc:jobs"
_last: dict[str, float] = {}


def file_of(name: str) -> Path:
    """The sign of life of this machine's (or container's) worker or beat."""
    return Path(os.environ.get("LTC_DATA") or ".local") / "run" / f"{name}-{socket.gethostname()}.alive"


def sign(name: str) -> None:
    """Say "I live", at most every few seconds."""
    now = time.monotonic()
    if now - _last.get(name, -EVERY) < EVERY:
        return
    _last[name] = now
    try:
        path = file_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        logger.warning("The sign of life could not be written: %s", error.strerror)
    _tell(lambda redis: redis.zadd(WORKERS, {f"{name}@{socket.gethostname()}": time.time()}))


def job_ended(task: str, state: str) -> None:
    """Count an ended job and note when it was: `state` is Celery's SUCCESS, FAILURE or RETRY."""

    def write(redis: Redis) -> None:
        with redis.pipeline() as pipe:
            pipe.hincrby(JOBS, f"{task} {state.lower()}", 1)
            pipe.hset(JOBS, f"{task} at", str(int(time.time())))
            pipe.execute()

    _tell(write)


def _tell(write: Any) -> None:
    try:
        with Redis.from_url(os.environ["REDIS_URL"], socket_timeout=1, socket_connect_timeout=1) as redis:
            write(redis)
    except (RedisError, OSError, KeyError):
        logger.warning("A sign of life did not reach Redis")
