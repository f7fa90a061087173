"""docker-compose.yml: what no engine checks before somebody starts it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from ltc.local.postgres import INITDB

ROOT = Path(settings.BASE_DIR)
OURS = ("migrate", "web", "worker", "beat")
RUNNING = ("web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def test_it_has_every_part(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "beat", "proxy"}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["redis"]["image"] == "${REDIS_IMAGE:-redis:8}"
    assert services["proxy"]["profiles"] == ["proxy"], "the proxy is a choice"


def test_every_key_is_known_to_the_compose_specification(compose: dict[str, Any]) -> None:
    known = {
        *("image", "build", "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "volumes", "logging"),
        *("environment", "command", "healthcheck", "depends_on", "ports", "stop_grace_period", "stop_signal"),
        *("shm_size", "deploy", "profiles"),
    }
    for name, service in compose["services"].items():
        assert set(service) <= known, name
        assert set(service.get("healthcheck", {})) <= {
            *("test", "interval", "timeout", "retries", "start_period", "disable"),
        }
    outside = {key for key in compose if not key.startswith("x-")}
    assert outside == {"name", "services", "volumes"}


def test_every_named_volume_and_file_exists(compose: dict[str, Any]) -> None:
    named = set()
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), source
            else:
                named.add(source)
    assert named == set(compose["volumes"])


def test_nothing_starts_before_what_it_needs(services: dict[str, Any]) -> None:
    for name in RUNNING:
        assert services[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services[needed]["healthcheck"], needed


def test_every_lasting_service_restarts_has_a_health_check_and_time_to_stop(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped"
        if name != "proxy":
            assert "test" in service["healthcheck"], name
            assert int(service["stop_grace_period"].removesuffix("s")) > 10, name


def test_what_is_ours_runs_with_as_few_rights_as_can_be(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["tmpfs"] == ["/tmp"]
        assert "user" not in service, "the image's own user counts"


def test_the_owner_of_the_database_is_known_to_migrate_alone(services: dict[str, Any]) -> None:
    assert "DATABASE_OWNER_URL" in services["migrate"]["environment"]
    for name in RUNNING:
        assert not {key for key in services[name]["environment"] if "OWNER" in key}
        assert "ltc_owner" not in str(services[name]["environment"])


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    """A missing secret stops compose with a sentence; none stands in the file."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in re.findall(r"\$\{(\w*(?:PASSWORD|KEY))\b", text):
        assert not re.search(r"\$\{" + name + r"(?!:\?set " + name + r" in \.env\})", text), name


def test_there_is_one_beat_and_only_web_and_the_proxy_are_published(services: dict[str, Any]) -> None:
    assert services["beat"]["deploy"] == {"replicas": 1}
    assert {name for name, service in services.items() if "ports" in service} == {"web", "proxy"}
    assert services["web"]["ports"] == ["${LTC_PUBLISH:-127.0.0.1:8000}:8000"], "on the host itself, unless asked"


def test_the_cluster_has_the_locale_the_suite_runs_on(services: dict[str, Any]) -> None:
    given = services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert set(given) == {word for word in INITDB if "locale" in word or "encoding" in word}


def test_the_script_for_the_roles_is_sound_shell() -> None:
    script = ROOT / "deploy" / "postgres" / "10-roles.sh"
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert script.stat().st_mode & 0o111, "the image only runs what is executable"
