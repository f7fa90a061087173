"""三员 over the whole matrix: no account sees and does all, and none of the three has a part in any deal."""

import pytest

from accounts.actor import Actor
from accounts.models import Role
from ltc.back_room import KEPT
from process import access
from process.models import LogEntry
from process.outlet import outlets
from tests.access.eyes import eyes
from tests.access.routes import routes
from tests.access.test_pages import address
from tests.access.world import World

ADMINISTRATORS = ["sysadmin", "secadmin", "auditor"]


@pytest.mark.parametrize("name", ADMINISTRATORS)
def test_an_administrator_does_nothing_with_any_record(world: World, name: str) -> None:
    """Though each holds a seat on one's own deal; asked of every verb and act, and of the pages of what is visible."""
    reader = eyes(world, name)
    actor, before = Actor.of(reader.user), LogEntry.objects.count()
    for outlet in outlets():
        for record in world.records("own", outlet)[:1]:
            words = {verb: access.words_for(record, verb) for verb in [*outlet.offered(), "open", "edit"]}
            words |= {act: spec.who for act, spec in outlet.acts.items()}
            assert not [verb for verb, who in words.items() if access.may_any(who, record, actor)], outlet.plural
            expected = 403 if reader.sees(record) else 404
            for verb in [*outlet.offered(), *outlet.acts][:2]:
                answer = reader.client.post(outlet.url("verb", record.pk, verb), {"note": "x"})
                assert answer.status_code in (403, expected), (outlet.plural, verb)
    assert LogEntry.objects.count() == before


def test_who_sees_everything_changes_nothing_and_who_changes_sees_no_deal(world: World) -> None:
    for name in ADMINISTRATORS:
        reader = eyes(world, name)
        deals = [reader.sees(record) for deal in world.deals for _outlet, record in reader.pairs(deal)]
        assert all(deals) if name == "auditor" else not any(deals), name
        assert not any(reader.user.has_perm(f"{app}.{act}") for app, act in changes() if name == "auditor")


# What is about the caller, or about the API itself.
PERSONAL = {"api:me", "api:me-language", "api:delegations", "api:delegation-end", "api:notices", "api:notices-read"}
PERSONAL |= {"api-schema", "api-docs"}


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("name", ADMINISTRATORS)
def test_the_wall_stands_below_the_api_too(world: World, name: str) -> None:
    """Asked of every address: system and security find no business there, and the auditor writes nothing."""
    client = eyes(world, name).client
    for route in routes():
        if route.kind != "api" or route.name in PERSONAL:
            continue
        kept = route.name.startswith("api:process-") and name == "sysadmin"
        kept = kept or (route.name in ("api:segregation", "api:segregation-rule") and name == "secadmin")
        got, sent = (
            client.generic(method, address(route), b"{}", "application/json").status_code for method in ("GET", "POST")
        )
        if name == "auditor":
            assert got in (200, 400, 403, 404, 405) and sent in (403, 404, 405), (route.route, got, sent)
        elif not kept:
            assert {got, sent} <= {404, 405}, (route.route, got, sent)


def test_the_system_administrator_keeps_the_process_by_program(world: World) -> None:
    client = eyes(world, "sysadmin").client
    assert client.get("/api/v1/process/").status_code == 200
    assert client.get("/api/v1/process/versions/").status_code == 200
    for other in ("secadmin", "auditor", "director"):
        assert eyes(world, other).client.post("/api/v1/process/draft/").status_code in (403, 404), other


def changes() -> list[tuple[str, str]]:
    """Everything that anybody may change in the back room."""
    return [
        (table.partition(".")[0], f"{action}_{table.partition('.')[2]}")
        for tables in KEPT.values()
        for table in tables
        for action in ("add", "change", "delete")
    ]


def test_no_account_keeps_everything_in_the_back_room(world: World) -> None:
    kept = {
        name: {one for one in changes() if eyes(world, name).user.has_perm(".".join(one))} for name in ADMINISTRATORS
    }
    everything = set.union(*kept.values())
    assert all(one < everything for one in kept.values())
    assert kept["sysadmin"] and kept["secadmin"] and not kept["auditor"]
    others = set(world.people) - set(ADMINISTRATORS)
    assert not [name for name in others if any(eyes(world, name).user.has_perm(".".join(one)) for one in changes())]


def test_no_role_has_every_right_and_a_duty_beside(world: World) -> None:
    """A duty that may write holds no right at all; every other role does business and keeps nothing."""
    assert not [role.code for role in Role.objects.exclude(duty="").exclude(duty="audit") if role.rights]
