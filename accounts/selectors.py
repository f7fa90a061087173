"""What the profile page shows of a person's sessions."""

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession

from accounts.models import User

# The mark in a user agent, and what its owner calls it; the first that is found, so the narrow ones come first.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class SessionRow:
    """One session as its owner recognises it."""

    pk: int
    device: str
    ip: str
    begun_at: datetime
    seen_at: datetime
    is_current: bool


def _device(agent: str) -> str:
    """Browser and system out of a user agent; its first word where neither is known."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or re.split(r"[\s/]", agent, maxsplit=1)[0][:40] or "–"


def sessions_of(user: User, current_key: str) -> list[SessionRow]:
    """Sessions that still live, the current one first, then those seen last."""
    rows = [
        SessionRow(
            pk=session.pk,
            device=_device(session.user_agent),
            ip=session.ip,
            begun_at=session.created_at,
            seen_at=session.last_seen_at,
            is_current=session.session_key == current_key,
        )
        for session in UserSession.objects.purge_and_list(user)
    ]
    return sorted(rows, key=lambda row: (not row.is_current, -row.seen_at.timestamp()))
