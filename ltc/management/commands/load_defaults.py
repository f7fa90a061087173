"""Seed what every company needs to begin: `./run manage load_defaults`. Never overwrites what was edited."""

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts.models import Department, LegalEntity, Role
from approvals.models import AuthorityRule
from billing.services.presets import load_ladder, load_presets
from contracts.services.templates import load_templates
from core.dictionary import Term
from core.services import load_calendar, load_currencies
from finance.services import defaults as finance_defaults
from leads.models import PoolPolicy
from process.services import segregating
from projects.services import variants

CALENDAR_YEARS = range(2024, 2029)


class Command(BaseCommand):
    """Reads ltc/defaults/*.yaml: a code that is there already keeps what an administrator made of it."""

    help = "Seed dictionaries, roles, departments, rules, tax rates, cost categories and the working calendar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dir", type=Path, default=settings.BASE_DIR / "ltc" / "defaults")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]
        made = {
            "currencies": load_currencies(),
            "terms": self._terms(_read(folder / "terms.yaml")),
            "roles": self._roles(_read(folder / "roles.yaml")),
            "departments": self._departments(_read(folder / "departments.yaml"), None),
            "rules": self._rules(_read(folder / "authority_rules.yaml")),
            "rates and categories": finance_defaults.load(folder),
            "variant stages": variants.load(_read(settings.BASE_DIR / "ltc" / "catalogue" / "variants.yaml")),
            "sets of payment terms": load_templates(),
            "bank statement templates": load_presets(_read(folder / "statement_presets.yaml")),
            "segregation rules": segregating.load(_read(folder / "segregation_rules.yaml")),
            "dunning levels": load_ladder(_read(folder / "dunning_levels.yaml")),
        }
        self._entity()
        PoolPolicy.objects.get_or_create(single=True)
        load_calendar(CALENDAR_YEARS)
        self.stdout.write("defaults: " + ", ".join(f"{count} new {name}" for name, count in made.items()))

    def _terms(self, dictionaries: dict[str, list[list[str]]]) -> int:
        before = Term.objects.count()
        rows = [
            Term(dictionary=dictionary, code=code, zh=zh, en=en, position=position)
            for dictionary, words in dictionaries.items()
            for position, (code, zh, en) in enumerate(words, 1)
        ]
        Term.objects.bulk_create(rows, ignore_conflicts=True)
        return Term.objects.count() - before

    def _roles(self, rows: list[list[Any]]) -> int:
        before = Role.objects.count()
        roles = [
            Role(
                code=code,
                zh=zh,
                en=en,
                rights=rights,
                position=position,
                duty="".join(duty),
                requires_second_factor=bool(duty),
            )
            for position, (code, zh, en, rights, *duty) in enumerate(rows, 1)
        ]
        Role.objects.bulk_create(roles, ignore_conflicts=True)
        return Role.objects.count() - before

    def _departments(self, rows: list[list[Any]], parent: Department | None) -> int:
        made = 0
        for position, (code, zh, en, *children) in enumerate(rows, 1):
            department, created = Department.objects.get_or_create(
                code=code, defaults={"zh": zh, "en": en, "position": position, "parent": parent}
            )
            made += created + self._departments(children[0] if children else [], department)
        return made

    def _rules(self, rows: list[dict[str, Any]]) -> int:
        made = 0
        for row in rows:
            if not AuthorityRule.objects.filter(document=row["document"]).exists():
                AuthorityRule.objects.create(**row)
                made += 1
        return made

    def _entity(self) -> None:
        if not LegalEntity.objects.exists():
            LegalEntity.objects.create(
                code="HQ",
                name="示例科技有限公司",
                name_en="Example Technology Ltd.",
                tax_id="91110000MA00000000",
                is_default=True,
            )


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
