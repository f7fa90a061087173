"""The page of one record: where it is, who holds it since when, what is the next act."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request, actor_of
from core.errors import NotAllowed, Refused
from core.idempotency import Answer, hash_body, new_key, run_once
from process import access, panels, show, stages, visibility
from process.models import Attachment, LogEntry, Seat, StageRecord
from process.models.case import SEATS, TRIANGLE
from process.outlet import Outlet, outlet_of, way_past
from process.services import attach
from process.services.doors import bars, reasons_against
from process.views import history

TIMELINE = 30


def visible(outlet: Outlet, request: Request, pk: int) -> StageRecord:
    """The record, or 404 for one the person may not see: its existence is not told."""
    return get_object_or_404(outlet.queryset(request.user), pk=pk)


def _crumbs(outlet: Outlet, record: StageRecord, user: Any) -> list[dict[str, Any]]:
    """The way back: the list, and the page of the deal that the record belongs to."""
    crumbs = [{"label": outlet.model._meta.verbose_name_plural, "url": outlet.url("list")}]
    deal = panels.spine(record.case_id, user) if record.case_id and not hasattr(record, "stage") else None
    return [*crumbs, deal] if deal else crumbs


def _head(outlet: Outlet, record: StageRecord, user: Any) -> dict[str, Any]:
    held = outlet.kept_row(record)
    # The spine says where the deal is; every other record belongs to one stage.
    code = getattr(record, "stage", "") or record.home_stage
    stage = stages.label(code) if code else ""
    return {
        "code": record.code,
        "title": outlet.heading(record),
        "state_label": record.state_label,
        "state_colour": record.state_colour,
        "stage_label": stage,
        "holder": str(held.holder) if held and held.holder else "",
        "since": show.text_of(held.since)[:10] if held else "",
        "breadcrumbs": _crumbs(outlet, record, user),
    }


def verbs_for(outlet: Outlet, record: StageRecord, actor: Actor) -> tuple[dict | None, list[dict], list[dict]]:
    """(primary verb, other verbs, what stands in the way) for this person in this state."""
    primary, others, blockers = None, [], []
    for spec in outlet.offered_to(record, actor):
        entry = {
            "label": spec.label,
            "url": outlet.url("verb", record.pk, spec.name),
            "danger": spec.danger,
            "allowed": True,
        }
        if spec.primary and primary is None:
            # What a dialog asks for cannot be missing before it is open; who is barred is so with a dialog as well.
            asks = outlet.verb_form(spec.name) is not None
            reasons = bars(record, spec.name, actor) if asks else reasons_against(record, spec, by=actor)
            blockers = [{"text": str(reason), "link": reason.link} for reason in reasons]
            past = way_past(record, spec.name, reasons)
            primary = {**entry, "disabled": bool(blockers), "reasons": blockers, "special_url": past}
        else:
            others.append(entry)
    return primary, others, blockers


def _seats(record: StageRecord, held: dict[str, Seat]) -> list[dict[str, Any]]:
    if not held:  # no deal, or none yet: nobody can be missing
        return []
    shown = [role for role in SEATS if role in TRIANGLE or role in held]
    if record.home_stage == "lead" or not record.home_stage:
        shown = [role for role in shown if role in held]
    return [
        {
            "role": SEATS[role],
            "name": str(held[role].user) if role in held else "",
            "since": show.text_of(held[role].during.lower)[:10] if role in held else "",
            "vacant": role not in held,
        }
        for role in shown
    ]


def detail(outlet: Outlet) -> Any:
    """The detail view of an outlet."""

    def view(request: Request, pk: int) -> HttpResponse:
        record = get_object_or_404(outlet.page_queryset(request.user), pk=pk)
        actor = Actor.of(request.user)
        held = access.sitting(record.case_id, actor)
        primary, verbs, blockers = verbs_for(outlet, record, actor)
        editable = (
            outlet.service("edit") is not None
            and (outlet.edit_form or outlet.form)
            and record.state in (record.edit_states or record.states.open)
            and access.may(record, "edit", actor)
        )
        context = {
            "record": record,
            "head": _head(outlet, record, request.user),
            "stagebar": outlet.stagebar(record),
            "primary": primary,
            "verbs": verbs,
            "blockers": blockers,
            "stats": outlet.stats(record, request.user),
            "sections": outlet.sections(record, request.user),
            "tables": outlet.all_tables(record, request.user),
            "panels": [
                {"title": panel.title, "url": panel.url(record.case_id), "open": panel.open}
                for panel in panels.panels_on(record.record_kind())
            ],
            "seats": _seats(record, held),
            "timeline_url": outlet.url("timeline", record.pk),
            "files_url": outlet.url("files", record.pk),
            "steps_url": outlet.url("steps", record.pk) if record.home_stage else "",
            "edit_url": outlet.url("edit", record.pk) if editable else "",
            "children_actions": outlet.actions(record, request.user),
            **outlet.context(record, request.user),
        }
        return render(request, outlet.template_detail, context)

    return view


def entries_of(outlet: Outlet, record: StageRecord, reader: User) -> QuerySet[LogEntry]:
    """The log of a record, or of its whole case as far as the reader may see its records, and cost."""
    if not outlet.case_timeline:
        return LogEntry.objects.filter(kind=record.record_kind(), object_id=record.pk)
    entries = LogEntry.objects.filter(case_id=record.case_id).exclude(kind__in=visibility.PAPER_KINDS)
    if not reader.has_right("see_cost"):
        entries = entries.exclude(kind__startswith="finance.").exclude(kind__startswith="purchasing.")
    for kind, pks in _hidden_in(record.case_id, reader).items():
        entries = entries.exclude(kind=kind, object_id__in=pks)
    return entries


def _hidden_in(case_id: int, reader: User) -> dict[str, set[int]]:
    """{kind: keys} of the case's records that the reader may not see."""
    logged = set(LogEntry.objects.filter(case_id=case_id).order_by().values_list("kind", "object_id").distinct())
    keys = {key for key in logged if outlet_of(key[0]) is not None}
    hidden: dict[str, set[int]] = {}
    for kind, pk in keys - visibility.seen(keys, reader):
        hidden.setdefault(kind, set()).add(pk)
    return hidden


