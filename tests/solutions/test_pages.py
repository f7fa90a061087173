"""Pages of solutions, quotes, tenders and trials."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from process.services import seat
from solutions.models import Quote
from tests.factories.solutions import ar_of, make_poc, make_quote, make_ready_solution, make_solution, make_tender
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db
MAKERS = {"solutions": make_solution, "quotes": make_quote, "tenders": make_tender, "pocs": make_poc}


@pytest.mark.parametrize("plural", MAKERS)
def test_list_detail_new_and_board(plural):
    record = MAKERS[plural]()
    client = signed_in(seat(record.case_id, "ar"))

    assert record.code in client.get(f"/{plural}/").content.decode()
    assert record.code in client.get(f"/{plural}/{record.pk}/").content.decode()
    assert record.code in client.get(f"/{plural}/panel/{record.case_id}/").content.decode()
    for path in ("new/", "board/", f"{record.pk}/timeline/", "?colour=red"):
        expected = 400 if path.startswith("?") else 200
        assert client.get(f"/{plural}/{path}").status_code == expected


@pytest.mark.parametrize("plural", MAKERS)
def test_a_stranger_sees_nothing(plural, stranger):
    record = MAKERS[plural]()
    client = signed_in(stranger)

    assert client.get(f"/{plural}/{record.pk}/").status_code == 404
    assert record.code not in client.get(f"/{plural}/").content.decode()


def test_the_quote_list_needs_no_more_queries_for_more_rows():
    solution = make_solution()
    client = signed_in(ar_of(solution))

    def queries():
        client.get("/quotes/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/quotes/")
        return len(seen)

    for _number in range(2):
        make_quote(solution)
    few = queries()
    for _number in range(10):
        make_quote(solution)

    assert queries() == few


def test_a_quote_with_mixed_rates_by_form():
    from core.calendar import today
    from finance.selectors import tax_rate

    solution = make_solution()
    rows = (("设备", "791,000.00", "13"), ("安装", "109,000.00", "9"), ("服务", "106,000.00", "6"))
    data = {
        "solution": solution.pk,
        "title": "",
        "currency": "CNY",
        "lines-TOTAL_FORMS": len(rows),
        "lines-INITIAL_FORMS": 0,
    }
    for number, (name, price, rate) in enumerate(rows):
        data |= {
            f"lines-{number}-name": name,
            f"lines-{number}-quantity": "1",
            f"lines-{number}-gross_price": price,
            f"lines-{number}-tax_rate": tax_rate(rate, today()).pk,
        }
    client = signed_in(ar_of(solution))

    answer = client.post("/quotes/new/", data)

    assert answer.status_code == 302, answer.content.decode()[-3000:]
    quote = Quote.objects.get()
    page = client.get(answer["location"]).content.decode()
    assert f"{quote.net_amount}" == "900000.00"
    assert "700,000.00" in page
    assert "1,006,000.00" in page
    assert client.get(f"/quotes/{quote.pk}/edit/").status_code == 200


def test_a_verb_over_http_by_the_right_and_the_wrong_person(stranger):
    solution = make_ready_solution()
    url = f"/solutions/{solution.pk}/submit/"
    fr = seat(solution.case_id, "fr")

    with unchanged(solution):
        assert signed_in(stranger).post(url).status_code == 404
        assert signed_in(fr).post(url).status_code == 403
    assert signed_in(seat(solution.case_id, "sr")).post(url).status_code == 302
    solution.refresh_from_db()
    assert solution.state == "in_review"
    with unchanged(solution):
        assert signed_in(seat(solution.case_id, "sr")).post(url).status_code == 409


def test_margin_is_hidden_from_those_without_the_right():
    solution = make_ready_solution()
    quote = solution.quotes.get()
    ar = ar_of(solution)
    assert not ar.has_right("see_cost")

    page = signed_in(ar).get(f"/quotes/{quote.pk}/").content.decode()

    assert "28.82" not in page
    assert "640,600.00" not in page
