"""The person who calls: who that is, deputies, notices. Tokens are made in the browser only."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from accounts import services
from accounts.forms import DelegationForm
from accounts.models import Delegation, Notice
from accounts.request import ApiRequest
from core.api.inputs import Strict, read
from core.api.lists import PARAMS, page_of, page_response, paging_parameters
from core.api.problems import Invalid
from core.api.shapes import Ref, ref
from core.api.views import ApiView, once
from core.paging import Keyset


class RoleSerializer(serializers.Serializer):
    """A role for the whole company."""

    code = serializers.CharField()
    name = serializers.CharField()


class MeSerializer(serializers.Serializer):
    """The person behind a token or session."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    language = serializers.CharField()
    department = Ref(allow_null=True)
    roles = RoleSerializer(many=True)
    rights = serializers.ListField(child=serializers.CharField())
    acts_for = serializers.ListField(child=serializers.IntegerField(), help_text="People this person deputises for.")
    unread_notices = serializers.IntegerField(help_text="Counted up to 100.")


class MeView(ApiView):
    """Who calls."""

    business = False

    @extend_schema(operation_id="me", tags=["accounts"], responses=MeSerializer)
    def get(self, request: ApiRequest) -> Response:
        return Response(_me(request))


def _me(request: ApiRequest) -> dict[str, Any]:
    user = request.user
    return {
        "id": user.pk,
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "language": user.language,
        "department": ref(user.department),
        "roles": [{"code": role.code, "name": role.label} for role in user.roles.filter(is_active=True)],
        "rights": sorted(user.rights),
        "acts_for": sorted(user.acting_ids - {user.pk}),
        "unread_notices": Notice.objects.filter(user=user, read_at__isnull=True)[:100].count(),
    }


class LanguageInput(Strict):
    """The language to work in."""

    language = serializers.ChoiceField(choices=[("zh-hans", "简体中文"), ("en", "English")])


class LanguageView(ApiView):
    """The language pages and answers come in."""

    business = False

    @extend_schema(operation_id="me_language", tags=["accounts"], request=LanguageInput, responses=MeSerializer)
    def post(self, request: ApiRequest) -> Response:
        language = read(LanguageInput, request.data)["language"]

        def act() -> Response:
            services.choose_language(request.user, language)
            return Response(_me(request))

        return once(request, act)


# Deputies ------------------------------------------------------------------------------------------
class DelegationSerializer(serializers.Serializer):
    """A deputy for a time, both days included."""

    id = serializers.IntegerField()
    deputy = Ref()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    documents = serializers.ListField(
        child=serializers.CharField(), help_text="Only opinions and decisions on these kinds; empty is everything."
    )
    reason = serializers.CharField()


class DelegationInput(Strict):
    """Who stands in, from when to when."""

    deputy = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    documents = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=50, required=False, help_text="`contracts.contract`"
    )
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)


def _delegation(found: Delegation) -> dict[str, Any]:
    first, last = services.days_of(found)
    return {
        "id": found.pk,
        "deputy": ref(found.deputy),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "documents": found.documents,
        "reason": found.reason,
    }


class DelegationView(ApiView):
    """The person's own deputies."""

    business = False

    def allowed_params(self) -> frozenset[str]:
        return PARAMS if self.request.method == "GET" else frozenset()

    @extend_schema(
        operation_id="delegation_list",
        tags=["accounts"],
        parameters=paging_parameters(),
        responses=page_of(DelegationSerializer, "Delegation"),
    )
    def get(self, request: ApiRequest) -> Response:
        """List the own deputies."""
        found = Delegation.objects.filter(principal=request.user).select_related("deputy")
        return page_response(request, found, Keyset(("-id",)), _delegation)

    @extend_schema(
        operation_id="delegation_new",
        tags=["accounts"],
        request=DelegationInput,
        responses={201: DelegationSerializer},
    )
    def post(self, request: ApiRequest) -> Response:
        """Name a deputy for a time."""
        given = read(DelegationInput, request.data)
        typed = {name: value if name == "documents" else str(value) for name, value in given.items()}
        form = DelegationForm(typed, user=request.user)
        if not form.is_valid():
            raise Invalid({name: [str(message) for message in messages] for name, messages in form.errors.items()})

        def act() -> Response:
            made = services.delegate(request.user, **form.cleaned_data)
            return Response(_delegation(Delegation.objects.get(pk=made.pk)), status=status.HTTP_201_CREATED)

        return once(request, act)


class DelegationEndView(ApiView):
    """Taking the own work back from a deputy, from today on."""

    business = False

    @extend_schema(
        operation_id="delegation_end",
        tags=["accounts"],
        request=None,
        responses={204: OpenApiResponse(description="Nobody acts by it any more.")},
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        read(Strict, request.data)

        def act() -> Response:
            try:
                services.end_delegation(request.user, pk)
            except Delegation.DoesNotExist:
                raise Http404 from None
            return Response(status=status.HTTP_204_NO_CONTENT)

        return once(request, act)


# Notices -------------------------------------------------------------------------------------------
class NoticeSerializer(serializers.Serializer):
    """One thing the person was told."""

    id = serializers.IntegerField()
    message = serializers.CharField()
    link = serializers.CharField()
    level = serializers.CharField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NoticeView(ApiView):
    """All notices, newest first."""

    business = False

    params = PARAMS

    @extend_schema(
        operation_id="notice_list",
        tags=["accounts"],
        parameters=paging_parameters(),
        responses=page_of(NoticeSerializer, "Notice"),
    )
    def get(self, request: ApiRequest) -> Response:
        found = Notice.objects.filter(user=request.user)
        return page_response(request, found, Keyset(("-created_at", "-id")), _notice)


def _notice(found: Notice) -> dict[str, Any]:
    return {
        "id": found.pk,
        "message": found.text,
        "link": found.link,
        "level": found.level,
        "created_at": found.created_at.isoformat(),
        "read_at": found.read_at.isoformat() if found.read_at else None,
    }


class ReadInput(Strict):
    """Which notices were read; all, where none are named."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False, max_length=500
    )


class ReadSerializer(serializers.Serializer):
    """How many notices were unread until now."""

    read = serializers.IntegerField()


class NoticeReadView(ApiView):
    """Mark notices as read."""

    business = False

    @extend_schema(operation_id="notice_read", tags=["accounts"], request=ReadInput, responses=ReadSerializer)
    def post(self, request: ApiRequest) -> Response:
        ids = read(ReadInput, request.data).get("ids")
        unknown = set(ids or ()) - set(
            Notice.objects.filter(user=request.user, pk__in=ids or ()).values_list("pk", flat=True)
        )
        if unknown:
            raise Invalid({"ids": [_("Unknown: %(names)s") % {"names": ", ".join(map(str, sorted(unknown)[:20]))}]})
        return once(request, lambda: Response({"read": services.read_notices(request.user, ids=ids)}))
