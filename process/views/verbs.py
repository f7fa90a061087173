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
from core.errors import Barred, DomainError, Stale
from core.idempotency import new_key
from process.forms import VerbForm
from process.machine import Verb
from process.models import StageRecord
from process.outlet import Outlet, default_verb_facts, way_past
from process.services.doors import reasons_against
from process.views.conflicts import length_of_log, overtaken
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
    with_note(form, spec)
    return form


def note_field(required: bool) -> forms.CharField:
    """The remark that every verb may carry, and some must."""
    label = gettext_lazy("Reason") if required else gettext_lazy("Note")
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 2}), required=required, max_length=4000)


def with_note(form: Any, spec: Verb) -> None:
    """Ask for the remark, where the form of the verb does not do so itself."""
    if "note" not in form.fields:
        form.fields["note"] = note_field(spec.note)


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
        "special_url": way_past(record, spec.name, reasons or getattr(error, "reasons", [])),
        "blocked": _is_blocked(reasons or [], asks=outlet.verb_form(spec.name) is not None),
        "post_url": outlet.url("verb", record.pk, spec.name),
        "cancel_url": record.get_absolute_url(),
        "danger": spec.danger,
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "version": request.POST.get("version") or record.row_version,
        "seen": request.POST.get("seen") or length_of_log(record),
        "record": record,
    }
    status = 422 if request.method == "POST" else 200
    if error is not None:
        context["idempotency_key"] = new_key()
        status = error.status
        record.refresh_from_db()
        context["version"] = record.row_version
        context.update(overtaken(record, request) if isinstance(error, Stale) else problem(error))
    template = "generic/verb.html" if request.htmx else "generic/verb_page.html"
    return render(request, template, context, status=status)


def _is_blocked(reasons: list[Any], *, asks: bool) -> bool:
    """Whether nothing that is filled in helps: the dialog asks for nothing, or another person has to do it."""
    return bool(reasons) and (not asks or any(isinstance(reason, Barred) for reason in reasons))


def spec_of(outlet: Outlet, name: str) -> Verb:
    """The declared verb or act; 404 for anything else."""
    found = outlet.spec(name)
    if found is None:
        raise Http404
    return found


def verb(outlet: Outlet) -> Any:
    """The view that fires one verb of a record."""

    def view(request: Request, pk: int, verb: str) -> HttpResponse:
        record = visible(outlet, request, pk)
        spec = spec_of(outlet, verb)
        form = _form(outlet, spec, record, request)
        made = formsets(getattr(form, "lines", {}), request, record)
        if request.method != "POST":
            outlet.require(record, verb, Actor.of(request.user))
            reasons = reasons_against(record, spec, by=actor_of(request))
            return _dialog(request, outlet, spec, record, form, made, reasons=reasons)
        valid = form.is_valid() & all([formset.is_valid() for formset in made.values()])
        if not valid:
            outlet.require(record, verb, Actor.of(request.user))
            return _dialog(request, outlet, spec, record, form, made)

        def act() -> str:
            outlet.fire(
                record,
                spec,
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
