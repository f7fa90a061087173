"""三员分立: system, security and audit. What one may, the others may not; none of them has a part in the business."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.utils import IntegrityError

from accounts import services
from accounts.models import Department, Role, SecurityEntry, User
from core.dictionary import Term
from core.errors import NotAllowed, Refused
from leads.models import Lead
from process import access
from process.models import LogEntry
from tests.accounts.door import PASSWORD, events, make_guest, wrong
from tests.factories.customers import make_customer
from tests.factories.leads import make_working_lead
from tests.helpers import signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
SYSTEM, SECURITY, AUDIT = "admin", "security", "auditor"


@pytest.fixture
def people(admin, security, auditor, sales, director) -> dict[str, User]:
    return {SYSTEM: admin, SECURITY: security, AUDIT: auditor, "sales": sales, "director": director}


# The back room: (address, who looks, who keeps) -------------------------------------------------------------
ROOMS = (
    ("core/term/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("core/currency/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("accounts/department/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("accounts/legalentity/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("approvals/authorityrule/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("finance/taxrate/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("projects/variantstage/", {SYSTEM, AUDIT}, {SYSTEM}),
    ("accounts/user/", {SYSTEM, SECURITY, AUDIT}, {SYSTEM}),
    ("accounts/role/", {SECURITY, AUDIT}, {SECURITY}),
    ("accounts/delegation/", {SECURITY, AUDIT}, {SECURITY}),
    ("accounts/securityentry/", {AUDIT}, set()),
    ("process/logentry/", {AUDIT}, set()),
    ("leads/lead/", {AUDIT}, set()),
    ("contracts/contract/", {AUDIT}, set()),
    ("finance/ledgerentry/", {AUDIT}, set()),
)


@pytest.mark.parametrize(("room", "look", "keep"), ROOMS, ids=[room for room, *_ in ROOMS])
def test_who_looks_at_a_table_and_who_keeps_it(people, room, look, keep) -> None:
    for name, person in people.items():
        client = signed_in(person)
        expected = 403
        assert client.get(f"/admin/{room}").status_code == (200 if name in look else expected), name
        assert client.get(f"/admin/{room}add/").status_code == (200 if name in keep else expected), name


def test_every_table_of_the_back_room_has_a_keeper_or_is_only_read(people) -> None:
    """A table registered tomorrow is nobody's to change until ltc/back_room.py names it."""
    from django.contrib import admin

    for model in admin.site._registry:
        label = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
        keepers = [name for name, person in people.items() if person.has_perm(label.format("change"))]
        assert len(keepers) <= (2 if model is User else 1), model
        assert AUDIT not in keepers
        assert people[AUDIT].has_perm(label.format("view"))


def test_others_are_not_let_in_and_no_flag_opens(sales, director) -> None:
    for person in (sales, director):
        assert signed_in(person).get("/admin/").status_code == 403
        assert not person.has_perm("core.change_term") and not person.has_module_perms("core")
    assert not {"is_superuser", "is_staff", "groups", "user_permissions"} & {
        field.name for field in User._meta.get_fields()
    }
    with pytest.raises(Refused):
        User.objects.create_superuser("root", password="x")


# The same door --------------------------------------------------------------------------------------------
def test_the_back_room_has_no_door_of_its_own(client) -> None:
    for path in ("/admin/", "/admin/login/", "/admin/accounts/user/"):
        last, status = client.get(path, follow=True).redirect_chain[-1]
        assert status == 302 and last.startswith("/login/?next="), path
    make_guest("keeper", roles=("sysadmin",))
    typed = {"username": "keeper", "password": PASSWORD}
    assert client.post("/admin/login/", typed).status_code == 302
    assert "_auth_user_id" not in client.session


def test_there_is_no_other_way_to_change_passwords_either(admin, security, sales) -> None:
    for person in (admin, security):
        client = signed_in(person)
        assert client.get("/admin/password_change/")["Location"] == "/password/"
        assert client.get(f"/admin/accounts/user/{sales.pk}/password/").status_code in (302, 404)
        page = client.get(f"/admin/accounts/user/{sales.pk}/change/").content.decode()
        assert "argon2" not in page and 'name="password"' not in page


