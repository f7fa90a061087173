"""Search by pairs of characters."""

import re
from collections.abc import Callable

import pytest
from django.db import connection, models
from django.db.migrations.state import ModelState
from django.db.migrations.writer import MigrationWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from core.paging import capped_count
from core.search import BigramIndex, search, words_of
from tests.core.conftest import Row

Found = Callable[[str], list[str]]


@pytest.fixture
def found(rows: type[Row]) -> Found:
    """Names found for a text, of those given to the fixture's table."""

    def names(text: str) -> list[str]:
        return list(search(rows.objects.order_by("id"), "name", text).values_list("name", flat=True))

    return names


def fill(*names: str) -> None:
    Row.objects.all().delete()
    Row.objects.bulk_create([Row(name=name, place=0, at="2026-01-01T00:00Z") for name in names])


def test_two_chinese_characters_are_found_anywhere(found: Found) -> None:
    fill("LD-2026-000001 北京华讯科技有限公司", "华为技术", "中国移动", "移中国动")
    assert found("华讯") == ["LD-2026-000001 北京华讯科技有限公司"]
    assert found("中国") == ["中国移动", "移中国动"]
    assert found("国中") == []
    assert found("科技有限") == ["LD-2026-000001 北京华讯科技有限公司"]


def test_case_does_not_matter(found: Found) -> None:
    fill("Huaxun Technology", "HUAXUN", "other")
    assert found("huaxun") == found("HuaXun") == ["Huaxun Technology", "HUAXUN"]


def test_all_pairs_in_another_order_are_no_hit(found: Found) -> None:
    fill("abcxbca")
    assert found("abca") == []
    assert found("xbca") == ["abcxbca"]


def test_one_character_is_found_where_a_word_begins(found: Found) -> None:
    fill("中国移动", "LD-1 中铁", "美中公司", "Zhong", "zeta", "a z")
    assert found("中") == ["中国移动", "LD-1 中铁"]
    assert found("z") == found("Z") == ["Zhong", "zeta", "a z"]


def test_every_word_must_be_there(found: Found) -> None:
    fill("北京 华讯 智慧园区", "北京 移动", "上海 华讯")
    assert found("华讯 北京") == ["北京 华讯 智慧园区"]
    assert found("  华讯　北  ") == ["北京 华讯 智慧园区"]
    assert found("华讯 广州") == []


@pytest.mark.parametrize("special", ["%", "_", "\\", "100%", "a_b", "c:\\d", "%%", "__", "\\%", "'", "''", '"x"', "%s"])
def test_special_characters_stand_for_themselves(found: Found, special: str) -> None:
    fill("plain text", f"{special} sign", "1000", "aXb", "c:d")
    assert found(special) == [f"{special} sign"]


def test_what_cannot_be_stored_is_left_out_of_the_question(found: Found) -> None:
    fill("中国移动")
    assert found("中\x00国\ud800") == ["中国移动"]
    assert found("\x00") == found("   ") == found("") == ["中国移动"]


def test_width_of_characters_does_not_matter(found: Found) -> None:
    fill("华讯(北京)", "华讯（北京）2")
    assert found("（北京）") == ["华讯(北京)", "华讯（北京）2"]
    assert found("ＡＢ") == []


def test_limit_and_long_questions(rows: type[Row]) -> None:
    fill(*[f"中国 {n}" for n in range(5)])
    assert len(search(rows.objects.order_by("id"), "name", "中国", limit=2)) == 2
    assert list(search(rows.objects.all(), "name", "中" * 100_000)) == []
    assert len(words_of("word " * 1000)) == 8


def test_search_across_a_relation(rows: type[Row]) -> None:
    fill("中国移动")
    parent = rows.objects.get()
    child = rows.objects.create(name="child", parent=parent, place=1, at="2026-01-01T00:00Z")
    assert list(search(rows.objects.all(), "parent__name", "中国")) == [child]


@settings(max_examples=200)
@given(
    names=st.lists(st.text(alphabet="ab中国%_\\ '-", max_size=8), max_size=6),
    text=st.text(alphabet="ab中国%_\\ '-", max_size=5),
)
def test_search_finds_exactly_what_reading_would(found: Found, names: list[str], text: str) -> None:
    fill(*names)
    sought = [word if len(word) > 1 else f" {word}" for word in text.split()]
    assert found(text) == [name for name in names if all(word in f" {name}" for word in sought)]


