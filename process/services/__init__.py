"""The doors. Every write on a record goes through one of these and leaves one log line."""

from process.services.bulk import open_many
from process.services.by_hand import confirm
from process.services.cases import open_case
from process.services.counter import offer, return_, take, withdraw
from process.services.doors import act, adopt, edit, fire, open
from process.services.files import attach
from process.services.log import write_log
from process.services.seats import leave_seat, seat, take_seat
from process.services.steps import ask, close_ask, hold

__all__ = [
    "act",
    "adopt",
    "ask",
    "attach",
    "close_ask",
    "confirm",
    "edit",
    "fire",
    "hold",
    "leave_seat",
    "offer",
    "open",
    "open_case",
    "open_many",
    "return_",
    "seat",
    "take",
    "take_seat",
    "withdraw",
    "write_log",
]
