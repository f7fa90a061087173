"""Roles and rights, the department tree, the language, and being told things once."""

import pytest
from django.db.models import ProtectedError
from django.utils import translation

from accounts.models import RIGHTS, Department, Notice, Role, User
from accounts.services import choose_language, notify, read_notices
from core.errors import Refused
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


# Rights -----------------------------------------------------------------------------------------------
def test_rights_come_from_roles_and_are_read_once(sales, django_assert_num_queries) -> None:
    sales.roles.add(Role.objects.get(code="pfc"))
    sales.forget()
    with django_assert_num_queries(1):
        assert sales.has_role("pfc") and sales.has_role("ar")
        assert sales.has_right("see_cost")
    sales.roles.clear()
    sales.refresh_from_db()
    assert not sales.has_role("pfc")
    assert not sales.has_right("see_cost")


def test_a_role_out_of_use_gives_nothing(sales) -> None:
    Role.objects.filter(code="ar").update(is_active=False)
    assert not sales.has_role("ar")


def test_every_right_of_a_seeded_role_is_known() -> None:
    assert {right for role in Role.objects.all() for right in role.rights} <= set(RIGHTS)


def test_the_tree_below_a_head(sales, stranger) -> None:
    company = Department.objects.get(code="sales")
    Department.objects.filter(pk=company.pk).update(head=stranger)
    below = set(Department.objects.filter(parent=company).values_list("pk", flat=True))
    assert below
    assert stranger.department_ids == {company.pk} | below
    assert sales.department_ids == frozenset()


def test_nobody_is_deleted_with_a_department() -> None:
    make_user("member", department="hr")
    with pytest.raises(ProtectedError):
        Department.objects.get(code="hr").delete()


# Language ---------------------------------------------------------------------------------------------
def test_the_language_is_the_users_choice(sales) -> None:
    """Chinese is the house's default, whatever the browser prefers; a choice is kept with the user."""
    client = signed_in(sales)
    english = {"HTTP_ACCEPT_LANGUAGE": "en"}
    assert client.get("/", **english)["Content-Language"] == "zh-hans"
    answer = client.post("/language/", {"language": "en", "next": "/leads/"})
    assert (answer.status_code, answer["Location"]) == (302, "/leads/")
    sales.refresh_from_db()
    assert sales.language == "en"
    assert client.get("/")["Content-Language"] == "en"


def test_before_sign_in_it_is_kept_in_a_cookie(client) -> None:
    assert client.get("/login/")["Content-Language"] == "zh-hans"
    client.post("/language/", {"language": "en"})
    assert client.get("/login/")["Content-Language"] == "en"


def test_a_language_we_do_not_have_changes_nothing(sales) -> None:
    client = signed_in(sales)
    assert client.post("/language/", {"language": "xx"}).status_code == 302
    assert client.get("/language/").status_code == 405
    sales.refresh_from_db()
    assert sales.language == "zh-hans"
    with pytest.raises(Refused):
        choose_language(sales, "xx")


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_to_another_host(sales, target) -> None:
    client = signed_in(sales)
    assert client.post("/language/", {"language": "en", "next": target})["Location"] == "/"
    assert client.post("/notices/read/", {"next": target})["Location"] == "/notices/"


@pytest.mark.parametrize("target", ["leads", "a b", "x" * 3000, "/leads/\r\nX-Evil: 1"])
def test_an_odd_target_breaks_nothing(sales, target) -> None:
    answer = signed_in(sales).post("/language/", {"language": "en", "next": target})
    assert answer.status_code == 302
    assert "X-Evil" not in answer.headers


# Notices ----------------------------------------------------------------------------------------------
def test_the_same_key_is_told_once_per_person(sales, sales2) -> None:
    told = [
        notify([sales], "%(record)s", key="k", params={"record": "A"}),
        notify([sales, sales2.pk, sales], "%(record)s", key="k", params={"record": "B"}),
        notify([sales, sales2], "%(record)s", key="k"),
        notify([], "nobody", key="k"),
    ]
    assert told == [1, 1, 0, 0]
    assert Notice.objects.get(user=sales).text == "A", "what was told stays told"


def test_a_notice_speaks_the_readers_language(sales) -> None:
    notify(
        [sales], "%(record)s waits for your %(kind)s", key="k", params={"record": "QT-1"}, words={"kind": "Decision"}
    )
    notice = Notice.objects.get(user=sales)
    with translation.override("en"):
        english = notice.text
    with translation.override("zh-hans"):
        chinese = notice.text
    assert english == "QT-1 waits for your Decision"
    assert chinese != english and "QT-1" in chinese


def test_reading_ones_own_notices_only(sales, sales2) -> None:
    notify([sales, sales2], "x", key="1")
    notify([sales], "y", key="2")
    mine = list(Notice.objects.filter(user=sales).order_by("pk"))
    assert read_notices(sales, ids=[mine[0].pk, Notice.objects.get(user=sales2).pk]) == 1
    client = signed_in(sales)
    assert client.get("/notices/").status_code == 200
    assert client.get("/notices/?cursor=nonsense").status_code == 400
    assert client.get("/notices/read/").status_code == 405
    assert client.post("/notices/read/").status_code == 302
    assert not Notice.objects.filter(user=sales, read_at__isnull=True).exists()
    assert Notice.objects.filter(user=sales2, read_at__isnull=True).count() == 1


def test_a_user_with_a_history_is_not_deleted(sales, sales2) -> None:
    from tests.factories.leads import make_working_lead

    make_working_lead(sales)
    with pytest.raises(ProtectedError):
        User.objects.get(pk=sales.pk).delete()
