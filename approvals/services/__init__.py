"""What approvals do: ask for decisions and take them. Special approvals have a module of their own (`special`)."""

from approvals.services.deciding import (
    approve,
    ask,
    meet,
    meet_condition,
    reject,
    send_back,
    snapshot_of,
    submit,
    void,
    withdraw,
)
from approvals.services.reminding import nudge

__all__ = [
    "approve",
    "ask",
    "meet",
    "meet_condition",
    "nudge",
    "reject",
    "send_back",
    "snapshot_of",
    "submit",
    "void",
    "withdraw",
]
