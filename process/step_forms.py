"""Forms that write one step of the process draft: the step, its controls and its evidence."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from core.dictionary import word_of
from process import lanes, stages
from process.forms import ScopedForm
from process.models import ProcessDraft
from process.services.definitions import known_actions

_SPLIT = re.compile(r"[\s,;，；]+")
TEXT = forms.Textarea(attrs={"rows": 2})
MEASURES = [
    ("", "–"),
    ("on_time", _("share in time")),
    ("hours", _("hours")),
    ("first_pass", _("share at the first attempt")),
    ("count", _("number")),
]
# Keys the form writes; whatever else the step says (`who`) stays as it is.
WRITTEN = [
    "code",
    "stage",
    "zh",
    "en",
    "department",
    "accountable",
    "owner",
    "consulted",
    "verbs",
    "starts_on",
    "by_hand",
    "locks",
    "sla_hours",
    "clock",
    "input",
    "output",
    "logic",
    "kpi",
    "controls",
    "evidence",
]


class ActionsField(forms.CharField):
    """Verbs of the machines as words, one per line: `contract.approve`."""

    widget = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        words = value if isinstance(value, list) else _SPLIT.split(str(value or "").strip())
        return [str(word) for word in words if word]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        super().validate(value)
        unknown = [word for word in value if word not in known_actions()]
        if unknown:
            text = _now("no machine has the verb “%(verb)s”")
            raise forms.ValidationError([text % {"verb": word} for word in unknown])


class StepForm(ScopedForm):
    """One step: names, people, verbs, time, what it takes and gives."""

    code = forms.RegexField(label=_("code"), regex=r"^[A-Z0-9][A-Z0-9-]*$", max_length=20)
    stage = forms.ChoiceField(label=_("stage"), choices=[(one.code, one.label) for one in stages.STAGES[:-1]])
    zh = forms.CharField(label=_("Chinese name"), max_length=120)
    en = forms.CharField(label=_("English name"), max_length=120)
    department = forms.ChoiceField(label=_("department"), required=False)
    accountable = forms.ChoiceField(label=_("accountable"))
    owner = forms.ChoiceField(label=_("process owner"), required=False)
    consulted = forms.MultipleChoiceField(label=_("consulted"), required=False, widget=forms.CheckboxSelectMultiple)
    by_hand = forms.BooleanField(
        label=_("done by hand"), required=False, help_text=_("A person confirms it; no verb ends it.")
    )
    verbs = ActionsField(label=_("verbs that end it"), required=False)
    starts_on = ActionsField(label=_("starts on"), required=False)
    locks = ActionsField(
        label=_("locks"), required=False, help_text=_("Verbs the door refuses until the step is done by hand.")
    )
    sla_hours = forms.DecimalField(
        label=_("time limit in hours"), required=False, min_value=0, max_value=9999, decimal_places=1
    )
    clock = forms.ChoiceField(
        label=_("clock"),
        choices=[("working", _("working hours")), ("natural", _("natural hours"))],
        initial="working",
    )
    input = forms.MultipleChoiceField(label=_("input"), required=False, widget=forms.CheckboxSelectMultiple)
    output = forms.MultipleChoiceField(label=_("output"), required=False, widget=forms.CheckboxSelectMultiple)
    logic_zh = forms.CharField(label=_("processing logic, Chinese"), required=False, widget=TEXT, max_length=2000)
    logic_en = forms.CharField(label=_("processing logic, English"), required=False, widget=TEXT, max_length=2000)
    kpi_zh = forms.CharField(label=_("key figure, Chinese"), required=False, max_length=120)
    kpi_en = forms.CharField(label=_("key figure, English"), required=False, max_length=120)
    kpi_measure = forms.ChoiceField(label=_("measured as"), required=False, choices=MEASURES)

    def offer(self, draft: ProcessDraft) -> None:
        """Offer the people, departments and artefacts that a step of this draft can name."""
        people: Any = sorted(lanes.labels().items(), key=lambda item: item[1])
        departments = [(one.code, one.label) for one in Department.objects.filter(is_active=True)]
        artefacts = [(one["id"], word_of(one)) for one in draft.based_on.artefacts]
        fields: Any = self.fields
        fields["department"].choices = [("", "–"), *departments]
        fields["accountable"].choices = people
        fields["owner"].choices = [("", "–"), *people]
        fields["consulted"].choices = people
        fields["input"].choices = fields["output"].choices = artefacts

    def fieldsets(self, form: Any) -> list[dict[str, Any]]:
        """What matters first; what is seldom changed is folded."""
        groups = (
            (_("Step"), False, "code stage zh en department accountable owner by_hand sla_hours clock"),
            (_("Verbs"), False, "verbs starts_on locks"),
            (_("Logic and key figure"), True, "logic_zh logic_en kpi_zh kpi_en kpi_measure"),
            (_("Consulted, input, output"), True, "consulted input output"),
        )
        return [
            {"title": title, "folded": folded, "fields": [form[name] for name in names.split()]}
            for title, folded, names in groups
        ]


class ControlForm(ScopedForm):
    """One control of the step, and what enforces it."""

    kind = forms.ChoiceField(label=_("kind"), choices=[(code, label) for code, label in lanes.KINDS.items()])
    zh = forms.CharField(label=_("Chinese"), max_length=120)
    en = forms.CharField(label=_("English"), max_length=120)
    by = forms.RegexField(
        label=_("enforced by"),
        regex=r"^(check|constraint|who|evidence|approval|alert|report|lock):\S+$",
        max_length=120,
        help_text=_("for instance check:contract.sign_checks or lock:contract.approve"),
    )


class EvidenceForm(ScopedForm):
    """One piece of evidence: fields that must be filled in, or a file of a purpose."""

    code = forms.SlugField(label=_("code"), max_length=40)
    zh = forms.CharField(label=_("Chinese"), max_length=120)
    en = forms.CharField(label=_("English"), max_length=120)
    before = ActionsField(label=_("shown before"))
    how = forms.ChoiceField(
        label=_("shown as"),
        choices=[("field", _("field")), ("file", _("file of purpose")), ("check", _("check of the machine"))],
    )
    what = forms.CharField(label=_("name"), max_length=120)


def initial_of(step: dict[str, Any]) -> dict[str, Any]:
    """A step as the form shows it."""
    logic, kpi = step.get("logic", {}), step.get("kpi", {})
    return {
        **step,
        "logic_zh": logic.get("zh"),
        "logic_en": logic.get("en"),
        "kpi_zh": kpi.get("zh"),
        "kpi_en": kpi.get("en"),
        "kpi_measure": kpi.get("measure"),
    }


def evidence_initial(step: dict[str, Any]) -> list[dict[str, Any]]:
    """Evidence by field or file as the grid shows it; evidence by record is kept as it is."""
    return [
        {**item, "how": how, "what": ", ".join(item[how]) if how == "field" else item[how]}
        for item in step.get("evidence", [])
        for how in ("field", "file", "check")
        if how in item
    ]


def step_of(
    values: dict[str, Any], controls: list[dict[str, Any]], evidence: list[dict[str, Any]], before: dict[str, Any]
) -> dict[str, Any]:
    """The step as the catalogue keeps it, out of the form's values; what is empty is left out."""
    hours = values["sla_hours"]
    made: dict[str, Any] = {name: values[name] for name in WRITTEN if name in values}
    made["sla_hours"] = None if hours is None else int(hours) if hours == int(hours) else float(hours)
    if values["logic_zh"] or values["logic_en"]:
        made["logic"] = {"zh": values["logic_zh"], "en": values["logic_en"]}
    if values["kpi_zh"] or values["kpi_en"]:
        made["kpi"] = {"zh": values["kpi_zh"], "en": values["kpi_en"], "measure": values["kpi_measure"] or "count"}
    made["controls"] = controls
    kept = [item for item in before.get("evidence", []) if "record" in item]
    made["evidence"] = [*kept, *map(_evidence_of, evidence)]
    rest = {key: value for key, value in before.items() if key not in WRITTEN}
    filled = {key: value for key, value in made.items() if value not in (None, "", [], False)}
    order = [*before, *(key for key in WRITTEN if key not in before)]
    whole = {**rest, **filled, "verbs": made["verbs"]}
    if before and "clock" not in before and whole.get("clock") == "working":
        whole.pop("clock")
    return {key: whole[key] for key in order if key in whole}


def _evidence_of(row: dict[str, Any]) -> dict[str, Any]:
    made = {key: row[key] for key in ("code", "zh", "en", "before")}
    if row["how"] == "field":
        return {**made, "field": [word for word in _SPLIT.split(row["what"].strip()) if word]}
    return {**made, row["how"]: row["what"].strip()}