# Services: who may --------------------------------------------------------------------------------------------
VERBS: dict[str, tuple[str, Any]] = {
    "let_go": (SYSTEM, lambda person, by: services.let_go(person, by=by)),
    "bring_back": (SYSTEM, lambda person, by: services.bring_back(person, by=by)),
    "rename": (SYSTEM, lambda person, by: services.change_person(person, {"name": "新名"}, by=by)),
    "mail": (SECURITY, lambda person, by: services.change_person(person, {"email": "a@example.com"}, by=by)),
    "roles": (SECURITY, lambda person, by: services.assign_roles(person, Role.objects.filter(code="pmo"), by=by)),
    "unlock": (SECURITY, lambda person, by: services.unlock(person, by=by)),
    "factors": (SECURITY, lambda person, by: services.reset_factors(person, by=by)),
    "sessions": (SECURITY, lambda person, by: services.end_all_sessions(person, by=by)),
    "link": (SECURITY, lambda person, by: services.make_link(person, by=by)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_do_what_to_an_account(people, stranger, verb) -> None:
    who, act = VERBS[verb]
    for name, person in people.items():
        if name != who:
            before = SecurityEntry.objects.count()
            with pytest.raises(NotAllowed):
                act(stranger, person)
            assert SecurityEntry.objects.count() == before, name
    act(stranger, people[who])


@pytest.mark.parametrize("verb", ["let_go", "roles", "factors", "link"])
def test_nobody_does_it_to_oneself(people, verb) -> None:
    who, act = VERBS[verb]
    with pytest.raises(NotAllowed):
        act(people[who], people[who])


def test_a_closed_administrator_may_nothing(security, admin, stranger) -> None:
    services.let_go(security, by=admin)
    security.refresh_from_db()
    with pytest.raises(NotAllowed):
        services.unlock(stranger, by=security)


# Nobody holds two ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "codes", [("sysadmin", "secadmin"), ("sysadmin", "auditor"), ("secadmin", "auditor"), ("secadmin", "ar")]
)
def test_an_administrator_holds_no_other_role(security, stranger, codes) -> None:
    with pytest.raises(Refused):
        services.assign_roles(stranger, Role.objects.filter(code__in=codes), by=security)
    assert not stranger.roles.exists()
    for first, second in (codes, reversed(codes)):
        with pytest.raises(IntegrityError), transaction.atomic():
            stranger.roles.add(Role.objects.get(code=first))
            stranger.roles.add(Role.objects.get(code=second))
    assert not stranger.roles.exists(), "the database holds it, whoever writes"


def test_the_rights_of_an_administrators_role_are_fixed(security) -> None:
    for code, field, value in (
        ("secadmin", "rights", ["see_all"]),
        ("sysadmin", "requires_second_factor", False),
        ("auditor", "is_active", False),
        ("auditor", "rights", []),
    ):
        role = Role.objects.get(code=code)
        setattr(role, field, value)
        with pytest.raises(Refused):
            services.change_role(role, by=security)
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.filter(code="secadmin").update(rights=["see_all"])


def test_a_role_of_the_business_is_kept_by_security(security, admin) -> None:
    role = Role.objects.get(code="qa")
    role.rights = ["see_all", "see_cost"]
    with pytest.raises(NotAllowed):
        services.change_role(role, by=admin)
    services.change_role(role, by=security)
    entry = SecurityEntry.objects.get(event="role_changed")
    assert entry.details["role"] == "qa" and entry.by == security
    assert Role.objects.get(code="qa").rights == ["see_all", "see_cost"]


# No part in the business --------------------------------------------------------------------------------------
def test_system_and_security_see_no_deal_whatever_they_are_made(people, sales) -> None:
    lead, customer = make_working_lead(sales), make_customer(sales)
    for name in (SYSTEM, SECURITY):
        person = people[name]
        Department.objects.filter(pk=lead.department_id).update(head=person)
        person.forget()
        assert not Lead.objects.visible_to(person).exists()
        assert not type(customer)._default_manager.visible_to(person).exists()
        client = signed_in(person)
        assert client.get("/")["Location"] == "/admin/"
        for path in ("/leads/", "/dashboard/", "/search/?q=a", lead.get_absolute_url(), "/pick/leads.lead/?q=a"):
            assert client.get(path).status_code == 404, path


def test_audit_sees_everything_and_changes_nothing(auditor, sales) -> None:
    lead = make_working_lead(sales)
    client = signed_in(auditor)
    assert client.get(lead.get_absolute_url()).status_code == 200
    assert client.get("/leads/").status_code == 200
    for path in (f"{lead.get_absolute_url()}hold/", f"{lead.get_absolute_url()}edit/", "/leads/new/"):
        with unchanged(lead):
            assert client.post(path, {"title": "x"}).status_code == 403, path
    from accounts.actor import Actor

    assert not any(access.may(lead, verb, Actor.of(auditor)) for verb in ("edit", "open"))


def test_an_auditor_with_a_seat_still_changes_nothing(auditor, sales) -> None:
    from leads import services as lead_services

    lead = make_working_lead(sales)
    Lead.objects.filter(pk=lead.pk).update(owner=auditor)
    lead.refresh_from_db()
    with unchanged(lead), pytest.raises(NotAllowed):
        lead_services.edit(lead, by=auditor, changes={"title": "x"}, version=None)


def test_a_deputy_of_an_administrator_is_none(security, stranger) -> None:
    from accounts.services import delegate
    from core.calendar import today

    delegate(security, stranger, first_day=today(), last_day=today())
    stranger.forget()
    assert stranger.duty == "" and not stranger.has_perm("accounts.change_role")


# In the pages of the back room ------------------------------------------------------------------------------------
def post_person(client: Any, person: User, **typed: Any) -> Any:
    page = client.get(f"/admin/accounts/user/{person.pk}/change/")
    form = page.context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    values = {name: [item.pk for item in value] if name == "roles" else value for name, value in values.items()}
    values = {name: "" if value is None else value for name, value in {**values, **typed}.items()}
    return client.post(f"/admin/accounts/user/{person.pk}/change/", values)


def test_the_system_administrator_opens_an_account_without_role_and_password(admin) -> None:
    client = signed_in(admin)
    department = Department.objects.get(code="hr")
    typed = {"username": "newcomer", "name": "新人", "department": department.pk, "grade": "", "language": "en"}
    typed |= {"roles": [Role.objects.get(code="auditor").pk], "email": "x@example.com", "is_active": "on"}
    assert client.post("/admin/accounts/user/add/", typed).status_code == 302
    made = User.objects.get(username="newcomer")
    assert not made.has_usable_password() and not made.roles.exists() and made.email == ""
    assert events(made) == ["person_added"]


def test_each_keeps_the_own_fields_only(people, stranger) -> None:
    pmo = Role.objects.get(code="pmo")
    post_person(signed_in(people[SYSTEM]), stranger, name="改名", roles=[pmo.pk], email="x@example.com")
    stranger.refresh_from_db()
    assert (stranger.name, stranger.email, list(stranger.roles.all())) == ("改名", "", [])
    post_person(signed_in(people[SECURITY]), stranger, name="再改", roles=[pmo.pk], email="x@example.com")
    stranger.refresh_from_db()
    assert (stranger.name, stranger.email, list(stranger.roles.all())) == ("改名", "x@example.com", [pmo])
    assert events(stranger) == ["person_changed", "person_changed", "roles_changed"]
    assert post_person(signed_in(people[AUDIT]), stranger, name="x").status_code == 403


def test_the_form_says_what_a_service_would_refuse(security, stranger) -> None:
    client = signed_in(security)
    both = list(Role.objects.filter(code__in=("auditor", "ar")).values_list("pk", flat=True))
    answer = post_person(client, stranger, roles=both)
    assert answer.status_code == 200 and answer.context["adminform"].form.errors["roles"]
    answer = post_person(client, security, roles=[Role.objects.get(code="ar").pk])
    assert answer.status_code == 200
    assert security.roles.get().code == "secadmin"


@pytest.mark.parametrize("action", ["let_go", "bring_back", "unlock", "end_sessions", "reset_factors", "make_links"])
def test_actions_are_offered_to_their_administrator_only(people, stranger, action) -> None:
    typed = {"action": action, "_selected_action": [stranger.pk]}
    done = {}
    for name in (SYSTEM, SECURITY, AUDIT):
        before = SecurityEntry.objects.count()
        signed_in(people[name]).post("/admin/accounts/user/", typed)
        done[name] = SecurityEntry.objects.count() > before
    owner = SYSTEM if action in ("let_go", "bring_back") else SECURITY
    quiet = {"bring_back", "end_sessions"}  # nothing to bring back or to end writes nothing
    assert done == {name: name == owner and action not in quiet for name in (SYSTEM, SECURITY, AUDIT)}


def test_who_is_locked_out_is_seen_in_the_list(security, stranger, sales) -> None:
    for number in range(7):
        wrong(stranger.username, ip=f"192.0.2.{number}")
    page = signed_in(security).get("/admin/accounts/user/")
    assert {person.username for person in page.context["cl"].result_list if person.locked_out} == {stranger.username}


# The security log ------------------------------------------------------------------------------------------------
def test_the_security_log_is_only_added_to(stranger, security) -> None:
    services.unlock(stranger, by=security)
    for statement in ("UPDATE accounts_securityentry SET by_name = 'x'", "DELETE FROM accounts_securityentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert SecurityEntry.objects.get(event=SecurityEntry.Event.UNLOCKED).by_name == str(security)


def test_the_auditor_filters_it(auditor, stranger, security) -> None:
    services.unlock(stranger, by=security)
    services.make_link(stranger, by=security)
    client = signed_in(auditor)
    page = client.get("/admin/accounts/securityentry/", {"event": "unlocked"})
    assert [entry.event for entry in page.context["cl"].result_list] == ["unlocked"]
    found = client.get("/admin/accounts/securityentry/", {"q": stranger.username})
    assert len(found.context["cl"].result_list) == 2
    assert client.get(f"/admin/process/{LogEntry._meta.model_name}/").status_code == 200


# A new installation ---------------------------------------------------------------------------------------------
def test_the_first_three_are_made_by_a_command(capsys) -> None:
    options = {"system": "sys1", "security": "sec1", "audit": "aud1", "url": "https://ltc.example.com/"}
    call_command("create_administrators", **options)
    printed = capsys.readouterr().out
    assert printed.count("https://ltc.example.com/password/choose/") == 3
    made = {person.username: person.duty for person in User.objects.filter(username__in=("sys1", "sec1", "aud1"))}
    assert made == {"sys1": "system", "sec1": "security", "aud1": "audit"}
    assert events(User.objects.get(username="sec1")) == ["person_added", "roles_changed", "link_made"]
    with pytest.raises(CommandError, match="already"):
        call_command("create_administrators", system="sys2", security="sec2", audit="aud2")


def test_three_duties_need_three_people(stranger) -> None:
    for names in (("a", "a", "b"), ("a", "b", stranger.username)):
        with pytest.raises(CommandError):
            call_command("create_administrators", **dict(zip(("system", "security", "audit"), names, strict=True)))
    assert not User.objects.filter(roles__duty="system").exists()


def test_a_security_administrator_who_lost_everything_is_helped_on_the_server(security, capsys) -> None:
    call_command("reset_factors", security.username)
    assert events(security) == ["factors_reset"]
    with pytest.raises(CommandError):
        call_command("reset_factors", "nobody-of-this-name")


def test_words_of_dictionaries_are_kept_by_system_alone(people) -> None:
    word = Term.objects.filter(dictionary="industry").first()
    assert word is not None
    typed = {"dictionary": word.dictionary, "code": word.code, "zh": "改", "en": word.en, "position": 1}
    for name in (SECURITY, AUDIT, "sales", SYSTEM):
        signed_in(people[name]).post(f"/admin/core/term/{word.pk}/change/", {**typed, "is_active": "on"})
        word.refresh_from_db()
        assert (word.zh == "改") is (name == SYSTEM), name


def test_an_administrator_is_a_person_of_the_house_like_others() -> None:
    made = make_user("keeper", department="it", roles=("sysadmin",))
    assert (made.is_staff, made.needs_second_factor, made.sees_business) == (True, True, False)
