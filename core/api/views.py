"""The base of every view below /api/: the caller's language, strict parameters, one effect per key."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.problems import Invalid
from core.constraints import refusal_of
from core.idempotency import Answer, hash_body, run_once


def language_of(header: str) -> str:
    """The language an Accept-Language header asks for, as far as we speak it; else empty."""
    for code, _weight in parse_accept_lang_header(header):
        if code == "*":
            break
        try:
            found = translation.get_supported_language_variant(code)
        except LookupError:
            continue
        if found in dict(settings.LANGUAGES):
            return found
    return ""


def refuse_unknown(given: Any, known: Any) -> None:
    """Invalid for every name that is not known: a misspelt filter must not answer with everything."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Invalid({name[:60]: [_("Unknown parameter.")] for name in unknown})


class ApiView(APIView):
    """A view of the API; `params` names what may stand in the address. Also mixed into view sets."""

    params: frozenset[str] = frozenset()
    # The part of the house that a token may be limited to; set by every view.
    area: str = ""
    # Not so where the caller alone or the API itself is the matter: administrators come in there too.
    business: bool = True
    # The administrator's duty that keeps this view, if any.
    duty: str = ""

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        if language:
            translation.activate(language)
        self.asked_language = language
        return super().initialize_request(request, *args, **kwargs)

    def perform_authentication(self, request: Any) -> None:
        super().perform_authentication(request)
        if not self.asked_language and request.user.is_authenticated:
            translation.activate(request.user.language)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.allowed_params() is not None:
            refuse_unknown(request.query_params, self.allowed_params() or ())

    def allowed_params(self) -> frozenset[str] | None:
        """Names that may stand in the address; None where the view checks for itself."""
        return self.params

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ["Accept-Language", "Authorization", "Cookie"])
        return response


def as_bytes(answer: Any) -> Any:
    """A file that a page hands out, as every file of the API: generated clients take no other kind as bytes."""
    answer["Content-Type"] = "application/octet-stream"
    return answer


def once(request: Any, act: Callable[[], Response]) -> Response:
    """Run `act` in one transaction, and only once per Idempotency-Key: the second time the first answer is given."""

    def checked() -> Answer:
        try:
            with transaction.atomic():
                response = act()
        except (IntegrityError, DataError) as error:
            raise refusal_of(error) from error
        body = None if response.data is None else json.loads(JSONRenderer().render(response.data))
        return Answer(response.status_code, {"body": body, "headers": dict(response.headers)})

    found = run_once(
        request.headers.get("Idempotency-Key", ""),
        request.user.pk,
        f"{request.method} {request.path}",
        _hash(request),
        checked,
    )
    headers = {**found.answer["headers"], **({"Idempotency-Replayed": "true"} if found.replayed else {})}
    return Response(found.answer["body"], status=found.status, headers=headers)


def _hash(request: Any) -> str:
    if hasattr(request.data, "lists"):
        fields: Any = [
            (name, values)
            for name, values in sorted(request.data.lists())
            if not any(hasattr(value, "chunks") for value in values)
        ]
        return hash_body([fields, request.headers.get("If-Match", "")], request.FILES.values())
    return hash_body([request.data, request.headers.get("If-Match", "")])
