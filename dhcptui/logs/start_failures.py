"""Why dhcpd does not start, or was ended, told by whatever program logs it. Pure.

dhcpd's own words may come under another name: an init script, a unit's shell or a wrapper writes what dhcpd printed.
systemd says how it ended, the kernel that it forbade something (AppArmor, SELinux), or that it killed it. Lines that do
not speak of a dhcpd for IPv4 are nobody's business here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dhcptui.logs.lexicon import look_up
from dhcptui.model.incident_ids import IncidentId
from dhcptui.model.log_line import LineKind
from dhcptui.model.messages import NEVER_THE_REASON, MessageId

E, F = LineKind.ERROR, LineKind.FATAL
M, _I = MessageId, IncidentId
RELAYS = re.compile(r"(?:isc-)?dhcp(?:d|-server|3-server)?4?|sh|bash|dash|ksh|service|logger|root|rc")
"""Under these names stands what dhcpd printed when it was started."""
_UNIT = r"(?:isc-dhcp-server4?|isc-dhcp-dhcpd|isc-dhcpd|dhcpd4?|dhcp-server|dhcp4d?)\.service"
_DHCPD = r"(?:\S*/)?dhcpd"


@dataclass(frozen=True, slots=True)
class Told:
    """One line that another program can write. `program`: its name in the log; `format`: what must be found in the text."""

    message: MessageId
    program: str
    format: str
    kind: LineKind
    incident: IncidentId
    meaning: str


_KERNEL = r"kernel|audit|auditd|dmesg|audispd|type=\d+"
# fmt: off
TABLE: tuple[Told, ...] = (
    Told(M.APPARMOR_DENIED, _KERNEL, rf'apparmor="DENIED" .*(?:profile="{_DHCPD}"|comm="dhcpd")', E, _I.CANNOT_START,
         "AppArmor forbids it: allow it in /etc/apparmor.d/local/usr.sbin.dhcpd, and reload the profile"),
    Told(M.SELINUX_DENIED, _KERNEL, r"avc: +denied .*(?:comm=\"dhcpd\"|scontext=\S*:dhcpd_t:)", E, _I.CANNOT_START,
         "SELinux forbids it: restorecon -v on the file named, or a policy for it (ausearch -m avc -c dhcpd)"),
    Told(M.SELINUX_DENIED, r"setroubleshoot(?:d)?|python3?|SetroubleshootPrivileged\S*", rf"SELinux is preventing {_DHCPD} from", E, _I.CANNOT_START,
         "SELinux forbids it: restorecon -v on the file named, or a policy for it (ausearch -m avc -c dhcpd)"),
    Told(M.CRASHED, _KERNEL, r"\bdhcpd\[\d+\]: segfault at|traps: dhcpd\[\d+\]|pid \d+ \(dhcpd\),.* exited on signal", F, _I.DIED,
         "a fault of dhcpd ended it: keep the lines before, update it, start it again"),
    Told(M.KILLED_FOR_MEMORY, _KERNEL, r"Killed process \d+ \(dhcpd\)|was killed: .*\(dhcpd\)|pid \d+ \(dhcpd\),.* was killed", F, _I.CANNOT_START,
         "the kernel killed dhcpd for want of memory: see what uses it, then start dhcpd"),
    Told(M.CRASHED, "systemd", rf"{_UNIT}: (?:Main|Control) process exited, code=(?:killed|dumped), status=(?:11/SEGV|6/ABRT|7/BUS|8/FPE|4/ILL)", F, _I.DIED,
         "a fault of dhcpd ended it: keep the lines before, update it, start it again"),
    Told(M.KILLED_FOR_MEMORY, "systemd", rf"{_UNIT}: (?:A process of this unit has been killed by the OOM killer|Failed with result 'oom-kill')", F, _I.CANNOT_START,
         "the kernel killed dhcpd for want of memory: see what uses it, then start dhcpd"),
    Told(M.KILLED, "systemd", rf"{_UNIT}: (?:Main|Control) process exited, code=killed, status=9/KILL", F, _I.CANNOT_START,
         "somebody killed dhcpd, or the kernel did: see who, then start it"),
    Told(M.ENDED_WITH_ERROR, "systemd", rf"{_UNIT}: (?:Main|Control) process exited, code=exited, status=(?!0/)", F, _I.CANNOT_START,
         "dhcpd, or what starts it, ended with an error; the lines above say why"),
    Told(M.START_GIVEN_UP, "systemd", rf"{_UNIT}: (?:Start request repeated too quickly|Failed with result 'start-limit-hit')", F, _I.CANNOT_START,
         "systemd has given up: mend the reason above, then systemctl reset-failed and start"),
    Told(M.ENDED_WITH_ERROR, "systemd", rf"{_UNIT}: Failed with result '", F, _I.CANNOT_START,
         "dhcpd, or what starts it, ended with an error; the lines above say why"),
    Told(M.START_FAILED, "systemd", r"Failed to start (?:isc-dhcp-server|dhcpd|LSB: DHCP server|ISC DHCP IPv4 server|DHCPv4 Server Daemon)\b(?!6)", F, _I.CANNOT_START,
         "dhcpd does not start; the lines above say why"),
    Told(M.SELF_TEST_FAILED, "isc-dhcp-server|dhcpd", r"^dhcpd self-test failed\. Please fix", F, _I.CONFIGURATIONS_MISFIT,
         "dhcpd -t refuses the file, so it is not started; the lines below say why"),
)
# fmt: on
_HINT = re.compile(r"dhcp", re.IGNORECASE)
_COMPILED = tuple((re.compile(each.program), re.compile(each.format), each) for each in TABLE)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a line of another program weighs. `own`: the words are dhcpd's."""

    message: MessageId
    kind: LineKind
    incident: IncidentId | None
    meaning: str
    own: bool


def judge(program: str, text: str) -> Judged | None:
    """A line of another program than dhcpd; None where it tells nothing of dhcpd's start or end."""
    if RELAYS.fullmatch(program) and (own := _own_words(text)):
        return own
    if not _HINT.search(text):
        return None
    for named, pattern, each in _COMPILED:
        if named.fullmatch(program) and pattern.search(text):
            return Judged(each.message, each.kind, each.incident, each.meaning, own=False)
    return None


def _own_words(text: str) -> Judged | None:
    """What dhcpd itself printed: only what ends it, or is wrong with its file."""
    found = look_up(text)
    if found is None:
        return None
    entry = found[0]
    if entry.message is not M.CONFIGURATION_ERROR and (entry.kind is not F or entry.message in NEVER_THE_REASON):
        return None
    return Judged(entry.message, entry.kind, entry.incident, entry.words, own=True)
