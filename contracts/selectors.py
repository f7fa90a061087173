"""Reading contracts: what belongs to a case, what is agreed, and whether kept figures still fit."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from contracts.models import Contract, ContractLine, ContractShare, PaymentTerm, TermRelease
from core.money import ZERO

LIVE = ("effective", "completed", "closed")


def contracts_of(case_id: int) -> QuerySet[Contract]:
    """All contracts of a case that were not voided, the oldest first."""
    return Contract.objects.filter(case_id=case_id).exclude(state="void").order_by("pk")


def effective_of(case_id: int) -> QuerySet[Contract]:
    """The contracts of a case that bind or have bound."""
    return contracts_of(case_id).filter(state__in=LIVE)


def unsettled_of(case_id: int) -> QuerySet[Contract]:
    """The contracts that still stand in the way of final accounts: neither closed, terminated nor void."""
    return contracts_of(case_id).exclude(state__in=Contract.states.ends)


def original_gross(contract: Contract) -> Decimal:
    """The value as signed, before change orders."""
    return contract.lines.filter(source="").aggregate(gross=Sum("gross_amount"))["gross"] or ZERO


def gross_by_project(project_id: int) -> Decimal:
    """The gross value of a project's contracts, by their shares where one serves several projects."""
    live = Contract.objects.filter(state__in=LIVE)
    shared = ContractShare.objects.filter(contract__in=live)
    own = live.filter(project_id=project_id).exclude(pk__in=shared.values("contract_id"))
    total = own.aggregate(gross=Sum("gross_amount"))["gross"] or ZERO
    for share in shared.filter(project_id=project_id).select_related("contract"):
        total += (share.contract.gross_amount * share.percent / 100).quantize(Decimal("0.01"))
    return total


def retention_terms(case_id: int) -> QuerySet[PaymentTerm]:
    """The retention terms of a case's contracts, released or not."""
    terms = PaymentTerm.objects.filter(contract__case_id=case_id, contract__state__in=LIVE, is_retention=True)
    return terms.select_related("contract", "event").order_by("pk")


def open_terms(case_id: int) -> QuerySet[PaymentTerm]:
    """Terms of a case not yet released in full."""
    terms = PaymentTerm.objects.filter(contract__case_id=case_id, contract__state__in=LIVE)
    return terms.filter(settled_gross_amount__lt=F("gross_amount")).select_related("contract", "event").order_by("pk")


def _total(rows: QuerySet, by: str, field: str) -> Coalesce:
    """The sum of a child's field as a subquery: no join multiplies it."""
    grouped = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(grouped), ZERO)


def check_invariants() -> Iterator[tuple[Any, str]]:
    """(record, sentence) for every contract or term whose kept figures do not fit their rows."""
    contracts = Contract.objects.annotate(
        lines_gross=_total(ContractLine.objects.all(), "contract", "gross_amount"),
        lines_net=_total(ContractLine.objects.all(), "contract", "net_amount"),
        terms_gross=_total(PaymentTerm.objects.all(), "contract", "gross_amount"),
    )
    for contract in contracts.exclude(lines_gross=F("gross_amount"), lines_net=F("net_amount")).iterator():
        yield contract, _("The lines do not sum to the value of the contract.")
    binding = contracts.exclude(state__in=("draft", "void")).exclude(terms_gross=F("gross_amount"))
    for contract in binding.iterator():
        yield contract, _("The payment terms do not sum to the value of the contract.")
    yield from _check_terms()


def _check_terms() -> Iterator[tuple[Any, str]]:
    from contracts.models import TermTax

    terms = PaymentTerm.objects.select_related("contract")
    terms = terms.annotate(
        released=_total(TermRelease.objects.all(), "term", "gross_amount"),
        share=_total(TermRelease.objects.all(), "term", "share_percent"),
        taxes_gross=_total(TermTax.objects.all(), "term", "gross_amount"),
    )
    for term in terms.exclude(released=F("released_gross_amount")).iterator():
        yield term.contract, _("The releases of %(term)s do not sum to what is kept as released.") % {"term": term}
    for term in terms.filter(share__gt=100).iterator():
        yield term.contract, _("%(term)s is released beyond 100 %%.") % {"term": term}
    binding = terms.exclude(contract__state__in=("draft", "void")).exclude(taxes_gross=F("gross_amount"))
    for term in binding.iterator():
        yield term.contract, _("The tax split of %(term)s does not sum to it.") % {"term": term}
