"""Programs sign in by token: made and revoked on the profile page, limited in reach and in time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import ApiToken, User
from core.errors import Refused
from process.outlet import outlets
from tests.api.caller import Caller, problem
from tests.factories.leads import make_assigned_lead
from tests.helpers import signed_in, unchanged

pytestmark = pytest.mark.django_db


def token(user: User, **fields: object) -> str:
    return services.make_token(user, label="a test", **fields)[1]


def test_a_token_acts_for_its_person(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    caller = Caller(token=token(sales, scope="write"))
    assert [row["id"] for row in caller.get("leads/").json()["results"]] == [lead.pk]
    assert caller.post(f"leads/{lead.pk}/start/").status_code == 200, "no CSRF token is asked of a program"


def test_only_a_digest_is_stored(sales: User) -> None:
    text = token(sales)
    stored = ApiToken.objects.values().get()
    assert text.startswith("ltc_") and text not in str(stored)
    assert stored["digest"] != text


def test_a_token_that_may_read_changes_nothing(sales: User) -> None:
    lead = make_assigned_lead(owner=sales)
    caller = Caller(token=token(sales, scope="read"))
    assert caller.get(f"leads/{lead.pk}/").status_code == 200
    with unchanged(lead):
        problem(caller.post(f"leads/{lead.pk}/start/"), 403)
        problem(caller.patch(f"leads/{lead.pk}/", {"need": "x"}, If_Match="*"), 403)


def test_a_token_for_some_parts_opens_no_other(sales: User) -> None:
    caller = Caller(token=token(sales, scope="write", areas=["projects"]))
    assert caller.get("projects/").status_code == 200
    problem(caller.get("leads/"), 403)


def test_every_part_can_be_chosen(settings: object) -> None:
    assert {outlet.model._meta.app_label for outlet in outlets()} <= set(settings.LTC_API_AREAS)


@pytest.mark.parametrize("text", ["ltc_wrong", "nonsense", "ltc_\xe9", "", "a b"])
def test_a_token_that_is_none_is_401(db: None, text: str) -> None:
    caller = Caller()
    caller.headers["Authorization"] = f"Bearer {text}"
    problem(caller.get("leads/"), 401)


def test_an_expired_token_is_401_and_still_listed(sales: User) -> None:
    caller = Caller(token=token(sales))
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    problem(caller.get("leads/"), 401)
    assert ApiToken.objects.get().has_expired


def test_a_token_of_somebody_gone_is_401(sales: User) -> None:
    caller = Caller(token=token(sales))
    User.objects.filter(pk=sales.pk).update(is_active=False)
    problem(caller.get("leads/"), 401)


def test_last_use_is_kept_without_a_write_per_request(sales: User, django_assert_max_num_queries: object) -> None:
    caller = Caller(token=token(sales))
    caller.get("leads/")
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    caller.get("leads/")
    assert ApiToken.objects.get().last_used_at == used


def test_a_token_is_made_on_its_page_and_shown_once(sales: User) -> None:
    browser = signed_in(sales)
    made = browser.post("/profile/tokens/", {"label": "report", "scope": "read", "areas": ["leads"], "days": "30"})
    assert made.status_code == 200 and "no-store" in made["Cache-Control"]
    stored = ApiToken.objects.get(user=sales)
    assert (stored.label, stored.scope, stored.areas) == ("report", "read", ["leads"])
    text = made.content.decode().partition("<code>")[2].partition("</code>")[0]
    assert Caller(token=text).get("leads/").status_code == 200
    again = browser.get("/profile/tokens/").content.decode()
    assert "report" in again and text not in again


@pytest.mark.parametrize("typed", [{"label": ""}, {"days": "0"}, {"days": "9999"}, {"scope": "all"}, {"areas": ["x"]}])
def test_a_token_page_refuses_what_it_cannot_give(sales: User, typed: dict[str, object]) -> None:
    values = {"label": "a", "scope": "read", "days": "30", **typed}
    assert signed_in(sales).post("/profile/tokens/", values).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_401_at_once(sales: User) -> None:
    text = token(sales)
    caller = Caller(token=text)
    assert caller.get("leads/").status_code == 200
    signed_in(sales).post(f"/profile/tokens/{ApiToken.objects.get().public_id}/revoke/")
    problem(caller.get("leads/"), 401)


def test_nobody_revokes_or_sees_the_token_of_another(sales: User, sales2: User) -> None:
    token(sales)
    other = signed_in(sales2)
    other.post(f"/profile/tokens/{ApiToken.objects.get().public_id}/revoke/")
    assert ApiToken.objects.count() == 1
    assert "a test" not in other.get("/profile/tokens/").content.decode()


def test_nobody_collects_tokens_without_end(sales: User) -> None:
    for _ in range(services.MOST_TOKENS):
        token(sales)
    with pytest.raises(Refused):
        token(sales)
