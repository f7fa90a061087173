"""职责分离: the table with its form for the security administrator, and the report for the auditor."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.duties import open_to
from accounts.models import Duty, SecurityEntry, User
from accounts.request import Request, actor_of
from core.dictionary import word_of
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from core.paging import Keyset, capped_count, ordered, page
from core.parameters import takes
from process import export as files
from process import segregation, show
from process.models import LogEntry, SegregationRule
from process.outlet import outlet_of
from process.segregation import Breach, Conflict
from process.segregation_forms import ReportForm, RuleChangeForm, RuleForm
from process.services import segregating
from process.shapes import Cell, Column, Row, Table
from process.views.exports import FORMATS, as_file
from process.views.forms import done, once, problem, version_of

ORDER = Keyset(("-id",))
PAGE_SIZE = 50
FILTERS = ("rule", "level", "person", "from_on", "to_on")
COLOURS = {SegregationRule.Level.FORBID: "red", SegregationRule.Level.REPORT: "yellow"}
COLUMNS = (
    Column("at", _("When")),
    Column("who", _("Person")),
    Column("act", _("Did")),
    Column("record", _("Record")),
    Column("other", _("Had done before")),
    Column("other_record", _("On the record")),
    Column("other_at", _("When before")),
    Column("rule", _("Rule")),
    Column("level", _("Consequence")),
)
# On the page the records and the moment before stand in a second line.
ON_THE_PAGE = (0, 1, 2, 4, 7, 8)
# What of a rule changed, as the log of changes says it.
WORDS: dict[str, Any] = {
    "zh": _("Chinese name"),
    "en": _("English name"),
    "why_zh": _("Reason in Chinese"),
    "why_en": _("Reason in English"),
    "level": _("Consequence"),
    "is_active": _("In force"),
}


def _require_keeper(request: Request) -> None:
    if request.user.duty != Duty.SECURITY:
        raise NotAllowed(_now("%(who)s may not do this here.") % {"who": request.user})


def require_reader(user: User) -> None:
    """NotAllowed for whoever may not read who did what."""
    if not segregation.may_read_report(user):
        raise NotAllowed(_now("%(who)s may not do this here.") % {"who": user})


# The table -----------------------------------------------------------------------------------------
@open_to(Duty.SECURITY)
@takes()
def table(request: Request) -> HttpResponse:
    """Every rule, and what the code keeps apart by itself; its last changes for those who watch over it."""
    keeps = request.user.duty == Duty.SECURITY
    watches = keeps or request.user.duty == Duty.AUDIT
    context = {
        "title": _("Segregation of duties"),
        "tables": [_rules(keeps), _built_in(), *([_changes()] if watches else [])],
        "new_url": reverse("process:segregation-new-rule") if keeps else "",
        "report_url": reverse("process:segregation-report") if segregation.may_read_report(request.user) else "",
    }
    return render(request, "process/segregation.html", context)


def level_cell(rule: SegregationRule) -> Cell:
    """What a rule does now."""
    if not rule.is_active:
        return Cell(_now("Off"), badge="secondary")
    since = show.text_of(rule.forbidden_since) if rule.forbidden_since else ""
    sub = _now("since %(moment)s") % {"moment": since} if since else ""
    return Cell(str(rule.get_level_display()), badge=COLOURS[SegregationRule.Level(rule.level)], sub=sub)


def _rules(keeps: bool) -> Table:
    columns = [
        Column("rule", _("Rule")),
        Column("first", _("One act")),
        Column("second", _("Other act")),
        Column("level", _("Consequence")),
    ]
    rows = [
        Row(
            [
                Cell(rule.label, sub=rule.why, cls="wrap"),
                Cell(segregation.act_label(rule.first), cls="wrap"),
                Cell(segregation.act_label(rule.second), cls="wrap"),
                level_cell(rule),
            ],
            url=reverse("process:segregation-rule", args=[rule.pk]) if keeps else "",
        )
        for rule in SegregationRule.objects.all()
    ]
    note = _("One person never does both, on the same record or on two that belong together.")
    return Table(_("Rules"), columns, rows, id="rules", note=note, empty_text=_("There is no rule yet."))


def built_in_rows() -> Iterator[tuple[str, str, str]]:
    """(what it says, one act, other act) of everything that the code keeps apart by itself."""
    known = segregation.acts()
    for one in segregation.built_in:
        acts = (segregation.act_label(act) if act in known else str(act) for act in (one.first, one.second))
        yield (str(one.title), *acts)


def _built_in() -> Table:
    columns = [Column("rule", _("Rule")), Column("first", _("One act")), Column("second", _("Other act"))]
    rows = [Row([Cell(text, cls="wrap") for text in texts]) for texts in built_in_rows()]
    note = _("Always forbidden; nobody can switch it off.")
    return Table(_("Built in"), columns, rows, id="built-in", note=note)


def _changes() -> Table:
    columns = [
        Column("at", _("At")),
        Column("by", _("By")),
        Column("rule", _("Rule")),
        Column("what", _("What")),
        Column("note", _("Reason")),
    ]
    found = SecurityEntry.objects.filter(event=SecurityEntry.Event.SEGREGATION_CHANGED)
    rows = [
        Row(
            [
                Cell(show.text_of(one.at)),
                Cell(one.by_name if one.by_id else _now("System")),
                Cell(word_of(one.details), cls="wrap"),
                Cell(_changed(one.details.get("changes", {})), cls="wrap"),
                Cell(one.details.get("reason", "") if one.by_id else _now("delivered with the system"), cls="wrap"),
            ]
        )
        for one in found.order_by("-pk")[:50]
    ]
    return Table(_("Last changes"), columns, rows, id="changes", note=_("all of them stand in the security log"))


def _changed(changes: dict[str, list[Any]]) -> str:
    """What was changed; of a new rule only that it is new."""
    if "first" in changes:
        return _now("new")
    parts = [f"{WORDS.get(name, name)}: {_word(old)} → {_word(new)}" for name, (old, new) in changes.items()]
    return _now("; ").join(parts)


def _word(value: Any) -> str:
    if value in SegregationRule.Level.values:
        return str(SegregationRule.Level(value).label)
    return show.text_of(value) or "–"


@open_to(Duty.SECURITY)
@takes()
def rule(request: Request, pk: int | None = None) -> HttpResponse:
    """The form of one rule; without a key, of a new one."""
    _require_keeper(request)
    found = get_object_or_404(SegregationRule, pk=pk) if pk is not None else None
    posted = request.method == "POST"
    form_class = RuleChangeForm if found else RuleForm
    initial = {name: getattr(found, name) for name in SegregationRule.KEPT} if found else {}
    form = form_class(request.POST if posted else None, initial=initial, user=request.user)
    error: DomainError | None = None
    if posted and form.is_valid():
        try:
            address = once(request, lambda: _write(request, found, form.cleaned_data))
            messages.success(request, _now("Saved."))
            return done(request, address)
        except DomainError as refusal:
            error = refusal
    context: dict[str, Any] = {
        "title": found.label if found else _("New rule"),
        "form": form,
        "acts": [segregation.act_label(act) for act in (found.first, found.second)] if found else [],
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "version": request.POST.get("version") or (found.row_version if found else ""),
        "cancel_url": reverse("process:segregation"),
    }
    status = 422 if posted else 200
    if error is not None:
        if found:
            found.refresh_from_db()
        version = found.row_version if found else ""
        context |= {**problem(error), "idempotency_key": new_key(), "version": version}
        status = error.status
    return render(request, "process/segregation_rule.html", context, status=status)


def _write(request: Request, found: SegregationRule | None, values: dict[str, Any]) -> str:
    by = actor_of(request)
    if found is None:
        segregating.add(by=by, **values)
    else:
        segregating.change(found, by=by, version=version_of(request), **values)
    return reverse("process:segregation")


# The report ----------------------------------------------------------------------------------------
def read_scope(given: QueryDict, user: User) -> tuple[segregation.Scope | None, dict[str, list[str]], ReportForm]:
    """What the parameters ask for, or what is wrong with them, by name; and the form that read them."""
    form = ReportForm(given, user=user)
    if form.is_valid():
        return form.scope(), {}, form
    return None, {name: [str(one) for one in found] for name, found in form.errors.items()}, form


def _scope(request: Request) -> tuple[segregation.Scope, ReportForm]:
    require_reader(request.user)
    scope, wrong, form = read_scope(request.GET, request.user)
    if scope is None:
        raise BadRequest("; ".join(f"{name}: {' '.join(found)}" for name, found in wrong.items()))
    return scope, form


@takes(*FILTERS, "cursor")
def report(request: Request) -> HttpResponse:
    """Who did both acts of a rule: on which records, when, and whether it was forbidden; the newest first."""
    scope, form = _scope(request)
    rules = scope.rules()
    breaches = segregation.breaches(scope, rules)
    found = page(breaches.select_related("user"), keyset=ORDER, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    number, capped = capped_count(breaches)
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {
        "title": _("Segregation of duties: report"),
        "form": form,
        "table": Table(
            _("Acts of one person on both sides"),
            [COLUMNS[place] for place in ON_THE_PAGE],
            [_row(one, conflict, code) for one, conflict, code in _pairs(found.rows, rules)],
            empty_text=_("Nobody did both acts of a rule."),
        ),
        "count_text": f"{number}+" if capped else str(number),
        "next_url": _page_url(query, found.next_cursor),
        "previous_url": _page_url(query, found.previous_cursor),
        "export_url": reverse("process:segregation-export"),
        "query": query.urlencode(),
        "table_url": reverse("process:segregation"),
    }
    return render(request, "process/segregation_report.html", context)


def _page_url(query: QueryDict, cursor: str | None) -> str:
    if not cursor:
        return ""
    params = query.copy()
    params["cursor"] = cursor
    return f"?{params.urlencode()}"


def _pairs(entries: list[LogEntry], rules: list[SegregationRule]) -> Iterator[tuple[Breach, Conflict, str]]:
    """(act, a rule that it breaks, the number of the other record), the acts in their order."""
    for one in segregation.told(entries, rules):
        for conflict, code in zip(one.broken, one.other_codes, strict=True):
            yield one, conflict, code


def consequence(one: Breach, conflict: Conflict) -> tuple[str, str]:
    """(what the rule says of the act, colour): forbidden when it was done, before that, or only reported."""
    if conflict.rule.level == SegregationRule.Level.REPORT or not conflict.rule.is_active:
        return _now("Only reported"), "yellow"
    if one.was_forbidden(conflict):
        return _now("Forbidden"), "red"
    return _now("Before it was forbidden"), "secondary"


def _row(one: Breach, conflict: Conflict, code: str) -> Row:
    entry, other = one.entry, conflict.entry
    text, colour = consequence(one, conflict)
    return Row(
        [
            Cell(show.text_of(entry.at)),
            Cell(str(entry.user)),
            Cell(segregation.act_label(entry.action), sub=one.code, url=address_of(entry), cls="wrap"),
            Cell(
                segregation.act_label(other.action),
                sub=f"{code} · {show.text_of(other.at)}",
                url=address_of(other),
                cls="wrap",
            ),
            Cell(conflict.rule.label, cls="wrap"),
            Cell(text, badge=colour),
        ]
    )


def address_of(entry: LogEntry) -> str:
    """The page of the record that an act was done to."""
    outlet = outlet_of(entry.kind)
    return outlet.url("detail", entry.object_id) if outlet else ""


@takes(*FILTERS, "format")
def export(request: Request) -> HttpResponseBase:
    """The report as a file: `?format=csv` (the default) or `xlsx`, narrowed as the page is."""
    given = request.GET.copy()
    wanted = given.pop("format", ["csv"])[-1]
    if wanted not in FORMATS:
        raise BadRequest(_now("Unknown file format."))
    scope, _form = _scope(request)
    rules = scope.rules()
    entries = ordered(segregation.breaches(scope, rules).select_related("user"), ORDER).iterator(chunk_size=files.CHUNK)
    rows = files.in_language(iter(entries), lambda batch: zip(*_lines(batch, rules), strict=True))
    name = f"segregation-{timezone.localdate():%Y%m%d}.{wanted}"
    return as_file(wanted, _now("Segregation of duties: report"), files.headers(list(COLUMNS)), rows, name)


def _lines(entries: list[LogEntry], rules: list[SegregationRule]) -> list[tuple[str, ...]]:
    return [
        (
            show.text_of(one.entry.at),
            str(one.entry.user),
            segregation.act_label(one.entry.action),
            one.code,
            segregation.act_label(conflict.entry.action),
            code,
            show.text_of(conflict.entry.at),
            conflict.rule.label,
            consequence(one, conflict)[0],
        )
        for one, conflict, code in _pairs(entries, rules)
    ]
