"""Which server is the console's own machine: it is asked without SSH."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def is_local(host: str, port: int | None, user: str | None, *files: Path | None) -> bool:
    """Whether `host` is this machine and nothing says how to log in there: no port, no key or key file, no other account.

    With a port it may be a tunnel to another machine, and with another account only SSH becomes that account.
    """
    return host.lower() in LOCAL_HOSTS and port is None and not any(files) and user in {None, _account()}


def _account() -> str | None:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account without a name
        return None