def test_the_function_is_what_an_index_needs(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT provolatile, proisstrict, proparallel FROM pg_proc WHERE proname = 'ltc_bigrams'")
        assert cursor.fetchall() == [("i", True, "s")]
        cursor.execute("SELECT ltc_bigrams('A中国'), ltc_bigrams('x'), ltc_bigrams(''), ltc_bigrams(NULL)")
        assert cursor.fetchone() == (["a中", "中国"], [], [], None)


def searched_model(name: str) -> type[models.Model]:
    class Meta:
        app_label = "core_tests"
        managed = False
        db_table = "core_test_row"
        indexes = (BigramIndex("name", name=name),)

    body = {"__module__": __name__, "Meta": Meta, "name": models.TextField()}
    return type(f"Searched{name}", (models.Model,), body)


def test_a_list_walks_for_a_frequent_word_and_looks_a_rare_one_up(
    rows: type[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are the same either way, ordered, counted and with two words; nothing else asks how frequent it is."""
    monkeypatch.setattr("core.search._FREQUENT_ROWS", 50)
    fill(*(f"cab {n}" if n % 3 else f"bca {n}" for n in range(300)), "cab bca rare", "rare")
    with connection.cursor() as cursor:
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            editor.add_index(searched_model("frequent"), BigramIndex("name", name="core_test_frequent"))
        cursor.execute(editor.collected_sql[-1])
        cursor.execute("ANALYZE core_test_row")
    newest = rows.objects.order_by("-id")
    for text, looked_up in (("ab", 0), ("AB", 0), ("rare", 1), ("ab rare", 1), ("rare ab", 1), ("zz", 1), ("ab ca", 0)):
        listed = search(newest, "name", text, weighed=True)
        assert str(listed.query).count("@>") == looked_up, text
        wanted = [row.pk for row in newest if all(word in row.name for word in text.lower().split())]
        assert [row.pk for row in listed] == wanted, text
        assert [row.pk for row in search(newest, "name", text)] == wanted, text
        assert capped_count(listed) == (len(wanted), False)
        assert capped_count(listed, cap=100) == (min(len(wanted), 100), len(wanted) > 100)
    assert str(search(newest, "name", "ab").query).count("@>") == 1


def test_index_goes_through_a_migration_unchanged() -> None:
    index = BigramIndex("search_text", name="lead_search", condition=models.Q(pk__gt=0))
    assert index.clone() == index
    written, imports = MigrationWriter.serialize(BigramIndex("search_text", name="lead_search"))
    assert written == "core.search.BigramIndex('search_text', name='lead_search')"
    assert imports == {"import core.search"}
    state = ModelState.from_model(searched_model("written"))
    assert state.options["indexes"] == [BigramIndex("name", name="written")]


def test_index_makes_its_function_when_core_was_not_migrated_yet(rows: type[Row]) -> None:
    index = BigramIndex("name", name="core_test_search")
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        editor.add_index(searched_model("created"), index)
    ensure, create = "\n".join(editor.collected_sql[:-1]), editor.collected_sql[-1]
    assert "to_regprocedure('ltc_bigrams(text)') IS NULL" in ensure
    assert """USING gin ((ltc_bigrams(' ' || "name")))""" in create
    with connection.cursor() as cursor:
        cursor.execute(ensure)  # there already: nothing is created, which ltc_app could not do
        cursor.execute(create)


MILLION_NAMES = """
    INSERT INTO core_test_row (name)
    SELECT (%s::text[])[1 + n * 7 %% 10] || (%s::text[])[1 + n * 31 / 97 %% 997]
        || (%s::text[])[1 + n * 13 %% 8] || CASE n %% 50000 WHEN 77 THEN '鑫隆' ELSE '' END || '有限公司'
    FROM generate_series(1, 1000000) n
"""
CITIES = ["北京", "上海", "深圳", "广州", "杭州", "南京", "成都", "武汉", "西安", "重庆"]
TRADES = ["科技", "软件", "电子", "网络", "系统", "能源", "医疗", "装备"]
GIVEN = [chr(0x4E00 + n * 3) + chr(0x5E00 + n * 5) for n in range(997)]


def database_milliseconds(queryset: "models.QuerySet[Row]") -> float:
    """Execution time by the server's own clock, the best of three."""
    times = []
    for _ in range(3):
        plan = queryset.explain(analyze=True, timing=False)
        times.append(float(re.search(r"Execution Time: ([\d.]+) ms", plan)[1]))
    return min(times)


@pytest.mark.slow
def test_a_million_names_by_two_characters_within_ten_milliseconds(rows: type[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        cursor.execute(MILLION_NAMES, [CITIES, GIVEN, TRADES])
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            editor.add_index(searched_model("million"), BigramIndex("name", name="core_test_million"))
        cursor.execute(editor.collected_sql[-1])
        cursor.execute("ANALYZE core_test_row")
    newest = rows.objects.order_by("-id")
    assert rows.objects.count() == 1_000_000
    assert len(search(newest, "name", "鑫隆", limit=50)) == 20
    for word, hits in (
        ("鑫隆", 20),
        (GIVEN[5], 50),
        ("深圳", 50),
        ("科技", 50),
        ("公司", 50),
        ("無此", 0),
        ("深", 50),
        ("圳", 0),
    ):
        sought = search(newest, "name", word, limit=50)
        assert len(sought) == hits
        assert database_milliseconds(sought) <= 10, f"{word}\n{sought.explain(analyze=True)}"
