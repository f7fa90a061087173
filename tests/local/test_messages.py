"""Translations: extracted from code and templates, added by several people, checked for completeness."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ltc import messages
from ltc.local import paths

CODE = """
from django.utils.translation import gettext_lazy as _, pgettext, ngettext
_("Lead")
pgettext("verb", "open")
ngettext("%(n)s deal", "%(n)s deals", 2)
"""
TEMPLATE = """{% load i18n %}
    {% translate "Project" %}
  {% blocktranslate with name=x %}Hello {{ name }}{% endblocktranslate %}
"""
CHINESE = {
    "Lead": "线索",
    "verb\x04open": "打开",
    "%(n)s deal": "%(n)s 单",
    "Project": "项目",
    "Hello %(name)s": "你好 %(name)s",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout with one Python file and one template."""
    for module in (messages, paths):
        monkeypatch.setattr(module, "REPO", tmp_path)
    monkeypatch.setattr(messages, "SOURCE", tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")
    monkeypatch.setenv("LTC_DATA", str(tmp_path / ".local"))
    for name, text in {"app/views.py": CODE, "templates/page.html": TEMPLATE, "tests/test_x.py": "_('not me')"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def add(checkout: Path, name: str, texts: dict[str, str]) -> int:
    path = checkout / f"{name}.json"
    path.write_text(json.dumps(texts), encoding="utf-8")
    return messages.add(path)


def test_every_kind_of_text_is_found(checkout: Path) -> None:
    assert set(messages.missing()) == set(CHINESE)


def test_complete_translations_pass_and_are_compiled(checkout: Path) -> None:
    assert add(checkout, "all", CHINESE) == len(CHINESE)
    assert messages.problems() == []
    assert "线索".encode() in messages.SOURCE.with_suffix(".mo").read_bytes()
    before = messages.SOURCE.read_bytes()
    add(checkout, "again", CHINESE)
    assert messages.SOURCE.read_bytes() == before


def test_each_fault_is_named(checkout: Path) -> None:
    add(checkout, "all", CHINESE | {"Hello %(name)s": "你好 %(nom)s", "Gone": "没有"})
    messages.SOURCE.write_text(
        messages.SOURCE.read_text(encoding="utf-8").replace('msgid "Project"', '#, fuzzy\nmsgid "Project"'),
        encoding="utf-8",
    )
    path = checkout / "app" / "more.py"
    path.write_text("_('New')", encoding="utf-8")
    assert [problem.split(":")[0] for problem in messages.problems()] == [
        "fuzzy",
        "no longer in the code (./run messages prune)",
        "not translated",
        "other placeholders than the English",
    ]
    assert messages.prune() == 1


def test_two_people_add_at_the_same_time(checkout: Path) -> None:
    parts = [{key: text} for key, text in CHINESE.items()]
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda item: add(checkout, str(item[0]), item[1]), enumerate(parts)))
    assert not set(CHINESE) & set(messages.missing())
