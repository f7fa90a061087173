"""Reading a body: typed by serializers that are derived from a form, validated by the form itself."""

from functools import cache
from typing import Any

from django import forms
from django.forms.models import ModelMultipleChoiceField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import RIGHTS, User
from accounts.standing import Standing
from core.api.inputs import Strict
from core.api.problems import Invalid
from process.api.fields import as_typed, field_of
from process.models import StageRecord
from process.shapes import Lines
from process.views.forms import MAX_LINES, cleaned_lines, formset_class
from process.views.verbs import note_field


def reader() -> User:
    """A person nobody is, with every right: forms are built for it where only their shape is asked for."""
    user = User(username="schema", name="schema")
    nobody: frozenset[int] = frozenset()
    user.__dict__["standing"] = Standing(
        frozenset(), frozenset(RIGHTS), nobody, nobody, duty="", needs_second_factor=False
    )
    return user


def blank_form(form_class: type, user: User, record: StageRecord | None) -> Any:
    """The form as a person sees it before typing."""
    return form_class(user=user, record=record)


def fields_of(form_class: type, *, partial: bool = False) -> dict[str, serializers.Field]:
    """The typed fields of a form, as it stands for somebody who sees everything and on no particular record.

    What has an initial value need not be sent; `partial`: nothing need be.
    """
    form = blank_form(form_class, reader(), None)
    declared: dict[str, Any] = getattr(form_class, "base_fields", {})

    def is_required(name: str, field: forms.Field) -> bool:
        return field.required and not partial and form.get_initial_for_field(field, name) in (None, "")

    return {
        name: field_of(
            field, required=is_required(name, field), open_choice=_choices(declared.get(name)) != _choices(field)
        )
        for name, field in form.fields.items()
    }


def _choices(field: Any) -> Any:
    """The fixed choices of a field."""
    found = getattr(field, "choices", None) if isinstance(field, forms.ChoiceField) else None
    return found if isinstance(found, list) else None


@cache
def serializer_class(
    name: str, form_class: type, lines: tuple[tuple[str, Lines], ...], note: bool | None = None, partial: bool = False
) -> type[Strict]:
    """The typed shape of a form with its lines; `note` adds the remark of a verb, mandatory where True."""
    made: dict[str, Any] = fields_of(form_class, partial=partial)
    if note is not None and "note" not in made:
        made["note"] = field_of(note_field(note))
    for key, one in lines:
        row = type(f"{name}{key.title()}", (Strict,), {"__doc__": one.form.__doc__, **fields_of(one.form)})
        made[key] = row(many=True, required=False, max_length=MAX_LINES)
    return type(name, (Strict,), {"__doc__": form_class.__doc__, **made})


def shown_rows(lines: Lines, record: StageRecord | None) -> list[dict[str, Any]]:
    """The rows of its lines that a form shows before anybody types."""
    return list(lines.read(record)) if record is not None and lines.read else []


class Input:
    """One body on its way through serializer and form."""

    def __init__(self, form_class: type, lines: dict[str, Lines], user: User, record: StageRecord | None) -> None:
        self.form_class, self.lines, self.user, self.record = form_class, lines, user, record
        self.errors: dict[str, Any] = {}

    def bind(
        self,
        given: dict[str, Any],
        *,
        prepare: Any = None,
        initial: dict[str, Any] | None = None,
        partial: bool = False,
    ) -> None:
        """Bind form and lines to typed values; what was not given keeps what the form would show.

        `prepare` is run on the form before. Raises Invalid with every error; `partial`: of what was given only.
        """
        shown = blank_form(self.form_class, self.user, self.record)
        if prepare is not None:
            prepare(shown)
        shown.initial.update(initial or {})
        missing = {name for name in given if name not in shown.fields and name not in self.lines}
        self.errors = {name: [_("This is not asked for here.")] for name in missing}
        data, files = _typed(shown, given)
        self.form = self.form_class(data, files, user=self.user, record=self.record)
        if prepare is not None:
            prepare(self.form)
        self.given, self.partial = set(given), partial
        self.made = {
            name: self._formset(name, lines, given[name] if name in given else self._shown(lines))
            for name, lines in self.lines.items()
        }
        self._validate()

    def _shown(self, lines: Lines) -> list[dict[str, Any]]:
        """The rows that a verb's dialog would show; a change leaves what was not given alone anyway."""
        return [] if self.partial else shown_rows(lines, self.record)

    def _formset(self, name: str, lines: Lines, rows: list[dict[str, Any]]) -> Any:
        shown = blank_form(lines.form, self.user, self.record)
        data: MultiValueDict = MultiValueDict()
        data[f"{name}-TOTAL_FORMS"], data[f"{name}-INITIAL_FORMS"] = str(len(rows)), "0"
        for index, row in enumerate(rows):
            typed, _files = _typed(shown, row)
            for field, values in typed.lists():
                data.setlist(f"{name}-{index}-{field}", values)
        return formset_class(lines)(data, prefix=name, form_kwargs={"user": self.user, "record": self.record})

    def _validate(self) -> None:
        if not self.form.is_valid():
            found = {name: list(messages) for name, messages in self.form.errors.items()}
            if self.partial:
                found = {name: messages for name, messages in found.items() if name in {*self.given, "__all__"}}
            self.errors.update(found)
        for name, formset in self.made.items():
            if not formset.is_valid():
                rows = {str(index): dict(errors) for index, errors in enumerate(formset.errors) if errors}
                self.errors[name] = rows or list(formset.non_form_errors())
        if self.errors:
            raise Invalid(self.errors)

    def cleaned(self) -> dict[str, Any]:
        """The keywords of the service."""
        return {**self.form.cleaned_data, **cleaned_lines(self.made)}

    def changes(self) -> dict[str, Any]:
        """The keywords of the service for what was sent; the rest stays as it is."""
        return {name: value for name, value in self.cleaned().items() if name in self.given}


def _typed(shown: Any, given: dict[str, Any]) -> tuple[MultiValueDict, MultiValueDict]:
    """(data, files) as a browser would post them."""
    data: MultiValueDict = MultiValueDict()
    files: MultiValueDict = MultiValueDict()
    for name, field in shown.fields.items():
        value = given[name] if name in given else shown.get_initial_for_field(field, name)
        if isinstance(field, forms.FileField):
            if name in given and value is not None:
                files[name] = value
            continue
        typed = as_typed(value)
        if isinstance(field, forms.BooleanField):
            if typed is True or typed in ("True", "true", "on", "1"):
                data[name] = "on"
        elif isinstance(field, forms.MultipleChoiceField | ModelMultipleChoiceField):
            data.setlist(name, typed or [])
        else:
            data[name] = typed
    return data, files
