"""Who writes dhcpd.conf: by `platform`, by its path, by its text; and sync + restart where a web interface does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dhcptui.act.actions import make_plan
from dhcptui.assess.guards import RESUMED, RULES, rule
from dhcptui.assess.written_files import written_by_people
from dhcptui.conf.reader import parse
from dhcptui.conf.site import is_of_a_firewall
from dhcptui.config.platforms import PLATFORMS, writer
from dhcptui.config.settings import PairSettings, ServerSettings
from dhcptui.model.action import Action
from dhcptui.model.moments import Seen
from dhcptui.model.role import Role
from dhcptui.model.snapshot import ProcessSighting
from tests.unit.making import NOW, live, pair

P, Q = Role.PRIMARY, Role.SECONDARY
FIREWALL = """
option domain-name "example.lan";
option ldap-server code 95 = text;
option arch code 93 = unsigned integer 16; # RFC4578
failover peer "dhcp_lan" { primary; address 10.0.0.1; port 519; peer address 10.0.0.2; peer port 520; mclt 600; }
"""


@pytest.mark.parametrize("name", PLATFORMS)
def test_by_platform(name: str) -> None:
    """The configuration's word decides, whatever the file looks like."""
    found = writer(name, "/var/dhcpd/etc/dhcpd.conf", firewall_like=True)
    assert found
    assert bool(found.by) is bool(found.own_way) is (name in {"pfsense", "opnsense"})
    assert name in found.known_by


def test_by_what_is_found() -> None:
    """Without `platform`: the path of the firewalls is enough; else the file must have been read."""
    by_path = writer(None, "/var/dhcpd/etc/dhcpd.conf")
    assert by_path
    assert "pfSense" in by_path.by
    assert "OPNsense" in by_path.by
    assert writer(None, "/etc/dhcp/dhcpd.conf") is None
    by_text = writer(None, "/conf/dhcpd.conf", firewall_like=True)
    assert by_text
    assert "declared" in by_text.known_by
    people = writer(None, "/etc/dhcp/dhcpd.conf", firewall_like=False)
    assert people
    assert not people.by


@pytest.mark.parametrize(
    ("old", "new", "firewall"),
    [
        ("", "", True),
        ('"dhcp_lan"', '"dhcp_opt12"', True),
        ('"dhcp_lan"', '"office"', False),
        ("option ldap-server code 95 = text;", "", False),
        ("option arch code 93 = unsigned integer 16;", "", False),
        ("option ldap-server code 95", "option LDAP-server CODE 95", True),
    ],
)
def test_as_a_firewall_writes_it(old: str, new: str, firewall: bool) -> None:
    """Both options and a peer that is called after an interface; each alone stands in other people's files too."""
    assert is_of_a_firewall(parse(FIREWALL.replace(old, new) if old else FIREWALL, "/x")) is firewall


@pytest.mark.parametrize("name", ["pfsense", "opnsense"])
@pytest.mark.parametrize("role", Role)
def test_sync_restart_is_refused(name: str, role: Role) -> None:
    """With the reason, and the platform's own way; one such server is enough. Nothing else is refused for it."""
    views = {each: live(each) for each in Role}
    views[role] = replace(views[role], conf_writer=writer(name, ""))
    snapshot = pair(*views.values())
    ruling = rule(Action.SYNC_RESTART, P, snapshot, NOW)
    assert not ruling.allowed
    assert not ruling.pending
    (reason,) = ruling.reasons
    assert views[role].name in reason
    assert PLATFORMS[name].own_way in reason
    for action in (Action.SHUTDOWN, Action.HAND_OVER):
        assert rule(action, P, snapshot, NOW).allowed


def test_a_run_that_stopped_half_way_is_refused_too() -> None:
    """The row of its own has the check as well."""
    assert written_by_people in RULES[Action.SYNC_RESTART].checks
    assert written_by_people in RESUMED[Action.SYNC_RESTART].checks


@pytest.mark.parametrize(
    ("platform", "conf", "root", "words"),
    [
        ("freebsd", "/usr/local/etc/dhcpd.conf", "/var/db/dhcpd", "reads a copy of /usr/local/etc/dhcpd.conf"),
        (None, "/usr/local/etc/dhcpd.conf", "/var/db/dhcpd", "reads a copy of /usr/local/etc/dhcpd.conf"),
        ("rhel", "/srv/jail/etc/dhcpd.conf", "/srv/jail", "as it is seen from outside"),
        ("debian", "/etc/dhcp/dhcpd.conf", "/srv/jail", "or /srv/jail/etc/dhcp/dhcpd.conf"),
        ("debian", "/etc/dhcp/dhcpd.conf", "", ""),
    ],
)
def test_the_plan_says_which_file_is_tested(platform: str | None, conf: str, root: str, words: str) -> None:
    """In a chroot the file that dhcpd reads need not be the one that `dhcpd -t` tests."""
    servers = {
        role: ServerSettings(role, f"dhcp{number}", f"10.0.0.{number}", platform=platform, dhcpd_conf=conf)
        for number, role in enumerate(Role, 1)
    }
    settings = PairSettings("office", "foo", servers[P], servers[Q])
    jailed = replace(live(Q), process=Seen(ProcessSighting((100,), chroot=root), NOW.mono - 1))
    plan = make_plan(Action.SYNC_RESTART, P, settings, pair(live(P), jailed), NOW)
    told = [warning for warning in plan.ruling.warnings if "chroot" in warning]
    assert len(told) == bool(words)
    if words:
        assert told[0].startswith(f"dhcp2's dhcpd runs in the chroot {root}")
        assert words in told[0]
        assert f"dhcpd -t tests {conf}" in told[0]
