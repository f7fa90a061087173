"""One historical deal as records of ours: a lead, a running project, or a finished one with its money."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import BankAccount, LegalEntity, User
from billing.models import Allocation, Invoice, InvoiceLine, Receipt, ReceivableLine, ReceivableTax
from contracts.models import Contract, ContractLine, PaymentTerm, TermRelease, TermTax
from core import bulk
from core.calendar import today
from core.dictionary import Term
from core.money import Split, split_gross, split_net
from core.numbering import next_codes
from core.widgets import plain_number
from customers.models import Customer
from exchange.mapping import Mapping
from exchange.models import ImportedRow
from exchange.reading import SourceRow, too_long
from exchange.services.parties import Parties
from finance.models import CostBook
from finance.selectors import tax_rate
from guidance.models import GuidancePlan
from leads.models import Lead
from process.models import Case
from process.services import adopt
from projects.models import Level, Project, StageEntry

# What lies outside is a slip of the pen.
YEARS = range(1980, 2100)


class Rejected(Exception):
    """A row that cannot become a record; the text says why, for the file of rejected rows."""


@dataclass
class Deal:
    """One row, understood."""

    key: str
    stage: str
    owner: User
    customer: Customer | None
    product: str
    title: str
    opened_on: dt.date | None
    closed_on: dt.date | None
    amount: Split | None
    case: Case

    @property
    def since(self) -> dt.datetime:
        """When the deal came into its last known state: midnight in the company's time zone."""
        day = self.closed_on or self.opened_on
        if day is None:
            return timezone.now()
        return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class DealReader:
    """Turns rows into deals, or says why not."""

    def __init__(self, mapping: Mapping, parties: Parties) -> None:
        self.mapping, self.parties = mapping, parties
        self.rate = tax_rate(mapping.tax_code, today())

    def read(self, row: SourceRow) -> Deal:
        """Understand one row. Raises Rejected."""
        if not row["key"]:
            raise Rejected(_("the key is empty"))
        for meaning, text in row.values.items():
            if too_long("deals", meaning, text):
                raise Rejected(_("“%(text)s…” is too long") % {"text": text[:20]})
        stage = self.mapping.stages.get(row["stage"])
        if stage is None:
            raise Rejected(_("unknown stage “%(word)s”") % {"word": row["stage"]})
        owner = self.parties.people.get(self.mapping.word("owner", row["owner"]))
        if owner is None:
            raise Rejected(_("unknown person “%(name)s”") % {"name": row["owner"]})
        customer = self._customer(row["customer"])
        product = self._product(row["product"])
        opened_on, closed_on = self._day(row["opened_on"]), self._day(row["closed_on"])
        amount = self._amount(row["amount"])
        if opened_on and closed_on and closed_on < opened_on:
            raise Rejected(_("closed before it was opened"))
        if stage == "won":
            self._require_whole(customer, closed_on, amount)
        name = customer.title if customer else row["key"]
        title = row["title"] or (f"{name} · {product}" if product else name)
        case = Case(title=title[:200])
        return Deal(row["key"], stage, owner, customer, product, title[:200], opened_on, closed_on, amount, case)

    @staticmethod
    def _require_whole(customer: Customer | None, closed_on: dt.date | None, amount: Split | None) -> None:
        if customer is None:
            raise Rejected(_("a won deal without customer"))
        if closed_on is None:
            raise Rejected(_("a won deal without closing date"))
        if amount is None or amount.gross <= 0:
            raise Rejected(_("a won deal without value"))

    def _customer(self, name: str) -> Customer | None:
        name = self.mapping.word("customer", name)
        if name and name not in self.parties.customers:
            raise Rejected(_("unknown customer “%(name)s”") % {"name": name})
        return self.parties.customers.get(name)

    def _product(self, name: str) -> str:
        name = self.mapping.word("product", name)
        if name and "products" in self.mapping.files and name not in self.parties.products:
            raise Rejected(_("unknown product “%(name)s”") % {"name": name})
        return name

    def _day(self, text: str) -> dt.date | None:
        if not text:
            return None
        try:
            day = self.mapping.day(text)
        except ValueError as error:
            raise Rejected(_("“%(text)s” is no date") % {"text": text}) from error
        if day.year not in YEARS:
            raise Rejected(_("“%(text)s” is no date") % {"text": text})
        return day

    def _amount(self, text: str) -> Split | None:
        if not text:
            return None
        try:
            # A comma that does not group by three is refused, never guessed at.
            value = Decimal(plain_number(text))
        except InvalidOperation as error:
            raise Rejected(_("“%(text)s” is no amount") % {"text": text}) from error
        if not value.is_finite() or value < 0 or value >= Decimal(10) ** 15:
            raise Rejected(_("“%(text)s” is no amount") % {"text": text})
        split = split_gross if self.mapping.tax_basis == "gross" else split_net
        return split(value, self.rate.percent)


