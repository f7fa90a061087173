"""`./run` itself: its help, and one clear sentence for everything the user can put right."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ltc.local import console, messages, package_index, setup
from ltc.local.paths import REPO


def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(REPO / "run"), *arguments], env=os.environ | environ, capture_output=True, text=True, check=False
    )


@pytest.fixture
def data(folder: Path) -> Path:
    """A data folder that has the packages already: those of this very test run."""
    folder.mkdir(parents=True)
    (folder / "venv").symlink_to(sys.prefix)
    return folder


def test_help_names_every_verb(data: Path) -> None:
    result = run("help", LTC_DATA=str(data))
    assert result.returncode == 0
    for verb in ("demo", "test", "lint", "manage", "messages", "fuzz", "lock"):
        assert f"./run {verb}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["unheard"], {}, "knows no verb 'unheard'"),
        (["demo"], {"PORT": "eighty"}, "PORT must be a number"),
        (["services", "unheard"], {}, "up, down, env and status"),
    ],
)
def test_a_mistake_is_answered_by_one_sentence(
    data: Path, arguments: list[str], environ: dict[str, str], sentence: str
) -> None:
    result = run(*arguments, LTC_DATA=str(data), **environ)
    assert result.returncode
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_python_too_old_is_named(tmp_path: Path) -> None:
    result = run("help", LTC_DATA=str(tmp_path), PYTHON="/bin/false")
    assert result.stderr.strip() == "✗ PYTHON=/bin/false is not a Python 3.11 or newer."


def test_a_taken_port_is_named_and_nothing_is_left_running(data: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = str(stranger.getsockname()[1])
        result = run("demo", LTC_DATA=str(data), PORT=port)
    assert f"Port {port} is taken" in result.stderr
    assert not (data / "postgres").exists()


def test_a_full_disk_and_a_forbidden_folder_are_explained() -> None:
    full = console.explain(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    forbidden = console.explain(PermissionError(errno.EACCES, "Permission denied", "/data/x"))
    assert full and "disk is full" in full
    assert forbidden and "/data/x" in forbidden
    assert console.explain(OSError(errno.EIO, "Input/output error")) is None


def test_a_failing_tool_ends_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(console.Problem, match="check the network"):
        setup.run([sys.executable, "-c", "print('the reason'); exit(1)"], "check the network")
    assert "the reason" in capsys.readouterr().err
    with pytest.raises(console.Problem, match="disk is full"):
        setup.run([sys.executable, "-c", "exit('No space left on device')"], "check the network")


def test_pip_settings_reach_uv_unless_it_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a.test/simple\nextra-index-url = https://b.test/s https://c.test/s\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://d.test/simple")
    found = package_index.for_uv()
    assert found["UV_DEFAULT_INDEX"] == "https://d.test/simple"
    assert found["UV_INDEX"] == "https://b.test/s https://c.test/s"
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.test/simple")
    assert "UV_DEFAULT_INDEX" not in package_index.for_uv()


def test_nothing_is_told_to_uv_when_pip_has_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_index, "pip_options", dict)
    assert package_index.for_uv() == {}


def test_translations_are_compiled_when_they_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text('msgid "Lead"\nmsgstr "线索"\n', encoding="utf-8")
    monkeypatch.setattr(messages, "REPO", tmp_path)
    assert messages.compile_changed() == 1
    assert "线索".encode() in source.with_suffix(".mo").read_bytes()
    assert messages.compile_changed() == 0


def test_no_registry_or_machine_path_stands_in_a_committed_file() -> None:
    names = [
        "run",
        ".npmrc",
        "package.json",
        "package-lock.json",
        "pyproject.toml",
        *map(str, REPO.glob("requirements/*")),
    ]
    for name in names:
        text = (REPO / name).read_text(encoding="utf-8")
        for trace in ("index-url", "find-links", '"resolved"', "file://", "/root/", "/opt/"):
            assert trace not in text, f"{trace} in {name}"
