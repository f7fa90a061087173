"""The least a Django page and a DRF list of 50 leads can cost: no visibility, no filters, no layout."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer

from leads.models import Lead

COLUMNS = ("code", "title", "company_name", "source", "temperature", "gross_amount", "next_action_on", "owner", "state")
_ROWS = "".join(f"<td>{{{{ lead.{name} }}}}</td>" for name in COLUMNS)
_PAGE = engines["django"].from_string(
    "<!doctype html><title>Leads</title><table>{% for lead in leads %}"
    f'<tr><td><a href="/leads/{{{{ lead.pk }}}}/">{{{{ lead.pk }}}}</a></td>{_ROWS}</tr>'
    "{% endfor %}</table>"
)


class LeadSerializer(ModelSerializer):
    """The same columns by DRF's own serializer."""

    class Meta:
        model = Lead
        fields = ("id", *COLUMNS)


def html_50(request: HttpRequest) -> HttpResponse:
    """HTML-50: one query, one template loop, for a signed-in person."""
    leads = Lead.objects.select_related("owner", "source").order_by("-id")[:50]
    return HttpResponse(_PAGE.render({"leads": leads}, request))


@api_view(["GET"])
def drf_50(request: Request) -> Response:
    """DRF-50: one query, one ModelSerializer."""
    return Response(LeadSerializer(Lead.objects.order_by("-id")[:50], many=True).data)
