"""What a mapping takes for granted of this house: looked for before anything is written."""

from collections.abc import Iterator
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import BankAccount, Department, LegalEntity
from core.calendar import today
from core.dictionary import Term
from core.errors import Refused
from core.models import Currency, ExchangeRate
from core.selectors import rates_on
from exchange.mapping import Mapping
from exchange.services.deals import House
from finance.selectors import tax_rate

# The dictionary each default of a mapping is a word of; an old invoice is kept as a pro forma one.
_DICTIONARIES = {
    "lead_source": "lead.source",
    "lost_reason": "lost",
    "payment_event": "payment_event",
    "receipt_method": "receipt_method",
    "fapiao": "fapiao",
}


def _words(mapping: Mapping) -> dict[str, str]:
    return {**mapping.defaults, "fapiao": "pro_forma"}


def check_house(mapping: Mapping) -> None:
    """Refused, naming everything that the mapping speaks of and that is not here; nothing has been written yet."""
    reasons = list(_missing(mapping))
    if reasons:
        raise Refused(reasons)


def _missing(mapping: Mapping) -> Iterator[str]:
    if not Currency.objects.filter(code=mapping.currency).exists():
        yield _("The currency %(code)s is not known here.") % {"code": mapping.currency}
    if not Department.objects.filter(code=mapping.department).exists():
        yield _("There is no department “%(code)s”.") % {"code": mapping.department}
    if not LegalEntity.objects.exists():
        yield _("There is no legal entity of ours.")
    words = {(_DICTIONARIES[name], code) for name, code in _words(mapping).items()}
    words |= {("industry", code) for code in mapping.industries.values()}
    known = set(Term.objects.filter(dictionary__in={name for name, _code in words}).values_list("dictionary", "code"))
    for dictionary, code in sorted(words - known):
        yield _("The dictionary “%(name)s” has no word “%(code)s”.") % {"name": dictionary, "code": code}
    try:
        tax_rate(mapping.tax_code, today())
    except Refused as refusal:
        yield from refusal.reasons


@transaction.atomic
def ready_house(mapping: Mapping) -> House:
    """The words, company and account the deals refer to; the mapping's exchange rates are entered."""
    ExchangeRate.objects.bulk_create(
        (ExchangeRate(currency_id=mapping.currency, on=day, rate=rate) for day, rate in mapping.exchange_rates),
        ignore_conflicts=True,
    )
    entity = LegalEntity.objects.order_by("-is_default", "pk")[0]
    account, _created = BankAccount.objects.get_or_create(
        number=f"HISTORY-{mapping.source}",
        defaults={"entity": entity, "bank": _("History"), "currency": mapping.currency},
    )
    terms = {
        name: Term.objects.get(dictionary=_DICTIONARIES[name], code=code) for name, code in _words(mapping).items()
    }
    rates = rates_on(today())
    return House(**terms, entity=entity, account=account, base_rate=rates.get(mapping.currency, Decimal(1)))
