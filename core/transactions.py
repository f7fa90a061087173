"""Atomic parts of a request that ends as a whole: without a savepoint around each of them.

A service is atomic for whoever calls it. Where a form's whole act stands or falls together, the savepoints of the
services inside it are two statements each and never used.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")

_whole: ContextVar[bool] = ContextVar("whole", default=False)


@contextmanager
def whole() -> Iterator[None]:
    """The rest of the running transaction as one: what fails in it ends it all, so let no error of a part pass.

    Whoever must go on after a refusal puts `transaction.atomic()` around the part that may be refused.
    """
    with transaction.atomic(savepoint=False):
        token = _whole.set(True)
        try:
            yield
        finally:
            _whole.reset(token)


def atomic_part(function: Callable[P, R]) -> Callable[P, R]:
    """`transaction.atomic` for doors and services, without a savepoint inside `whole`."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(savepoint=not _whole.get()):
            return function(*args, **kwargs)

    return call
