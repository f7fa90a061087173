"""Text made safe and comparable."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean_text, name_key, search_text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\ufeff中国", "中国"),
        ("one\ntwo\tthree\r\n", "one\ntwo\tthree\r\n"),
        ("bell\x07", "bell"),
        ("emoji 😀 stays", "emoji 😀 stays"),
        (None, ""),
    ],
)
def test_clean_text(dirty: str | None, clean: str) -> None:
    assert clean_text(dirty) == clean


@pytest.mark.django_db
@given(st.text(alphabet=st.characters(categories=None), max_size=30))
def test_clean_text_can_always_be_stored(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [clean_text(text)])
        assert cursor.fetchone() == (clean_text(text),)


@pytest.mark.parametrize(
    "same",
    [
        ("华讯(北京)有限公司", "华讯（北京）有限公司", "华讯 （北京） 有限公司", "华讯【北京】有限公司"),
        ("ABC Ltd", "ａｂｃ　ＬＴＤ", "abc  ltd", "AB\u200bC ltd"),
    ],
)
def test_name_key_of_the_same_company(same: tuple[str, ...]) -> None:
    assert len({name_key(name) for name in same}) == 1


def test_name_key_keeps_different_companies_apart() -> None:
    assert name_key("华讯(北京)有限公司") != name_key("华讯(上海)有限公司")


def test_search_text_joins_what_a_record_is_found_by() -> None:
    assert search_text("LD-2026-000001", None, "华讯（北京）", "", "a\x00  b") == "LD-2026-000001 华讯(北京) a b"
