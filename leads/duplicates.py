"""The duplicate check 撞单: who else is already talking to this company."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from core.errors import Reason
from customers import selectors as register
from customers.models import Customer
from leads.models import Lead

# States in which a lead stands for a company; what became a project is found through its customer.
LIVE = ("new", "assigned", "working", "nurturing", "pooled", "qualified")
MOST = 5


def same_tax_id(lead: Lead) -> QuerySet[Lead]:
    """Live leads of the company with the same tax id, typed or through the customer."""
    tax_id = lead.tax_id or (lead.customer.tax_id if lead.customer_id else "")
    if not tax_id:
        return Lead.objects.none()
    found = Lead.objects.filter(Q(tax_id=tax_id) | Q(customer__tax_id=tax_id), state__in=LIVE)
    return found.exclude(pk=lead.pk).order_by("pk")


def alike(lead: Lead) -> QuerySet[Lead]:
    """Live leads with the same company name, customer, phone number or company mail."""
    condition = Q(name_key=lead.name_key)
    if lead.customer_id:
        condition |= Q(customer_id=lead.customer_id)
    if lead.phone_key:
        condition |= Q(phone_key=lead.phone_key)
    if lead.email:
        condition |= Q(email=lead.email)
    return Lead.objects.filter(condition, state__in=LIVE).exclude(pk=lead.pk).order_by("pk")


def blocking(lead: Lead, actor: Actor, *, accepted: bool) -> list[Reason]:
    """Reasons no tick can pass: the tax id of a registered customer not chosen, or of a lead a colleague works on.

    Two people on one company is for a lead manager to decide: their tick passes.
    """
    reasons = []
    registered = register.by_tax_id(lead.tax_id)
    if registered is not None and registered.pk != lead.customer_id:
        text = _("%(name)s is registered with this tax id: choose it as the customer.") % {"name": registered.title}
        reasons.append(Reason(text, registered.get_absolute_url()))
    decides = accepted and actor.user is not None and actor.user.has_role("lead_manager")
    if not decides:
        mine = actor.user.acting_ids if actor.user else frozenset()
        others = same_tax_id(lead).exclude(owner__isnull=True).exclude(owner_id__in=mine)
        reasons += _name(others, actor, _("A colleague works on this company (same tax id): a lead manager decides."))
    return reasons


def warnings(lead: Lead, actor: Actor) -> list[Reason]:
    """Reasons a tick can pass: leads and customers that look like the same company."""
    reasons = _name(same_tax_id(lead) | alike(lead), actor, "")
    if lead.customer_id is None:
        text = _("A customer has a similar name: %(name)s. Choose it, or tick that this is another company.")
        reasons += [
            Reason(text % {"name": customer.title}, customer.get_absolute_url())
            for customer in register.similar(lead.company_name, limit=MOST)
        ]
    return reasons


def _name(found: QuerySet[Lead], actor: Actor, sentence: str) -> list[Reason]:
    """One reason per lead the actor may see, with a link; the others are only said to be held by a colleague."""
    leads = list(found.select_related("owner")[:MOST])
    if not leads:
        return []
    seen = set()
    if actor.user is not None:
        ids = [lead.pk for lead in leads]
        seen = set(Lead.objects.visible_to(actor.user).filter(pk__in=ids).values_list("pk", flat=True))
    shown = _("The same company is on lead %(lead)s (%(state)s).")
    reasons = [
        Reason(
            " ".join(filter(None, [sentence, shown % {"lead": lead, "state": lead.state_label}])),
            lead.get_absolute_url(),
        )
        for lead in leads
        if lead.pk in seen
    ]
    if len(seen) < len(leads):
        reasons.append(Reason(sentence or _("The same company is on a lead held by another colleague.")))
    return reasons


def customer_fields(lead: Lead) -> dict[str, Any]:
    """What a lead knows about its company, for registering it as a customer."""
    return {
        "title": lead.company_name,
        "tax_id": lead.tax_id,
        "industry": lead.industry,
        "region": lead.region,
        "phone": lead.phone,
        "email": lead.email,
    }


def fill_from(customer: Customer | None, fields: dict[str, Any]) -> dict[str, Any]:
    """A lead of a registered customer takes name and industry from the register where nothing was typed."""
    if customer is None:
        return fields
    return {
        **fields,
        "company_name": fields.get("company_name") or customer.title,
        "industry": fields.get("industry") or customer.industry,
        "region": fields.get("region") or customer.region,
        "tax_id": fields.get("tax_id") or customer.tax_id,
    }
