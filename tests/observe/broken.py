"""Addresses and a job that fail while they hold personal data: for test_logs.py alone."""

from celery import shared_task
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def form(request: HttpRequest) -> HttpResponse:
    """A form that is read wrongly: the message quotes what was typed."""
    return HttpResponse(int(request.POST["name"]))


def statement(request: HttpRequest) -> HttpResponse:
    """A statement the database refuses, quoting the row."""
    with transaction.atomic(), connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                "INSERT INTO core_term (dictionary, code, zh, en, position, is_active) "
                "VALUES (%s, %s, %s, %s, 1, true)",
                ["test", request.POST["phone"], request.POST["name"], "x"],
            )
    return HttpResponse()


def job(request: HttpRequest) -> HttpResponse:
    """A job that is handed personal data."""
    fail.delay(request.POST["name"], phone=request.POST["phone"])
    return HttpResponse("queued")


@shared_task(name="tests.fail")
def fail(name: str, phone: str) -> None:
    """Fails in the middle of its data."""
    raise ValueError(f"{name} cannot be reached at {phone}")


urlpatterns = [
    path("broken/form/", form),
    path("broken/statement/", statement),
    path("broken/job/", job),
    path("", include("ltc.urls")),
]
handler500 = "core.views.server_error"
