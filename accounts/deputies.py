"""What upper floors say about deputies: on which documents one can be limited to, and what letters of authority allow.

Approvals fill this in: letters of authority are theirs, people are not.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Wish:
    """A delegation somebody asks for: whose work, who stands in, first and last day, only for these documents."""

    principal: "User"
    deputy: "User"
    first_day: dt.date
    last_day: dt.date
    documents: Collection[str] = ()


@dataclass
class Said:
    """Kinds of documents with their labels, whether deputies may come from anywhere, and what forbids one."""

    documents: Callable[[], list[tuple[str, Any]]] = list
    may_leave_department: Callable[["User"], bool] = field(default=lambda user: False)
    reasons: Callable[[Wish], list[str]] = field(default=lambda wish: [])


said = Said()
