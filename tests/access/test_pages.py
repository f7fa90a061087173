"""Who sees which page: generated from the address map, for every role and every standing to a deal.

A page that is not visible is 404, one that is not allowed is 403, and no answer names what the reader may not see.
"""

import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import Role, User
from process import access
from process.api.outlets import editable
from process.api.shapes import file_fields, verb_form
from process.models import Attachment, LogEntry, StageRecord
from process.outlet import outlet_of
from process.visibility import is_scoped
from tests.access.eyes import eyes, stands_in
from tests.access.routes import routes
from tests.access.world import World

# Roles with the same rights see the same: one of each kind looks at everything that shows many records …
LOOKING = ["ar", "engineer", "lead_manager", "service", "head", "legal", "department head", "deputy", "former member"]
# … and those between whom all that hides something differs walk through every page of every record.
WALKING = ["engineer", "head", "legal", "department head"]
# Who keeps the system sees no deal, not even with a seat on it.
ADMINISTRATORS = ("sysadmin", "secadmin")
OUTSIDE = ["stranger", "former deputy", "former member"]
SEEKS = ("智慧病房", "平台", "医院")


def test_every_address_is_classified() -> None:
    unknown = [route.name for route in routes() if not route.kind]
    assert unknown == [], "classify them in tests/access/routes.py, see docs/howto/add-a-route.md"


def test_every_role_has_somebody_who_looks(world: World) -> None:
    assert set(Role.objects.values_list("code", flat=True)) <= set(world.people)


def test_what_the_roles_see_of_a_deal(world: World) -> None:
    """Own, department, foreign: said here in words, not asked of the product."""
    for role in Role.objects.all():
        reader = eyes(world, role.code)
        all_of_it, of_department = ("see_all" in role.rights), ("see_department" in role.rights)
        works_here = role.code not in ADMINISTRATORS
        for deal, expected in (("own", works_here), ("department", all_of_it or of_department), ("foreign", all_of_it)):
            record = world.deals[deal]
            assert reader.sees(record.project) is expected, (role.code, deal)
            assert reader.sees(record.contract) is expected, (role.code, deal)
        sheets = [world.records(deal, outlet_of("finance.costsheet"))[0] for deal in world.deals]
        seen = [reader.sees(sheet) for sheet in sheets]
        visible = (works_here, all_of_it or of_department, all_of_it)
        assert seen == [("see_cost" in role.rights) and ok for ok in visible], role.code
    for name in OUTSIDE:
        reader = eyes(world, name)
        assert not any(reader.sees(deal.project) or reader.sees(deal.lead) for deal in world.deals.values()), name
    deputy = eyes(world, "deputy")
    assert [deputy.sees(world.deals[deal].project) for deal in world.deals] == [True, False, False]


def address(route: Any, places: dict[str, str] | None = None) -> str:
    """An address of a route, with something in every place of it, by the kind of place."""
    given = {"int": "1", "str": "x", "path": "x", "uuid": "00000000-0000-0000-0000-000000000000", **(places or {})}
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: given[found[1] or "str"], route.route)


def test_whoever_is_not_signed_in_is_sent_to_the_door(world: World) -> None:
    client = Client()
    for route in routes():
        if route.kind in ("public", "admin"):
            continue
        url = address(route)
        for method in (client.get, client.post):
            answer = method(url)
            place = answer.headers.get("Location", "")
            page = route.kind != "api" or route.name == "api-docs"
            expected = (302, "/login/") if page else (401, "")
            if answer.status_code == 405:  # no such method, whoever asks
                continue
            assert (answer.status_code, place[:7]) == expected, url


def test_somebody_who_left_the_company_is_not_signed_in(world: World) -> None:
    left = eyes(world, "legal")
    assert left.client.get("/projects/").status_code == 200
    User.objects.filter(pk=left.user.pk).update(is_active=False)
    assert left.client.get("/projects/").status_code == 302


def test_a_number_is_looked_for_as_a_whole() -> None:
    told = "HQ-IV-2026-000004 PJ-2026-0000123 IV-2026-000005.json"
    assert [word for word in ("IV-2026-000004", "PJ-2026-000012", "IV-2026-000005") if stands_in(word, told)] == [
        "IV-2026-000005"
    ]


