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

__all__ = [
    "approve",
    "ask",
    "meet",
    "meet_condition",
    "reject",
    "send_back",
    "snapshot_of",
    "submit",
    "void",
    "withdraw",
]
