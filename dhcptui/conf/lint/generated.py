"""Files that a program writes: who it is, and where its user sets what lint has found, for an edit would be lost. Pure.

What is said of the firewalls' pages is read from their sources (src/etc/inc/plugins.inc.d/dhcpd.inc of OPNsense,
src/etc/inc/services.inc of pfSense) and from Netgate's "Troubleshooting High Availability DHCP Failover".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dhcptui.conf.reader import Node
from dhcptui.conf.site import is_of_a_firewall
from dhcptui.model.sanitize import clean

FIREWALLS = {"pfsense": "pfSense", "opnsense": "OPNsense"}
"""By the value of `platform`."""
EITHER = "pfSense or OPNsense"
_KNOWN = {
    "facileManager": r"\bfmDHCP\b|facileManager",
    "Cobbler": r"\bcobbler\b",
    "Univention Configuration Registry": r"\bunivention\b",
    "Foreman": r"\bforeman\b",
    "Puppet": r"\bpuppet\b",
    "Ansible": r"\bansible\b",
    "Salt": r"\bsalt(stack)?\b",
    "Chef": r"\bchef\b",
}
_SAYS = re.compile(
    r"(auto[- ]?matically |auto[- ]?)(generated|created|written)|generated (by|from|using|file)|managed (by|with|using)"
    r"|built using|maintained by|do(es)? not edit|don'?t edit|do not modify|(will|may|might) be (overwritten|lost)",
    re.IGNORECASE,
)
SOMEBODY = "a program"

_PAGE = "on the interface's page of the DHCP server"
_ROLE = (
    "the role follows the advskew of the CARP address in the interface's network, below 20 is the primary: give it 0 on one"
    " firewall, 100 on the other, and save the DHCP server's page"
)
_NAME = "the name is the interface's (lan, opt1): assign the interfaces in the same order on both firewalls"
_PEER = f"set the failover peer IP {_PAGE} to the partner's own address in that network, no CARP address"
_RANGE = f"set the range {_PAGE}, the same on both firewalls"
_TIMES = f"set the lease times {_PAGE}; mclt is always 600 there"
_OPTIONS = f"set it {_PAGE}"
_OMAPI = "set the OMAPI port, key and algorithm where the DHCP server has them, the same on both firewalls"
PLACES = {
    **dict.fromkeys(("L03", "L04", "L06", "L07", "L08", "L09"), _ROLE),
    **dict.fromkeys(("L01", "L19", "L20", "L21"), _NAME),
    **dict.fromkeys(("L10", "L11", "L12", "L13", "L70"), _PEER),
    **dict.fromkeys(("L22", "L23", "L24", "L25", "L26", "L28", "L29"), _RANGE),
    **dict.fromkeys(("L30", "L36", "L37"), _TIMES),
    **dict.fromkeys(("L31", "L33", "L34", "L35", "L38"), _OPTIONS),
    "L32": f"set the static mappings {_PAGE}, the same on both firewalls",
    **dict.fromkeys(("L40", "L42", "L43", "L44", "L49"), _OMAPI),
    "L46": "choose a stronger algorithm of the OMAPI key, hmac-sha256 on pfSense, hmac-sha512 on OPNsense, the same on both",
}
"""By rule, where a firewall's user sets it; for any other: in the GUI."""
RESTART = "Restart dhcpd (sync + restart does both, one after the other)."
"""What L53 proposes where people write the file."""
RESTARTS = {
    "pfSense": "restart dhcpd under Status > Services, or by `/usr/local/sbin/pfSsh.php playback svc restart dhcpd`",
    "OPNsense": "restart dhcpd by `configctl dhcpd restart`",
    EITHER: "restart dhcpd in the GUI",
}
ABOUT_DHCPTUI = frozenset({"L05", "L41", "L45", "L51", "L52", "L54"})
"""What they advise is no edit of dhcpd.conf."""


@dataclass(frozen=True, slots=True)
class Writer:
    """The program that writes a file."""

    name: str
    is_firewall: bool = False

    def fix(self, rule: str, fix: str) -> str:
        """What to do instead of the edit that a rule would propose."""
        if not self.is_firewall:
            return f"{self.name} writes this file, an edit of it is lost; change it there. {fix}".rstrip()
        lead = f"{self.name} writes this file, an edit of it is lost"
        if rule == "L53":
            if fix != RESTART:
                return fix
            return f"{RESTARTS[self.name][0].upper()}{RESTARTS[self.name][1:]}."
        return f"{lead}: {PLACES.get(rule, 'set it in the GUI')}."


def writer(configuration: Node, file: str, platform: str = "") -> Writer | None:
    """Who writes a file; None: nobody is known to. `platform`: as in dhcptui's configuration, empty where it says nothing."""
    head = next((text for named, text in configuration.heads if named == file), "")
    if file == configuration.file and (firewall := _firewall(configuration, platform)):
        return Writer(firewall, is_firewall=True)
    if not _SAYS.search(head):
        return None
    known = next((name for name, pattern in _KNOWN.items() if re.search(pattern, head, re.IGNORECASE)), SOMEBODY)
    return Writer(clean(known))


def _firewall(configuration: Node, platform: str) -> str:
    if platform:
        return FIREWALLS.get(platform, "")
    if not is_of_a_firewall(configuration):
        return ""
    names = {node.words[1].lower() for node in configuration.named("option") if len(node.words) > 2}
    if "pac-webui" in names:
        return FIREWALLS["opnsense"]
    return FIREWALLS["pfsense"] if "domain-search-list" in names else EITHER
