"""`manage.py create_administrators`: the three people a new installation begins with."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import services
from accounts.actor import Actor
from accounts.models import Duty, User


class Command(BaseCommand):
    """Opens one account per duty and prints the links at which each chooses a password."""

    help = (
        "Open the accounts of the system, security and audit administrator; prints a link for each, valid for an hour."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Three user names: three different people."""
        for duty in Duty:
            parser.add_argument(f"--{duty.value}", required=True, metavar="USERNAME", help=str(duty.label))
        parser.add_argument("--url", default="", help="where LTC is reached, for instance https://ltc.example.com")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Only while a duty has nobody: later, the security administrator gives roles."""
        names = {duty: options[duty.value] for duty in Duty}
        if len(set(names.values())) < len(names):
            raise CommandError("Three duties need three people: nobody may do and control the same thing.")
        taken = User.objects.filter(roles__duty__in=list(Duty), is_active=True).values_list("username", flat=True)
        if taken:
            raise CommandError(f"There are administrators already: {', '.join(sorted(taken))}.")
        by = Actor.system("create_administrators")
        for duty, username in names.items():
            if User.objects.filter(username=username).exists():
                raise CommandError(f"{username} has an account already: administrators have one for this duty alone.")
            person = User(username=username, name=username, language=settings.LANGUAGE_CODE)
            person = services.appoint(services.add_person(person, by=by), duty, by=by)
            link = options["url"].rstrip("/") + services.make_link(person, by=by)
            self.stdout.write(f"{duty.value:<9} {username:<20} {link}")
