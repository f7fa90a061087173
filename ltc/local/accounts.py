"""As whom PostgreSQL runs: it refuses root, so root hands it to another user or hides behind a namespace."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltc.local.console import Problem

NAMES = ("postgres", "nobody")
OVERFLOW_ID = 65534


@dataclass(frozen=True)
class Account:
    """How to start a program: as this user, as another one, or as this one under another number."""

    owner: int  # the user who owns the files
    prefix: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def start(self, command: Sequence[str | Path], **more: Any) -> "subprocess.Popen[bytes]":
        """Start a program in its own session; it does not inherit open files."""
        return subprocess.Popen(
            [*self.prefix, *map(str, command)],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **self.options,
            **more,
        )


def for_folder(folder: Path, program: Path) -> Account:
    """The account that runs `program` on the data in `folder`: the folder's owner, once it has one."""
    if os.geteuid() != 0:
        if folder.exists() and folder.stat().st_uid != os.geteuid():
            raise Problem(f"{folder} belongs to another user: run as that user, or set LTC_DATA to another folder.")
        return Account(os.geteuid()) if _is_known(os.geteuid()) else _hidden(program)
    if folder.exists():
        owner = folder.stat().st_uid
        return _hidden(program) if owner == 0 else _other_user(owner)
    for name in NAMES:
        user = _user_id(name)
        if user is not None and _can_run(_other_user(user), program, folder):
            return _other_user(user)
    return _hidden(program)


def _user_id(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _other_user(user: int) -> Account:
    try:
        group = pwd.getpwuid(user).pw_gid
    except KeyError:
        group = user
    return Account(user, options={"user": user, "group": group, "extra_groups": []})


def _can_run(account: Account, program: Path, folder: Path) -> bool:
    """True when the account can run the program and reach the folder (not so below a 0700 home)."""
    parent = next(path for path in folder.parents if path.exists())
    return _succeeds(account, program, "--version") and _succeeds(account, "test", "-x", parent)


def _succeeds(account: Account, *command: str | Path) -> bool:
    try:
        with account.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            return process.wait() == 0
    except OSError:
        return False


def _is_known(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _hidden(program: Path) -> Account:
    """This user with another number, in a user namespace: for root, and for a number without a name.

    PostgreSQL accepts neither of the two; the files stay this user's.
    """
    unshare = shutil.which("unshare")
    ids = (f"--map-user={OVERFLOW_ID}", f"--map-group={OVERFLOW_ID}")
    account = Account(os.geteuid(), prefix=(unshare or "unshare", "--user", *ids))
    if unshare is None or not _succeeds(account, program, "--version"):
        raise Problem(
            "PostgreSQL does not run as root, and no other user can reach this folder: "
            "run as a normal user, or set LTC_DATA to a folder such as /var/lib/ltc."
        )
    return account