@dataclass(frozen=True)
class House:
    """What of this house the deals of a source refer to: dictionary words, our company, its account."""

    lead_source: Term
    lost_reason: Term
    payment_event: Term
    receipt_method: Term
    fapiao: Term
    entity: LegalEntity
    account: BankAccount
    base_rate: Decimal


class DealWriter:
    """Writes a batch of deals, each kind of record in one statement."""

    def __init__(self, mapping: Mapping, house: House, reader: DealReader, by: Actor) -> None:
        self.mapping, self.house, self.rate, self.by = mapping, house, reader.rate, by

    def write(self, deals: list[Deal]) -> None:
        """Write the deals with their cases, books, records, money and import marks; the caller has a transaction."""
        bulk.insert([deal.case for deal in deals])
        books = self._books(deals)
        leads = [deal for deal in deals if deal.stage == "lead"]
        projects = [deal for deal in deals if deal.stage != "lead"]
        marks = self._leads(leads, books) + self._projects(projects, books)
        bulk.insert(marks)

    def _adopt(self, rows: list[Any], deals: list[Deal], *, seated: bool = False) -> None:
        if rows:
            seats = [{"ar": deal.owner.pk} for deal in deals] if seated else []
            adopt(rows, by=self.by, source=self.mapping.source, at=[deal.since for deal in deals], seats=seats)

    def _marks(self, records: list[Any], deals: list[Deal]) -> list[ImportedRow]:
        """One mark per deal, whatever record it became: the key is what makes it one."""
        return [
            ImportedRow(source=self.mapping.source, kind="deal", key=deal.key, object_id=record.pk)
            for record, deal in zip(records, deals, strict=True)
        ]

    def _books(self, deals: list[Deal]) -> dict[str, CostBook]:
        books = {
            deal.key: CostBook(
                case=deal.case,
                code=code,
                title=deal.title,
                owner=deal.owner,
                opened_at=deal.since,
                is_frozen=deal.stage in ("won", "lost"),
                frozen_at=deal.since if deal.stage in ("won", "lost") else None,
                search_text=f"{code} {deal.title}".lower(),
            )
            for deal, code in zip(deals, next_codes("CB", len(deals)), strict=True)
        }
        bulk.insert(list(books.values()))
        return books

    def _common(self, deal: Deal, code: str) -> dict[str, Any]:
        return {
            "code": code,
            "case": deal.case,
            "title": deal.title,
            "owner": deal.owner,
            "department_id": deal.owner.department_id,
        }

    def _codes(self, prefix: str, deals: list[Deal]) -> Iterable[tuple[Deal, str]]:
        return zip(deals, next_codes(prefix, len(deals)) if deals else [], strict=True)

    def _leads(self, deals: list[Deal], books: dict[str, CostBook]) -> list[ImportedRow]:
        rows = [
            Lead(
                **self._common(deal, code),
                state="working",
                customer=deal.customer,
                **self._company(deal),
                source=self.house.lead_source,
                product_interest=deal.product,
                gross_amount=deal.amount.gross if deal.amount else None,
                currency=self.mapping.currency,
                external_ref=f"{self.mapping.source}:{deal.key}",
                book=books[deal.key],
            )
            for deal, code in self._codes("LD", deals)
        ]
        self._adopt(rows, deals, seated=True)
        return self._marks(rows, deals)

    def _company(self, deal: Deal) -> dict[str, str]:
        """A lead has a company; where the source names none, the row's own key stands in until somebody knows."""
        name = deal.customer.title if deal.customer else f"{self.mapping.source} {deal.key}"
        return {"company_name": name, **Lead.comparable({"company_name": name})}

    def _projects(self, deals: list[Deal], books: dict[str, CostBook]) -> list[ImportedRow]:
        outcome: dict[str, dict[str, Any]] = {
            "guidance": {"state": "approved", "stage": "guidance"},
            "won": {"state": "closed", "stage": "closed"},
            "lost": {"state": "lost", "stage": "guidance", "lost_reason": self.house.lost_reason},
        }
        rows = [
            Project(
                **self._common(deal, code),
                **outcome[deal.stage],
                book=books[deal.key],
                customer=deal.customer,
                end_user=deal.customer,
                scope=deal.product,
                gross_amount=deal.amount.gross if deal.amount else None,
                currency=self.mapping.currency,
                level=Level.of_amount(deal.amount.gross * self.house.base_rate if deal.amount else None),
                starts_on=deal.opened_on,
                ends_on=deal.closed_on,
            )
            for deal, code in self._codes("PJ", deals)
        ]
        self._adopt(rows, deals, seated=True)
        StageEntry.objects.bulk_create(
            StageEntry(project=project, stage=project.stage, entered_at=deal.since, note=self.mapping.source)
            for project, deal in zip(rows, deals, strict=True)
        )
        self._guidance([pair for pair in zip(rows, deals, strict=True) if pair[1].stage == "guidance"])
        self._money([pair for pair in zip(rows, deals, strict=True) if pair[1].stage == "won"])
        return self._marks(rows, deals)

    def _guidance(self, pairs: list[tuple[Project, Deal]]) -> None:
        deals = [deal for _project, deal in pairs]
        rows = [
            GuidancePlan(**self._common(deal, code), state="in_progress", project=project)
            for (project, _deal), (deal, code) in zip(pairs, self._codes("GP", deals), strict=True)
        ]
        self._adopt(rows, deals)

    # A won deal: contract, receivable, invoice and receipt on the closing date -----------------
    def _money(self, pairs: list[tuple[Project, Deal]]) -> None:
        deals = [deal for _project, deal in pairs]
        if not deals:
            return
        contracts = self._contracts(pairs)
        terms = self._terms(contracts, deals)
        lines = self._receivables(contracts, terms, deals)
        invoices = self._invoices(contracts, lines, deals)
        self._receipts(contracts, lines, invoices, deals)

    @staticmethod
    def _figures(deal: Deal) -> dict[str, Decimal]:
        assert deal.amount is not None
        return {"gross_amount": deal.amount.gross, "net_amount": deal.amount.net, "tax_amount": deal.amount.tax}

    def _contracts(self, pairs: list[tuple[Project, Deal]]) -> list[Contract]:
        deals = [deal for _project, deal in pairs]
        rows = [
            Contract(
                **self._common(deal, code),
                **self._figures(deal),
                state="closed",
                project=project,
                entity=self.house.entity,
                end_user=deal.customer,
                customer=deal.customer,
                payer=deal.customer,
                invoice_title=deal.customer,
                customer_number=deal.key,
                currency=self.mapping.currency,
                signed_on=deal.closed_on,
                effective_on=deal.closed_on,
            )
            for (project, _deal), (deal, code) in zip(pairs, self._codes("CT", deals), strict=True)
        ]
        self._adopt(rows, deals)
        ContractLine.objects.bulk_create(
            ContractLine(
                contract=contract,
                position=1,
                name=deal.product or deal.title,
                tax_rate=self.rate,
                **self._figures(deal),
            )
            for contract, deal in zip(rows, deals, strict=True)
        )
        return rows

    def _terms(self, contracts: list[Contract], deals: list[Deal]) -> list[PaymentTerm]:
        terms = [
            PaymentTerm(
                contract=contract,
                position=1,
                event=self.house.payment_event,
                percent=100,
                days_after=0,
                gross_amount=contract.gross_amount,
                released_gross_amount=contract.gross_amount,
                settled_gross_amount=contract.gross_amount,
                search_text=f"{contract.code} {contract.title}".lower()[:300],
            )
            for contract in contracts
        ]
        PaymentTerm.objects.bulk_create(terms)
        TermTax.objects.bulk_create(
            TermTax(term=term, tax_rate=self.rate, **self._figures(deal))
            for term, deal in zip(terms, deals, strict=True)
        )
        TermRelease.objects.bulk_create(
            TermRelease(
                term=term,
                share_percent=100,
                gross_amount=term.gross_amount,
                source=f"exchange.{self.mapping.source}:{deal.key}"[:120],
                on=deal.closed_on,
            )
            for term, deal in zip(terms, deals, strict=True)
        )
        return terms

    def _receivables(
        self, contracts: list[Contract], terms: list[PaymentTerm], deals: list[Deal]
    ) -> list[ReceivableLine]:
        rows = [
            ReceivableLine(
                **self._common(deal, code),
                **self._figures(deal),
                state="eligible",
                contract=contract,
                term=term,
                customer=deal.customer,
                currency=self.mapping.currency,
                arises_on=deal.closed_on,
                due_on=deal.closed_on,
                source=f"exchange.{self.mapping.source}:{deal.key}"[:120],
                gross_invoiced=contract.gross_amount,
                gross_received=contract.gross_amount,
            )
            for contract, term, (deal, code) in zip(contracts, terms, self._codes("RL", deals), strict=True)
        ]
        self._adopt(rows, deals)
        ReceivableTax.objects.bulk_create(
            ReceivableTax(receivable=line, tax_rate=self.rate, **self._figures(deal))
            for line, deal in zip(rows, deals, strict=True)
        )
        return rows

    def _invoices(self, contracts: list[Contract], lines: list[ReceivableLine], deals: list[Deal]) -> list[Invoice]:
        rows = [
            Invoice(
                **self._common(deal, code),
                **self._figures(deal),
                state="delivered",
                contract=contract,
                entity=self.house.entity,
                title_customer=deal.customer,
                fapiao=self.house.fapiao,
                currency=self.mapping.currency,
                issued_on=deal.closed_on,
                delivered_on=deal.closed_on,
            )
            for contract, (deal, code) in zip(contracts, self._codes("IV", deals), strict=True)
        ]
        self._adopt(rows, deals)
        InvoiceLine.objects.bulk_create(
            InvoiceLine(invoice=invoice, receivable=line, tax_rate=self.rate, **self._figures(deal))
            for invoice, line, deal in zip(rows, lines, deals, strict=True)
        )
        return rows

    def _receipts(
        self, contracts: list[Contract], lines: list[ReceivableLine], invoices: list[Invoice], deals: list[Deal]
    ) -> None:
        rows = [
            Receipt(
                **self._common(deal, code),
                state="confirmed",
                account=self.house.account,
                payer_name=deal.customer.title if deal.customer else "",
                gross_amount=line.gross_amount,
                gross_allocated=line.gross_amount,
                currency=self.mapping.currency,
                value_on=deal.closed_on,
                reference=deal.key,
                method=self.house.receipt_method,
                contract=contract,
                receivable=line,
            )
            for contract, line, (deal, code) in zip(contracts, lines, self._codes("RC", deals), strict=True)
        ]
        self._adopt(rows, deals)
        Allocation.objects.bulk_create(
            Allocation(
                receipt=receipt,
                receivable=line,
                invoice=invoice,
                gross_amount=line.gross_amount,
                allocated_on=deal.closed_on,
            )
            for receipt, line, invoice, deal in zip(rows, lines, invoices, deals, strict=True)
        )
