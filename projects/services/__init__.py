"""Every write on a project: its verbs, its team, its stage."""

from projects.services.evidence import export_evidence
from projects.services.project import (
    approve,
    cancel,
    close,
    edit,
    lose,
    offer_next,
    open,
    reject,
    reopen,
    resume,
    returned,
    send_back,
    submit,
    suspend,
    withdraw,
)
from projects.services.stage import enter_stage, move_process, step_back
from projects.services.team import add_resource_need, confirm_resource, name_triangle, reassign

__all__ = [
    "add_resource_need",
    "approve",
    "cancel",
    "close",
    "confirm_resource",
    "edit",
    "enter_stage",
    "export_evidence",
    "lose",
    "move_process",
    "name_triangle",
    "offer_next",
    "open",
    "reassign",
    "reject",
    "reopen",
    "resume",
    "returned",
    "send_back",
    "step_back",
    "submit",
    "suspend",
    "withdraw",
]
