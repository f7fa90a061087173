"""Every variable the program reads stands in .env.example, and every one that stands there is read."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Set by the program or the system for itself; nobody configures them.
INTERNAL = {
    *("PROMETHEUS_MULTIPROC_DIR", "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONUTF8", "OLDPWD", "PWD", "PATH"),
    *("LTC_TEST_RUN", "PYTEST_XDIST_WORKER", "DJANGO_ALLOW_ASYNC_UNSAFE"),
}
# The image sets them (paths, address), manage.py does, or they are for one machine alone.
NOT_FOR_COMPOSE = {
    "PROMETHEUS_MULTIPROC_DIR",
    *("LTC_DATA", "LTC_MEDIA", "LTC_STATIC", "LTC_ANCHOR_FILE", "LTC_BIND", "PORT", "LTC_OWNER", "LTC_APP_ROLE"),
    *("LTC_DEBUG", "DATABASE_OWNER_URL", "PROMETHEUS_MULTIPROC_DIR"),
}


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def documented() -> list[str]:
    return re.findall(r"^#?([A-Z][A-Z0-9_]+)=", read(".env.example"), re.MULTILINE)


def of_settings() -> set[str]:
    return set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z0-9_]+)"', read("ltc/settings.py")))


def of_code() -> set[str]:
    """What the rest of the program asks the environment for."""
    files = [*ROOT.glob("ltc/**/*.py"), ROOT / "gunicorn.conf.py", ROOT / "tests" / "chromium.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    asked = set(re.findall(r"environ(?:\.get)?[(\[]\s*[\"']([A-Z][A-Z0-9_]+)[\"'](?!\] = )", text))
    shell = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", read("run")))
    return (asked | shell) - INTERNAL


def of_compose() -> set[str]:
    """What docker compose fills in."""
    return set(re.findall(r"\$\{([A-Z][A-Z0-9_]+)", read("docker-compose.yml")))


def test_no_variable_is_missing_in_the_example() -> None:
    assert (of_settings() | of_code() | of_compose()) - set(documented()) == set()


def test_no_variable_of_the_example_is_unknown_or_named_twice() -> None:
    names = documented()
    assert sorted(names) == sorted(set(names))
    assert set(names) - of_settings() - of_code() - of_compose() == set()


def test_compose_hands_every_setting_to_the_processes() -> None:
    compose = yaml.safe_load(read("docker-compose.yml"))
    handed = set(compose["services"]["web"]["environment"])
    asked = of_settings() | set(re.findall(r"environ\.get\([\"']([A-Z_]+)[\"']", read("gunicorn.conf.py")))
    assert asked - NOT_FOR_COMPOSE - INTERNAL == handed
    assert handed | {"DATABASE_OWNER_URL"} == set(compose["services"]["migrate"]["environment"])


def test_every_variable_stands_in_the_handbook() -> None:
    handbook = read("docs/operations.md")
    assert [name for name in documented() if name not in handbook] == []


def production(**more: str) -> dict[str, str]:
    """An environment as on a server; no database or Redis is there to be asked."""
    ours = ("LTC_", "DATABASE_", "REDIS_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "ltc.settings",
        "LTC_SECRET_KEY": "KsR0pQ7yWcV2nB8mXz4tLd6gHj1fUa9eTo3iPq5rSw-7bNcZx-K2vM8",
        "LTC_LOG_KEY": "another key, for the chains",
        "DATABASE_URL": "postgres://ltc_app:x@127.0.0.1:1/ltc",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LTC_HTTPS": "1",
        "LTC_ALLOWED_HOSTS": "ltc.example.com",
        "LTC_LOG_FORMAT": "json",
        **more,
    }


def test_check_deploy_finds_nothing_in_production() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    result = subprocess.run(command, cwd=ROOT, env=production(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["LTC_SECRET_KEY", "LTC_LOG_KEY", "DATABASE_URL", "REDIS_URL"])
def test_a_server_without_its_secrets_does_not_start(name: str) -> None:
    environ = production()
    del environ[name]
    command = [sys.executable, "-W", "ignore", "-m", "django", "check"]
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert result.returncode
    assert name in result.stderr


@pytest.mark.parametrize(("pooler", "sent"), [("0", True), ("1", False)])
def test_behind_a_pooler_nothing_depends_on_the_connection(pooler: str, sent: bool) -> None:
    code = "from django.conf import settings; d = settings.DATABASES['default']; "
    code += "print('options' in d['OPTIONS'], d['DISABLE_SERVER_SIDE_CURSORS'])"
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(
        command, cwd=ROOT, env=production(LTC_POOLER=pooler), capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == [str(sent), str(not sent)], result.stderr
