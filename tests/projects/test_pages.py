"""Pages of projects: list, board, the one page for all departments, the decision sheet, verbs over HTTP."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects import services
from tests.factories.projects import make_approved_project, make_project, make_ready_project, take_offer
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


def _queries(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


@pytest.mark.parametrize("url", ["/projects/", "/projects/board/"])
def test_as_many_queries_for_many_rows_as_for_few(sales, url):
    client = signed_in(sales)
    for _number in range(2):
        make_project(sales)
    few = _queries(client, url)
    for _number in range(10):
        make_project(sales)

    assert _queries(client, url) == few


def test_the_list_filters_and_refuses_unknown_filters(sales):
    project = make_project(sales)
    client = signed_in(sales)

    assert project.code in client.get("/projects/?stage=initiation&scope=mine").content.decode()
    assert project.code not in client.get("/projects/?stage=delivery").content.decode()
    assert client.get("/projects/?colour=red").status_code == 400
    assert client.get("/projects/?sort=-amount").status_code == 200


def test_the_page_answers_where_who_and_what_next_in_few_queries(sales):
    project = make_approved_project(sales)
    take_offer(project, "guidance")
    client = signed_in(sales)
    url = f"/projects/{project.pk}/"

    page = client.get(url).content.decode()
    with CaptureQueriesContext(connection) as seen:
        client.get(url)

    assert 'aria-current="step"' in page
    assert project.code in page
    assert "checklist" in page
    assert "waiting" in page
    assert len(seen) <= 30, "\n".join(query["sql"][:160] for query in seen)


def test_three_views_put_their_panels_first(sales):
    project = make_project(sales)
    client = signed_in(sales)

    pages = {view: client.get(f"/projects/{project.pk}/?view={view}").content.decode() for view in ("ar", "sr", "fr")}

    def first(page, one, other):
        return page.index(f'hx-get="/{one}/') < page.index(f'hx-get="/{other}/')

    assert first(pages["sr"], "solutions/panel", "vouchers/panel")
    assert first(pages["fr"], "vouchers/panel", "solutions/panel")


def test_what_nobody_may_see_does_not_exist(stranger):
    project = make_project()

    client = signed_in(stranger)
    assert client.get(f"/projects/{project.pk}/").status_code == 404
    assert client.get(f"/projects/{project.pk}/decision-sheet/").status_code == 404
    assert client.get(f"/projects/{project.pk}/timeline/").status_code == 404
    assert client.get(f"/projects/panel/{project.case_id}/").status_code == 200
    assert project.code not in client.get(f"/projects/panel/{project.case_id}/").content.decode()


def test_a_project_is_opened_by_form(sales):
    from projects.models import Project

    client = signed_in(sales)
    assert client.get("/projects/new/").status_code == 200

    answer = client.post("/projects/new/", {"title": "续约 2027", "currency": "CNY"})

    project = Project.objects.get(title="续约 2027")
    assert answer.status_code == 302
    assert answer["location"] == f"/projects/{project.pk}/"


def test_verbs_over_http(sales, solution):
    project = make_ready_project(sales)
    url = f"/projects/{project.pk}/submit/"
    services.name_triangle(project, by=sales, sr=solution)

    with unchanged(project):
        assert signed_in(solution).post(url).status_code == 403
    assert signed_in(sales).post(url).status_code == 302
    project.refresh_from_db()
    assert project.state == "in_review"
    with unchanged(project):
        assert signed_in(sales).post(url).status_code == 409


def test_a_refusal_shows_every_reason_on_the_page(sales):
    project = make_project(sales)
    client = signed_in(sales)

    page = client.get(f"/projects/{project.pk}/").content.decode()

    assert f"/projects/{project.pk}/name_triangle/" in page
    assert f"/projects/{project.pk}/add_resource_need/" in page


@pytest.mark.parametrize("act", ["name_triangle", "add_resource_need", "suspend", "lose", "cancel"])
def test_dialogs_open(sales, act):
    project = make_approved_project(sales)

    assert signed_in(sales).get(f"/projects/{project.pk}/{act}/").status_code == 200


def test_the_triangle_by_form(sales, solution, delivery):
    project = make_project(sales)

    answer = signed_in(sales).post(
        f"/projects/{project.pk}/name_triangle/", {"sr": solution.pk, "fr": delivery.pk, "note": ""}
    )

    assert answer.status_code == 302
    assert project.seat_holder_ids()["fr"] == delivery.pk


def test_the_decision_sheet_on_one_page(sales, director):
    project = make_approved_project(sales)

    page = signed_in(director).get(f"/projects/{project.pk}/decision-sheet/").content.decode()

    assert "640,600.00" in page
    assert "28.82" in page
    assert "外购设备" in page


def test_cost_stays_hidden_from_those_without_the_right(sales):
    project = make_ready_project(sales)
    assert not sales.has_right("see_cost")

    client = signed_in(sales)
    sheet = client.get(f"/projects/{project.pk}/decision-sheet/").content.decode()
    timeline = client.get(f"/projects/{project.pk}/timeline/").content.decode()

    assert "640,600.00" not in sheet
    assert "640600" not in timeline


def test_the_timeline_is_that_of_the_whole_case(sales):
    project = make_approved_project(sales)
    take_offer(project, "guidance")

    page = signed_in(sales).get(f"/projects/{project.pk}/timeline/").content.decode()

    assert page.count("<li>") >= 8
