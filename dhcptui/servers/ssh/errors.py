"""What can go wrong on the way to a server: one class per cause, each with an advice that names file and host.

Every text passes the sanitiser here, so a message or an advice is always safe to show.
"""

from __future__ import annotations

import re

from dhcptui.logs.complaints import without_farewell
from dhcptui.model.sanitize import clean
from dhcptui.servers.ssh.target import SshTarget

STDERR_TAIL = 400
"""Characters kept from the end of a failed command's stderr: the reason stands last."""
_SHORT = 120
_SCRIPT = re.compile(r"(sudo -n )?/bin/sh -c ", re.ASCII)


def tail_of(stderr: str | bytes) -> str:
    """The end of what a command said, sanitised, its lines as one; of dhcpd, without the lines on bugs that it always ends with."""
    text = stderr if isinstance(stderr, str) else stderr.decode("utf-8", "replace")
    lines = [line.strip(" \t\r") for line in without_farewell(text)[-STDERR_TAIL:].split("\n")]
    return clean("; ".join(filter(None, lines)))


def in_full(error: Exception) -> str:
    """What failed and what to do about it, in whole sentences; without the last full stop."""
    parts = [part.strip() for part in (str(error), getattr(error, "advice", "")) if part.strip()]
    return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts).rstrip(".")


def named(line: str) -> str:
    """A command line as a person wants it named: a script of ours is none of their business, and a screen long."""
    return "a script of ours" if len(line) > _SHORT and _SCRIPT.match(line) else clean(line)


class RemoteError(Exception):
    """Something on or towards a server failed. `str()` says what, `.advice` what to do about it (may be empty)."""

    answered = False
    """Whether the failure itself proves that the host is up: it said no."""
    hops: tuple[str, ...] = ()
    """Addresses of the jump hosts that were passed on the way."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(clean(message))
        self.advice = clean(advice)


class SshSetupError(RemoteError):
    """Our own side cannot even start: ~/.ssh/config does not parse, a key file is missing or unreadable."""


class HostKeyUnknown(RemoteError):
    """No known_hosts file has a key for this server."""

    answered = True


class HostKeyChanged(RemoteError):
    """The server shows another key than the one on record, or one that is revoked."""

    answered = True


class AuthenticationFailed(RemoteError):
    """The server knows us, but takes none of our keys."""

    answered = True


class Unreachable(RemoteError):
    """No SSH at that address: timed out, no route, no such name."""


class Refused(Unreachable):
    """The host is up, but there is no SSH for us: connection refused, closed before login, or not an SSH server."""

    answered = True


class LoginSlow(Unreachable):
    """It is an SSH server, and the login was not done in time: PAM, a name server, a slow disk. The next try may wait longer."""

    answered = True


class SessionLost(RemoteError):
    """A session that worked is gone; connect again."""


class SessionRefused(RemoteError):
    """The session is alive, but the server starts no further command in it (MaxSessions, a forced shell)."""


class CommandFailed(RemoteError):
    """A command ran and failed: `.line`, `.exit_status` (negative: killed by that signal), `.stderr` (its end)."""

    def __init__(self, line: str, exit_status: int, stderr: str | bytes) -> None:
        self.line = clean(line)
        self.exit_status = exit_status
        self.stderr = tail_of(stderr)
        how = f"was killed by signal {-exit_status}" if exit_status < 0 else f"failed with exit status {exit_status}"
        # sudo -n never asks: say what it wants instead.
        asks = "sudo" in self.stderr and ("password" in self.stderr or "not allowed" in self.stderr)
        advice = (
            "sudo = true wants root without a password for this account; `sudo -n -l` on the server shows what it has."
            " docs/security.md describes an account that needs no root."
            if asks
            else ""
        )
        super().__init__(f"{named(line)} {how}" + (f": {self.stderr}" if self.stderr else ""), advice)


class CommandTimeout(RemoteError):
    """A command did not end in time: `.line`, `.seconds`.

    It was told to stop, but may still run there: OpenSSH delivers no signals in root's sessions.
    """

    def __init__(self, line: str, seconds: float) -> None:
        self.line = clean(line)
        self.seconds = seconds
        super().__init__(f"{named(line)} did not end within {seconds:g} s", "It may still be running on the server.")


class LoginShellSilent(CommandTimeout):
    """The login succeeded, and no command began: the account's login shell or its profile hangs, or a ForceCommand does."""

    def __init__(self, target: SshTarget, line: str, seconds: float) -> None:
        super().__init__(line, seconds)
        self.args = (clean(f"logged in to {target}, but its login shell began no command within {seconds:g} s"),)
        self.advice = clean(
            "The shell, its profile (/etc/profile, ~/.profile, ~/.bashrc, ~/.cshrc) or a ForceCommand hangs there:"
            f" does `{target.ssh} true` end?"
        )


class CommandNotBegun(RemoteError):
    """The login shell ended without running our command: nologin, a menu, a ForceCommand, a profile with `exit` or `exec`.

    What it said and how it ended are nobody's answer.
    """

    def __init__(self, target: SshTarget, exit_status: int | None, talk: bytes) -> None:
        words = tail_of(talk).strip()
        how = "" if exit_status is None else f" (exit status {exit_status})"
        super().__init__(
            f"logged in to {target}, but its login shell ran no command of ours{how}" + (f": {words}" if words else ""),
            "Is it a shell at all, does its profile exit or exec something, is there a ForceCommand?"
            f" See what `{target.ssh} true` says",
        )


class OutputTooLarge(RemoteError):
    """A command wrote more than we are ready to hold."""


class TunnelRefused(RemoteError):
    """The server reached, but nothing listens at the far end of the tunnel."""


class TunnelSilent(RemoteError):
    """The far end of the tunnel takes no connection: dhcpd hangs, or packets are dropped."""


class TunnelForbidden(RemoteError):
    """The server's sshd does not forward TCP for us."""

    untried = True


class NoSsh(RemoteError):
    """What goes through SSH, or another way to the host, cannot be asked: there is none."""

    untried = True

    def __init__(self, why: str = "no SSH") -> None:
        super().__init__(why)


class TailEnded(RemoteError):
    """The remote log follow stopped by itself."""


class ShellEnded(RemoteError):
    """The long-lived remote shell is gone; open another one."""
