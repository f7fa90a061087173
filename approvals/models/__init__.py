"""Who decides: rules and letters of authority, requests with their opinions and decisions, special approvals."""

from approvals.models.letter import AuthorityLetter, LetterLine
from approvals.models.request import AboutDocument, ApprovalRequest, Decision, Reminder, SpecialApproval
from approvals.models.rule import ESCALATE_HOURS, NUDGE_HOURS, REMIND_PERCENT, AuthorityRule, Limits

__all__ = [
    "ESCALATE_HOURS",
    "NUDGE_HOURS",
    "REMIND_PERCENT",
    "AboutDocument",
    "ApprovalRequest",
    "AuthorityLetter",
    "AuthorityRule",
    "Decision",
    "LetterLine",
    "Limits",
    "Reminder",
    "SpecialApproval",
]
