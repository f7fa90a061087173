"""A broken file or mapping says what is wrong and where, and has changed nothing."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import BankAccount
from core.errors import Refused
from core.models import ExchangeRate
from exchange.mapping import read_mapping
from tests.exchange.history import CHINESE, HEAD, ROWS, everything, take_in, write, write_mapping

pytestmark = pytest.mark.django_db


def reasons(folder: Path, **changes: Any) -> list[str]:
    """Why an import is refused; nothing at all may have been written."""
    before = everything(), BankAccount.objects.count(), ExchangeRate.objects.count()
    with pytest.raises(Refused) as refusal:
        take_in(folder, **changes)
    assert (everything(), BankAccount.objects.count(), ExchangeRate.objects.count()) == before
    assert not (folder / "rejected.csv").exists()
    return list(refusal.value.reasons)


FILES = CHINESE["files"]["deals"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": None}, "source"),
        ({"source": "a b"}, "source"),
        ({"source": "x" * 31}, "source"),
        ({"source": 2024}, "source"),
        ({"currency": None}, "currency"),
        ({"stages": None}, "stages"),
        ({"stages": {"线索": "dream"}}, "dream"),
        ({"stages": ["线索"]}, "stages"),
        ({"colour": "red"}, "colour"),
        ({"encoding": "klingon"}, "klingon"),
        ({"delimiter": "||"}, "delimiter"),
        ({"date_format": "%d.%m."}, "date_format"),
        ({"date_format": "%Q"}, "date_format"),
        ({"tax": "13"}, "tax"),
        ({"tax": {"basis": "both"}}, "tax.basis"),
        ({"aliases": {"customer": ["a"]}}, "aliases.customer"),
        ({"defaults": {"colour": "red"}}, "colour"),
        ({"exchange_rates": [{"on": "2020-01-01", "rate": 7}]}, "exchange_rates"),
        ({"exchange_rates": [{"from_on": "soon", "rate": 7}]}, "exchange_rates"),
        ({"exchange_rates": 7}, "exchange_rates"),
        ({"files": {}}, "files"),
        ({"files": {"letters": FILES}}, "letters"),
        ({"files": {"deals": "商机.csv"}}, "files.deals"),
        ({"files": {"deals": {**FILES, "path": "nowhere.csv"}}}, "nowhere.csv"),
        ({"files": {"deals": {**FILES, "columns": {"key": "编号"}}}}, "owner"),
        ({"files": {"deals": {**FILES, "columns": {**FILES["columns"], "mood": "心情"}}}}, "mood"),
    ],
)
def test_a_wrong_key_of_the_mapping_is_named(tmp_path, changes, says) -> None:
    found = reasons(write(tmp_path), **changes)
    assert all(reason.startswith("mapping.yaml: ") for reason in found)
    assert any(says in reason for reason in found)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"currency": "XXX"}, "XXX"),
        ({"department": "moon"}, "moon"),
        ({"tax": {"code": "99"}}, "99"),
        ({"defaults": {"lead_source": "dream"}}, "dream"),
        ({"defaults": {"receipt_method": "shells"}}, "shells"),
        ({"industries": {"x": "moonshine"}}, "moonshine"),
    ],
)
def test_what_this_house_does_not_know_is_named(tmp_path, changes, says) -> None:
    found = reasons(write(tmp_path), **changes)
    assert len(found) == 1 and says in found[0]


def test_everything_wrong_is_told_at_once(tmp_path) -> None:
    assert len(reasons(write(tmp_path), source=None, currency=None, colour="red", encoding="klingon")) == 4


def test_a_broken_mapping_file(tmp_path) -> None:
    path = tmp_path / "mapping.yaml"
    for content in (b"source: [", b"- a\n- b\n", "来源".encode("gb18030"), b""):
        path.write_bytes(content)
        with pytest.raises(Refused, match=r"mapping\.yaml"):
            read_mapping(path, tmp_path)
    with pytest.raises(Refused, match=r"nowhere\.yaml"):
        read_mapping(tmp_path / "nowhere.yaml", tmp_path)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([*ROWS, ["A-6", "王芳"]], "line 7"),
        ([ROWS[0], ["A-6", '"王芳', "x", "x", "x", "x", "x", "x", "x"], ROWS[1]], "商机.csv"),
    ],
)
def test_a_broken_row_is_named_with_its_line(tmp_path, rows, line) -> None:
    found = reasons(write(tmp_path, rows))
    assert "商机.csv" in found[0] and line in found[0]


def test_a_missing_column_is_named(tmp_path) -> None:
    found = reasons(write(tmp_path, [row[1:] for row in ROWS], head=HEAD[1:]))
    assert found == ["商机.csv, line 1: no column 编号"]


def test_another_encoding_than_the_mapping_says(tmp_path) -> None:
    found = reasons(write(tmp_path, encoding="utf-8"), encoding="ascii")
    assert "商机.csv" in found[0]


def test_a_party_with_an_endless_name_is_named_with_its_line(tmp_path) -> None:
    write(tmp_path)
    (tmp_path / "people.csv").write_text("name\n王芳\n" + "x" * 81 + "\n", encoding="gb18030")
    files = {**CHINESE["files"], "people": {"path": "people.csv", "columns": {"name": "name"}}}
    assert reasons(tmp_path, files=files) == ["people.csv, line 3: name is too long"]


def test_the_command_says_it_in_one_line(tmp_path) -> None:
    mapping = write_mapping(write(tmp_path), currency="XXX")
    with pytest.raises(CommandError, match="XXX"):
        call_command("import_history", tmp_path, mapping=mapping)


def test_the_example_mapping_is_sound(tmp_path) -> None:
    """The documented example names only what a new house has (the files themselves are not ours to ship)."""
    for name in ("accounts.csv", "products.csv", "sales_teams.csv", "sales_pipeline.csv"):
        (tmp_path / name).touch()
    mapping = read_mapping(settings.BASE_DIR / "docs" / "examples" / "maven-crm.yaml", tmp_path)
    assert (mapping.source, mapping.currency, mapping.tax_basis) == ("maven-crm", "USD", "net")
