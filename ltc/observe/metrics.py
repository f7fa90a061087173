"""Figures for Prometheus: requests of all web processes of this server, and what waits in queue and database."""

import os
import time
from collections.abc import Callable, Iterator
from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from ltc.observe import life

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# A proxy on this machine makes every stranger look like a neighbour, but says so in one of these.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")

REQUESTS = Counter("ltc_requests", "Answers, by name of the address.", ["view", "method", "status"])
SECONDS = Histogram(
    "ltc_request_seconds",
    "Time to answer, by name of the address.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class MetricsMiddleware:
    """Counts and times every answer. Labels are names of ours alone, so that no stranger can make up new ones."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.view_name if match else "") or "unknown"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, response.status_code).inc()
        SECONDS.labels(view).observe(time.perf_counter() - begun)
        return response


class Waiting(Collector):
    """What is read at the moment of asking: queue, jobs, signs of life, rows that are due."""

    def collect(self) -> Iterator[Metric]:
        """Everything that answers; a service that does not is told by ltc_up."""
        up = GaugeMetricFamily("ltc_up", "1 when the service answers.", labels=["service"])
        for service, read in (("redis", _redis_figures), ("database", _due_rows)):
            try:
                figures = list(read())
            except (RedisError, OSError, Error):
                figures = []
            up.add_metric([service], float(bool(figures)))
            yield from figures
        yield up


def _redis_figures() -> Iterator[Metric]:
    queue = GaugeMetricFamily("ltc_queue_jobs", "Jobs that wait, and jobs being worked on.", labels=["state"])
    alive = GaugeMetricFamily("ltc_processes", "Workers and beats that gave a sign of life.", labels=["kind"])
    ended = CounterMetricFamily("ltc_jobs", "Jobs that ended.", labels=["task", "state"])
    last = GaugeMetricFamily("ltc_job_last_end_seconds", "When a job ended last, Unix time.", labels=["task"])
    with Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as redis:
        queue.add_metric(["waiting"], float(redis.llen("celery")))
        queue.add_metric(["running"], float(redis.hlen("unacked")))
        signs = redis.zrangebyscore(life.WORKERS, time.time() - life.STALE, "+inf")
        jobs = redis.hgetall(life.JOBS)
    for kind in ("worker", "beat"):
        alive.add_metric([kind], float(sum(sign.decode().startswith(f"{kind}@") for sign in signs)))
    for field, value in jobs.items():
        task, state = field.decode().rsplit(" ", 1)
        if state == "at":
            last.add_metric([task], float(value))
        else:
            ended.add_metric([task, state], float(value))
    yield from (queue, alive, ended, last)


# What waits for somebody, by an index each: overdue steps and handovers nobody has taken yet.
_DUE = {
    "overdue steps": "SELECT count(*) FROM process_steprecord WHERE state = 'open' AND due_at < now()",
    "mails": "SELECT count(*) FROM accounts_mail WHERE status = 'waiting' AND due_at < now()",
    "handovers": "SELECT count(*) FROM process_handover WHERE state = 'offered'",
}


def _due_rows() -> Iterator[Metric]:
    due = GaugeMetricFamily("ltc_due_rows", "Rows that wait for somebody.", labels=["kind"])
    with connection.cursor() as cursor:
        for kind, statement in _DUE.items():
            cursor.execute(statement)
            due.add_metric([kind], float(cursor.fetchone()[0]))
    yield due


def _may_read(request: HttpRequest) -> bool:
    """With LTC_METRICS_TOKEN, whoever brings it; without, this machine alone and never through a proxy."""
    if settings.LTC_METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return compare_digest(given.encode(), f"Bearer {settings.LTC_METRICS_TOKEN}".encode())
    forwarded = any(name in request.META for name in FORWARDED)
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not forwarded


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics; for everybody else the page does not exist."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
        parts = [registry]
    else:
        parts = [REGISTRY]
    waiting = CollectorRegistry()
    waiting.register(Waiting())
    body = b"".join(generate_latest(part) for part in (*parts, waiting))
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)
