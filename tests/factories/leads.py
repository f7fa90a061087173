"""Leads in every state, made by their services."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from accounts.models import User
from core.calendar import today
from core.dictionary import Term
from leads import services
from leads.models import Lead
from tests.people import make_user

_numbers = itertools.count(1)


def lead_manager() -> User:
    """Somebody who distributes leads."""
    return make_user("distributor", department="sales", roles=("lead_manager",))


def account_manager() -> User:
    """Somebody who works on leads."""
    return make_user("ar", department="sales_north", roles=("ar",))


def term(dictionary: str, code: str) -> Term:
    """A word of a dictionary."""
    return Term.objects.get(dictionary=dictionary, code=code)


def make_lead(by: User | None = None, **fields: Any) -> Lead:
    """A new lead that knows enough to be qualified but for its customer."""
    number = next(_numbers)
    values = {
        "title": f"智慧园区平台 {number}",
        "company_name": f"华讯试验{number}号(北京)有限公司",
        "contact_name": "王工",
        "phone": f"138{number:08d}",
        "source": term("lead.source", "inquiry"),
        "need": "一套园区平台, 三百个点位",
        "gross_amount": Decimal("1200000.00"),
        "temperature": "warm",
        "budget_known": True,
        "decision_maker_known": True,
        "expected_on": today() + dt.timedelta(days=90),
        "accept_duplicate": True,
        **fields,
    }
    if values.get("customer") is not None and "company_name" not in fields:
        values["company_name"] = values["customer"].title
    return services.open(by=by or account_manager(), **values)


def make_assigned_lead(owner: User | None = None, **fields: Any) -> Lead:
    """A lead given to its account manager."""
    owner = owner or account_manager()
    manager = lead_manager()
    return services.assign(make_lead(by=manager, **fields), by=manager, owner=owner)


def make_working_lead(owner: User | None = None, **fields: Any) -> Lead:
    """A lead on which the first contact was made."""
    lead = make_assigned_lead(owner, **fields)
    return services.start(lead, by=lead.owner)


def make_pooled_lead(owner: User | None = None, **fields: Any) -> Lead:
    """A lead that was given back to the pool."""
    lead = make_assigned_lead(owner, **fields)
    return services.pool(lead, by=lead_manager(), pool_reason="无跟进")


def make_qualified_lead(owner: User | None = None, **fields: Any) -> Lead:
    """A lead qualified by its owner: initiation takes it over in the same act, so it ends converted."""
    lead = make_working_lead(owner, **fields)
    return services.qualify(lead, by=lead.owner, create_customer=lead.customer_id is None)
