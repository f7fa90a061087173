"""Customers, products, people and departments that the deals of an import refer to."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.actor import Actor
from accounts.models import Department, Role, User
from core.dictionary import Term
from core.numbering import next_codes
from core.widgets import plain_number
from customers import names
from customers.models import Customer
from exchange.mapping import Mapping
from exchange.models import ImportedRow
from exchange.reading import SourceRow, rows_of, too_long
from process.models import Case
from process.services import adopt
from products.models import Product

# Codes of departments and products have room for so much.
CODE_LENGTH = 40


class Parties:
    """The parties of one source by the names its files use."""

    def __init__(self, mapping: Mapping, by: Actor) -> None:
        self.mapping, self.by = mapping, by
        self.customers = self._known("customers.customer", Customer)
        self.products = self._known("products.product", Product)
        self.people = self._known("accounts.user", User)

    def _known(self, kind: str, model: type[Any]) -> dict[str, Any]:
        rows = ImportedRow.objects.filter(source=self.mapping.source, kind=kind)
        ids = dict(rows.values_list("key", "object_id"))
        records = model._default_manager.in_bulk(set(ids.values()))
        return {key: records[pk] for key, pk in ids.items()}

    @transaction.atomic
    def take_in(self) -> None:
        """Take in what the party files hold, and parties that only the deals name."""
        files = self.mapping.files
        self._people(rows_of(self.mapping, files["people"]) if "people" in files else self._named("owner", "name"))
        if "customers" in files:
            self._customers(list(rows_of(self.mapping, files["customers"])))
        else:
            self._customers(list(self._named("customer", "name")))
        if "products" in files:
            self._products(list(rows_of(self.mapping, files["products"])))

    def _named(self, meaning: str, as_meaning: str) -> Iterable[SourceRow]:
        """Parties known by name only: the distinct words of one column of the deals."""
        seen = {self.mapping.word(meaning, row[meaning]) for row in rows_of(self.mapping, self.mapping.files["deals"])}
        fitting = (name for name in sorted(seen) if name and not too_long("deals", meaning, name))
        return [SourceRow(0, {as_meaning: name}) for name in fitting]

    def _remember(self, kind: str, records: dict[str, Any]) -> None:
        ImportedRow.objects.bulk_create(
            ImportedRow(source=self.mapping.source, kind=kind, key=key, object_id=record.pk)
            for key, record in records.items()
        )

    # People ------------------------------------------------------------------------------------
    def _people(self, rows: Iterable[SourceRow]) -> None:
        parent = Department.objects.get(code=self.mapping.department)
        role = {code: Role.objects.get(code=code) for code in ("ar", "head")}
        made: dict[str, User] = {}
        for row in rows:
            department = self._department(row["department"], parent)
            self._person(row["name"], department, [role["ar"]], made)
            if row["manager"]:
                manager = self._person(row["manager"], parent, [role["ar"], role["head"]], made)
                if department != parent and department.head_id is None:
                    department.head = manager
                    department.save(update_fields=["head"])
        self._remember("accounts.user", made)

    def _department(self, name: str, parent: Department) -> Department:
        if not name:
            return parent
        code = self._code(name)
        return Department.objects.get_or_create(
            code=code, defaults={"zh": name, "en": name, "parent": parent, "position": 90}
        )[0]

    def _code(self, name: str) -> str:
        """A code for a name of this source: the name itself, or its hash where it is long or not of Latin letters."""
        code, whole = slugify(f"{self.mapping.source}-{name}"), len(self.mapping.source) + 1 + len(name)
        if len(code) == whole <= CODE_LENGTH:
            return code
        return f"{self.mapping.source}-{hashlib.sha256(name.encode()).hexdigest()}"[:CODE_LENGTH]

    def _person(self, name: str, department: Department, roles: list[Role], made: dict[str, User]) -> User:
        if name in self.people:
            return self.people[name]
        base = slugify(name, allow_unicode=True).replace("-", ".")[:100] or "person"
        username, number = base, 1
        while User.objects.filter(username=username).exists():
            number += 1
            username = f"{base}{number}"
        user = User(username=username, name=name, department=department, language="zh-hans")
        user.set_unusable_password()  # an administrator invites those who still work here
        user.save()
        user.roles.set(roles)
        self.people[name] = made[name] = user
        return user

    # Customers ---------------------------------------------------------------------------------
    def _customers(self, rows: list[SourceRow]) -> None:
        industries = {term.code: term for term in Term.objects.filter(dictionary="industry")}
        self._recognise(rows)
        fresh = [row for row in rows if row["name"] and row["name"] not in self.customers]
        records: dict[str, Customer] = {}
        by_tax_id: dict[str, Customer] = {}
        for row, code in zip(fresh, next_codes("CU", len(fresh)) if fresh else [], strict=True):
            sector = self.mapping.word("industry", row["industry"])
            country = {"country": self.mapping.word("country", row["country"])} if row["country"] else {}
            made = Customer(
                code=code,
                case=Case(title=row["name"][:200]),
                title=row["name"],
                name_key=names.key_of(row["name"])[:200],
                name_core=names.core_of(row["name"])[:200],
                tax_id=row["tax_id"],
                industry=industries.get(self.mapping.industries.get(sector, "other")),
                **country,
            )
            # The same tax id twice in the file is one company with two names.
            records[row["name"]] = by_tax_id.setdefault(row["tax_id"], made) if row["tax_id"] else made
        self._adopt(records)
        self.customers.update(records)
        self._remember("customers.customer", records)
        parents = [
            (records[row["name"]], self.customers[row["parent"]]) for row in fresh if row["parent"] in self.customers
        ]
        for child, parent in parents:
            child.parent = parent
        Customer.objects.bulk_update([child for child, _parent in parents], ["parent"])

    def _recognise(self, rows: list[SourceRow]) -> None:
        """A company with a tax id that stands in the register already is that company, whatever its name here."""
        names_of = {row["tax_id"]: row["name"] for row in rows if row["tax_id"] and row["name"] not in self.customers}
        known = {names_of[customer.tax_id]: customer for customer in Customer.objects.filter(tax_id__in=list(names_of))}
        self.customers.update(known)
        self._remember("customers.customer", known)

    def _products(self, rows: list[SourceRow]) -> None:
        records = {}
        for row in rows:
            name = self.mapping.word("product", row["name"])
            if not name or name in self.products:
                continue
            records[name] = Product(
                code=self._code(name),
                case=Case(title=name[:200]),
                title=name,
                spec=row["spec"],
                tax_code=self.mapping.tax_code,
                net_list_amount=_amount(row["price"]),
                currency=self.mapping.currency,
            )
        self._adopt(records)
        self.products.update(records)
        self._remember("products.product", records)

    def _adopt(self, records: dict[str, Any]) -> None:
        if records:
            rows = list({id(record): record for record in records.values()}.values())
            now: list[dt.datetime] = [timezone.now()] * len(rows)
            adopt(rows, by=self.by, source=self.mapping.source, at=now)


def _amount(text: str) -> Decimal:
    try:
        return Decimal(plain_number(text)) if text else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
