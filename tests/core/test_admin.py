"""The back room shows basic data; counters are only looked at."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from core import calendar
from core.admin import SequenceAdmin, WorkingDayAdmin
from core.models import CalendarYear, Currency, ExchangeRate, Sequence, WorkingDay
from tests.core.test_calendar import FRIDAY


def test_basic_data_is_kept_in_the_admin_and_keys_are_not() -> None:
    assert {Currency, ExchangeRate, WorkingDay, CalendarYear, Sequence} <= set(admin.site._registry)
    assert "idempotencykey" not in {model._meta.model_name for model in admin.site._registry}


def test_nobody_turns_a_counter_by_hand() -> None:
    model_admin, request = SequenceAdmin(Sequence, admin.site), RequestFactory().get("/")
    assert not model_admin.has_add_permission(request)
    assert not model_admin.has_change_permission(request)
    assert not model_admin.has_delete_permission(request)


@pytest.mark.django_db
def test_a_day_entered_counts_at_once(empty_calendar: None) -> None:
    assert calendar.is_working_day(FRIDAY)
    model_admin, request = WorkingDayAdmin(WorkingDay, admin.site), RequestFactory().post("/")
    day = WorkingDay(day=FRIDAY, is_working=False)
    model_admin.save_model(request, day, None, change=False)
    assert not calendar.is_working_day(FRIDAY)
    model_admin.delete_model(request, day)
    assert calendar.is_working_day(FRIDAY)
