"""How a record declares its states and verbs. Only the doors in process.services move a state."""

import keyword
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition


@dataclass(frozen=True)
class State:
    """A state: its code, label, badge colour, and whether a record in it is finished.

    `end` is an end state of machines.md; `idle` is not an end, yet nobody has work with it (an invalid lead).
    """

    code: str
    label: Any
    colour: str = "secondary"
    end: bool = False
    idle: bool = False


class States:
    """All states of one machine, the first being where a record starts."""

    def __init__(self, *states: State) -> None:
        self.by_code = {state.code: state for state in states}

    @property
    def initial(self) -> str:
        return next(iter(self.by_code))

    @property
    def open(self) -> tuple[str, ...]:
        """Every state that is not an end state: the `*` of machines.md."""
        return tuple(code for code, state in self.by_code.items() if not state.end)

    @property
    def active(self) -> tuple[str, ...]:
        """States in which somebody has work to do."""
        return tuple(code for code, state in self.by_code.items() if not state.end and not state.idle)

    @property
    def ends(self) -> tuple[str, ...]:
        return tuple(code for code, state in self.by_code.items() if state.end)

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [(code, state.label) for code, state in self.by_code.items()]

    def label(self, code: str) -> str:
        return str(self.by_code[code].label)

    def colour(self, code: str) -> str:
        return self.by_code[code].colour


@dataclass(frozen=True)
class Verb:
    """One arrow of a machine, as pages, API, catalogue and log know it.

    `who` holds words that process.access understands: "anyone", "owner", "submitter", "approver",
    "system", a seat ("ar", "sr", "fr", …), a role code, or "@method" of the record.
    `checks` names methods of the record that return the reasons which forbid the verb now.
    """

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    label: Any
    who: tuple[str, ...]
    checks: tuple[str, ...] = ()
    note: bool = False
    primary: bool = False
    danger: bool = False
    hidden: bool = False

    @property
    def attribute(self) -> str:
        """The Python name of the transition and of the service: `return` is a reserved word there."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name


class ProtectedField(FSMField):
    """A state that only a declared transition may change; migrations see a plain CharField.

    (Every FSMField listens to every class that is made: with the thousands of historical models of a
    migration that alone would double the time of setting a database up.)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        kwargs["protected"] = True
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("protected", None)
        return name, "django.db.models.CharField", args, kwargs


def StateField(states: States) -> ProtectedField:
    """The protected state of a record; its labels live in the record's States."""
    return ProtectedField(_("state"), default=states.initial)


def verb(
    *,
    source: str | Iterable[str],
    target: Any,
    label: Any,
    who: Iterable[str],
    checks: Iterable[str] = (),
    note: bool = False,
    primary: bool = False,
    danger: bool = False,
    hidden: bool = False,
) -> Callable[[Callable[[Any], Any]], Any]:
    """Declare a transition. `target` is a state, or django_fsm.GET_STATE with its allowed states.

    `note`: a reason is mandatory. `primary`: offered as the one next act. `hidden`: fired by other
    verbs or the system only, never offered on a page.
    """
    sources = (source,) if isinstance(source, str) else tuple(source)
    targets = (target,) if isinstance(target, str) else tuple(target.allowed_states)

    def declare(method: Callable[[Any], Any]) -> Any:
        spec = Verb(
            method.__name__.rstrip("_"),
            sources,
            targets,
            label,
            tuple(who),
            tuple(checks),
            note,
            primary,
            danger,
            hidden,
        )
        return transition(field="state", source=list(sources), target=target, custom={"verb": spec})(method)

    return declare


def verbs_of(model: Any) -> dict[str, Verb]:
    """All verbs a model declares, by name, in the order of the source."""
    return _declared(model)


@cache
def _declared(model: Any) -> dict[str, Verb]:
    found: dict[str, Verb] = {}
    for klass in reversed(model.__mro__):
        for name, attribute in vars(klass).items():
            meta = getattr(attribute, "_django_fsm", None)
            if meta is None:
                continue
            for arrow in meta.transitions.values():
                if "verb" in arrow.custom:
                    found[name.rstrip("_")] = arrow.custom["verb"]
    return found


def review(
    *,
    approved: str = "approved",
    rejected: str | None = "rejected",
    submit_who: Iterable[str] = ("owner",),
    submit_checks: Iterable[str] = (),
    draft: str = "draft",
) -> tuple[Any, ...]:
    """The five verbs of a reviewed record: submit, approve, send_back, withdraw and, where it exists, reject.

    Returned in the order (submit, approve, send_back, withdraw[, reject]) to be bound in the class body.
    """

    def submit(self: Any) -> None:
        """Hand the record to its deciders."""

    def approve(self: Any) -> None:
        """The authorised decider agrees."""

    def send_back(self: Any) -> None:
        """A decider wants it changed and submitted again."""

    def withdraw(self: Any) -> None:
        """The submitter takes it back before the first decision."""

    def reject(self: Any) -> None:
        """The authorised decider says no."""

    arrows = [
        verb(
            source=draft,
            target="in_review",
            label=_("Submit for approval"),
            who=submit_who,
            checks=submit_checks,
            primary=True,
        )(submit),
        verb(source="in_review", target=approved, label=_("Approve"), who=("approver",), primary=True)(approve),
        verb(source="in_review", target=draft, label=_("Send back"), who=("approver",), note=True)(send_back),
        verb(source="in_review", target=draft, label=_("Withdraw"), who=("submitter",))(withdraw),
    ]
    if rejected:
        arrows.append(
            verb(
                source="in_review",
                target=rejected,
                label=_("Reject"),
                who=("approver",),
                note=True,
                danger=True,
            )(reject)
        )
    return tuple(arrows)


def message_id(label: Any) -> str:
    """The English message id behind a lazy label, so that each reader's language decides later."""
    arguments = getattr(label, "_args", ())
    return str(arguments[-1]) if arguments else str(label)
