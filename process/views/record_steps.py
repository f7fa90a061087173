"""The steps of a record's stage as a fragment of its page, and the dialog that confirms one done by hand."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.request import Request, actor_of
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from process import access, catalogue, lanes, stages
from process.forms import VerbForm
from process.models import StageRecord, StepDefinition
from process.outlet import Outlet
from process.services import confirm
from process.views.details import visible
from process.views.forms import done, once, problem


class ConfirmForm(VerbForm):
    """What was found, and a paper about it."""

    note = forms.CharField(
        label=gettext_lazy("What was found"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )
    file = forms.FileField(label=gettext_lazy("Paper"), required=False)


def may_confirm(record: StageRecord, step: StepDefinition, actor: Actor) -> bool:
    """Whether the person is accountable for or consulted in a step done by hand."""
    return step.by_hand and access.may_any((step.accountable, *step.consulted), record, actor)


def of_record(outlet: Outlet, record: StageRecord, actor: Actor) -> list[dict[str, Any]]:
    """The checklist of the record's stage; a step that waits for this person has the address that confirms it."""
    stage = getattr(record, "stage", "") or record.home_stage
    steps = lanes.checklist(record.case_id, stage, lanes.named_in(record.case_id, stage))
    for step in steps:
        if step["state"] in ("todo", "now", "late") and may_confirm(record, step["definition"], actor):
            step["confirm_url"] = outlet.url("step", record.pk, step["code"])
    return steps


def steps(outlet: Outlet) -> Any:
    """The fragment of an outlet's records."""

    def view(request: Request, pk: int) -> HttpResponse:
        return HttpResponse(fragment(outlet, visible(outlet, request, pk), request))

    return view


def fragment(outlet: Outlet, record: StageRecord, request: Request) -> SafeString:
    """The checklist of the record's stage, drawn."""
    stage = getattr(record, "stage", "") or record.home_stage
    shown = of_record(outlet, record, actor_of(request)) if stage else []
    context = {"steps": shown, "stage_title": stages.label(stage)}
    return render_to_string("process/_steps.html", context, request)


def step(outlet: Outlet) -> Any:
    """The dialog that confirms one step on an outlet's record."""

    def view(request: Request, pk: int, code: str) -> HttpResponse:
        record = visible(outlet, request, pk)
        found = next((one for one in catalogue.of_case(record.case_id).steps if one.code == code and one.by_hand), None)
        if found is None:
            raise Http404
        actor = actor_of(request)
        if not may_confirm(record, found, actor):
            raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})
        posted = request.method == "POST"
        form = ConfirmForm(
            request.POST if posted else None, request.FILES if posted else None, user=request.user, record=record
        )
        if not posted or not form.is_valid():
            return _dialog(request, outlet, record, found, form)
        try:
            address = once(request, lambda: _confirm(record, code, actor, form.cleaned_data))
        except DomainError as error:
            return _dialog(request, outlet, record, found, form, error)
        messages.success(request, _("%(verb)s: done.") % {"verb": found.label})
        return done(request, address)

    return view


def _confirm(record: StageRecord, code: str, actor: Actor, values: dict[str, Any]) -> str:
    confirm(record, code, by=actor, note=values["note"], file=values["file"])
    return record.get_absolute_url()


def _dialog(
    request: Request,
    outlet: Outlet,
    record: StageRecord,
    found: StepDefinition,
    form: Any,
    error: DomainError | None = None,
) -> HttpResponse:
    context = {
        "title": f"{found.code} {found.label}",
        "question": _("Confirm “%(step)s” on %(record)s") % {"step": found.label, "record": record},
        "form": form,
        "post_url": outlet.url("step", record.pk, found.code),
        "cancel_url": record.get_absolute_url(),
        "submit_label": _("Confirm"),
        "multipart": True,
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "record": record,
    }
    status = 422 if request.method == "POST" else 200
    if error is not None:
        context |= {**problem(error), "idempotency_key": new_key()}
        status = error.status
    template = "generic/verb.html" if request.htmx else "generic/verb_page.html"
    return render(request, template, context, status=status)
