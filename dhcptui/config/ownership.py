"""Whether a file of the operator's can be trusted: who may write it, and whose it is, as ssh asks."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path


def distrust(path: Path, *, private: bool = False) -> str:
    """Why a file is not to be relied on, and the remedy; empty where it is, or where it is not there.

    It must belong to this account or to root, and nobody else may write it; a `private` one nobody else may read either
    (asked of the account's own files only, as ssh does).
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    if found.st_uid not in {0, os.geteuid()}:
        return f"it belongs to another account ({_user(found.st_uid)}): chown it, or use one of your own"
    others = stat.S_IWOTH | (0 if _own_group(found.st_gid, found.st_uid) else stat.S_IWGRP)
    if found.st_mode & others:
        return f"others may write it (mode {stat.S_IMODE(found.st_mode):04o}): chmod go-w {path}"
    if private and found.st_uid == os.geteuid() and found.st_mode & 0o077 & ~stat.S_IWGRP:
        return f"others may read it (mode {stat.S_IMODE(found.st_mode):04o}): chmod 600 {path}"
    return ""


def _user(number: int) -> str:
    import pwd  # noqa: PLC0415 - asked once, of a file that is refused

    with suppress(KeyError):
        return pwd.getpwuid(number).pw_name
    return f"uid {number}"


def _own_group(group: int, owner: int) -> bool:
    """Whether a group is the owner's alone: many systems give each account one, and a umask of 002 with it."""
    import grp  # noqa: PLC0415
    import pwd  # noqa: PLC0415

    with suppress(KeyError):
        account, entry = pwd.getpwuid(owner), grp.getgrgid(group)
        return account.pw_gid == group and set(entry.gr_mem) <= {account.pw_name} and entry.gr_name == account.pw_name
    return False
