"""How often somebody may ask. Without the cache nobody is kept out: work goes on, and the log says so."""

import logging
from typing import Any

from django.core.cache import cache
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

logger = logging.getLogger(__name__)


class _FailsOpen:
    """Lets everybody pass while the cache cannot be reached."""

    cache = cache

    def allow_request(self, request: Any, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except Exception as error:
            logger.warning("The throttle lets a request pass, the cache cannot be reached: %s", type(error).__name__)
            return True


class PerUser(_FailsOpen, UserRateThrottle):
    """Per token where there is one, else per person."""

    scope = "user"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        if not request.user.is_authenticated:
            return None
        token = getattr(request.auth, "public_id", None)
        ident = f"token-{token}" if token else str(request.user.pk)
        return str(self.cache_format % {"scope": self.scope, "ident": ident})


class PerAddress(_FailsOpen, AnonRateThrottle):
    """Whoever is not known, by address."""

    scope = "anon"
