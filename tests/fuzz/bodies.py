"""Bodies a person would send: values their form offers, rows of one deal, days and amounts that make sense."""

import datetime as dt
import random
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.forms.models import ModelChoiceField, ModelMultipleChoiceField
from rest_framework import serializers

from core.calendar import today
from ltc.demo.plan import text_file
from process.forms import RowChoice
from process.shapes import Lines
from tests.factories.bankfiles import csv_file, icbc_row
from tests.factories.contracts import TEXT

AHEAD = ("until", "wake_on", "resume_on", "due", "ends_on", "planned", "needed", "deadline", "sign_on", "back_on")
# Fields that are worth sending although nobody must.
OFTEN = ("accept_duplicate", "owner", "certificate", "agreement", "file", "receipt", "note")
OWN = {
    "currency": "CNY",
    "email": "somebody@example.com",
    "platform_number": "",
    "opinion": "agree",
}


class Writer:
    """Writes the body of one attempt with one throw of the dice; rows are taken from one deal, where there are some."""

    def __init__(self, dice: random.Random, case_id: int | None = None) -> None:
        self.dice, self.case_id = dice, case_id

    def body(self, form: Any, serializer: Any, lines: dict[str, Lines], make: Any) -> dict[str, Any]:
        """What must be sent, and now and then what may be; `make(form class)` builds the form of a line."""
        made: dict[str, Any] = {}
        for name, shape in serializer().fields.items():
            if name in lines:
                if lines[name].read is None or self.dice.random() < 0.8:
                    row = make(lines[name].form)
                    made[name] = [self._fields(row, type(shape.child)().fields) for _ in range(1)]
            elif name in form.fields and self._is_sent(name, form, shape):
                value = self.value(name, form.fields[name])
                if value is not None:
                    made[name] = value
        return made

    def _fields(self, form: Any, shapes: Any) -> dict[str, Any]:
        found = {}
        for name, shape in shapes.items():
            if name in form.fields and self._is_sent(name, form, shape):
                value = self.value(name, form.fields[name])
                if value is not None:
                    found[name] = value
        return found

    def _is_sent(self, name: str, form: Any, shape: serializers.Field) -> bool:
        field = form.fields[name]
        if shape.required or (field.required and form.get_initial_for_field(field, name) is None):
            return True
        chance = 0.7 if name in OFTEN or isinstance(field, ModelChoiceField | RowChoice) else 0.25
        return self.dice.random() < chance

    def value(self, name: str, field: forms.Field) -> Any:
        """A value that the field offers; None where it has none."""
        if isinstance(field, ModelMultipleChoiceField):
            row = self._row(field)
            return [] if row is None else [row]
        if isinstance(field, ModelChoiceField):
            return self._row(field)
        if isinstance(field, RowChoice):
            rows = list(getattr(field, "rows", {}))
            return int(self.dice.choice(rows)) if rows else None
        if isinstance(field, forms.FileField):
            return self.file(str(field.help_text))
        if isinstance(field, forms.BooleanField):
            return name == "accept_duplicate" or self.dice.random() < 0.5
        if isinstance(field, forms.ChoiceField):
            return self._choice(name, field)
        return self._plain(name, field)

    def _choice(self, name: str, field: Any) -> Any:
        offered = [key for key, _label in field.choices if key not in ("", None) and not isinstance(_label, list)]
        if name in OWN and OWN[name] in offered:
            return OWN[name]
        if isinstance(field, forms.MultipleChoiceField):
            return [str(key) for key in offered[:1]]
        return str(self.dice.choice(offered)) if offered else None

    def _row(self, field: Any) -> int | None:
        queryset = field.queryset
        if queryset is None:
            return None
        model = queryset.model
        rows: list[Any] = []
        if self.case_id is not None and any(one.name == "case" for one in model._meta.concrete_fields):
            rows = list(queryset.filter(case_id=self.case_id)[:5])
        rows = rows or list(queryset.order_by("-pk")[:40])
        if not rows:
            return None
        row = self.dice.choice(rows)
        if self.case_id is None and model._meta.app_label not in ("customers", "products"):
            self.case_id = getattr(row, "case_id", None)
        return int(row.pk)

    def file(self, help_text: str = "") -> Any:
        """A bank's export where one is asked for, else one of the two texts that the company's contracts have."""
        if ".csv" in help_text:
            number = self.dice.randrange(10**9)
            return csv_file([icbc_row(f"R{number}", "2026-11-20", "1200.00", "某某公司")])
        return ContentFile(self.dice.choice((text_file().read(), TEXT)), name="paper.pdf")

    def _plain(self, name: str, field: Any) -> Any:
        ahead = 30 if any(part in name for part in AHEAD) else 0
        day = today() + dt.timedelta(days=ahead)
        if isinstance(field, forms.DateTimeField):
            return f"{day.isoformat()}T09:00:00+08:00"
        if isinstance(field, forms.DateField):
            month = today().replace(day=1) - dt.timedelta(days=31 * self.dice.randrange(1, 40))
            return (month.replace(day=1) if name == "month" else day).isoformat()
        if isinstance(field, forms.DecimalField):
            return "100" if "percent" in name else self.dice.choice(("1", "1", "10"))
        if isinstance(field, forms.IntegerField):
            return max(field.min_value or 1, min(3, field.max_value or 3))
        if name == "platform_number":
            return str(self.dice.randrange(10**19, 10**20))
        if name in OWN:
            return OWN[name]
        return f"{name} {self.dice.randrange(10**9)}"[: getattr(field, "max_length", None) or 60]
