"""The cache may be away: it never holds the truth, so the page goes on without it, with a line in the log."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Reads find nothing and writes count as done while Redis does not answer."""

    def _try(self, act: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return act(*args, **kwargs)
        except (RedisError, OSError) as error:
            logger.error("The cache does not answer (%s): going on without it.", type(error).__name__)
            return otherwise

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        return self._try(super().get, default, key, default, version)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Whether the key was not there yet; True when nobody can tell."""
        return bool(self._try(super().add, True, *args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Keep a value, if that is possible."""
        self._try(super().set, None, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count up; the first time, when nobody can tell."""
        return int(self._try(super().incr, delta, key, delta, version))

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """Keep a value for longer, if that is possible."""
        return bool(self._try(super().touch, False, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Forget a value; nothing to forget when Redis is away."""
        return bool(self._try(super().delete, False, *args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Values by key; none when Redis is away."""
        return dict(self._try(super().get_many, {}, *args, **kwargs))
