"""Everything a database needs before LTC runs on it, in one process: a Django start costs a second."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, call_command

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
        quiet = {"verbosity": options["verbosity"]}
        with quick_state():
            self._call("migrate", interactive=False, **quiet)
        self._call("load_defaults", **quiet)
        self._call("load_process", **quiet)
        if options["demo"]:
            self._call("collectstatic", interactive=False, **quiet)
            self._call("seed_demo", if_empty=True, **quiet)
        if options["sign_ins"]:
            with options["sign_ins"].open("w", encoding="utf-8") as file:
                call_command("seed_demo", print_logins=True, stdout=file)

    def _call(self, name: str, **options: Any) -> None:
        """Name the command, so that the runner can show what takes its time."""
        self.stdout.write(name)
        self.stdout.flush()
        call_command(name, stdout=self.stdout, **options)
