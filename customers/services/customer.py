"""Every write on a customer."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from core.text import clean_text, search_text
from customers import names
from customers.models import KEEPERS, Contact, Customer, Party
from process.models import Case
from process.services import act, fire
from process.services import edit as edit_record
from process.services import open as open_record


def comparable(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a party with what its name and tax id are compared by."""
    made = dict(fields)
    if "title" in made:
        made["title"] = clean_text(made["title"]).strip()
        made["name_key"] = names.key_of(made["title"])[:200]
        made["name_core"] = names.core_of(made["title"])[:200]
    if "tax_id" in made:
        made["tax_id"] = names.tidy_tax_id(made["tax_id"])
    return made


def require_single(party: Party, *, note: str) -> None:
    """Refuse a second entry of the same company; a note lets a merely similar name pass."""
    reasons = party.duplicate_reasons(accept_similar=bool(note.strip()))
    if reasons:
        raise Refused(reasons)


def require_single_after(party: Party, changes: dict[str, Any], *, note: str) -> None:
    """The same for a change of name or tax id."""
    named = ("title", "tax_id", "name_key", "name_core")
    after = {name: changes.get(name, getattr(party, name)) for name in named}
    if any(after[name] != getattr(party, name) for name in named):
        require_single(type(party)(pk=party.pk, **after), note=note)


@transaction.atomic
def open(*, by: Actor | User, note: str = "", case: Case | None = None, **fields: Any) -> Customer:
    """Register a customer. Raises Refused for a tax id that is registered, and for a similar name without a note."""
    customer = Customer(**comparable(fields))
    require_single(customer, note=note)
    return open_record(customer, by=by, note=note, case=case)


@transaction.atomic
def edit(
    customer: Customer, *, by: Actor | User, version: int | None = None, note: str = "", **changes: Any
) -> Customer:
    """Change a customer's data; a new name or tax id is compared with the register again."""
    prepared = comparable(changes)
    require_single_after(customer, prepared, note=note)
    return edit_record(customer, by=by, changes=prepared, version=version, note=note)


@transaction.atomic
def block(customer: Customer, *, by: Actor | User, note: str = "", version: int | None = None) -> Customer:
    """No new business with this customer from now on (reason mandatory)."""
    return fire(customer, "block", by=by, note=note, version=version)


@transaction.atomic
def unblock(customer: Customer, *, by: Actor | User, note: str = "", version: int | None = None) -> Customer:
    """Business goes on (reason mandatory)."""
    return fire(customer, "unblock", by=by, note=note, version=version)


@transaction.atomic
def add_contact(
    customer: Customer, *, by: Actor | User, note: str = "", version: int | None = None, **fields: Any
) -> Customer:
    """Add a person at the customer; Refused when there is no way to reach them or they stand here already."""
    contact = Contact(customer=customer, **fields)
    contact.search_text = search_text(contact.name, contact.phone, customer.title)[:300].lower()
    act(
        customer,
        "add_contact",
        by=by,
        who=("owner", *KEEPERS, "@is_account_manager"),
        note=note,
        version=version,
        changes={"contact": str(contact)},
    )
    reasons = [_("A contact needs a phone number or an e-mail address.")] if not contact.is_reachable else []
    if customer.contacts.filter(is_active=True, name=contact.name, phone=contact.phone, email=contact.email).exists():
        reasons.append(_("%(name)s stands here already.") % {"name": contact.name})
    if reasons:
        raise Refused(reasons)
    contact.full_clean(exclude=["customer", "search_text"])
    contact.save()
    return customer


@transaction.atomic
def remove_contact(
    customer: Customer, *, contact: Contact, by: Actor | User, note: str = "", version: int | None = None
) -> Customer:
    """The person has left: no longer offered, but kept where records name them."""
    act(
        customer,
        "remove_contact",
        by=by,
        who=("owner", *KEEPERS, "@is_account_manager"),
        note=note,
        version=version,
        changes={"contact": str(contact)},
    )
    if contact.customer_id != customer.pk or not contact.is_active:
        raise Refused(_("%(name)s is no contact of this customer.") % {"name": contact})
    contact.is_active = False
    contact.save(update_fields=["is_active"])
    return customer
