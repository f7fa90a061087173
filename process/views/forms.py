"""Creating and changing records. Nothing typed is lost: a refusal, a stale form, a bad line show it again."""

from typing import Any

from django.contrib import messages
from django.db import DataError, IntegrityError
from django.forms import BaseFormSet, formset_factory
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.request import Request, actor_of
from core.constraints import refusal_of
from core.errors import DomainError, KeyReused, NotAllowed, Refused, Stale
from core.idempotency import Answer, hash_body, new_key, run_once
from core.transactions import whole
from process.models import StageRecord
from process.outlet import Outlet
from process.shapes import Lines
from process.views.conflicts import length_of_log, merge
from process.views.details import visible
from process.views.lists import may_open

MAX_LINES = 500


def formset_class(lines: Lines, extra: int = 0) -> Any:
    """The formset of a kind of lines."""
    return formset_factory(lines.form, extra=extra, can_delete=True, max_num=MAX_LINES, absolute_max=MAX_LINES)


def formsets(outlet_lines: dict[str, Lines], request: Request, record: Any) -> dict[str, BaseFormSet]:
    """One formset per kind of lines; on POST from what was sent, else from what is stored with `record` (or None)."""
    made = {}
    for name, lines in outlet_lines.items():
        stored = list(lines.read(record)) if record is not None and lines.read else []
        factory = formset_class(lines, extra=0 if stored else 1)
        form_kwargs = {"user": request.user, "record": record}
        if request.method == "POST":
            made[name] = factory(request.POST, prefix=name, form_kwargs=form_kwargs)
        else:
            made[name] = factory(prefix=name, initial=stored, form_kwargs=form_kwargs)
    return made


def cleaned_lines(made: dict[str, BaseFormSet]) -> dict[str, list[dict[str, Any]]]:
    """The rows that were filled in, without those marked for removal."""
    rows = {}
    for name, formset in made.items():
        kept = []
        for form in formset.forms:
            values = dict(form.cleaned_data)
            if values.pop("DELETE", False) or not form.has_changed():
                continue
            kept.append(values)
        rows[name] = kept
    return rows


def shown_formsets(outlet_lines: dict[str, Lines], made: dict[str, BaseFormSet]) -> list[dict[str, Any]]:
    """Formsets as the template takes them."""
    shown = []
    for name, formset in made.items():
        fields = formset.empty_form.visible_fields()
        columns = [
            {
                "label": field.label,
                "required": field.field.required,
                "help": field.help_text,
                "align": "end" if field.field.widget.attrs.get("inputmode") == "decimal" else "",
            }
            for field in fields
            if field.name != "DELETE"
        ]
        lines = outlet_lines[name]
        shown.append(
            {"title": lines.title, "prefix": name, "formset": formset, "columns": columns, "add_label": lines.add_label}
        )
    return shown


def problem(error: DomainError) -> dict[str, Any]:
    """What a refusal adds to the page: every reason. What a stale form adds stands in `conflicts`."""
    if isinstance(error, Refused):
        return {"reasons": [{"text": str(reason), "link": reason.link} for reason in error.reasons]}
    if isinstance(error, KeyReused):
        return {"reasons": [{"text": _("This form was sent before with other content. Please reload."), "link": ""}]}
    return {"reasons": [{"text": str(error), "link": ""}]}


def status_of(error: DomainError) -> int:
    """The HTTP status that says what kind of refusal it is."""
    return error.status


def version_of(request: Request) -> int | None:
    """The row version the form was shown with; 0, which no row has, for one that cannot be read."""
    text = request.POST.get("version", "")
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def once(request: Request, act: Any) -> str:
    """Run `act` (which returns an address) once per form key; a second submit gets the same address."""

    def checked() -> Answer:
        try:
            with whole():
                return Answer(302, {"location": act()})
        except (IntegrityError, DataError) as error:
            raise refusal_of(error) from error

    typed = [(name, values) for name, values in sorted(request.POST.lists()) if name != "csrfmiddlewaretoken"]
    answer = run_once(
        request.POST.get("idempotency_key") or new_key(),
        request.user.pk,
        f"{request.method} {request.path}",
        hash_body(typed, request.FILES.values()),
        checked,
    )
    return answer.answer["location"]


