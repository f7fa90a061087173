"""`./run manage seed_demo`: the demo company, made by the same services as the pages use."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts.models import User
from ltc.demo import company
from ltc.demo.people import sign_ins


class Command(BaseCommand):
    """Deals in every stage; idempotent: what stands is left alone."""

    help = "Seed the demo company."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing where somebody works already")
        parser.add_argument("--print-logins", action="store_true", help="only print who can sign in")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_logins"]:
            self.stdout.write(sign_ins())
            return
        if options["if_empty"] and User.objects.exists():
            return
        with transaction.atomic():
            made = company.seed()
        self.stdout.write(f"demo company: {made} deals")
