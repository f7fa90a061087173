"""Cost and margin interfere with nothing that is told to readers without the right to cost.

Every figure of cost in the database is changed beneath the product, and every answer to such a reader must stay the
same to the byte: pages, dialogs, panels, lists in every order, boards, exports, search, figures, and the API.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.db import connection, models
from django.urls import reverse

from accounts.actor import Actor
from approvals.models import ApprovalRequest
from finance.models import BookTotal, CostBook, CostLine, CostRate, CostSheet, LedgerEntry, VarianceAlert
from process import access
from process.models import Handover, LogEntry, StageRecord
from process.outlet import Outlet, outlets
from solutions.models import Quote
from tests.access.eyes import Eyes, eyes
from tests.access.routes import routes
from tests.access.world import World

# What is cost beside the fields that say so themselves: behind pages that ask for the right to cost.
BEHIND: dict[type[models.Model], tuple[str, ...]] = {
    CostBook: ("net_committed", "net_cost", "net_advance_limit"),
    BookTotal: ("net_committed", "net_cost", "net_to_complete"),
    VarianceAlert: ("net_budget", "net_used"),
    CostSheet: ("net_project_cost", "net_contribution_cost"),
    CostLine: ("gross_amount", "net_day_amount", "net_amount"),
    CostRate: ("net_day_amount",),
}
PERCENT = ("margin_percent", "target_margin")
# Money that is cost in papers of decision, besides what names itself so.
ITS_AMOUNTS_ARE_COST = ("purchasing.purchaseorder", "purchasing.bill", "delivery.earlystart")
# What purchasing pays is cost; by the same words a contract says what the customer pays.
PRICES_TOO = {"gross_amount", "net_amount", "tax_amount"}
# Somebody who sees every deal, the deal's own account manager, and an engineer who is a member of it.
READERS = ["legal", "account manager", "engineer"]
# What differs between two answers to the same question.
PASSING = re.compile(r"[0-9a-f]{32}|[0-9A-Za-z]{64}")
# What an account manager is asked for himself, in the form of his own project or early start, is no secret there.
ASKED = re.compile(r'name="(?:presales_net_budget|target_margin|net_cap_amount)" value="[^"]*"')


def figures() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every decimal column that holds cost, by model."""
    for model in apps.get_models():
        names = [*getattr(model, "cost_fields", ()), *BEHIND.get(model, ())]
        kept = [one.name for one in model._meta.concrete_fields if one.name in names]
        decimals = [name for name in kept if isinstance(model._meta.get_field(name), models.DecimalField)]
        if decimals:
            yield model, decimals


def _update(table: str, sets: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets}")
        return int(cursor.rowcount)


def change_every_cost(patch: pytest.MonkeyPatch) -> dict[str, int]:
    """Make all cost another one; {table: rows that changed}. What is append-only is added to, or read otherwise."""
    changed: dict[str, int] = {}
    for model, names in figures():
        sets = ", ".join(f"{name} = {name} + 1.11" if name in PERCENT else f"{name} = {name} * 3" for name in names)
        changed[model._meta.db_table] = _update(model._meta.db_table, sets)
    entries = list(LedgerEntry.objects.filter(nature__in=("cost", "commitment")))
    for entry in entries:
        entry.pk, entry.source = None, f"{entry.source}:more"
    changed[LedgerEntry._meta.db_table] = len(LedgerEntry.objects.bulk_create(entries))
    for paper in ApprovalRequest.objects.all():
        kind = paper.document_kind
        told = [[label, "7,777.77" if is_cost(kind, label) else value] for label, value in paper.facts]
        changed["papers"] = changed.get("papers", 0) + (told != paper.facts)
        ApprovalRequest.objects.filter(pk=paper.pk).update(facts=told)
    _tell_the_log_otherwise(patch)
    return changed


def is_cost(kind: str, label: str) -> bool:
    """Whether a figure of a decision is cost, by its words; what somebody asks us to pay is cost as a whole."""
    amount = kind in ITS_AMOUNTS_ARE_COST and "amount" in label and label != "expected amount"
    return amount or bool(re.search("cost|margin|budget|spent|committed", label, re.IGNORECASE))


