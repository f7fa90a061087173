"""Writes on leads: one function per verb."""

from leads.services.lead import (
    add_follow_up,
    convert,
    edit,
    invalidate,
    nurture,
    open,
    qualify,
    raise_from_operations,
    reopen,
    requalify,
    returned,
    start,
    wake,
)
from leads.services.merging import merge, undo_merge
from leads.services.pool import assign, pick, pool, reassign

__all__ = [
    "add_follow_up",
    "assign",
    "convert",
    "edit",
    "invalidate",
    "merge",
    "nurture",
    "open",
    "pick",
    "pool",
    "qualify",
    "raise_from_operations",
    "reassign",
    "reopen",
    "requalify",
    "returned",
    "start",
    "undo_merge",
    "wake",
]
