"""The same request twice gives one effect and one answer.

Every HTML form carries a one-time key, every API POST may send one. The key row is written first and in the same
transaction as the effect: a double click waits for the first one and then reads its answer.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from core.errors import BadKey, KeyReused, Refused
from core.models import IdempotencyKey

_LONGEST_KEY = 255
_LONGEST_SCOPE = 255
_IGNORED = frozenset({"csrfmiddlewaretoken"})  # differs between two renderings of the same form

_INSERT = """
    INSERT INTO core_idempotencykey (key, user_id, scope, body_hash, created_at) VALUES (%s, %s, %s, %s, now())
    ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Answer:
    """What a request was answered with; `answer` is JSON, for a redirect {"location": "/leads/12/"}."""

    status: int = 200
    answer: Any = None
    replayed: bool = field(default=False, compare=False)

    @classmethod
    def redirect(cls, location: str) -> "Answer":
        """The usual answer to a form: go and look at what was written."""
        return cls(302, {"location": location})

    @property
    def location(self) -> str:
        """Where to go; empty when the answer is no redirect."""
        return self.answer.get("location", "") if isinstance(self.answer, dict) else ""


def new_key() -> str:
    """A key for a form about to be shown."""
    return uuid.uuid4().hex


def hash_body(body: Any, files: Iterable[Any] = ()) -> str:
    """Hash a request body: bytes, text, JSON data or a QueryDict, and uploaded files by name and content."""
    digest = hashlib.sha256()
    if isinstance(body, bytes):
        digest.update(body)
    elif hasattr(body, "lists"):
        digest.update(_json(sorted((name, values) for name, values in body.lists() if name not in _IGNORED)))
    elif isinstance(body, Mapping):
        digest.update(_json({str(name): value for name, value in body.items() if name not in _IGNORED}))
    else:
        digest.update(_json(body))
    for upload in files:
        digest.update(_json(["file", upload.name, upload.size]))
        for chunk in upload.chunks():
            digest.update(chunk)
        upload.seek(0)
    return digest.hexdigest()


def _json(data: Any) -> bytes:
    """One byte string per value, whatever the order of keys; text that is no Unicode is kept apart, not refused."""
    text = json.dumps(data, sort_keys=True, cls=DjangoJSONEncoder, default=str, ensure_ascii=True)
    return text.encode("ascii")


def once(*, key: str, user_id: int | None, scope: str, body: Any, act: Callable[[], Answer]) -> Answer:
    """run_once for a body not hashed yet."""
    return run_once(key, user_id, scope, hash_body(body), act)


def run_once(key: str, user_id: int | None, scope: str, body_hash: str, act: Callable[[], Answer]) -> Answer:
    """Carry out `act` unless this user's request with this key was carried out before; then give its answer again.

    `scope` is method and path. An empty key means no protection was asked for. Raises KeyReused for the same key
    with another body, BadKey for one that cannot be a key, Refused when the first request is still at work after
    lock_timeout; what `act` raises passes through and leaves the key unused.
    """
    with transaction.atomic():
        if not key:
            return act()
        _check(key)
        place = (key, user_id, _short(scope))
        row_id = _claim(place, body_hash)
        while row_id is None:
            stored = _stored(place, body_hash)
            if stored is not None:
                return stored
            row_id = _claim(place, body_hash)  # swept out between the two statements
        answer = act()
        IdempotencyKey.objects.filter(pk=row_id).update(status=answer.status, answer=json.loads(_json(answer.answer)))
        return answer


def _check(key: str) -> None:
    if len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadKey("An idempotency key has 1 to 255 printable ASCII characters.")


def _short(scope: str) -> str:
    """Keep a scope within its column; a longer one keeps its difference by a hash."""
    safe = scope.encode("utf-8", "replace").decode().replace("\x00", "")
    if len(safe) <= _LONGEST_SCOPE:
        return safe
    return safe[: _LONGEST_SCOPE - 65] + "#" + hashlib.sha256(safe.encode()).hexdigest()


def _claim(place: tuple[str, int | None, str], body_hash: str) -> int | None:
    """Insert the key row; None when it stands already. A row not committed yet is waited for."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [*place, body_hash])
            row = cursor.fetchone()
            return int(row[0]) if row else None
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Refused(_("The same request is still being worked on. Please wait a moment and look.")) from error
        raise


def _stored(place: tuple[str, int | None, str], body_hash: str) -> Answer | None:
    """The answer given to this key before; None when the sweep took it away this moment."""
    key, user_id, scope = place
    row = IdempotencyKey.objects.filter(key=key, user_id=user_id, scope=scope).first()
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise KeyReused("This idempotency key was used with another body.")
    return Answer(row.status or 200, row.answer, replayed=True)


def purge_keys(older_than: timedelta = timedelta(days=7)) -> int:
    """Sweep out keys nobody will send again; return how many went."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - older_than).delete()
    return deleted
