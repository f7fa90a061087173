"""线索 → 立项: takes along customer, owner and the cost book with its presales cost; converts the lead."""

from accounts.actor import Actor
from accounts.models import User
from leads import services as leads
from leads.models import Lead
from process.models import Handover
from projects import services
from projects.models import Project


def take(handover: Handover, *, by: Actor | User) -> Project:
    """Open the project draft on the lead's case and convert the lead."""
    lead = Lead.objects.get(pk=handover.source_id)
    project = services.open(
        by=by,
        case=handover.case,
        lead=lead,
        book=lead.book,
        owner=lead.owner,
        title=lead.title,
        customer=lead.customer,
        end_user=lead.customer,
        gross_amount=lead.gross_amount,
        currency=lead.currency,
        expected_sign_on=lead.expected_on,
        objectives=lead.need,
    )
    leads.convert(lead, by=by)
    return project
