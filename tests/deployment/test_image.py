"""The Dockerfile: what it promises, read from its text."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def stages() -> dict[str, list[str]]:
    """Instructions of each stage, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        if line.startswith("FROM "):
            name = line.rsplit(" AS ", 1)[1]
            found[name] = []
        if line and not line.startswith("#"):
            found[name].append(line)
    return found


def test_it_is_built_in_stages_and_only_the_last_one_runs(stages: dict[str, list[str]]) -> None:
    assert list(stages) == ["", "assets", "packages", "runtime"]
    assert not any("npm" in line or "pip" in line for line in stages["runtime"])
    copied = [line for line in stages["runtime"] if line.startswith("COPY --from=")]
    assert copied == ["COPY --from=packages /venv /venv", "COPY --from=assets /app/static/dist static/dist"]


def test_packages_are_checked_against_their_hashes(stages: dict[str, list[str]]) -> None:
    assert any("pip install --require-hashes" in line and "base.txt" in line for line in stages["packages"])
    assert any("npm ci" in line for line in stages["assets"])
    base = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
    assert re.search(r"^gunicorn==\S+ \\\n    --hash=sha256:", base, re.MULTILINE)
    assert "pytest" not in base and "embedded" not in base


def test_it_does_not_run_as_root(stages: dict[str, list[str]]) -> None:
    users = [line.split()[1] for line in stages["runtime"] if line.startswith("USER ")]
    assert users == ["10001:10001"]
    after = stages["runtime"][stages["runtime"].index("USER 10001:10001") :]
    assert not any(line.startswith(("RUN", "COPY")) for line in after), "nothing is written by the user that serves"


def test_it_carries_translations_static_files_and_a_health_check(stages: dict[str, list[str]]) -> None:
    text = "\n".join(stages["runtime"])
    assert "ltc.messages compile" in text and "collectstatic --noinput" in text
    assert 'HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["python",' in text
    assert 'CMD ["gunicorn"]' in text and "STOPSIGNAL SIGTERM" in text


def test_no_secret_is_baked_in(stages: dict[str, list[str]]) -> None:
    lasting = [line for lines in stages.values() for line in lines if line.startswith(("ENV", "ARG"))]
    assert not [line for line in lasting if re.search(r"KEY|PASSWORD|TOKEN|_URL", line)]


@pytest.mark.parametrize(
    "path", [".env", ".local", ".git", "node_modules", "tests", "**/*.mo", "static/dist", "*.dump"]
)
def test_what_is_no_part_of_the_program_stays_outside(path: str) -> None:
    assert path in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_what_the_program_reads_is_not_left_out() -> None:
    ignored = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    needed = {"ltc", "templates", "locale", "manage.py", "gunicorn.conf.py", "pyproject.toml", "static", "core"}
    assert not needed & ignored
    assert all((ROOT / name).exists() for name in needed)
