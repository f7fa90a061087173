"""`manage.py reset_factors USERNAME`: when the security administrator has lost every factor."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.actor import Actor
from accounts.models import User


class Command(BaseCommand):
    """For everybody else, the security administrator does this in the back room."""

    help = "Take away a person's second factors and end the sessions; written to the security log."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """A new factor is set up at the next sign-in."""
        person = User.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(f"There is no account {options['username']}.")
        count = services.reset_factors(person, by=Actor.system("reset_factors"))
        self.stdout.write(f"{person.username}: {count} factors taken away")
