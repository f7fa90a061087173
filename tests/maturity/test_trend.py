"""The trend: kept once per month of the company's calendar, for ever."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from accounts.models import Department, User
from core.calendar import today
from maturity import tasks
from maturity import trend as selectors
from maturity.models import Level, Snapshot
from maturity.selectors import Figures
from maturity.services import practice as practices
from maturity.services import snapshot as services
from tests.api.caller import Caller, problem
from tests.factories.maturity import make_keeper, make_practice
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def department(code: str) -> int:
    return Department.objects.get(code=code).pk


def test_once_per_month_and_never_again() -> None:
    """A row for each of 7 stages and for each of the 16 pairs of department and stage that have a step."""
    practice = make_practice("ML-2", medium="excel", fit=2)
    kept = services.keep()
    assert kept == Snapshot.objects.count() > 7
    before = list(Snapshot.objects.order_by("pk").values())
    practices.edit(practice, by=make_keeper(), medium="ltc", fit=4)
    assert tasks.keep_month() == 0
    assert list(Snapshot.objects.order_by("pk").values()) == before
    assert set(Snapshot.objects.values_list("month", flat=True)) == {today().replace(day=1)}


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC), dt.date(2026, 12, 1)),  # 23:59:59 in Shanghai
        (dt.datetime(2026, 12, 31, 16, 0, 0, tzinfo=dt.UTC), dt.date(2027, 1, 1)),  # midnight
    ],
)
def test_the_month_is_that_of_the_company(moment: dt.datetime, month: dt.date) -> None:
    with time_machine.travel(moment, tick=False):
        assert services.keep()
        assert set(Snapshot.objects.values_list("month", flat=True)) == {month}


def test_a_month_that_was_missed_is_made_up_for_later_in_it() -> None:
    with time_machine.travel(dt.datetime(2027, 2, 17, 3, tzinfo=dt.UTC), tick=False):
        assert services.keep()
    assert Snapshot.objects.first().month == dt.date(2027, 2, 1)


def test_the_database_keeps_it_so() -> None:
    services.keep()
    row = Snapshot.objects.filter(department__isnull=True).first()
    for change in (lambda: Snapshot.objects.update(covered=9), lambda: Snapshot.objects.all().delete()):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
            change()
    again = {name: getattr(row, name) for name in ("month", "stage", "level", *vars(Figures()))}
    for wrong in (
        again,
        {**again, "month": dt.date(2020, 1, 2)},
        {**again, "month": dt.date(2020, 1, 1), "level": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Snapshot.objects.create(**wrong)


def test_the_trend_by_hand() -> None:
    """October nothing, November one of sales' three lead steps, today two and one of north: 0, 1, 3 of 28, 28, 29."""
    keeper = make_keeper()
    services.keep(dt.date(2026, 10, 9))
    make_practice("ML-2", by=keeper, fit=2)
    services.keep(dt.date(2026, 11, 1))
    make_practice("ML-3", by=keeper, fit=4)
    make_practice("ML-3", department="sales_north", by=keeper, fit=4)

    def counted(*scope: object) -> list[tuple[int, int, int]]:
        return [(one.figures.covered, one.figures.applicable, one.figures.fit) for one in selectors.trend(*scope)]

    assert counted() == [(0, 28, 0), (1, 28, 2), (3, 29, 10)]
    assert counted(department("sales"), "lead") == [(0, 3, 0), (1, 3, 2), (2, 3, 6)]
    assert counted(None, "lead") == [(0, 4, 0), (1, 4, 2), (3, 5, 10)]
    assert counted(department("sales_north")) == [(1, 1, 4)]
    found = selectors.trend()
    assert [one.on for one in found] == [dt.date(2026, 10, 1), dt.date(2026, 11, 1), today()]
    assert found[0].levels["lead"] == Level.INITIAL and len(found[0].levels) == 7
    assert [one.levels for one in selectors.trend(department("sales"), "")] == [{}, {}, {}]


def test_two_years_are_shown() -> None:
    for number in range(30):
        services.keep(dt.date(2024 + number // 12, number % 12 + 1, 1))
    assert len(selectors.trend()) == selectors.MOST_MONTHS + 1


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", ("按月数字化覆盖", "今天")), ("en", ("Digital coverage by month", "Today"))]
)
def test_the_page_and_the_api(stranger: User, language: str, words: tuple[str, ...]) -> None:
    make_practice("ML-2")
    services.keep()
    stranger.language = language
    stranger.save()
    client = signed_in(stranger)
    page = client.get("/maturity/trend/").content.decode()
    assert all(word in page for word in words) and "chart-levels" in page
    narrowed = client.get(f"/maturity/trend/?department={department('sales')}&stage=lead").content.decode()
    assert "1 / 3" in narrowed and "chart-levels" not in narrowed
    assert '"kind": "bar"' in page and '"kind": "bar"' not in client.get("/maturity/trend/?stage=lead").content.decode()
    for wrong in ("stage=nowhere", "department=x", "colour=red"):
        assert client.get(f"/maturity/trend/?{wrong}").status_code == 400
        problem(Caller(stranger).get(f"maturity/trend/?{wrong}"), 400)
    body = Caller(stranger).get("maturity/trend/?stage=lead").json()
    assert [(one["covered"], one["applicable"]) for one in body] == [(1, 4), (1, 4)]
    assert body[0]["levels"] == {"lead": 1} and body[-1]["on"] == f"{today()}"
