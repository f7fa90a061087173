"""What all templates keep to: they compile, nothing inline (the CSP would drop it), English sources, known icons."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

REPO = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((REPO / "templates").rglob("*.html"))
NAMES = [str(path.relative_to(REPO / "templates")) for path in TEMPLATES]

INLINE = re.compile(r"<style|\sstyle=|\son\w+=|javascript:|\shx-on|\shx-vals=.js:|<script(?![^>]*\bsrc=)")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ICON_TAG = re.compile(r"""\{% icon "([\w-]+)"|icon_name="([\w-]+)\"""")
ICON_NAME = re.compile(r"""\bicon\s*[=:]\s*"([\w-]+)\"""")


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_nothing_stands_inline(path: Path) -> None:
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_the_source_language_is_english(path: Path) -> None:
    assert CHINESE.findall(path.read_text(encoding="utf-8")) == []


def test_every_icon_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (REPO / "assets" / "icons.svg").read_text(encoding="utf-8")))
    used = {
        name
        for path in TEMPLATES
        for pair in ICON_TAG.findall(path.read_text(encoding="utf-8"))
        for name in pair
        if name
    }
    for path in REPO.glob("*/**/*.py"):
        if not {"node_modules", ".local", "tests"} & set(path.relative_to(REPO).parts):
            used.update(ICON_NAME.findall(path.read_text(encoding="utf-8")))

    assert used - sprite == set()
