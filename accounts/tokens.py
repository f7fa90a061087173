"""Programs sign in by a token: who they are, and how far the token reaches."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.models import ApiToken

# How exact "last used" is; a write for every request would cost more than it tells.
USED_EVERY = timedelta(minutes=10)


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Bearer ltc_…`; only the digest of a token is stored."""

    def authenticate_credentials(self, token: bytes) -> Any:
        # What is no token of ours is not looked up: the header may hold anything.
        found = super().authenticate_credentials(token if token.isascii() and token.startswith(b"ltc_") else b"-")
        _user, used = found
        now = timezone.now()
        if used.last_used_at is None or now - used.last_used_at > USED_EVERY:
            ApiToken.objects.filter(pk=used.pk).update(last_used_at=now)
        return found

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Whether the token has expired; it stays on the profile page until it is removed."""
        return auth_token.has_expired


class TokenReach(BasePermission):
    """A token that may only read changes nothing; one for some apps opens no other."""

    def has_permission(self, request: Any, view: Any) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        if request.method not in SAFE_METHODS and token.scope != ApiToken.Scope.WRITE:
            self.message = _("This token may only read.")
            return False
        area = getattr(view, "area", "")
        if area and token.areas and area not in token.areas:
            self.message = _("This token does not reach this part.")
            return False
        return True


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes a token."""

    target_class = ApiTokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made on the profile page: `ltc_…`."}
