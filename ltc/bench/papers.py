"""The papers of a deal: solution, quote, contract, what is owed, invoiced and received, and the costings.

Number k belongs to project 2k. Their lines and kept totals add up, so that `verify` has nothing to say.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model

from accounts.models import BankAccount, LegalEntity, User
from billing.models import Allocation, Invoice, InvoiceLine, Receipt, ReceivableLine, ReceivableTax
from contracts.models import Contract, ContractLine, PaymentTerm, TermRelease, TermTax
from core.dictionary import Term
from finance.models import BookTotal, CostCategory, CostLine, CostSheet, LedgerEntry, TaxRate
from ltc.bench import company as c
from solutions.models import Quote, Solution

Rows = Iterator[tuple[Any, ...]]
Load = Callable[..., int]
_THREE = ("gross_amount", "net_amount", "tax_amount")
_SPRING = dt.date(2024, 3, 1)


class Papers:
    """The part of the company that is paper."""

    MODELS: tuple[type[Model], ...] = (
        Solution, Quote, Contract, ContractLine, PaymentTerm, TermTax, TermRelease, ReceivableLine, ReceivableTax,
        Invoice, InvoiceLine, Receipt, Allocation, CostSheet, CostLine, BookTotal, LedgerEntry,
    )  # fmt: skip

    def __init__(self, leads: int, people: list[User], load: Load) -> None:
        self.size, self.people, self.load = c.Size(leads), people, load
        self.ids = [person.pk for person in people]
        self.rooms = [person.department_id for person in people]
        self.heads: dict[int, tuple[int, str]] = {}
        self.words = {(term.dictionary, term.code): term.pk for term in Term.objects.all()}

    def word(self, dictionary: str, code: str = "") -> int:
        """A word of a dictionary; the first one where no code is asked for."""
        return next(pk for (name, known), pk in self.words.items() if name == dictionary and code in ("", known))

    def who(self, number: int) -> tuple[int, int]:
        """(user, department) a record belongs to."""
        place = c.person(number)
        return self.ids[place], self.rooms[place] or 0

    def _at(self, number: int, of: int) -> str:
        return c.moment(number, of).isoformat()

    def _paper(
        self, model: type[Model], prefix: str, state: str, names: tuple[str, ...], more: Any, **fixed: Any
    ) -> int:
        def rows() -> Rows:
            for k in range(1, self.size.quarter + 1):
                n = 2 * k
                owner, room = self.who(n)
                code, at, title = f"{prefix}-2023-{k:06d}", self._at(k, self.size.quarter), c.title(n)
                case = self.size.case_of_project(n)
                yield (k, case, code, title, owner, room, owner, at, at, f"{code} {title}".lower(), *more(k, n))

        own = (
            "id", "case_id", "code", "title", "owner_id", "department_id", "created_by_id", "created_at", "state_since",
            "search_text",
        )  # fmt: skip
        fixed |= {} if "state" in names else {"state": state}
        return self.load(model, (*own, *names), rows(), imported=True, **fixed)

    def solutions(self) -> int:
        return self._paper(Solution, "SL", "won", ("project_id",), lambda k, n: (n,), approach="As offered.")

    def quotes(self) -> int:
        names = ("solution_id", "customer_id", "base_number", "gross_amount", "net_amount", "tax_amount")
        return self._paper(Quote, "QT", "accepted", names, lambda k, n: (k, n, f"QT-2023-{k:06d}", *c.amounts(n)))

    def contracts(self) -> int:
        parties = ("customer_id", "payer_id", "invoice_title_id")
        names = ("project_id", "solution_id", "quote_id", *parties, "gross_amount", "net_amount", "tax_amount", "state")

        def more(k: int, n: int) -> tuple[Any, ...]:
            return n, k, k, n, n, n, *c.amounts(n), "closed" if c.project_state(n)[0] == "closed" else "effective"

        entity = LegalEntity.objects.values_list("pk", flat=True).first()
        signed = dt.date(2024, 1, 8)
        return self._paper(Contract, "CT", "", names, more, entity_id=entity, signed_on=signed, effective_on=signed)

    def _parts(self, model: type[Model], parent: str, **fixed: Any) -> int:
        """The one line of each paper, at 13 %."""
        rate = TaxRate.objects.filter(code="13").values_list("pk", flat=True)[0]
        rows = ((k, *c.amounts(2 * k)) for k in range(1, self.size.quarter + 1))
        return self.load(model, (parent, *_THREE), rows, tax_rate_id=rate, **fixed)

    def contract_lines(self) -> int:
        return self._parts(ContractLine, "contract_id", position=1, name="Everything as quoted")

    def term_taxes(self) -> int:
        return self._parts(TermTax, "term_id")

    def receivable_taxes(self) -> int:
        return self._parts(ReceivableTax, "receivable_id")

    def invoice_lines(self) -> int:
        rate = TaxRate.objects.filter(code="13").values_list("pk", flat=True)[0]
        rows = ((k, k, *c.amounts(2 * k)) for k in range(1, self.size.quarter + 1))
        return self.load(InvoiceLine, ("invoice_id", "receivable_id", *_THREE), rows, tax_rate_id=rate)

    def releases(self) -> int:
        rows = ((k, c.amounts(2 * k)[0], f"bench:{k}") for k in range(1, self.size.quarter + 1))
        return self.load(TermRelease, ("term_id", "gross_amount", "source"), rows, share_percent=100, on=_SPRING)

    def _paid(self) -> Iterator[int]:
        return (k for k in range(1, self.size.quarter + 1) if c.project_state(2 * k)[0] == "closed")

    def receipts(self) -> int:
        """What closed deals brought in, one receipt each."""

        def rows() -> Rows:
            for k in self._paid():
                gross, code = c.amounts(2 * k)[0], f"RC-2023-{k:06d}"
                room, at = self.who(2 * k)[1], self._at(k, self.size.quarter)
                case, payer = self.size.case_of_receipt(k), c.company_name(2 * k)
                yield k, case, code, c.title(2 * k), room, at, gross, gross, k, payer, f"R{k}", code.lower()

        names = (
            "id", "case_id", "code", "title", "department_id", "state_since", "gross_amount", "gross_allocated",
            "contract_id", "payer_name", "reference", "search_text",
        )  # fmt: skip
        account = BankAccount.objects.values_list("pk", flat=True)[0]
        fixed = {"account_id": account, "method_id": self.word("receipt_method"), "value_on": _SPRING}
        return self.load(Receipt, names, rows(), state="confirmed", imported=True, **fixed)

    def allocations(self) -> int:
        rows = ((k, k, c.amounts(2 * k)[0]) for k in self._paid())
        return self.load(Allocation, ("receipt_id", "receivable_id", "gross_amount"), rows, allocated_on=_SPRING)

    def terms(self) -> int:
        def rows() -> Rows:
            for k in range(1, self.size.quarter + 1):
                gross = c.amounts(2 * k)[0]
                yield k, k, gross, gross, gross

        names = ("id", "contract_id", "gross_amount", "released_gross_amount", "settled_gross_amount")
        return self.load(
            PaymentTerm, names, rows(), position=1, percent=100, event_id=self.word("payment_event", "final")
        )

    def receivables(self) -> int:
        names = (
            "contract_id", "term_id", "customer_id", "gross_amount", "net_amount", "tax_amount", "gross_invoiced",
            "gross_received", "due_on",
        )  # fmt: skip

        def more(k: int, n: int) -> tuple[Any, ...]:
            gross, net, tax = c.amounts(n)
            paid = gross if c.project_state(n)[0] == "closed" else 0
            return k, k, n, gross, net, tax, gross, paid, c.DAYS[k * 13 % 1100]

        return self._paper(ReceivableLine, "RL", "eligible", names, more)

    def invoices(self) -> int:
        names = ("contract_id", "title_customer_id", "gross_amount", "net_amount", "tax_amount")
        entity = LegalEntity.objects.values_list("pk", flat=True).first()
        return self._paper(
            Invoice, "IV", "delivered", names, lambda k, n: (k, n, *c.amounts(n)),
            entity_id=entity, fapiao_id=self.word("fapiao"), issued_on=dt.date(2024, 2, 1),
        )  # fmt: skip

    # Money -------------------------------------------------------------------------------------
    SHARES = ("0.3", "0.2", "0.1")

    def _categories(self) -> list[int]:
        return list(
            CostCategory.objects.exclude(parent=None).order_by("position", "pk").values_list("pk", flat=True)[:3]
        )

    def sheets(self) -> int:
        """An estimate and a budget of every project that has a contract."""

        def rows() -> Rows:
            for k in range(1, self.size.quarter + 1):
                n = 2 * k
                owner, room = self.who(n)
                total = sum(c.cost(n, share) for share in self.SHARES)
                for pk, kind in ((2 * k - 1, "estimate"), (2 * k, "budget")):
                    code = f"CS-2023-{pk:07d}"
                    case = self.size.case_of_project(n)
                    yield pk, case, code, owner, room, owner, kind, n, c.amounts(n)[1], total, code.lower()

        names = (
            "id", "case_id", "code", "owner_id", "department_id", "created_by_id", "kind", "book_id", "net_revenue",
            "net_cost", "search_text",
        )  # fmt: skip
        return self.load(CostSheet, names, rows(), title="Costing", state="approved", imported=True)

    def lines(self) -> int:
        categories = self._categories()

        def rows() -> Rows:
            for pk in range(1, 2 * self.size.quarter + 1):
                for category, share in zip(categories, self.SHARES, strict=True):
                    amount = c.cost((pk + 1) // 2 * 2, share)
                    yield pk, category, amount, amount

        return self.load(CostLine, ("sheet_id", "category_id", "net_amount", "gross_amount"), rows())

    def totals(self) -> int:
        categories = self._categories()

        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                yield n, categories[0], c.cost(n, "0.1"), c.cost(n, "0.5") if n % 2 == 0 else 0

        return self.load(BookTotal, ("book_id", "category_id", "net_committed", "net_cost"), rows())

    def ledger(self) -> int:
        """What the kept totals of the books add up from."""
        category = self._categories()[0]

        def rows() -> Rows:
            for n in range(1, self.size.half + 1):
                yield n, "commitment", c.cost(n, "0.1"), f"bench:c:{n}", category
                if n % 2 == 0:
                    yield n, "cost", c.cost(n, "0.5"), f"bench:k:{n}", category

        names = ("book_id", "nature", "net_amount", "source", "category_id")
        return self.load(LedgerEntry, names, rows(), day=_SPRING, month=_SPRING, text="Posted", posted_by_name="bench")