def _tell_the_log_otherwise(patch: pytest.MonkeyPatch) -> None:
    """No row of the log can be changed, so its changes of cost are read as others."""
    costs = {outlet.model.record_kind(): set(outlet.model.cost_fields) for outlet in outlets()}
    read = LogEntry.from_db.__func__

    def from_db(cls: type[LogEntry], *args: Any) -> LogEntry:
        entry: LogEntry = read(cls, *args)
        for name in costs.get(entry.kind, set()) & set(entry.changes):
            entry.changes[name] = ["5.55", "7777.77"]
        return entry

    patch.setattr(LogEntry, "from_db", classmethod(from_db))


def _of_lists(outlet: Outlet) -> Iterator[str]:
    orders = ["", *outlet.sorts, *(f"-{name}" for name in outlet.sorts)]
    yield from (f"{outlet.url('list')}?sort={order}" for order in orders)
    yield from (f"/api/v1/{outlet.plural}/?sort={order}" for order in orders)
    columns = ",".join([*outlet.columns, *outlet.more_columns()])
    yield f"{outlet.url('list')}?columns={columns}"
    yield from (f"{outlet.url('export')}?columns={columns}&format={kind}" for kind in ("csv", "xlsx"))
    yield from (f"{outlet.url('bulk', verb.name)}?all=1" for verb in outlet.bulk_verbs())
    if outlet.board_states:
        yield outlet.url("board")


def _of_a_record(outlet: Outlet, record: Any, reader: Eyes) -> Iterator[str]:
    yield from (outlet.url(act, record.pk) for act in ("detail", "timeline", "steps"))
    if any(route.outlet is outlet and route.act == "edit" for route in routes()):
        yield outlet.url("edit", record.pk)
    for act in ("detail", "page", "timeline", "actions"):
        yield reverse(f"api:{outlet.slug}-{act}", args=[record.pk])
    if record.noun() == "project":
        yield from (f"{record.get_absolute_url()}decision-sheet/", f"{record.get_absolute_url()}?view=fr")
        yield reverse("api:project-decision-sheet", args=[record.pk])
    yield f"/api/v1/approvals/?kind={record.record_kind()}&id={record.pk}"
    actor = Actor.of(reader.user)
    for verb in outlet.offered():
        if access.may(record, verb, actor):
            yield outlet.url("verb", record.pk, verb)


def addresses(world: World, reader: Eyes) -> list[str]:
    """Everything a reader may ask for about the deal, and about all deals."""
    found: list[str] = []
    for outlet in outlets():
        found += _of_lists(outlet)
        found += [url for record in world.records("own", outlet)[:1] for url in _of_a_record(outlet, record, reader)]
    case_id = world.deals["own"].project.case_id
    found += [reverse(route.name, args=[case_id]) for route in routes() if route.kind == "case"]
    found += [reverse(route.name) for route in routes() if route.kind == "collective" and route.outlet is None]
    found += ["/search/?q=智慧病房", "/api/v1/search/?q=智慧病房", "/api/v1/dashboard/"]
    return found


def first_difference(one: tuple[int, str], other: tuple[int, str]) -> str:
    """Where two answers part, to be read in a failure."""
    if one[0] != other[0]:
        return f"{one[0]} / {other[0]}"
    pairs = zip(one[1], other[1], strict=False)
    place = next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one[1]), len(other[1])))
    return f"{one[1][place - 60 : place + 30]!r} / {other[1][place : place + 30]!r}"


def answers(urls: list[str], reader: Eyes) -> dict[str, tuple[int, str]]:
    told = {}
    for url in urls:
        answer = reader.client.get(url)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = cells(body) if answer.status_code == 200 and url.endswith("format=xlsx") else body.decode()
        told[url] = answer.status_code, ASKED.sub("", PASSING.sub("", text))
    return told


