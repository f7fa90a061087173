"""The house: floors, rooms, order, machines. What a machine can check of docs/architecture.md."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from process import stages
from process.guards import arrows, stage_models
from process.machine import verbs_of
from process.outlet import outlets

ROOT = Path(settings.BASE_DIR)
# From the ground up: it is the process.
FLOORS = (
    ("core",),
    ("accounts",),
    ("process",),
    ("approvals",),
    ("customers",),
    ("products", "finance"),
    ("purchasing",),
    ("leads",),
    ("projects",),
    ("guidance",),
    ("solutions",),
    ("contracts",),
    ("billing",),
    ("delivery",),
    ("operations",),
    ("closing",),
    ("desk", "dashboard", "maturity", "exchange"),
    ("ltc",),
)
OURS = [app for floor in FLOORS for app in floor]
STAGE_APPS = [stage.app for stage in stages.STAGES]


def sources(app: str) -> list[Path]:
    return [path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]


def test_installed_apps_stand_in_the_order_of_the_floors() -> None:
    installed = [app for app in settings.INSTALLED_APPS if app in OURS]
    position = {app: number for number, floor in enumerate(FLOORS) for app in floor}
    assert sorted(installed, key=lambda app: position[app]) == installed
    assert set(installed) == set(OURS)


def test_stage_apps_stand_in_ltc_order_everywhere() -> None:
    installed = [app for app in settings.INSTALLED_APPS if app in STAGE_APPS]
    assert installed == STAGE_APPS
    catalogue = [path.stem for path in sorted((ROOT / "ltc" / "catalogue").glob("[0-9]_*.yaml"))]
    assert [name.split("_", 1)[1] for name in catalogue] == [stage.code for stage in stages.STAGES[:-1]]


def test_linter_layers_are_these_floors() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("layers = [") :]
    layers = re.findall(r'"([^"]+)"', block[: block.index("]")])
    assert [tuple(layer.split(" | ")) for layer in reversed(layers)] == list(FLOORS)


@pytest.mark.parametrize("model", stage_models(), ids=lambda model: model.__name__)
def test_every_record_is_complete(model) -> None:
    assert model.code_prefix, "a record has a number"
    assert any(index.name.endswith("_find") for index in model._meta.indexes), "Meta inherits StageRecord.Meta"
    for verb in verbs_of(model).values():
        assert set(verb.sources) <= set(model.states.by_code), verb.name
        assert set(verb.targets) <= set(model.states.by_code), verb.name
        for check in verb.checks:
            assert callable(getattr(model, check)), check
        for word in verb.who:
            assert not word.startswith("@") or callable(getattr(model, word[1:])), word
    for state in model.states.ends:
        leaving = [arrow for arrow in arrows(model) if arrow.startswith(f"{state}>")]
        verbs = {verb.name for verb in verbs_of(model).values() if state in verb.sources}
        assert not leaving or verbs <= {"reopen", "reverse", "renew", "undo_merge", "amend", "close", "finalize"}, verbs


def test_every_verb_of_a_machine_has_a_service_of_the_same_name() -> None:
    missing = []
    for outlet in outlets():
        for name, verb in verbs_of(outlet.model).items():
            if not verb.hidden and not hasattr(outlet.services, verb.attribute):
                missing.append(f"{outlet.model.noun()}.{name}")
    assert missing == []


def test_every_record_has_an_outlet() -> None:
    assert get_resolver().url_patterns  # outlets are registered when the addresses are read
    shown = {outlet.model for outlet in outlets()}
    without = {model.__name__ for model in stage_models()} - {model.__name__ for model in shown}
    assert without == {"ApprovalRequest"}, "requests are shown on the record they are about"


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_signals() -> None:
    """A call can be followed with one click, a receiver cannot; only the guards are laid by post_migrate."""
    users = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in sources(app)
        if any(
            name.startswith("django.db.models.signals") or name.startswith("django.dispatch") for name in _imports(path)
        )
    ]
    assert users == ["process/apps.py"]


def test_outlets_call_services_and_never_write() -> None:
    """views, api, admin and tasks write through services: no save(), create() or delete() in them."""
    offenders = []
    for app in OURS:
        if app in {"core", "ltc"}:
            continue
        for path in sources(app):
            if path.stem not in {"views", "api", "tasks", "rows"} and path.parent.name != "views":
                continue
            text = path.read_text(encoding="utf-8")
            if re.search(r"\.(save|bulk_create|delete|objects\.create|get_or_create|update_or_create)\(", text):
                offenders.append(str(path.relative_to(ROOT)))
    assert offenders == []


def test_services_know_no_request() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for app in OURS
        for path in sources(app)
        if ("services" in path.parts or path.stem in {"services", "selectors", "models"})
        and any(name.startswith("django.http") or name.startswith("rest_framework") for name in _imports(path))
    ]
    assert offenders == []


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for app in OURS
        for path in sources(app)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert long == {}


def test_no_route_hides_another() -> None:
    """Each name leads to one address, and each address is reachable."""
    names: dict[str, int] = {}

    def walk(patterns, prefix: str) -> None:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, f"{prefix}{entry.namespace or ''}:")
            elif isinstance(entry, URLPattern) and entry.name and "admin" not in prefix:
                names[f"{prefix}{entry.name}"] = names.get(f"{prefix}{entry.name}", 0) + 1

    walk(get_resolver().url_patterns, "")
    assert [name for name, count in names.items() if count > 1] == []


def test_every_foreign_key_of_business_is_protected() -> None:
    """Nothing of business is deleted by deleting something else."""
    from django.db.models import CASCADE

    cascading = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.concrete_fields
        if field.remote_field and getattr(field.remote_field, "on_delete", None) is CASCADE
    ]
    assert sorted(cascading) == ["ApiToken.user", "Figure.department", "Notice.user"]
