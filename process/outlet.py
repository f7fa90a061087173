"""An outlet says what a record shows to the outside; the generic views and the API are built from it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.forms import FileField
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request
from core.errors import NotAllowed
from core.paging import Keyset
from core.text import row_key
from process import access, panels, show, visibility
from process.machine import Verb, verbs_of
from process.models import CaseRecord, StageRecord
from process.shapes import Act, Action, Cell, Column, Fact, Lines, MenuPage, Row, Section, Table

# Forms that a verb of this name gets on every record (approvals registers its opinion form here).
default_verb_forms: dict[str, type] = {}
# What upper floors add to the page of every record, and to the dialog of a verb of this name.
default_tables: list[Callable[[StageRecord, User], list[Table]]] = []
default_verb_facts: dict[str, Callable[[StageRecord, User], list[Fact]]] = {}
# Acts that upper floors offer on every record of a kind, {name: act} for a model, and the services behind them.
default_acts: list[Callable[[type[StageRecord]], dict[str, Act]]] = []
default_services: dict[str, Callable[..., Any]] = {}
# Where upper floors let somebody ask to pass what stands in the way of a verb: (record, verb, reasons) → address.
ways_past: list[Callable[[StageRecord, str, Iterable[Any]], str]] = []
_registry: dict[str, "Outlet"] = {}
_PAGE = re.compile(r"^/([a-z-]+)/(\d{1,18})/$")


def outlets() -> list["Outlet"]:
    """All outlets, in the order their apps were loaded: lead to cash."""
    return list(_registry.values())


def outlet_of(kind: str) -> "Outlet | None":
    """The outlet of a generic key's kind."""
    return _registry.get(kind)


def way_past(record: StageRecord, verb: str, reasons: Iterable[Any]) -> str:
    """Where one asks to pass what stands in the way of a verb; empty where nobody may let it pass."""
    keyed = [reason for reason in reasons if getattr(reason, "key", "")]
    return next(filter(None, (way(record, verb, keyed) for way in ways_past)), "") if keyed else ""


def key_at(url: str) -> visibility.Key | None:
    """The record whose page an address is; None for every other address."""
    found = _PAGE.match(url)
    if found is None:
        return None
    outlet = next((one for one in _registry.values() if one.plural == found[1]), None)
    return (outlet.model.record_kind(), int(found[2])) if outlet else None


