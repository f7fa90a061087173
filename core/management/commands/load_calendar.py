"""`./run manage load_calendar [year …]`: fill the working calendar."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core.calendar import today
from core.services import load_calendar

FIRST_YEAR = 2024


class Command(BaseCommand):
    """Fill the working calendar from the kept library; safe to run again, e.g. when a year was published."""

    help = "Fill the working calendar (public holidays and adjusted days) from the kept library."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the years; none means 2024 up to next year."""
        parser.add_argument("years", nargs="*", type=int, metavar="year")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say which years are only assumed."""
        for row in load_calendar(options["years"] or range(FIRST_YEAR, today().year + 2)):
            if row.published:
                self.stdout.write(f"{row.year}: loaded ({row.source})")
            else:
                self.stdout.write(self.style.WARNING(f"{row.year}: not published yet, plain weekdays are assumed"))
