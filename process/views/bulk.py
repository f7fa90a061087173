"""One verb on many records: counted and confirmed, done one by one, each in a transaction of its own."""

from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.request import Request, actor_of
from core.constraints import refusal_of
from core.errors import DomainError, Reason, Refused
from core.idempotency import Answer, hash_body, new_key, run_once
from core.text import row_key
from process import access, segregation
from process.forms import VerbForm
from process.machine import Verb
from process.models import StageRecord
from process.outlet import Outlet
from process.services.doors import reasons_against
from process.views.lists import FilterError, narrowed
from process.views.verbs import with_note

# What one request can do while somebody waits; a longer list is narrowed first.
MOST = 200


@dataclass
class Outcome:
    """What became of one record, or would."""

    record: StageRecord
    reasons: list[Reason] = field(default_factory=list)


def _spec(outlet: Outlet, name: str) -> Verb:
    found = next((spec for spec in outlet.bulk_verbs() if spec.name == name), None)
    if found is None:
        raise Http404
    return found


def _meant(outlet: Outlet, request: Request) -> tuple[list[StageRecord], int]:
    """(the records, how many were named but cannot be seen): those marked, or all that the list shows."""
    asked = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" and request.GET.get("all"):
        params = request.GET.copy()
        for name in ("all", "ids", "cursor", "columns"):
            params.pop(name, None)
        try:
            queryset, _form = narrowed(outlet, params, request)
        except FilterError as error:
            raise Refused(str(error)) from error
        return list(queryset.order_by("case_id", "pk")[: MOST + 1]), 0
    given = (row_key(text) for part in asked.getlist("ids") for text in part.split(","))
    ids = {key for key in given if key is not None}
    found = list(outlet.queryset(request.user).filter(pk__in=sorted(ids)[: MOST + 1]).order_by("case_id", "pk"))
    return found, min(len(ids), MOST + 1) - len(found)


def _form(outlet: Outlet, spec: Verb, record: StageRecord | None, request: Request) -> Any:
    form_class = outlet.verb_form(spec.name) or VerbForm
    form = form_class(request.POST if request.method == "POST" else None, user=request.user, record=record)
    with_note(form, spec)
    return form


def _foreseen(outlet: Outlet, spec: Verb, records: list[StageRecord], request: Request) -> list[Outcome]:
    """What stands in the way of each record now, before anything is asked."""
    actor = Actor.of(request.user)
    access.read_seats({record.case_id for record in records}, actor)
    barred = segregation.bars_of_many(records, spec.name, actor)
    found = []
    for record, bars in zip(records, barred, strict=True):
        outcome = Outcome(record)
        try:
            outlet.require(record, spec.name, actor)
            # What the dialog asks for cannot be missing before it is filled in.
            asks = outlet.verb_form(spec.name) is not None and record.state in spec.sources
            outcome.reasons = [*([] if asks else reasons_against(record, spec)), *bars]
        except DomainError as error:
            outcome.reasons = _reasons(error)
        found.append(outcome)
    return found


def _reasons(error: DomainError) -> list[Reason]:
    return list(error.reasons) if isinstance(error, Refused) else [Reason(str(error))]


def _one(outlet: Outlet, spec: Verb, record: StageRecord, request: Request) -> Outcome:
    """One record, by the service of the verb; the same form sent twice does it once."""
    form = _form(outlet, spec, record, request)
    if not form.is_valid():
        return Outcome(record, [Reason(f"{label}: {text}") for label, text in _mistakes(form)])

    def act() -> Answer:
        outlet.fire(record, spec, by=actor_of(request), **form.cleaned_data)
        return Answer(200, {})

    key = f"{request.POST.get('idempotency_key') or new_key()}:{record.pk}"
    try:
        with transaction.atomic():
            run_once(key, request.user.pk, f"POST {request.path}", hash_body(_typed(request)), act)
    except DomainError as error:
        return Outcome(record, _reasons(error))
    except (IntegrityError, DataError) as error:
        return Outcome(record, list(refusal_of(error).reasons))
    return Outcome(record)


def _typed(request: Request) -> list[tuple[str, list[str]]]:
    left_out = ("csrfmiddlewaretoken", "ids")
    return [(name, values) for name, values in sorted(request.POST.lists()) if name not in left_out]


def _mistakes(form: Any) -> list[tuple[str, str]]:
    return [
        (str(form.fields[name].label) if name in form.fields else _("Form"), str(text))
        for name, texts in form.errors.items()
        for text in texts
    ]


def bulk(outlet: Outlet) -> Any:
    """The dialog that counts and asks, and the page that says what became of each record."""

    def view(request: Request, verb: str) -> HttpResponse:
        spec = _spec(outlet, verb)
        records, missing = _meant(outlet, request)
        if request.method != "POST" or not records or len(records) > MOST:
            return _ask(request, outlet, spec, records, missing)
        form = _form(outlet, spec, records[0], request)
        if not form.is_valid():
            return _ask(request, outlet, spec, records, missing, form=form)
        outcomes = [_one(outlet, spec, record, request) for record in records]
        context = {
            "title": spec.label,
            "done": [outcome for outcome in outcomes if not outcome.reasons],
            "refused": [outcome for outcome in outcomes if outcome.reasons],
            "missing": missing,
            "back_url": outlet.url("list"),
        }
        template = "generic/bulk_result.html" if request.htmx else "generic/bulk_result_page.html"
        return render(request, template, context)

    return view


def _ask(
    request: Request, outlet: Outlet, spec: Verb, records: list[StageRecord], missing: int, form: Any = None
) -> HttpResponse:
    too_many = len(records) > MOST
    foreseen = [] if too_many else _foreseen(outlet, spec, records, request)
    able = [outcome.record for outcome in foreseen if not outcome.reasons]
    names = {"verb": spec.label, "count": len(able), "noun": outlet.model._meta.verbose_name_plural}
    reasons: list[str] = []
    if too_many:
        reasons.append(_("At most %(count)s at once: narrow the list first.") % {"count": MOST})
    elif not records:
        reasons.append(_("Nothing is marked."))
    elif not able:
        reasons.append(_("Of what is marked, nothing can be done this way now."))
    question = ngettext("%(verb)s: %(count)s record (%(noun)s)?", "%(verb)s: %(count)s records (%(noun)s)?", len(able))
    context = {
        "title": spec.label,
        "question": question % names,
        "form": form or (_form(outlet, spec, able[0], request) if able else None),
        "able": able,
        "refused": [outcome for outcome in foreseen if outcome.reasons],
        "missing": missing,
        "reasons": [{"text": reason, "link": ""} for reason in reasons],
        "blocked": not able,
        "post_url": outlet.url("bulk", spec.name),
        "cancel_url": outlet.url("list"),
        "danger": spec.danger,
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "submit_label": f"{spec.label} ({len(able)})",
    }
    template = "generic/bulk.html" if request.htmx else "generic/bulk_page.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)
