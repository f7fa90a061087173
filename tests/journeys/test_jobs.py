"""Background jobs as they really run: a Celery worker of its own over the test's Redis and database."""

import datetime as dt
import os
import re
import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from redis import Redis

from accounts.models import Notice
from billing.models import ReceivableLine
from core.calendar import today
from finance.models import CostBook, VarianceAlert
from finance.services import ledger
from leads.models import Lead
from ltc.celery import SCHEDULE, app
from process import stages
from tests.factories.billing import line_of
from tests.factories.contracts import make_effective_contract
from tests.factories.finance import category, line, make_book, make_budget
from tests.factories.leads import make_working_lead
from tests.people import make_user
from tests.processes import wait_until, worker

Owner = psycopg.Connection[tuple[object, ...]]

# Somebody waits for what this connection has not committed yet.
WAITS_FOR_ME = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"


def ring(*names: str) -> None:
    """What beat does when a bell is due."""
    for name in names:
        app.send_task(name)


def wait_until_done() -> None:
    """Nothing is left in the queue, and nothing is being worked on."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        wait_until(lambda: not redis.llen("celery") and not redis.hlen("unacked"), "the jobs are done")


def late_lead() -> Lead:
    """A lead whose next act was promised for the day before yesterday."""
    return make_working_lead(next_action="拜访", next_action_on=today() - dt.timedelta(days=2))


# The schedule -----------------------------------------------------------------------------------------
# Rung by the service that wrote the row, and swept up by a job of the table where that bell was lost.
RUNG_BY_SERVICES = {"billing.tasks.take_statement"}


def test_every_job_has_its_bell_and_every_bell_its_job() -> None:
    app.loader.import_default_modules()
    jobs = {name for name in app.tasks if not name.startswith("celery.")}
    assert jobs - RUNG_BY_SERVICES == set(SCHEDULE)
    assert jobs, "the tasks were found"
    marked = 0
    for config in apps.get_app_configs():
        source = Path(config.path) / "tasks.py"
        if source.is_relative_to(settings.BASE_DIR) and ".local" not in source.parts and source.exists():
            marked += len(re.findall(r"^@shared_task", source.read_text(encoding="utf-8"), re.MULTILINE))
    assert marked == len(jobs)


def test_bells_stand_in_the_order_of_the_stages() -> None:
    """Lead to cash, then what serves it."""
    order = [stage.app for stage in stages.STAGES]
    order.insert(order.index("contracts") + 1, "billing")
    rung = list(dict.fromkeys(name.split(".")[0] for name in SCHEDULE))
    known = [name for name in rung if name in order]
    assert known == sorted(known, key=order.index)
    assert rung[: len(known)] == known


def test_every_bell_rings_at_least_once_a_day() -> None:
    yesterday = app.now() - dt.timedelta(hours=25)
    assert [name for name, bell in SCHEDULE.items() if not bell.is_due(yesterday).is_due] == []


@pytest.mark.parametrize(("hour", "rings"), [(7, False), (8, False), (9, True), (13, True), (17, True), (18, False)])
def test_a_bell_follows_the_clock_of_the_company(hour: int, rings: bool) -> None:
    """Leads are reminded of in working hours, Shanghai time, wherever the machine stands."""
    moment = dt.datetime(2026, 3, 6, hour, 30, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    bell = SCHEDULE["leads.tasks.remind_leads"]
    with time_machine.travel(moment, tick=False):
        assert bell.is_due(moment - dt.timedelta(minutes=5)).is_due is rings


# Really running ---------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_due_things_are_told_once_though_the_bell_rings_twice(tmp_path: Path) -> None:
    """A lead's next act overdue, a receivable due soon and then overdue, a budget nearly spent."""
    lead, book = late_lead(), nearly_spent_book()
    contract = make_effective_contract()
    receivable = line_of(contract, "effect")
    money = (contract.owner_id, receivable.get_absolute_url())
    Notice.objects.all().delete()
    with worker(tmp_path / "sweeps.log"):
        fall_due(receivable, today() + dt.timedelta(days=3))
        ring(*["leads.tasks.remind_leads", "billing.tasks.remind_due", "finance.tasks.scan_variance"] * 2)
        wait_until_done()
        assert set(told().values()) == {1}
        assert {(lead.owner_id, lead.get_absolute_url()), money, (book.owner_id, book.get_absolute_url())} <= set(
            told()
        )
        once = sum(told().values())
        fall_due(receivable, today() - dt.timedelta(days=3))
        ring(*["leads.tasks.remind_leads", "billing.tasks.remind_overdue", "finance.tasks.scan_variance"] * 2)
        wait_until_done()
    assert told()[money] == 2, "due, and then overdue"
    assert sum(told().values()) == once + 1
    assert VarianceAlert.objects.filter(book=book).count() == 1


def told() -> dict[tuple[int, str], int]:
    """How often each person was told about each record."""
    return dict(Counter(Notice.objects.values_list("user_id", "link")))


def fall_due(receivable: ReceivableLine, day: dt.date) -> None:
    """The worker's clock cannot be moved, so the day is."""
    ReceivableLine.objects.filter(pk=receivable.pk).update(due_on=day)


def nearly_spent_book() -> CostBook:
    """95 % of a budget line is spent, and the alert that the posting gave was lost."""
    ar = make_user("ar", department="sales_north", roles=("ar",))
    fr = make_user("fr", department="implementation", roles=("fr",))
    pfc = make_user("pfc", department="project_finance", roles=("pfc",))
    book = make_book(ar, seats={"fr": fr})
    make_budget(book, by=fr, decider=pfc, lines=[line("material.hardware", 100000)])
    hardware = category("material.hardware")
    ledger.post(book, nature="cost", category=hardware, net_amount=Decimal(95000), source="test:spent", by=pfc)
    VarianceAlert.objects.filter(book=book).delete()
    return book


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, owner_connection: Owner) -> None:
    """kill -9 while it writes the notice: nothing of it is there; after a restart the notice comes, once."""
    lead = late_lead()
    key = f"lead-next-act:{lead.pk}:{today()}"
    told = Notice.objects.filter(key=key)
    with worker(tmp_path / "killed.log") as process, owner_connection.transaction(force_rollback=True):
        # The same row, not committed yet: the worker's INSERT waits for it, and so is in its middle.
        owner_connection.execute(
            "INSERT INTO accounts_notice (user_id, key, message, params, words, link, level, created_at) "
            "VALUES (%s, %s, '', '{}', '{}', '', 'info', now())",
            [lead.owner_id, key],
        )
        ring("leads.tasks.remind_leads")
        wait_until(lambda: owner_connection.execute(WAITS_FOR_ME).fetchone() is not None, "it is in the middle")
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert told.count() == 0
    with worker(tmp_path / "restarted.log"):
        ring("leads.tasks.remind_leads", "leads.tasks.remind_leads")
        wait_until(lambda: told.count() > 0, "the notice is there")
        with Redis.from_url(settings.REDIS_URL) as redis:
            wait_until(lambda: not redis.llen("celery"), "the queue is empty")
    assert told.count() == 1
