"""Reading the files of the L3 catalogue: their shape by a JSON Schema, every mistake with its file and line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from core.errors import Refused

ARTEFACTS = "artefacts.yaml"
SCHEMA = Path(__file__).with_name("schema.json")


@dataclass
class Source:
    """One step as written, with the place it stands at ("1_lead.yaml:12: ML-1") and whether it has the right shape."""

    step: dict[str, Any]
    place: str
    shaped: bool = True


@dataclass
class File:
    """One file: its stage, its steps in order, and what is wrong with its shape."""

    name: str
    stage: str
    sources: list[Source]
    problems: list[str]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def read_file(path: Path) -> File:
    """One file of the catalogue; Refused where it is no YAML or not even a list of steps."""
    try:
        text = path.read_text(encoding="utf-8")
        content, tree = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name}: {error}") from error
    steps = content.get("steps") if isinstance(content, dict) else None
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise Refused(_("%(file)s: “stage” and a list of “steps” are expected") % {"file": path.name})
    wrong = list(_errors(content))
    broken = {_step_index(error) for error, _says in wrong}
    sources = [
        Source(step, f"{path.name}:{_line(tree, ['steps', index])}: {step.get('code', index + 1)}", index not in broken)
        for index, step in enumerate(steps)
    ]
    problems = [f"{_place(path, tree, sources, error)}: {says}" for error, says in wrong]
    return File(path.name, str(content.get("stage", "")), sources, problems)


def shape_problems(step: dict[str, Any]) -> list[str]:
    """What is wrong with the shape of one step that was not read from a file."""
    return [says for _error, says in _errors({"stage": "", "steps": [step]})]


def read_artefacts(folder: Path) -> list[dict[str, Any]]:
    """What the steps hand to each other, [{id, zh, en, external?, terminal?}]; empty where there is no such file."""
    path = folder / ARTEFACTS
    if not path.exists():
        return []
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name}: {error}") from error
    shaped = isinstance(found, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(key), str) for key in ("id", "zh", "en")) for one in found
    )
    if not shaped:
        raise Refused(_("%(file)s: a list of artefacts with “id”, “zh” and “en” is expected") % {"file": path.name})
    return list(found)


def _errors(content: Any) -> Iterator[tuple[ValidationError, str]]:
    for error in sorted(_validator().iter_errors(content), key=lambda one: list(map(str, one.absolute_path))):
        for says in _sentences(error):
            yield error, says


def _sentences(error: ValidationError) -> list[str]:
    """The mistake in the reader's language."""
    path = [str(part) for part in error.absolute_path if not isinstance(part, int)][1:]
    key = ".".join(path) or "steps"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        # The validator speaks once for each missing key; each is told once.
        missing = [name for name in missing if f"'{name}'" in error.message]
        return [_("“%(key)s” is missing") % {"key": name} for name in missing]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sorted(name for name in error.instance if name not in known)
        return [_("unknown key “%(key)s”") % {"key": name} for name in unknown]
    if error.validator == "enum":
        words = ", ".join(map(str, error.validator_value))
        return [_("“%(key)s” is one of %(words)s") % {"key": key, "words": words}]
    if error.validator in ("exclusiveMinimum", "exclusiveMaximum") or (key, error.validator) == ("sla_hours", "type"):
        return [_("“%(key)s” must be a number between 0 and 10,000") % {"key": key}]
    if error.validator == "minLength":
        return [_("“%(key)s” is missing") % {"key": key}]
    return [_("“%(key)s” has the wrong shape") % {"key": key}]


def _place(path: Path, tree: Any, sources: list[Source], error: ValidationError) -> str:
    """File and line of a mistake, with the code of its step."""
    parts = list(error.absolute_path)
    line = _line(tree, parts)
    index = _step_index(error)
    code = f": {sources[index].step.get('code', index + 1)}" if index is not None else ""
    return f"{path.name}:{line}{code}"


def _step_index(error: ValidationError) -> int | None:
    """Which step of the file a mistake is in; None for the file itself."""
    return next((part for part in error.absolute_path if isinstance(part, int)), None)


def _line(tree: Any, parts: list[Any]) -> int:
    """The line of a value in the file, from 1; of what is next to it where the value itself is not there."""
    node = tree
    for part in parts:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
        else:
            found = None
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1 if node is not None else 1
