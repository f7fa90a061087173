"""An outlet says what a record shows to the outside; the generic views and the API are built from it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse

from accounts.models import User
from accounts.request import Request
from core.paging import Keyset
from process import show
from process.machine import Verb, verbs_of
from process.models import StageRecord
from process.shapes import Act, Action, Cell, Column, Fact, Lines, Row, Section, Table

# Forms that a verb of this name gets on every record (approvals registers its opinion form here).
default_verb_forms: dict[str, type] = {}
# What upper floors add to the page of every record, and to the dialog of a verb of this name.
default_tables: list[Callable[[StageRecord, User], list[Table]]] = []
default_verb_facts: dict[str, Callable[[StageRecord, User], list[Fact]]] = {}
_registry: dict[str, "Outlet"] = {}


def outlets() -> list["Outlet"]:
    """All outlets, in the order their apps were loaded: lead to cash."""
    return list(_registry.values())


def outlet_of(kind: str) -> "Outlet | None":
    """The outlet of a generic key's kind."""
    return _registry.get(kind)


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
    filterset: ClassVar[type | None] = None
    columns: ClassVar[tuple[str, ...]] = ("code", "title", "owner", "state")
    facts: ClassVar[tuple[tuple[Any, tuple[str, ...]], ...]] = ()
    related: ClassVar[tuple[str, ...]] = ("owner",)
    order: ClassVar[Keyset] = Keyset(("-id",))
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {"code": ("code", "id")}
    board_states: ClassVar[tuple[str, ...]] = ()
    amount_field: ClassVar[str] = ""
    # Navigation: group code, icon name; empty icon means no entry of its own.
    icon: ClassVar[str] = ""
    create_label: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    # The timeline shows the log of the whole case; words for log actions that are neither verb nor act.
    case_timeline: ClassVar[bool] = False
    log_labels: ClassVar[dict[str, Any]] = {}
    template_detail: ClassVar[str] = "generic/detail.html"
    panel_columns: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def urls(cls, **own: Any) -> list[URLPattern]:
        """Routes in act order: list, board, new, detail, edit, verbs, fragments; and the registration.

        `own` views stand in the place of the generic ones of these acts: `urls(detail=project_page)`.
        """
        from process.views import routes

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

    def shown_to(self, user: User) -> bool:
        """Whether the menu offers this list to the user; what is in it is scoped anyway."""
        return True

    def list_columns(self, user: User) -> list[Column]:
        sorted_by = {keys[0].lstrip("-"): name for name, keys in self.sorts.items()}
        costs = () if user.has_right("see_cost") else self.model.cost_fields
        return [
            show.column(self.model, name, sort=sorted_by.get(name, ""), cost=name in self.model.cost_fields)
            for name in self.columns
            if name not in costs
        ]

    def row(self, record: StageRecord, columns: list[Column], user: User) -> Row:
        """One row of the list."""
        return Row([show.cell(record, column.key) for column in columns], url=record.get_absolute_url())

    def sections(self, record: StageRecord, user: User) -> list[Section]:
        """The facts of the detail page, without cost for those who may not see it."""
        hidden = () if user.has_right("see_cost") else self.model.cost_fields
        return [
            Section(title, [show.fact(record, name) for name in names if name not in hidden])
            for title, names in self.facts
        ]

    def tables(self, record: StageRecord, user: User) -> list[Table]:
        """Tables on the detail page: lines and children."""
        return []

    def actions(self, record: StageRecord, user: User) -> list[Action]:
        """What can be started from the detail page beside the record's own verbs."""
        return []

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
        case_id = request.GET.get("case", "")
        if case_id.isdecimal():
            for name, field in names.items():
                model = getattr(getattr(field, "queryset", None), "model", None)
                if name in given or model is None or not issubclass(model, StageRecord):
                    continue
                parent = (
                    model._default_manager.visible_to(request.user).filter(case_id=int(case_id)).order_by("-pk").first()
                )
                if parent is not None:
                    given[name] = parent.pk
        return given

    def all_tables(self, record: StageRecord, user: User) -> list[Table]:
        """The record's own tables and what upper floors add, which stands first while a decision is asked for."""
        added = [table for make in default_tables for table in make(record, user)]
        own = self.tables(record, user)
        return [*added, *own] if record.state == "in_review" else [*own, *added]

    # Verbs -------------------------------------------------------------------------------------
    def offered(self) -> dict[str, Verb]:
        """The verbs a page may post: declared, not hidden, and with a service of the same name."""
        return {
            name: spec
            for name, spec in verbs_of(self.model).items()
            if not spec.hidden and hasattr(self.services, spec.attribute)
        }

    def verb_form(self, verb: str) -> type | None:
        if verb in self.acts:
            return self.acts[verb].form
        return self.verb_forms.get(verb) or default_verb_forms.get(verb)

    def service(self, name: str) -> Callable[..., Any] | None:
        return getattr(self.services, name, None)

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

    def keyset(self, sort: str) -> Keyset | None:
        """The keyset for a sort parameter; None for an unknown one."""
        if not sort:
            return self.order
        keys = self.sorts.get(sort.lstrip("-"))
        if keys is None:
            return None
        if sort.startswith("-"):
            keys = tuple(key[1:] if key.startswith("-") else f"-{key}" for key in keys)
        return Keyset(keys)

    def cells(self, *values: Any) -> list[Cell]:
        """Plain values as cells."""
        return [value if isinstance(value, Cell) else Cell(show.text_of(value)) for value in values]