def done(request: Request, address: str) -> HttpResponse:
    """Go on to `address`, by htmx without losing the page's scripts."""
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def _page(
    request: Request,
    outlet: Outlet,
    form: Any,
    made: dict[str, BaseFormSet],
    *,
    record: StageRecord | None,
    error: DomainError | None = None,
) -> HttpResponse:
    cancel = record.get_absolute_url() if record else outlet.url("list")
    title = (
        _("Edit %(record)s") % {"record": record}
        if record
        else outlet.create_label or _("New: %(noun)s") % {"noun": outlet.model._meta.verbose_name}
    )
    context = {
        "title": title,
        "form": form,
        "fieldsets": form.fieldsets(form) if hasattr(form, "fieldsets") else None,
        "formsets": shown_formsets(outlet.lines, made),
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "version": request.POST.get("version") or (record.row_version if record else ""),
        "seen": request.POST.get("seen") or (length_of_log(record) if record else ""),
        "cancel_url": cancel,
        "multipart": form.is_multipart(),
    }
    status = 200
    if request.method == "POST":
        status = 422
    if isinstance(error, Stale) and record is not None:
        # Saving again after having seen both versions is a decision, so the next try has the new version.
        record.refresh_from_db()
        form, seen = merge(outlet, type(form), form, record, request)
        context |= {**seen, "form": form, "version": record.row_version, "submit_label": _("Save as it stands below")}
        context["fieldsets"] = form.fieldsets(form) if hasattr(form, "fieldsets") else None
    elif error is not None:
        context.update(problem(error))
    if error is not None:
        status = error.status
        context["idempotency_key"] = new_key()
    return render(request, "generic/form.html", context, status=status)


def create(outlet: Outlet) -> Any:
    """The page that opens a new record."""

    def view(request: Request) -> HttpResponse:
        form_class: Any = outlet.form
        initial = outlet.initial(request, form_class)
        form = form_class(request.POST or None, request.FILES or None, user=request.user, record=None, initial=initial)
        made = formsets(outlet.lines, request, None)
        if not may_open(outlet, request):
            raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})
        if request.method != "POST":
            outlet.require_open(initial, actor_of(request))
            return _page(request, outlet, form, made, record=None)
        valid = form.is_valid() & all([formset.is_valid() for formset in made.values()])
        if not valid:
            outlet.require_open(request.POST, actor_of(request))
            return _page(request, outlet, form, made, record=None)

        def act() -> str:
            record = outlet.open(by=actor_of(request), **form.cleaned_data, **cleaned_lines(made))
            return record.get_absolute_url()

        try:
            address = once(request, act)
        except DomainError as error:
            return _page(request, outlet, form, made, record=None, error=error)
        messages.success(request, _("Saved."))
        return done(request, address)

    return view


def edit(outlet: Outlet) -> Any:
    """The page that changes a record's fields."""

    def view(request: Request, pk: int) -> HttpResponse:
        record = visible(outlet, request, pk)
        form_class: Any = outlet.edit_form or outlet.form
        form = form_class(request.POST or None, request.FILES or None, user=request.user, record=record)
        made = formsets(outlet.lines, request, record)
        posted = request.method == "POST"
        valid = posted and form.is_valid() & all([formset.is_valid() for formset in made.values()])
        if not valid:
            outlet.require(record, "edit", Actor.of(request.user))
            return _page(request, outlet, form, made, record=record)

        def act() -> str:
            outlet.edit(
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
            return _page(request, outlet, form, made, record=record, error=error)
        messages.success(request, _("Saved."))
        return done(request, address)

    return view
