"""Writes on people: what they are told, what they may, how they sign in, and the security log of it all."""

from accounts.services.factors import reset_factors
from accounts.services.mail import choose_mail, send_again, send_mails
from accounts.services.notices import notify, read_notices
from accounts.services.passwords import ask_reset, change_password, make_link, reset_password, send_resets
from accounts.services.people import (
    add_person,
    appoint,
    assign_roles,
    bring_back,
    change_person,
    change_role,
    choose_language,
    days_of,
    delegate,
    end_delegation,
    let_go,
)
from accounts.services.security import enter, unlock
from accounts.services.sessions import (
    end_all_sessions,
    end_other_sessions,
    end_session,
    move_session,
    purge_sessions,
    touch_session,
)
from accounts.services.tokens import LONGEST_TOKEN_DAYS, MOST_TOKENS, make_token, revoke_token

__all__ = [
    "LONGEST_TOKEN_DAYS",
    "MOST_TOKENS",
    "add_person",
    "appoint",
    "ask_reset",
    "assign_roles",
    "bring_back",
    "change_password",
    "change_person",
    "change_role",
    "choose_language",
    "choose_mail",
    "days_of",
    "delegate",
    "end_all_sessions",
    "end_delegation",
    "end_other_sessions",
    "end_session",
    "enter",
    "let_go",
    "make_link",
    "make_token",
    "move_session",
    "notify",
    "purge_sessions",
    "read_notices",
    "reset_factors",
    "reset_password",
    "revoke_token",
    "send_again",
    "send_mails",
    "send_resets",
    "touch_session",
    "unlock",
]