def cells(workbook: bytes) -> str:
    """What stands in a workbook; the file itself says when it was written."""
    book = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)
    return "\n".join(repr(row) for sheet in book for row in sheet.iter_rows(values_only=True))


@pytest.mark.parametrize("name", READERS)
def test_what_is_told_without_the_right_to_cost_does_not_depend_on_cost(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Eyes(world, world.deals["own"].who("ar")) if name == "account manager" else eyes(world, name)
    assert not {"see_cost", "see_money"} & set(reader.user.standing.rights)
    urls = addresses(world, reader)
    before = answers(urls, reader)
    assert all(status < 500 for status, _body in before.values())
    assert all(status == 200 for url, (status, _body) in before.items() if "/export/" in url)
    assert sum(status == 200 for status, _body in before.values()) > len(urls) / 2
    change_every_cost(monkeypatch)
    after = answers(urls, reader)
    assert [(url, first_difference(before[url], after[url])) for url in urls if before[url] != after[url]] == []


def test_no_package_over_the_counter_holds_cost(world: World) -> None:
    """What goes along from stage to stage is told to everybody who sees the handover."""
    costs = {name for model in apps.get_models() for name in getattr(model, "cost_fields", ())} - PRICES_TOO
    packages = list(Handover.objects.values_list("target", "package"))
    assert len({stage for stage, _package in packages}) >= 7
    assert [(stage, sorted(costs & set(package))) for stage, package in packages if costs & set(package)] == []


def test_somebody_with_the_right_sees_the_difference(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other test would see it: the same change is seen by project finance."""
    reader = eyes(world, "pfc")
    quote = Quote.objects.filter(case_id=world.deals["own"].project.case_id).order_by("pk")[0]
    urls = [quote.get_absolute_url(), "/purchase-orders/", "/early-starts/", "/bills/"]
    before = answers(urls, reader)
    changed = change_every_cost(monkeypatch)
    assert {CostLine._meta.db_table, Quote._meta.db_table, "purchasing_bill"} <= {
        key for key, rows in changed.items() if rows
    }
    assert [url for url, told in answers(urls, reader).items() if told == before[url]] == []


def test_no_filter_asks_for_cost() -> None:
    """A filter by cost would tell it by halving; what is ordered by cost is refused to those who may not see it."""
    for outlet in outlets():
        asked = {one.field_name for one in getattr(outlet.filterset, "base_filters", {}).values()}
        assert not asked & set(outlet.model.cost_fields), outlet.plural


def test_no_order_tells_cost(world: World) -> None:
    reader = eyes(world, "legal")
    found = 0
    for outlet in outlets():
        assert not {key.lstrip("-") for key in outlet.order.fields} & set(outlet.model.cost_fields)
        for sort, keys in outlet.sorts.items():
            if {key.lstrip("-") for key in keys} & set(outlet.model.cost_fields):
                for order in (sort, f"-{sort}"):
                    assert reader.client.get(f"{outlet.url('list')}?sort={order}").status_code == 400
                    assert reader.client.get(f"{outlet.url('export')}?sort={order}").status_code == 400
                    assert reader.client.get(f"/api/v1/{outlet.plural}/?sort={order}").status_code == 400
                    found += 1
    assert found, "purchase orders are sorted by amount"


def test_a_bill_is_told_to_those_who_pay_it(world: World) -> None:
    bill = next(iter(world.records("own", next(one for one in outlets() if one.plural == "bills"))))
    amount = f"{bill.gross_amount:,.2f}"
    for name, told in (("cashier", True), ("pfc", True), ("legal", False), ("engineer", False)):
        page = eyes(world, name).client.get(bill.get_absolute_url())
        assert (amount in page.content.decode()) is told, name


def test_cost_fields_exist() -> None:
    """A word that names nothing would hide nothing."""
    for model in apps.get_models():
        if issubclass(model, StageRecord) or hasattr(model, "cost_fields"):
            for name in getattr(model, "cost_fields", ()):
                assert hasattr(model, name), (model, name)
