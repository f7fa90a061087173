"""Pickers and file downloads: small answers that every page may ask for."""

from typing import Any

from django.apps import apps
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.request import Request
from core.search import search
from core.text import clean_text
from process.models import Attachment

PICKS = 20


def _scope(model: Any, request: Request) -> QuerySet:
    queryset = model._default_manager.all()
    if issubclass(model, User):
        return queryset.filter(is_active=True)
    if not hasattr(queryset, "visible_to"):
        raise Http404
    return queryset.visible_to(request.user)


def pick(request: Request, kind: str) -> HttpResponse:
    """What a picker offers, as JSON."""
    unknown = set(request.GET) - {"q", "role"}
    if unknown:
        raise BadRequest(_("Unknown filter: %(name)s") % {"name": ", ".join(sorted(unknown))})
    return JsonResponse(picks(request, kind), safe=False)


def picks(request: Request, kind: str) -> list[dict[str, Any]]:
    """Up to 20 rows of `kind` that the person may see and that match `?q=`, as [{id, text}].

    People are narrowed to those with one of the company roles of `?role=`, where a field asks for it.
    """
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError) as error:
        raise Http404 from error
    queryset = _scope(model, request)
    text = clean_text(request.GET.get("q", ""))[:60].strip()
    if issubclass(model, User):
        roles = [clean_text(role) for role in request.GET.getlist("role")]
        if roles:
            queryset = queryset.filter(pk__in=User.objects.filter(roles__code__in=roles).values("pk"))
        queryset = queryset.filter(Q(name__icontains=text) | Q(username__istartswith=text)).order_by("name")
    elif text:
        queryset = search(queryset, "search_text", text).order_by("-pk")
    else:
        queryset = queryset.order_by("-pk")
    return [{"id": row.pk, "text": str(row)} for row in queryset[:PICKS]]


def download(request: Request, pk: int) -> FileResponse:
    """A file, only for those who may see the record it hangs on."""
    found = get_object_or_404(Attachment, pk=pk)
    model: Any = apps.get_model(found.kind)
    get_object_or_404(model._default_manager.visible_to(request.user), pk=found.object_id)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, as_attachment=True, filename=found.name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
