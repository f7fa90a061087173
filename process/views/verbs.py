"""The dialog of a verb: what it needs, what stands in the way; POST calls the service of the same name."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.request import Request
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from process import access
from process.forms import VerbForm
from process.machine import Verb
from process.models import StageRecord
from process.outlet import Outlet, default_verb_facts
from process.services.doors import reasons_against
from process.views.details import visible
from process.views.forms import actor_of, cleaned_lines, done, formsets, once, problem, shown_formsets, version_of


def _form(outlet: Outlet, spec: Verb, record: StageRecord, request: Request) -> Any:
    form_class = outlet.verb_form(spec.name) or VerbForm
    posted = request.method == "POST"
    form = form_class(
        request.POST if posted else None,
        request.FILES if posted else None,
        user=request.user,
        record=record,
    )
    if "note" not in form.fields:
        label = gettext_lazy("Reason") if spec.note else gettext_lazy("Note")
        form.fields["note"] = forms.CharField(
            label=label, widget=forms.Textarea(attrs={"rows": 2}), required=spec.note, max_length=4000
        )
    return form


def _dialog(
    request: Request,
    outlet: Outlet,
    spec: Verb,
    record: StageRecord,
    form: Any,
    made: dict[str, Any],
    *,
    error: DomainError | None = None,
    reasons: list[Any] | None = None,
) -> HttpResponse:
    lines = getattr(form, "lines", {})
    facts = default_verb_facts.get(spec.name)
    context = {
        "title": spec.label,
        "facts": facts(record, request.user) if facts else [],
        "question": _("%(verb)s: %(record)s") % {"verb": spec.label, "record": record},
        "form": form,
        "formsets": shown_formsets(lines, made),
        "note_required": spec.note,
        "reasons": [{"text": str(reason), "link": reason.link} for reason in reasons or []],
        "blocked": bool(reasons) and outlet.verb_form(spec.name) is None,
        "post_url": outlet.url("verb", record.pk, spec.name),
        "cancel_url": record.get_absolute_url(),
        "danger": spec.danger,
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "version": request.POST.get("version") or record.row_version,
        "record": record,
    }
    status = 422 if request.method == "POST" else 200
    if error is not None:
        context.update(problem(error))
        context["idempotency_key"] = new_key()
        status = error.status
        record.refresh_from_db()
        context["version"] = record.row_version
    template = "generic/verb.html" if request.htmx else "generic/verb_page.html"
    return render(request, template, context, status=status)


def _spec(outlet: Outlet, name: str) -> Verb:
    """The declared verb, or an act of the outlet in the shape of one; 404 for anything else."""
    if name in outlet.acts:
        act = outlet.acts[name]
        states = act.states or outlet.model.states.open
        return Verb(name, states, (), act.label, act.who, danger=act.danger)
    found = outlet.offered().get(name)
    if found is None:
        raise Http404
    return found


def _require(outlet: Outlet, record: StageRecord, name: str, request: Request) -> None:
    """NotAllowed, which becomes a page; a form that is complete is left to the door, which also knows its answer."""
    actor = Actor.of(request.user)
    words = outlet.acts[name].who if name in outlet.acts else access.words_for(record, name)
    if not access.may_any(words, record, actor):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})


def verb(outlet: Outlet) -> Any:
    """The view that fires one verb of a record."""

    def view(request: Request, pk: int, verb: str) -> HttpResponse:
        record = visible(outlet, request, pk)
        spec = _spec(outlet, verb)
        form = _form(outlet, spec, record, request)
        made = formsets(getattr(form, "lines", {}), request, record)
        if request.method != "POST":
            _require(outlet, record, verb, request)
            return _dialog(request, outlet, spec, record, form, made, reasons=reasons_against(record, spec))
        valid = form.is_valid() & all([formset.is_valid() for formset in made.values()])
        if not valid:
            _require(outlet, record, verb, request)
            return _dialog(request, outlet, spec, record, form, made)

        def act() -> str:
            service: Any = outlet.service(spec.attribute)
            service(
                record,
                by=actor_of(request),
                version=version_of(request),
                **form.cleaned_data,
                **cleaned_lines(made),
            )
            return record.get_absolute_url()

        try:
            address = once(request, act)
        except DomainError as error:
            return _dialog(request, outlet, spec, record, form, made, error=error)
        messages.success(request, _("%(verb)s: done.") % {"verb": spec.label})
        return done(request, address)

    return view