# What many records share ---------------------------------------------------------------------------------
def collective() -> list[tuple[str, bool]]:
    """(address, whether it shows the register) of everything that shows many records."""
    found = []
    for route in routes():
        if route.kind == "collective" or route.name in ("accounts:profile", "accounts:notices"):
            found.append((reverse(route.name), route.name.startswith("customers:")))
    found += [(f"/search/?q={text}", True) for text in SEEKS]
    for model in apps.get_models():
        if is_scoped(model):
            url = reverse("process:pick", args=[model._meta.label_lower])
            found.append((url, model._meta.app_label == "customers"))
    return found


def test_a_picker_offers_people_and_what_has_a_rule_of_sight_only(world: World) -> None:
    reader = eyes(world, "legal")
    for model in apps.get_models():
        expected = 200 if is_scoped(model) or model is User else 404
        assert reader.client.get(f"/pick/{model._meta.label_lower}/?q=x").status_code == expected, model


@pytest.mark.parametrize("name", LOOKING)
def test_what_shows_many_records_shows_the_visible_ones_only(world: World, name: str) -> None:
    reader = eyes(world, name)
    found = []
    for url, register in collective():
        answer = reader.client.get(url)
        assert answer.status_code in (200, 302, 403, 404), (url, answer.status_code)
        found += [(url, word) for word in reader.leaks(answer, register=register)]
    assert found == []


# One record ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*OUTSIDE, *WALKING])
def test_what_is_hidden_is_not_there(world: World, name: str) -> None:
    reader = eyes(world, name)
    before = LogEntry.objects.count()
    for outlet, record in reader.hidden():
        acts = [route.act for route in routes() if route.outlet is outlet and route.kind == "record"]
        acts = acts if name == "stranger" else ["detail"]
        for act in acts:
            url = outlet.url(act, record.pk)
            assert reader.client.get(url).status_code == 404, url
            if act in ("edit", "files"):
                assert reader.client.post(url, {"title": "x"}).status_code == 404, url
        for verb in [*outlet.offered(), *outlet.acts][:1]:
            url = outlet.url("verb", record.pk, verb)
            assert reader.client.post(url, {"note": "x"}).status_code == 404, url
    assert LogEntry.objects.count() == before


@pytest.mark.parametrize("name", WALKING)
def test_the_pages_of_a_visible_record_name_nothing_hidden(world: World, name: str) -> None:
    reader = eyes(world, name)
    found = []
    for outlet, record in reader.visible():
        urls = [outlet.url(act, record.pk) for act in ("detail", "timeline", "files")]
        urls += [url for url in more_pages(record)]
        for url in urls:
            answer = reader.client.get(url)
            assert answer.status_code == 200, url
            found += [(url, word) for word in reader.leaks(answer)]
    assert found == []


def more_pages(record: StageRecord) -> list[str]:
    """Pages of one kind of record only."""
    if record.noun() == "project":
        return [f"{record.get_absolute_url()}decision-sheet/", f"{record.get_absolute_url()}?view=fr"]
    return []


@pytest.mark.parametrize("name", [*WALKING, "stranger"])
def test_a_deal_told_on_anothers_page_is_the_visible_part(world: World, name: str) -> None:
    reader = eyes(world, name)
    found = []
    for deal in world.deals.values():
        for route in routes():
            if route.kind != "case":
                continue
            url = reverse(route.name, args=[deal.project.case_id])
            answer = reader.client.get(url)
            assert answer.status_code in (200, 404), url
            found += [(url, word) for word in reader.leaks(answer)]
    assert found == []


@pytest.mark.parametrize("name", [*WALKING, "stranger"])
def test_cost_books_need_the_case_and_the_right(world: World, name: str) -> None:
    reader = eyes(world, name)
    may = reader.user.has_right("see_cost")
    for deal, story in world.deals.items():
        book = story.project.book
        visible = type(book).objects.visible_to(reader.user).filter(pk=book.pk).exists()
        expected = (200 if may else 403) if visible else 404
        for page in ("book-detail", "book-entries"):
            assert reader.client.get(reverse(f"finance:{page}", args=[book.pk])).status_code == expected, (deal, page)
        forecast = reader.client.get(reverse("finance:book-forecast", args=[book.pk])).status_code
        assert forecast == expected or (expected == 200 and forecast == 403)
        explain = reader.client.get(reverse("finance:alert-explain", args=[book.pk, 2**31])).status_code
        assert explain == (403 if expected == 403 else 404)


