"""What the API asks of everybody who is known, as the middleware asks it of pages."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.duties import check_wall
from accounts.sign_in import has_proven_factor
from core.errors import NotAllowed


class SecondFactor(BasePermission):
    """Whose role needs a second factor shows it in the session, and has one where a program comes with a token."""

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        if not user.needs_second_factor:
            return True
        if not (has_proven_factor(request, user) if request.auth is None else is_mfa_enabled(user)):
            raise NotAllowed(_("Your role needs a second factor: sign in with it first."))
        return True


class DutyWall(BasePermission):
    """Administrators and business are kept apart; what is about the caller or the API alone says `business = False`."""

    def has_permission(self, request: Any, view: Any) -> bool:
        check_wall(
            request.user,
            own=not getattr(view, "business", True),
            reads=request.method in SAFE_METHODS,
            kept_by=getattr(view, "duty", ""),
        )
        return True
