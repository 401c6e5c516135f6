"""Faults of the machine under dhcpd: its clock, its disk, and an account that may not read everything."""

from __future__ import annotations

from dhcptui.model.role import Role
from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene

ALMOST = 0.01
"""Seconds: a clock that can be stepped under a running dhcpd must run under the lab's own from the start."""


def _own_clock(scene: Scene) -> None:
    scene.secondary.start(skew_seconds=ALMOST)
    scene.lab.wait_settled()


def _clock(seconds: float) -> Deed:
    return lambda scene: scene.secondary.set_clock(seconds)


def _apart(clock: str) -> tuple[str, ...]:
    return (
        "^warning: both servers serve, but (their clocks are far apart|out of contact)",
        rf"^dhcp2 clock {clock}$",
        "^incident I-5$",
    )


CLOCK = Group(
    "clock",
    (
        Fault("clock stepped +90 s", _clock(90), _clock(ALMOST), _apart(r"\+(89|90)"), 10, back=60),
        Fault("clock stepped -90 s", _clock(-90), _clock(ALMOST), _apart("-(89|90|91)"), 10, back=60),
    ),
    lab={"max_response_delay": 300},  # else a step forward looks like silence to dhcpd, and the link goes down
    prepare=_own_clock,
)  # fmt: skip


def _small_disk(scene: Scene) -> None:
    """A file system of its own below dhcp2's lease file."""
    place = "mount -t tmpfs -o size=64k tmpfs /var/lib/dhcp && cp -a /tmp/kept/. /var/lib/dhcp/"
    scene.secondary.kill()
    scene.secondary.run("sh", "-c", f"cp -a /var/lib/dhcp /tmp/kept && {place}")
    scene.secondary.start()
    scene.lab.wait_settled()


def _full(scene: Scene) -> None:
    """Its partner's return gives dhcp2 something to write."""
    scene.secondary.run("dd", "if=/dev/zero", "of=/var/lib/dhcp/filler", "bs=512", check=False)
    scene.primary.kill()
    scene.primary.start()


def _room_again(scene: Scene) -> None:
    scene.secondary.run("rm", "/var/lib/dhcp/filler")
    scene.secondary.restart()


DISK = Group(
    "disk",
    (
        Fault("disk full", _full, _room_again, ("^incident I-13$", "^advice: Free space below dhcp2's lease file"), 15,
              back=40, lingers="^(ok|warning): both servers serve"),
    ),
    prepare=_small_disk,
)  # fmt: skip

ACCOUNT = "ops:x:4242:4242::/tmp:/bin/bash\n"
SUDO = """#!/bin/sh
# As sudo -n says where the account has a rule that wants a password.
echo "sudo: a password is required" >&2
exit 1
"""


def _account(scene: Scene) -> None:
    """An ordinary account on dhcp2 that may read what the console needs; and a sudo that asks for a password."""
    server = scene.secondary
    script = f"""cp /etc/passwd /etc/dhcp/lab/passwd && printf '%s' '{ACCOUNT}' >>/etc/dhcp/lab/passwd
mount --bind /etc/dhcp/lab/passwd /etc/passwd
echo 'ops:*:19000:0:99999:7:::' >>/etc/shadow
mount -t tmpfs tmpfs /usr/local/bin
chmod 644 /etc/dhcp/shared/master.conf /etc/dhcp/dhcpd.conf /var/log/dhcpd.log /var/lib/dhcp/dhcpd.leases"""
    server.run("sh", "-e", "-c", script)
    sudo = server.root / "tmp/sudo"
    sudo.write_text(SUDO)
    server.run("install", "-m", "755", "/tmp/sudo", "/usr/local/bin/sudo")


def _log_unreadable(scene: Scene) -> None:
    """As after a rotation that creates the new file with other rights."""
    log = scene.secondary.log_file
    log.rename(log.with_suffix(".log.1"))
    log.touch(0o600)


def _log_readable(scene: Scene) -> None:
    """tail says nothing of that: the next line shows it."""
    scene.secondary.run("chmod", "644", "/var/log/dhcpd.log")
    scene.log_mark(Role.SECONDARY)


def _leases_unreadable(scene: Scene) -> None:
    """It is read while dhcpd answers nobody."""
    scene.secondary.run("chmod", "600", "/var/lib/dhcp/dhcpd.leases")
    scene.secondary.pause()


def _leases_readable(scene: Scene) -> None:
    scene.secondary.resume()
    scene.secondary.run("chmod", "644", "/var/lib/dhcp/dhcpd.leases")


USER = Group(
    "account",
    (
        Fault("log without read permission", _log_unreadable, _log_readable,
              ("^dhcp2 log failed .*Permission denied.*check log in the configuration", "^ok: both servers serve$"), 5,
              ("dhcp2 log",), hold=2, back=45),
        Fault("lease file unreadable", _leases_unreadable, _leases_readable,
              ("^warning: dhcp1 serves.*dhcp2 is stopped", "^dhcp2 recorded (note: .*Permission denied|normal by log)"), 8,
              ("dhcp2 omapi",)),
        Fault("sudo asks for a password", lambda s: None, lambda s: None,
              ("^dhcp2 log failed .*password", "^dhcp2 process note: .*sudo", "^dhcp2 omapi ok"), 10, ("dhcp2 log",),
              console={"secondary": {"user": "ops", "sudo": True}}),
    ),
    console={"secondary": {"user": "ops"}},
    prepare=_account,
)  # fmt: skip


def _another_address(scene: Scene) -> None:
    """dhcp1 has two: that both are one server cannot be told from the configuration."""
    known = scene.lab.dir / "known_hosts"
    scene.primary.run("ip", "addr", "add", f"{ANOTHER}/24", "dev", "eth0")
    scene.kept["known"] = text = known.read_text()
    known.write_text(text + "".join(f"{ANOTHER} {line.split(' ', 1)[1]}\n" for line in text.splitlines()[:1]))


def _one_address(scene: Scene) -> None:
    scene.primary.run("ip", "addr", "del", f"{ANOTHER}/24", "dev", "eth0")
    (scene.lab.dir / "known_hosts").write_text(scene.kept.pop("known"))


ANOTHER = "10.0.0.11"
SECOND = {"host": "10.0.0.20", "name": "dhcp2"}
FIRST = {"host": "10.0.0.10", "name": "dhcp1"}

WRONG = Group(
    "configuration",
    (
        Fault("peer name wrong in the configuration", lambda s: None, lambda s: None,
              ("^dhcp1 omapi failed .*has no failover peer 'bar' set peer in the configuration",
               "^dhcp2 omapi failed .*has no failover peer 'bar'", "^unknown: "), 15, ("dhcp1 omapi", "dhcp2 omapi"),
              console={"peer": "bar"}),
        Fault("servers swapped in the configuration", lambda s: None, lambda s: None,
              ("^warning: both servers serve; our configuration has dhcp2 and dhcp1 swapped$",), 10,
              console={"primary": SECOND, "secondary": FIRST}),
        Fault("the same server twice", _another_address, _one_address,
              ("^warning: dhcp1 serves; dhcp2 is the same server, so who else serves is not seen$",), 10,
              console={"secondary": {"host": ANOTHER}}),
    ),
)  # fmt: skip
