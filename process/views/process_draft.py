"""Writing the next version of the process in the browser: compare, edit step by step, publish, roll back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.duties import open_to
from accounts.models import Duty
from accounts.request import Request
from core.dictionary import word_of
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from process import improvements
from process.models import ProcessDraft, ProcessVersion
from process.services import definitions
from process.shapes import Lines
from process.step_forms import ControlForm, EvidenceForm, StepForm, evidence_initial, initial_of, step_of
from process.views.forms import cleaned_lines, done, formsets, once, problem, shown_formsets, version_of
from process.views.process_map import difference_table


def lines_of(step: dict[str, Any]) -> dict[str, Lines]:
    """The two grids below the step."""
    return {
        "controls": Lines(
            ControlForm, gettext_lazy("Controls"), lambda _step: step.get("controls", []), gettext_lazy("Add control")
        ),
        "evidence": Lines(
            EvidenceForm, gettext_lazy("Evidence"), lambda _step: evidence_initial(step), gettext_lazy("Add evidence")
        ),
    }


def _draft() -> ProcessDraft:
    found = definitions.current_draft()
    if found is None:
        raise Http404
    return found


def _require(request: Request) -> None:
    if request.user.duty != Duty.SYSTEM:
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})


def _act(request: Request, act: Callable[[], Any], address: str, sentence: str) -> HttpResponse:
    """Do what was posted once and go on; a refusal is shown on the draft's page with all its reasons."""
    try:

        def checked() -> str:
            act()
            return address

        once(request, checked)
    except DomainError as error:
        return draft(request, error=error)
    messages.success(request, sentence)
    return redirect(address)


@open_to(Duty.SYSTEM)
def draft(request: Request, error: DomainError | None = None) -> HttpResponse:
    """The draft with what it changes and what is wrong with it; POST begins one."""
    _require(request)
    here = reverse("process:draft")
    if request.method == "POST" and error is None:
        return _act(request, lambda: definitions.start_draft(by=request.user), here, _("The draft is begun."))
    found = definitions.current_draft()
    context: dict[str, Any] = {
        "title": _("Process draft"),
        "draft": found,
        "idempotency_key": new_key(),
        "adopted": improvements.adopted(),
    }
    if found is not None:
        before = found.based_on.content
        changes = definitions.differences(before, found.content)
        context |= {
            "table": difference_table(changes, before, found.content),
            "problems": definitions.check(found.content, found.based_on.artefacts),
            "steps": [{"code": one["code"], "label": word_of(one)} for one in found.content],
            "changed": {one.code for one in changes},
        }
    if error is not None:
        context |= problem(error)
    return render(request, "process/draft.html", context, status=error.status if error else 200)


@open_to(Duty.SYSTEM)
@require_POST
def discard(request: Request) -> HttpResponse:
    """Throw the draft away."""
    return _act(
        request,
        lambda: definitions.discard_draft(by=request.user),
        reverse("process:versions"),
        _("The draft is discarded."),
    )


@open_to(Duty.SYSTEM)
@require_POST
def publish(request: Request) -> HttpResponse:
    """Put the draft in force."""
    note = request.POST.get("note", "")
    version = version_of(request)
    return _act(
        request,
        lambda: definitions.publish_draft(by=request.user, note=note, version=version),
        reverse("process:map"),
        _("The new version is in force."),
    )


@open_to(Duty.SYSTEM)
@require_POST
def roll_back(request: Request, number: int) -> HttpResponse:
    """Put an earlier version in force again."""
    found = get_object_or_404(ProcessVersion, number=number)
    note = request.POST.get("note", "")
    return _act(
        request,
        lambda: definitions.roll_back(found, by=request.user, note=note),
        reverse("process:versions"),
        _("The new version is in force."),
    )


@open_to(Duty.SYSTEM)
@require_POST
def remove(request: Request, code: str) -> HttpResponse:
    """Take a step out of the draft."""
    version = version_of(request)
    return _act(
        request,
        lambda: definitions.remove_step(code, by=request.user, version=version),
        reverse("process:draft"),
        _("The step is taken out."),
    )


@open_to(Duty.SYSTEM)
def step(request: Request, code: str = "") -> HttpResponse:
    """The form of one step of the draft; without a code, of a new one."""
    _require(request)
    found = _draft()
    before: dict[str, Any] = next((one for one in found.content if one["code"] == code), {})
    if code and not before:
        raise Http404
    posted = request.method == "POST"
    initial = initial_of(before) if before else {"stage": request.GET.get("stage", "")}
    form = StepForm(request.POST if posted else None, initial=initial, user=request.user)
    form.offer(found)
    lines = lines_of(before)
    made = formsets(lines, request, before or None)
    error: DomainError | None = None
    if posted and form.is_valid() & all([formset.is_valid() for formset in made.values()]):
        rows = cleaned_lines(made)
        written = step_of(form.cleaned_data, rows["controls"], rows["evidence"], before)
        try:
            address = once(request, lambda: _write(request, written, code))
            messages.success(request, _("Saved."))
            return done(request, address)
        except DomainError as refusal:
            error = refusal
    context = {
        "title": _("Step %(code)s") % {"code": code} if code else _("New step"),
        "form": form,
        "fieldsets": form.fieldsets(form),
        "formsets": shown_formsets(lines, made),
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "version": request.POST.get("version") or found.row_version,
        "cancel_url": reverse("process:draft"),
    }
    status = 422 if posted else 200
    if error is not None:
        context |= {**problem(error), "idempotency_key": new_key(), "version": found.row_version}
        status = error.status
    return render(request, "generic/form.html", context, status=status)


def _write(request: Request, written: dict[str, Any], code: str) -> str:
    definitions.write_step(written, by=request.user, code=code, version=version_of(request))
    return reverse("process:draft")