class Outlet:
    """Declared once per record; an instance is made by `urls()` and registered.

    `services` is the module whose functions carry the verbs' names; `columns` and `facts` name fields
    or properties of the model. Subclasses override the methods where plain field names are not enough.
    """

    model: ClassVar[type[StageRecord]]
    services: ClassVar[Any]
    form: ClassVar[type | None] = None
    edit_form: ClassVar[type | None] = None
    verb_forms: ClassVar[dict[str, type]] = {}
    lines: ClassVar[dict[str, Lines]] = {}
    acts: ClassVar[dict[str, Act]] = {}
    filterset: ClassVar[Any] = None
    columns: ClassVar[tuple[str, ...]] = ("code", "title", "owner", "state")
    facts: ClassVar[tuple[tuple[Any, tuple[str, ...]], ...]] = ()
    related: ClassVar[tuple[str, ...]] = ("owner",)
    # What rows and cards of lists read beside the record, where that is less than its own page needs.
    list_related: ClassVar[tuple[str, ...] | None] = None
    order: ClassVar[Keyset] = Keyset(("-id",))
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {"code": ("code", "id")}
    board_states: ClassVar[tuple[str, ...]] = ()
    amount_field: ClassVar[str] = ""
    # Navigation: group code, icon name; empty icon means no entry of its own.
    icon: ClassVar[str] = ""
    menu_pages: ClassVar[tuple[MenuPage, ...]] = ()
    create_label: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    # The timeline shows the log of the whole case; words for log actions that are neither verb nor act.
    case_timeline: ClassVar[bool] = False
    log_labels: ClassVar[dict[str, Any]] = {}
    template_detail: ClassVar[str] = "generic/detail.html"
    panel_columns: ClassVar[tuple[str, ...]] = ()
    # Exports read columns that are no fields by these lookups: {column: (lookups, what is made of their values)}.
    export_lookups: ClassVar[dict[str, tuple[tuple[str, ...], Callable[..., Any]]]] = {}
    # True where an own `row()` changes how cells look, not what they say.
    row_decorates: ClassVar[bool] = False

    @classmethod
    def urls(cls, **own: Any) -> list[URLPattern]:
        """Routes in act order: list, board, new, detail, edit, verbs, fragments; and the registration.

        `own` views stand in the place of the generic ones of these acts: `urls(detail=project_page)`.
        """
        from process.views import routes

        cls.acts = {**cls.acts, **{name: act for make in default_acts for name, act in make(cls.model).items()}}
        outlet = cls()
        _registry[cls.model.record_kind()] = outlet
        views = {f"{outlet.slug}-{act}": view for act, view in own.items()}
        made = [path(route, views.pop(name, view), name=name) for route, view, name in routes(outlet)]
        if views:
            raise ImproperlyConfigured(f"{cls.__name__} has no such routes: {', '.join(views)}")
        return made

    # Names -------------------------------------------------------------------------------------
    @property
    def slug(self) -> str:
        return self.model.noun().replace("_", "-")

    @property
    def plural(self) -> str:
        """The first part of the record's URLs."""
        slug = self.slug
        return f"{slug[:-1]}ies" if slug.endswith("y") else f"{slug}s"

    def url(self, act: str, *args: Any) -> str:
        """The address of one act: list, new, detail, edit, verb, panel, …"""
        return reverse(f"{self.model._meta.app_label}:{self.slug}-{act}", args=args)

    # Reading -----------------------------------------------------------------------------------
    def queryset(self, user: User) -> QuerySet:
        """What this user may see, with what a list row needs."""
        return self.model._default_manager.visible_to(user).select_related(*self.related)

    def page_queryset(self, user: User) -> QuerySet:
        """The same for the record's own page, with what its facts refer to."""
        fields = {field.name for field in self.model._meta.concrete_fields if field.is_relation}
        named = [name for _title, names in self.facts for name in names if name in fields]
        return self.queryset(user).select_related(*named) if named else self.queryset(user)

    def list_queryset(self, user: User) -> QuerySet:
        """The same for lists and boards, which show less of each."""
        if self.list_related is None:
            return self.queryset(user)
        return self.queryset(user).select_related(None).select_related(*self.list_related)

    def shown_to(self, user: User) -> bool:
        """Whether the menu offers this list to the user; what is in it is scoped anyway."""
        return True

    def list_columns(self, user: User, chosen: Sequence[str] = ()) -> list[Column]:
        """The columns of the house, or those of `chosen` that this person may see."""
        sorted_by = {keys[0].lstrip("-"): name for name, keys in self.sorts.items()}
        costs = self.model.hidden_from(user)
        names = [name for name in chosen if name in self.more_columns() or name in self.columns] or self.columns
        return [show.column(self.model, name, sort=sorted_by.get(name, "")) for name in names if name not in costs]

    def more_columns(self) -> tuple[str, ...]:
        """What a list can show beside its own columns: stored fields of the facts, and what every record has."""
        named = [name for _title, names in self.facts for name in names]
        stored = {field.name for field in self.model._meta.concrete_fields}
        every = ("owner", "department", "state_since", "created_by", "created_at", "updated_at")
        wanted = dict.fromkeys(name for name in (*named, *every) if name in stored and name not in self.columns)
        return tuple(wanted)

    def showing(self, queryset: QuerySet, columns: list[Column]) -> QuerySet:
        """The rows with what chosen columns refer to, so that no row asks for itself."""
        fields = {field.name for field in self.model._meta.concrete_fields if field.is_relation}
        added = [column.key for column in columns if column.key in fields and column.key not in self.columns]
        return queryset.select_related(*added) if added else queryset

    def bulk_verbs(self) -> list[Verb]:
        """Verbs that can be done with many records at once: without lines, files, or a decision to be weighed."""
        found = []
        for name, spec in self.offered().items():
            form = self.verb_form(name)
            asks: dict[str, Any] = getattr(form, "base_fields", {})
            weighed = name in default_verb_forms or "approver" in spec.who or name in ("submit", "withdraw")
            if not (weighed or getattr(form, "lines", {}) or any(isinstance(one, FileField) for one in asks.values())):
                found.append(spec)
        return found

    def row(self, record: StageRecord, columns: list[Column], user: User) -> Row:
        """One row of the list; another record that the reader may not see is not named."""
        cells = [
            show.cell(record, column.key) if self.may_name(record, column.key, user) else Cell("–")
            for column in columns
        ]
        return Row(cells, url=record.get_absolute_url())

    def may_name(self, record: StageRecord, name: str, user: User) -> bool:
        """Whether what a field holds may be named to the reader: all but another record that is not visible."""
        return name not in self.references() or visibility.sees(getattr(record, name), user)

    @classmethod
    def references(cls) -> dict[str, Any]:
        """The fields that hold records which not everybody may see."""
        fields: dict[str, Any] = {field.name: field for field in cls.model._meta.concrete_fields if field.is_relation}
        return {name: field for name, field in fields.items() if visibility.is_scoped(field.related_model)}

    def learn(self, records: Iterable[StageRecord], names: Iterable[str], user: User) -> None:
        """Ask once for all rows of a page which of the records they name the reader may see."""
        asked = set(names)
        fields = [field for name, field in self.references().items() if name in asked]
        keys = {(one.related_model._meta.label_lower, getattr(row, one.attname)) for row in records for one in fields}
        visibility.seen({key for key in keys if key[1] is not None}, user)

    def sections(self, record: StageRecord, user: User) -> list[Section]:
        """The facts of the detail page, without cost for those who may not see it."""
        hidden = self.model.hidden_from(user)
        self.learn([record], [name for _title, names in self.facts for name in names], user)
        return [
            Section(title, [self._fact(record, name, user) for name in names if name not in hidden])
            for title, names in self.facts
        ]

    def _fact(self, record: StageRecord, name: str, user: User) -> Fact:
        """One fact; a record that the reader may not see is neither named nor linked."""
        if self.may_name(record, name, user):
            return show.fact(record, name)
        return Fact(show.field_label(self.model, name), "–")

    def kept_row(self, record: StageRecord) -> CaseRecord | None:
        """The case's row about the record: who holds it, since when."""
        kept = CaseRecord.objects.filter(kind=record.record_kind(), object_id=record.pk)
        return kept.select_related("holder").first()

    def stagebar(self, record: StageRecord) -> list[dict[str, Any]]:
        """Where the deal of the record stands."""
        return panels.stagebar(record.case_id)

    def tables(self, record: StageRecord, user: User) -> list[Table]:
        """Tables on the detail page: lines and children."""
        return []

    def actions(self, record: StageRecord, user: User) -> list[Action]:
        """What can be started from the detail page beside the record's own verbs."""
        return []

    def heading(self, record: StageRecord) -> str:
        """What stands on top of the record's page."""
        return record.title

    def stats(self, record: StageRecord, user: User) -> list[dict[str, Any]]:
        """The few figures on top of the detail page: {label, value, sub, url, tone}."""
        return []

    def context(self, record: StageRecord, user: User) -> dict[str, Any]:
        """More for an own detail template."""
        return {}

    def card(self, record: StageRecord) -> dict[str, Any]:
        """One card of the board."""
        amount = getattr(record, self.amount_field) if self.amount_field else None
        return {
            "id": record.pk,
            "url": record.get_absolute_url(),
            "title": record.title,
            "sub": record.code,
            "owner": str(record.owner) if record.owner_id else "",
            "amount": show.text_of(amount) if amount is not None else "",
            "since": show.text_of(record.state_since)[:10],
        }

    def initial(self, request: Request, form: type) -> dict[str, Any]:
        """Values a new record starts with: those in the address, and the parents found on `?case=`."""
        names: dict[str, Any] = getattr(form, "base_fields", {})
        given = {name: value for name, value in request.GET.items() if name in names}
        case_id = row_key(request.GET.get("case", ""))
        if case_id is not None:
            for name, field in names.items():
                model = getattr(getattr(field, "queryset", None), "model", None)
                if name in given or model is None or not issubclass(model, StageRecord):
                    continue
                parent = model._default_manager.visible_to(request.user).filter(case_id=case_id).order_by("-pk").first()
                if parent is not None:
                    given[name] = parent.pk
        return given

    def all_tables(self, record: StageRecord, user: User) -> list[Table]:
        """The record's own tables and what upper floors add, which stands first while a decision is asked for."""
        added = [table for make in default_tables for table in make(record, user)]
        own = self.tables(record, user)
        if not self.model.tells_cost_to(user):
            own = [show.without_cost(table) for table in own]
        found = [*added, *own] if record.state == "in_review" else [*own, *added]
        pages = {row.url: key_at(row.url) for table in found for row in table.rows}
        seen = visibility.seen({key for key in pages.values() if key}, user)
        for table in found:  # a row that is another record is shown to those who may see that record
            table.rows = [row for row in table.rows if pages[row.url] is None or pages[row.url] in seen]
        return found

    # Verbs -------------------------------------------------------------------------------------
    def offered(self) -> dict[str, Verb]:
        """The verbs a page may post: declared, not hidden, and with a service of the same name."""
        return {
            name: spec
            for name, spec in verbs_of(self.model).items()
            if not spec.hidden and hasattr(self.services, spec.attribute)
        }

    def spec(self, name: str) -> Verb | None:
        """An offered verb, or an act in the shape of one; None for anything else."""
        if name in self.acts:
            act = self.acts[name]
            return Verb(name, act.states or self.model.states.open, (), act.label, act.who, danger=act.danger)
        return self.offered().get(name)

    def offered_to(self, record: StageRecord, actor: Actor) -> list[Verb]:
        """The verbs and acts that this person may do in this state, verbs first; checks may still stand in the way."""
        found = [
            spec
            for name, spec in self.offered().items()
            if record.state in spec.sources and access.may(record, name, actor)
        ]
        acts = [spec for name in self.acts if (spec := self.spec(name)) is not None]
        return found + [
            spec for spec in acts if record.state in spec.sources and access.may_any(spec.who, record, actor)
        ]

    def verb_form(self, verb: str) -> type | None:
        if verb in self.acts:
            return self.acts[verb].form
        return self.verb_forms.get(verb) or default_verb_forms.get(verb)

    def service(self, name: str) -> Callable[..., Any] | None:
        return getattr(self.services, name, None) or (default_services.get(name) if name in self.acts else None)

    def require(self, record: StageRecord, name: str, actor: Actor) -> None:
        """NotAllowed for whoever may not do a verb, an act or "edit" with the record, whatever its state."""
        words = self.acts[name].who if name in self.acts else access.words_for(record, name)
        if not access.may_any(words, record, actor):
            raise NotAllowed(_("%(who)s may not do this here.") % {"who": actor})

    def fire(self, record: StageRecord, spec: Verb, *, by: Actor, **given: Any) -> Any:
        """Have a verb or act done by its service.

        Who is asked before what and when, here for all of them: a service may look at states and papers before it
        comes to the door, and strangers would learn from its reasons. Raises NotAllowed, and what the service raises.
        """
        self.require(record, spec.name, by)
        service: Any = self.service(spec.attribute)
        return service(record, by=by, **given)

    def open(self, *, by: Actor, **given: Any) -> Any:
        """Have a record opened by its service; who may open it there is asked before what stands in the way."""
        self.require_open(given, by)
        return self.services.open(by=by, **given)

    def require_open(self, given: Mapping[str, Any], actor: Actor) -> None:
        """NotAllowed for whoever may not open such a record on what they named, whatever state that is in.

        `given` is typed or cleaned. What is not named, or not visible, is left to the form to ask for.
        """
        begun: Any = self.model()
        if self.model.opened_on:
            ground = self._ground(given, actor)
            if ground is None:
                return
            setattr(begun, self.model.opened_on, ground)
            begun.case_id = begun.ground_case()
        begun.owner = actor.user if begun.owner_defaults_to_actor else None
        self.require(begun, "open", actor)

    def _ground(self, given: Mapping[str, Any], actor: Actor) -> Any:
        """What a new record is to be opened on: the chosen row, or the visible one of the key that was typed."""
        value = given.get(self.model.opened_on)
        if value is None or isinstance(value, Model) or actor.user is None:
            return value
        rows: Any = self.model._meta.get_field(self.model.opened_on).related_model._default_manager
        key = row_key(str(value))
        return rows.visible_to(actor.user).filter(pk=key).first() if key is not None else None

    def edit(self, record: StageRecord, *, by: Actor, **given: Any) -> Any:
        """Have the record changed by its service; NotAllowed comes first, as with a verb."""
        self.require(record, "edit", by)
        return self.services.edit(record, by=by, **given)

    def head_cells(self, columns: list[Column], request: Request) -> list[dict[str, Any]]:
        """Column heads with the address that sorts by them."""
        heads = []
        current = request.GET.get("sort", "")
        for column in columns:
            head: dict[str, Any] = {"key": column.key, "label": column.label, "align": column.align}
            if column.sort:
                down = current == column.sort
                params = request.GET.copy()
                params.pop("cursor", None)
                params["sort"] = f"-{column.sort}" if down else column.sort
                head["sort_url"] = f"?{params.urlencode()}"
                head["sorted"] = "asc" if down else "desc" if current == f"-{column.sort}" else ""
            heads.append(head)
        return heads

    def keyset(self, sort: str, user: User) -> Keyset | None:
        """The keyset for a sort parameter; None for an unknown one, and for one whose order would tell cost."""
        if not sort:
            return self.order
        keys = self.sorts.get(sort.lstrip("-"))
        if keys is None or {key.lstrip("-") for key in keys} & set(self.model.hidden_from(user)):
            return None
        if sort.startswith("-"):
            keys = tuple(key[1:] if key.startswith("-") else f"-{key}" for key in keys)
        return Keyset(keys)

    def cells(self, *values: Any) -> list[Cell]:
        """Plain values as cells."""
        return [value if isinstance(value, Cell) else Cell(show.text_of(value)) for value in values]
