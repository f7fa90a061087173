"""Values that no field of their kind takes, by kind: what browsers never send, and people and programs do."""

from typing import Any

from django import forms
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from django.utils.html import escape

from process.forms import RowChoice

NUL, RTL, HUGE = "a\x00b", "\u202eedoc", str(10**30)
KEPT = '保留 <b> & "x"'
_CHOICES = (ModelChoiceField, forms.ChoiceField, RowChoice)
_DATES = (forms.DateField, forms.DateTimeField)
_NUMBERS = (forms.DecimalField, forms.IntegerField)
# In each round every field of a form gets one of these at once; each must answer with its own error.
ROUNDS: tuple[dict[Any, str], ...] = (
    {_CHOICES: HUGE, _DATES: "2026-02-30", _NUMBERS: HUGE, forms.CharField: NUL},
    {_CHOICES: NUL, _DATES: NUL, _NUMBERS: "NaN", forms.CharField: NUL},
    {_CHOICES: RTL, _DATES: "0000-00-00", _NUMBERS: "Infinity", forms.CharField: KEPT},
    {_CHOICES: "-0", _DATES: HUGE, _NUMBERS: "½", forms.CharField: KEPT},
)


def sent(form: Any, round_: dict[Any, str]) -> dict[str, str]:
    """A bad value for every field of a form that can be told one; yes or no, and files, are something else."""
    found = {}
    for name, field in form.fields.items():
        if field.disabled or isinstance(field, forms.FileField | forms.BooleanField):
            continue
        kind = next((kind for kind in round_ if isinstance(field, kind)), None)
        if kind is not None:
            found[name] = round_[kind]
    return found


def without_error(form: Any, given: dict[str, str]) -> list[str]:
    """Fields that took a bad value in silence."""
    return [name for name, value in given.items() if value != KEPT and name not in form.errors]


def not_kept(form: Any, given: dict[str, str], html: str) -> list[str]:
    """Fields whose typed value is not shown again; a choice that is none cannot be."""
    shown = {name for name in given if not isinstance(form.fields[name], (*_CHOICES, ModelMultipleChoiceField))}
    return [name for name in sorted(shown) if str(escape(given[name])) not in html]
