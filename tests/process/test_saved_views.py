"""Views of a list: kept, shared, given up; columns by right; none of them shows a row more."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import NotAllowed, Refused
from process.models import SavedView
from process.outlet import outlet_of
from process.services import saved_views as services
from process.services.saved_views import MOST
from tests.factories.leads import make_lead, make_working_lead
from tests.factories.solutions import make_quote
from tests.helpers import signed_in

pytestmark = pytest.mark.django_db
LEADS = "leads.lead"


def tabs(user, path: str = "/leads/") -> list[str]:
    """The saved views a person is offered above a list."""
    return [one["label"] for one in signed_in(user).get(path).context["views"] if one.get("saved")]


def heads(user, path: str = "/leads/") -> list[str]:
    return [one["key"] for one in signed_in(user).get(path).context["columns"]]


def test_a_view_is_kept_and_replaced_under_its_name(sales) -> None:
    client = signed_in(sales)
    answer = client.post("/leads/views/?state=working&q=园区", {"name": "在跟进的园区", "sharing": "own"})
    assert answer.status_code == 302
    view = SavedView.objects.get()
    assert (view.owner, view.kind, view.sharing) == (sales, LEADS, "own")
    [tab] = [one for one in client.get(answer["Location"]).context["views"] if one.get("saved")]
    assert tab["active"] and tab["forget_url"]
    client.post("/leads/views/?state=new", {"name": " 在跟进的园区 ", "sharing": "own"})
    assert SavedView.objects.get().query == "state=new"


def test_shared_with_the_department_or_with_everybody(sales, sales2, solution, director) -> None:
    services.save_view(by=sales, kind=LEADS, name="我的", query="state=new")
    services.save_view(by=sales, kind=LEADS, name="本部门", query="state=new", sharing="department")
    services.save_view(by=director, kind=LEADS, name="全公司", query="state=open", sharing="all")
    services.save_view(by=director, kind="quotes.quote", name="报价", sharing="all")
    colleague = type(sales).objects.create(username="desk-mate", name="同事", department=sales.department)
    assert set(tabs(sales)) == {"全公司", "我的", "本部门"}
    assert set(tabs(colleague)) == {"全公司", "本部门"}
    assert tabs(solution) == ["全公司"] == tabs(sales2)


def test_who_may_not(sales, sales2, director) -> None:
    with pytest.raises(NotAllowed):
        services.save_view(by=sales, kind=LEADS, name="全公司", sharing="all")
    view = services.save_view(by=director, kind=LEADS, name="全公司", sharing="all")
    with pytest.raises(NotAllowed):
        services.delete_view(view, by=sales)
    client = signed_in(sales)
    assert client.post(f"/leads/views/{view.pk}/forget/").status_code == 403
    mine = services.save_view(by=sales2, kind=LEADS, name="私有")
    assert client.post(f"/leads/views/{mine.pk}/forget/").status_code == 404, "not even that it exists"
    assert SavedView.objects.count() == 2
    assert signed_in(director).post(f"/leads/views/{view.pk}/forget/").status_code == 302
    assert SavedView.objects.get() == mine


def test_what_is_refused(sales) -> None:
    with pytest.raises(Refused):
        services.save_view(by=sales, kind=LEADS, name="  ")
    client = signed_in(sales)
    assert client.post("/leads/views/?colour=red", {"name": "红", "sharing": "own"}).status_code == 409
    assert client.post("/leads/views/?sort=colour", {"name": "红", "sharing": "own"}).status_code == 409
    assert client.post("/leads/views/", {"name": "全", "sharing": "all"}).status_code == 422, "is not offered"
    for number in range(MOST):
        services.save_view(by=sales, kind=LEADS, name=f"{number}")
    with pytest.raises(Refused):
        services.save_view(by=sales, kind=LEADS, name="one more")
    services.save_view(by=sales, kind=LEADS, name="3", query="state=new")
    assert SavedView.objects.count() == MOST
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(owner=sales, kind=LEADS, name="3")


def test_columns_stay_until_chosen_anew(sales, sales2) -> None:
    make_lead(sales)
    house = heads(sales)
    client = signed_in(sales)
    assert client.post("/leads/columns/", {"columns": ["code", "phone", "department"]}).status_code == 302
    assert heads(sales) == ["code", "phone", "department"]
    assert heads(sales2) == house
    assert heads(sales, "/leads/?columns=code,state") == ["code", "state"], "the address says more than the habit"
    assert client.get("/leads/?columns=password").status_code == 400
    assert client.post("/leads/columns/", {}).status_code == 302
    assert heads(sales) == house
    assert not SavedView.objects.exists()


def test_a_view_keeps_its_columns(sales) -> None:
    client = signed_in(sales)
    client.post("/leads/views/?state=open&columns=code,phone", {"name": "电话单", "sharing": "own"})
    [tab] = [one for one in client.get("/leads/").context["views"] if one.get("saved")]
    assert heads(sales, tab["url"]) == ["code", "phone"]


def test_cost_is_shown_to_nobody_by_choosing_its_column(sales) -> None:
    quote = make_quote()
    costs = set(type(quote).cost_fields)
    assert costs
    seller = quote.owner
    assert not seller.has_right("see_cost")
    form = signed_in(seller).get("/quotes/columns/").context["form"]
    possible = {key for key, _label in form.fields["columns"].choices}
    assert possible and not possible & costs
    outlet = outlet_of(type(quote).record_kind())
    assert outlet is not None
    keys = [column.key for column in outlet.list_columns(seller, ["code", *costs])]
    assert keys == ["code"]


def test_chosen_columns_ask_no_question_per_row(sales) -> None:
    client = signed_in(sales)
    address = "/leads/?columns=code,department,created_by,customer,industry,owner"
    make_working_lead(sales)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _number in range(4):
        make_working_lead(sales)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(few) == len(many)
