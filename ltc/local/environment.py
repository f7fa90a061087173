"""The environment LTC runs in: what the user has set counts, the rest comes from the data folder."""

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from ltc.local import secrets
from ltc.local.paths import data_folder
from ltc.local.services import Services

# These change the schema or must see and repair everything: they run as ltc_owner, without time limits.
OWNER_COMMANDS = frozenset({"migrate", "makemigrations", "verify", "backup", "restore", "prepare"})
# These only read the code.
COMMANDS_WITHOUT_SERVICES = frozenset(
    {"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemigrations", "version"}
)


def local_environment(services: Services) -> dict[str, str]:
    """Every variable the settings read, for the services and secrets of the data folder."""
    values = {"LTC_DATA": str(data_folder()), "DJANGO_SETTINGS_MODULE": "ltc.settings"}
    if not all(os.environ.get(name) for name in secrets.NAMES):  # where they are given, no others are made
        values |= secrets.load(data_folder())
    if services.postgres:
        values["DATABASE_URL"] = services.postgres.url("ltc_app")
        values["DATABASE_OWNER_URL"] = services.postgres.url("ltc_owner")
    if services.redis:
        values["REDIS_URL"] = services.redis.url()
    return values


def fill(environ: MutableMapping[str, str], services: Services) -> None:
    """Add what is missing to an environment."""
    for name, value in local_environment(services).items():
        if not environ.get(name):
            environ[name] = value


def become_owner(environ: MutableMapping[str, str]) -> None:
    """Connect as the owner of the schema; where only one role is known, it is that one."""
    environ["DATABASE_URL"] = environ.get("DATABASE_OWNER_URL") or environ["DATABASE_URL"]
    environ["LTC_OWNER"] = "1"


@contextmanager
def for_command(command: str) -> Iterator[None]:
    """Everything `manage.py <command>` needs in os.environ, with the services running if it uses them."""
    services = Services(data_folder())
    if command not in COMMANDS_WITHOUT_SERVICES:
        services.acquire()
    try:
        fill(os.environ, services)
        if command in OWNER_COMMANDS:
            become_owner(os.environ)
        yield
    finally:
        services.release()