def timeline(outlet: Outlet) -> Any:
    """The record's log (or its whole case's), newest first, as a fragment; `?all=1` shows more."""

    def view(request: Request, pk: int) -> HttpResponse:
        record = visible(outlet, request, pk)
        entries = entries_of(outlet, record, request.user).order_by("-seq" if outlet.case_timeline else "-id")
        size = 500 if request.GET.get("all") else TIMELINE
        found = list(entries[: size + 1])
        more = f"{request.path}?all=1" if len(found) > size and size == TIMELINE else ""
        shown = [history.entry(one, request.user, on=record.record_kind()) for one in found[:size]]
        return render(request, "generic/_timeline.html", {"entries": shown, "more_url": more})

    return view


def attached_to(record: StageRecord) -> QuerySet[Attachment]:
    """The files that hang on a record, newest first."""
    found = Attachment.objects.filter(kind=record.record_kind(), object_id=record.pk)
    return found.select_related("added_by").order_by("-pk")


def file_rows(record: StageRecord) -> list[dict[str, Any]]:
    """A record's files, newest first."""
    return [
        {
            "name": one.name,
            "url": reverse("process:file", args=[one.pk]),
            "size": f"{max(one.size // 1024, 1)} kB",
            "at": show.text_of(one.added_at),
            "who": str(one.added_by or ""),
            "kind": history.PURPOSES.get(one.purpose, one.purpose),
        }
        for one in attached_to(record)[:100]
    ]


def _add_file(record: StageRecord, request: Request, actor: Actor) -> None:
    """Hang the file on the record, once per form: whoever got no answer sends it again."""
    file = request.FILES["file"]
    run_once(
        request.POST.get("idempotency_key", ""),
        request.user.pk,
        f"{request.method} {request.path}",
        hash_body(request.POST, [file]),
        lambda: Answer(200, {"file": attach(record, file=file, by=actor).pk}),
    )


def files(outlet: Outlet) -> Any:
    """The record's files as a fragment; POST adds one, for those who take part in the case.

    What is added here proves nothing: the purpose of a file is set by the verb that asks for it.
    """

    def view(request: Request, pk: int) -> HttpResponse:
        record = visible(outlet, request, pk)
        actor = actor_of(request)
        if request.method == "POST":
            if not access.may_attach(record, actor):
                raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
            if "file" not in request.FILES:
                raise Refused(_("No file was chosen."))
            _add_file(record, request, actor)
            if not request.htmx:
                messages.success(request, _("The file is added."))
                return redirect(record.get_absolute_url())
        return HttpResponse(files_fragment(outlet, record, request))

    return view


def files_fragment(outlet: Outlet, record: StageRecord, request: Request) -> SafeString:
    """The record's files, drawn, with the field that adds one for those who may."""
    upload_url = outlet.url("files", record.pk) if access.may_attach(record, actor_of(request)) else ""
    context = {"files": file_rows(record), "upload_url": upload_url, "idempotency_key": new_key()}
    return render_to_string("generic/_files.html", context, request)


def _may_open_on(outlet: Outlet, case_id: int, user: Any) -> bool:
    """Whether a record of the kind can be begun on this case by this person; a lead begins a case of its own."""
    if outlet.model.home_stage == "lead":
        return False
    return access.may(outlet.model(case_id=case_id), "open", Actor.of(user))


def panel(outlet: Outlet) -> Any:
    """The records of one case as a card on another record's page."""

    def view(request: Request, case_id: int) -> HttpResponse:
        records = list(outlet.queryset(request.user).filter(case_id=case_id).order_by("-pk")[:20])
        columns = outlet.list_columns(request.user)
        if outlet.panel_columns:
            columns = [column for column in columns if column.key in outlet.panel_columns]
        outlet.learn(records, [column.key for column in columns], request.user)
        table: dict[str, Any] = {
            "columns": outlet.head_cells(columns, request) if records else [],
            "rows": [outlet.row(record, columns, request.user) for record in records],
        }
        for head in table["columns"]:
            head.pop("sort_url", None)
        actions = []
        if outlet.form is not None and _may_open_on(outlet, case_id, request.user):
            label = outlet.create_label or _("New")
            actions.append({"label": label, "url": f"{outlet.url('new')}?case={case_id}"})
        context = {"tables": [table] if records else [], "actions": actions, "empty_text": outlet.empty_text}
        return render(request, "generic/panel.html", context)

    return view
