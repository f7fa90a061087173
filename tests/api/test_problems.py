"""Every error below /api/ is problem details, whoever finds it."""

import pytest
from django.test import Client

from accounts.models import User
from process.api.records import RecordViewSet
from tests.api.caller import Caller, problem
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db


def test_an_unknown_address_is_404(sales: User) -> None:
    problem(Caller(sales).get("nothing/"), 404)
    problem(Client().get("/api/nothing/"), 404)
    problem(Caller(sales).get("leads/99999999999999999999999/"), 404)


def test_nobody_is_401_and_told_how_to_sign_in(db: None) -> None:
    answer = Caller().get("leads/")
    problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"
    problem(Caller().post("leads/", {"company_name": "x"}), 401)


def test_a_method_an_address_does_not_take_is_405(sales: User) -> None:
    answer = Caller(sales).client.delete("/api/v1/leads/")
    problem(answer, 405)
    assert "DELETE" not in answer["Allow"]


def test_a_format_nobody_speaks_is_406(sales: User) -> None:
    problem(Caller(sales).get("leads/", Accept="image/png"), 406)


def test_a_content_type_nobody_reads_is_415(sales: User) -> None:
    problem(signed_in(sales).post("/api/v1/leads/", "<a/>", content_type="application/xml"), 415)


def test_a_mistake_of_ours_is_500_without_a_trace(sales: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(RecordViewSet, "list", broken)
    client = signed_in(sales)
    client.raise_request_exception = False
    answer = client.get("/api/v1/leads/")
    problem(answer, 500)
    assert b"secret" not in answer.content


def test_a_session_needs_its_csrf_token(sales: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(sales)
    problem(client.post("/api/v1/leads/", "{}", content_type="application/json"), 403)


def test_titles_are_in_the_callers_language(sales: User) -> None:
    titles = {
        problem(Caller(sales, language=language).get("leads/?x=1"), 400)["title"]
        for language in ("en", "zh-hans", "fr")
    }
    assert len(titles) == 2, "French is not spoken: the person's own language answers"
