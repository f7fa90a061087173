"""Translations without gettext's tools: `./run messages extract|check|add FILE.json|prune|compile`.

The texts in code and templates are English; `locale/zh_Hans` holds the Chinese. The catalogue is sorted and
has no line numbers, so that several people can add to it without conflicts. It runs without Django's apps:
translations can be added while an app is broken.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from ltc.local.locks import held
from ltc.local.messages import compile_changed, compile_file
from ltc.local.paths import REPO, data_folder, source_files

SOURCE = REPO / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
LAZY = {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")}
# `_t` and `_now`: models import gettext so, where `_` is the lazy one.
KEYWORDS = {**DEFAULT_KEYWORDS, **LAZY, "gettext_noop": None, "_t": None, "_now": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|\{\w*\}|(?<!%)%[sd]")
CONTEXT = "\x04"  # between context and text in a key, as in gettext's own files

Key = str
Text = str | tuple[str, str]


def key_of(text: str | Sequence[str], context: str | None) -> Key:
    """How a message is named in the JSON files: its singular, after its context if it has one."""
    singular = text if isinstance(text, str) else text[0]
    return f"{context}{CONTEXT}{singular}" if context else singular


def texts_in_code() -> dict[Key, tuple[Text, str | None]]:
    """Every text marked for translation in Python and templates."""
    found: dict[Key, tuple[Text, str | None]] = {}
    for path in filter(_is_source, source_files()):
        content = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # What is not a text has become a row of X; its indentation would be an error in Python.
            content = "\n".join(line.lstrip() for line in templatize(content, origin=str(path)).splitlines())
        for _, text, _, context in extract("python", io.BytesIO(content.encode()), KEYWORDS):
            message = text if isinstance(text, str) else (text[0], text[1])
            if message:
                key = key_of(message, context)
                if key not in found or isinstance(found[key][0], str):
                    found[key] = (message, context)
    return found


def _is_source(path: Path) -> bool:
    parts = path.relative_to(REPO).parts
    template = path.suffix in (".html", ".txt") and "templates" in parts
    return parts[0] != "tests" and (template or path.suffix == ".py")


def load() -> Catalog:
    """The Chinese catalogue as it stands."""
    if not SOURCE.exists():
        return Catalog(locale="zh_Hans", charset="utf-8")
    with SOURCE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def save(catalogue: Catalog) -> None:
    """Write it, sorted and without dates and line numbers, and compile it."""
    fresh = Catalog(locale="zh_Hans", charset="utf-8", fuzzy=False, header_comment="# Chinese texts of LTC.")
    for message in catalogue:
        if message.id:
            fresh.add(message.id, message.string, context=message.context, flags=message.flags)
    buffer = io.BytesIO()
    write_po(buffer, fresh, width=120, no_location=True, sort_output=True, ignore_obsolete=True)
    noise = re.compile(rb'^"(POT-|PO-|Last-T|Language-T|Generated|Project|Report).*\n', re.M)
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    part = SOURCE.with_name(".django.po.part")
    part.write_bytes(noise.sub(b"", buffer.getvalue()))
    part.replace(SOURCE)
    compile_file(SOURCE)


def _translation(message: Message) -> str:
    """Chinese has one form for every number."""
    return message.string if isinstance(message.string, str) else (message.string or [""])[0]


def _messages(catalogue: Catalog) -> dict[Key, Message]:
    return {key_of(message.id, message.context): message for message in catalogue if message.id}


def problems() -> list[str]:
    """What keeps the Chinese from being complete and right."""
    wanted, have = texts_in_code(), _messages(load())
    found = [f"not translated: {key!r}" for key in wanted if key not in have or not _translation(have[key])]
    found += [f"fuzzy: {key!r}" for key, message in have.items() if message.fuzzy]
    found += [f"no longer in the code (./run messages prune): {key!r}" for key in have if key not in wanted]
    for key, message in have.items():
        text = message.id if isinstance(message.id, str) else message.id[-1]
        if _translation(message) and set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(_translation(message))):
            found.append(f"other placeholders than the English: {key!r}")
    return sorted(found)


def missing() -> dict[Key, str]:
    """The texts still without Chinese, ready to be filled in."""
    have = _messages(load())
    return {key: "" for key in sorted(texts_in_code()) if key not in have or not _translation(have[key])}


def add(path: Path) -> int:
    """Merge {English: Chinese}; several people may do so at the same time. The number of texts taken."""
    added = {key: text for key, text in json.loads(path.read_text(encoding="utf-8")).items() if text}
    code = texts_in_code()
    with held(data_folder() / "locks" / "messages"):
        catalogue = load()
        for key, chinese in added.items():
            context, _, singular = key.rpartition(CONTEXT)
            text, _ = code.get(key, (singular, None))
            catalogue.delete(text, context or None)
            catalogue.add(text, chinese if isinstance(text, str) else (chinese,), context=context or None)
        save(catalogue)
    for key in sorted(added.keys() - code.keys()):
        print(f"not in the code: {key!r}")
    return len(added)


def prune() -> int:
    """Drop what is no longer in the code; the number of texts dropped."""
    wanted = texts_in_code()
    with held(data_folder() / "locks" / "messages"):
        catalogue = load()
        old = [message for key, message in _messages(catalogue).items() if key not in wanted]
        for message in old:
            catalogue.delete(message.id, message.context)
        save(catalogue)
    return len(old)


def main() -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="./run messages", description="Translations.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("extract", help="print the texts without Chinese as JSON")
    verbs.add_parser("check", help="fail when a text is missing, fuzzy, obsolete or has other placeholders")
    verbs.add_parser("add", help="merge a JSON file {English: Chinese}").add_argument("file", type=Path)
    verbs.add_parser("prune", help="drop texts that are no longer in the code")
    verbs.add_parser("compile", help="write the .mo files")
    options = parser.parse_args()
    if options.verb == "extract":
        print(json.dumps(missing(), ensure_ascii=False, indent=1))
    elif options.verb == "add":
        print(f"{add(options.file)} texts added, {len(missing())} still missing")
    elif options.verb == "prune":
        print(f"{prune()} texts dropped")
    elif options.verb == "compile":
        print(f"{compile_changed()} catalogues compiled")
    else:
        found = problems()
        print("\n".join(found) or "all texts are translated")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
