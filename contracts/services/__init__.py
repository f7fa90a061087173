"""Every write on contracts and their payment terms."""

from contracts.services.amendment import amend
from contracts.services.contract import (
    activate,
    add_deviation,
    apply_template,
    approve,
    attach_text,
    close,
    complete,
    edit,
    hand_over,
    meet_condition,
    meet_effect,
    open,
    returned,
    send_back,
    sign,
    submit,
    terminate,
    void,
    withdraw,
)
from contracts.services.templates import load_templates
from contracts.services.terms import give_up, release, unrelease

__all__ = [
    "activate",
    "add_deviation",
    "amend",
    "apply_template",
    "approve",
    "attach_text",
    "close",
    "complete",
    "edit",
    "give_up",
    "hand_over",
    "load_templates",
    "meet_condition",
    "meet_effect",
    "open",
    "release",
    "returned",
    "send_back",
    "sign",
    "submit",
    "terminate",
    "unrelease",
    "void",
    "withdraw",
]