@pytest.mark.parametrize("name", [*WALKING, "stranger"])
def test_two_costings_are_compared_by_those_who_see_both(world: World, name: str) -> None:
    reader = eyes(world, name)
    sheets = [sheet for deal in world.deals.values() for sheet in deal.project.book.sheets.order_by("pk")[:2]]
    compared = 0
    for later in sheets:
        for earlier in sheets:
            answer = reader.client.get(reverse("finance:cost-sheet-compare", args=[later.pk, earlier.pk]))
            visible = {later.pk, earlier.pk} <= reader.seen["finance.costsheet"] and later.book_id == earlier.book_id
            assert answer.status_code == (200 if visible else 404), (later, earlier)
            compared += visible
            assert not visible or reader.leaks(answer) == []
    assert bool(compared) == any(sheet.pk in reader.seen["finance.costsheet"] for sheet in sheets)


@pytest.mark.parametrize("name", [*WALKING, "stranger"])
def test_files_are_given_to_those_who_see_their_record(world: World, name: str) -> None:
    reader = eyes(world, name)
    seen = 0
    for file in Attachment.objects.order_by("pk"):
        answer = reader.client.get(reverse("process:file", args=[file.pk]))
        visible = file.object_id in reader.seen[file.kind]
        assert answer.status_code == (200 if visible else 404), file
        seen += visible
        if visible:
            b"".join(answer.streaming_content)
    assert (seen > 0) == any(reader.seen["contracts.contract"] | reader.seen["leads.lead"])


# Writing -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", WALKING)
def test_what_is_not_allowed_is_refused_and_changes_nothing(world: World, name: str) -> None:
    reader = eyes(world, name)
    actor = Actor.of(reader.user)
    before = LogEntry.objects.count()
    refused = 0
    for outlet, record in reader.visible():
        words = {verb: access.words_for(record, verb) for verb in outlet.offered()}
        words |= {act: spec.who for act, spec in outlet.acts.items()}
        for verb, who in words.items():
            if access.may_any(who, record, actor):
                continue
            url = outlet.url("verb", record.pk, verb)
            assert reader.client.get(url).status_code == 403, url
            assert reader.client.post(url, {"note": "because"}).status_code == 403, url
            program = reverse(f"api:{outlet.slug}-{verb}", args=[record.pk])
            takes = MULTIPART_CONTENT if file_fields(verb_form(outlet, verb)) else "application/json"
            assert reader.client.post(program, {"note": "because"}, takes).status_code == 403, program
            refused += 1
        if editable(outlet) and not access.may(record, "edit", actor):
            for method in (reader.client.get, reader.client.post):
                assert method(outlet.url("edit", record.pk)).status_code == 403, outlet.plural
            program = reverse(f"api:{outlet.slug}-detail", args=[record.pk])
            change = reader.client.patch(program, {"title": "x"}, "application/json", headers={"If-Match": "*"})
            assert change.status_code == 403, program
        if not access.may_attach(record, actor):
            assert reader.client.post(outlet.url("files", record.pk), {}).status_code == 403
    assert LogEntry.objects.count() == before
    assert refused or not any(reader.visible())


# The same through the API ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [*WALKING, "stranger"])
def test_the_api_tells_no_more_than_the_pages(world: World, name: str) -> None:
    reader = eyes(world, name)
    found = []
    for route in routes():
        if route.kind == "api" and "<" not in route.route and route.name not in ("api-schema", "api-docs"):
            answer = reader.client.get(f"/{route.route}")
            assert answer.status_code in (200, 400, 403, 404, 405), (route.route, answer.status_code)
            register = route.name.startswith(("api:customer", "api:supplier", "api:search"))
            found += [(route.route, word) for word in reader.leaks(answer, register=register)]
    for outlet, record in reader.hidden():
        for act in ("detail", "page", "timeline", "files", "actions"):
            assert reader.client.get(reverse(f"api:{outlet.slug}-{act}", args=[record.pk])).status_code == 404
    for outlet, record in reader.visible():
        for act in ("detail", "page", "timeline"):
            url = reverse(f"api:{outlet.slug}-{act}", args=[record.pk])
            answer = reader.client.get(url)
            assert answer.status_code == 200, url
            found += [(url, word) for word in reader.leaks(answer)]
    assert found == []
