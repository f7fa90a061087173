"""Everything a database needs before LTC runs on it, in one process: a Django start costs a second."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, call_command, get_commands

from ltc.management.quick_state import quick_state


class Command(BaseCommand):
    """Migrate, load the defaults and the process; for the demo also its company and the static files."""

    help = "Migrate, load defaults and process; with --demo also an example company, if the database is empty."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the demo needs more."""
        parser.add_argument("--demo", action="store_true", help="seed the demo company and collect static files")
        parser.add_argument("--sign-ins", type=Path, help="with --demo: a file to write the sign-ins to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the commands in order; each is idempotent."""
        verbosity = options["verbosity"]
        with quick_state():
            call_command("migrate", interactive=False, verbosity=verbosity)
        for name in ("load_defaults", "load_process"):
            if name in get_commands():
                call_command(name, verbosity=verbosity)
        if options["demo"]:
            call_command("collectstatic", interactive=False, verbosity=verbosity)
            self._seed(options["sign_ins"], verbosity)

    def _seed(self, sign_ins: Path | None, verbosity: int) -> None:
        if "seed_demo" not in get_commands():
            return
        call_command("seed_demo", if_empty=True, verbosity=verbosity)
        if sign_ins:
            with sign_ins.open("w", encoding="utf-8") as file:
                call_command("seed_demo", print_logins=True, stdout=file)
