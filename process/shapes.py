"""What a page is made of, as plain values: templates format nothing and query nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column: `sort` names a keyset in the outlet's sorts; cost columns need the right to cost."""

    key: str
    label: Any
    align: str = ""
    sort: str = ""
    cost: bool = False


@dataclass(frozen=True)
class MenuPage:
    """A page beside a record's list that the menu offers after it; `route` is the name of its address."""

    label: Any
    route: str
    icon: str
    shown_to: Callable[[Any], bool] = lambda user: True


@dataclass
class Cell:
    """One cell; `badge` is a state's colour, `sub` a second line."""

    text: Any = ""
    cls: str = ""
    badge: str = ""
    sub: str = ""
    url: str = ""


@dataclass
class Row:
    """One row with the page it leads to; `pick` is (id, state) of a row that can be marked for a verb on many."""

    cells: list[Cell]
    url: str = ""
    actions: list["Action"] = field(default_factory=list)
    pick: tuple[int, str] | None = None


@dataclass
class Fact:
    """A label with its value on a detail page."""

    label: Any
    value: Any
    url: str = ""
    cls: str = ""
    wide: bool = False


@dataclass
class Section:
    """A titled group of facts."""

    title: Any
    facts: list[Fact]


@dataclass
class Action:
    """A link that starts something; `modal` opens it as a dialog."""

    label: Any
    url: str
    modal: bool = False
    primary: bool = False
    danger: bool = False


@dataclass
class Table:
    """A table inside a page."""

    title: Any
    columns: list[Column]
    rows: list[Row]
    id: str = ""
    footer_cells: list[Cell] = field(default_factory=list)
    add_url: str = ""
    add_label: Any = ""
    add_modal: bool = False
    has_actions: bool = False
    empty_text: Any = ""
    note: Any = ""


@dataclass(frozen=True)
class Lines:
    """Editable lines of a record's form: a form class, how stored lines are read back, and a title.

    Lines of `cost` are shown to those with the right to cost only.
    """

    form: type
    title: Any
    read: Any = None
    add_label: Any = None
    cost: bool = False


@dataclass(frozen=True)
class Act:
    """A verb without a state: it adds something to a record (a visit, a payment) through its service.

    `who` and `states` say when it is offered; the service asks the door again.
    """

    label: Any
    form: type | None = None
    who: tuple[str, ...] = ("owner",)
    states: tuple[str, ...] = ()
    danger: bool = False
