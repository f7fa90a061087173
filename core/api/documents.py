"""The schema, made once per language and process, and the page that shows it."""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.utils import translation
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import ApiView


@cache
def schema_in(language: str) -> dict[str, Any]:
    """The whole schema with labels in a language; it is the same for everybody."""
    with translation.override(language):
        return dict(SchemaGenerator().get_schema(request=None, public=True))


class SchemaView(ApiView):
    """OpenAPI 3.1, as YAML or JSON."""

    business = False
    renderer_classes = SpectacularAPIView.renderer_classes

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(schema_in(translation.get_language() or ""))


@method_decorator(login_required, name="dispatch")
class DocumentsView(SpectacularSwaggerSplitView):
    """The schema as a page, for those who are signed in."""

    authentication_classes: Any = []
    permission_classes: Any = []
    throttle_classes: Any = []
    url_name = "api-schema"
