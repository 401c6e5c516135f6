"""Files on the real pair: a hostile source, a local user who plants links, full disks, a chroot, access control lists.

What no plan named stays as it is, and what is said of it was looked at.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from dhcptui.act.plan import Outcome, Progress, StepState
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from dhcptui.servers.ssh import rescue_commands
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.server import plain_python
from tests.lab.test_sync_restart import allowed, carry_out, compared, contents, shared, widen

pytestmark = [pytest.mark.lab, pytest.mark.second_try("an action must end within the time that it gives")]
P, Q = Role.PRIMARY, Role.SECONDARY
RESCUE_LEFT = ".dhcptui-rescue-"


def outside(server: Server) -> Path:
    """A directory of root's where nothing may be written, as this machine sees it."""
    place = server.root / "root/outside"
    place.mkdir(exist_ok=True)
    return place


def state_of(place: Path) -> dict[str, bytes]:
    """Every name below a directory, and what stands in the files."""
    return {str(path.relative_to(place)): path.read_bytes() if path.is_file() else b"" for path in place.rglob("*")}


def hostile_tar(server: Server, *members: tuple[str, bytes, str, bytes]) -> None:
    """This server's tar sends what it likes: the real directory first, then members (name, type, link, data)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(shared(server), ".")
        for name, kind, link, data in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode, info.size = kind, link, 0o644, len(data)
            tar.addfile(info, io.BytesIO(data))
    own = server.etc / "lab"
    (own / "evil.tar").write_bytes(out.getvalue())
    (own / "tar").write_text(
        '#!/bin/sh\ncase "$*" in *--version*) echo "tar (GNU tar) 1.34";; *dev/null) ;; *) cat /etc/dhcp/lab/evil.tar;; esac\n'
    )
    (own / "tar").chmod(0o755)
    server.run("sh", "-c", "mount --bind /etc/dhcp/lab/tar $(command -v tar)")


def test_an_entry_below_a_link(lab: Lab) -> None:
    """A link that both have needs no copy, and a hostile source sends a file below it: nothing is written there."""
    place = outside(lab.secondary)
    for server in lab.servers.values():
        (shared(server) / "out").symlink_to("/root/outside")
    hostile_tar(lab.primary, ("./out/evil", tarfile.REGTYPE, "", b"* * * * * root id\n"))
    before = contents(lab.secondary)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = compared(driver)
        if plan.allowed:
            told = carry_out(driver, plan)
            assert "Nothing was changed" not in in_keys(told.next, key_of)
        assert not plan.allowed
        assert "no directory of it" in plan.ruling.reasons[-1]
    assert state_of(place) == {}
    assert contents(lab.secondary) == before


def test_links_through_links(lab: Lab) -> None:
    """`a -> x/x/x/../../../etc` with `x -> .` leads to /etc, three levels up: refused, with its name."""
    hostile_tar(
        lab.primary,
        ("./x", tarfile.SYMTYPE, ".", b""),
        ("./a", tarfile.SYMTYPE, "x/x/x/../../../etc", b""),
    )
    with driving(lab) as driver:
        driver.settled()
        plan = compared(driver)
        assert not plan.allowed
        assert "a leads outside the directory" in plan.ruling.reasons[-1]


# --- a local user who plants links ---

TOGGLE = """
import itertools, os, sys, time
os.setgid(65534); os.setuid(65534)
names = sys.argv[1:]
stamps = [time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + n)) for n in range(120)]
names += [f"/var/lib/dhcp/.dhcptui-rescue-{stamp}" for stamp in stamps]
print("on", flush=True)
for n in itertools.count():
    for name in names:
        try:
            os.symlink(f"/root/outside/{n % 2 and 'there' or 'new'}", name)
        except OSError:
            pass
    time.sleep(0.001)
    for name in names:
        try:
            os.unlink(name)
        except OSError:
            pass
"""


@contextmanager
def planting(server: Server, *names: str) -> Iterator[Path]:
    """An ordinary account that may write both directories flips links at every name that can be guessed."""
    place = outside(server)
    (place / "there").write_text("precious\n")
    server.run("chmod", "0777", "/etc/dhcp", "/var/lib/dhcp")
    before = state_of(place)
    flipping = Popen(server.inside_argv(plain_python(), "-c", TOGGLE, *names), stdout=PIPE)
    assert flipping.stdout is not None
    try:
        flipping.stdout.readline()
        yield place
    finally:
        flipping.kill()
        flipping.wait(10)
        flipping.stdout.close()
    assert state_of(place) == before


def trapped(lab: Lab, driver: Driver) -> None:
    """The primary is in shutdown, its partner dead: nobody serves."""
    lab.primary.set_local_state(8)
    lab.wait_states(primary="shutdown", secondary="partner-down", timeout=5)
    lab.secondary.kill()
    driver.until_words("shutdown", "dhcpd not running", 15)
    driver.until(lambda: driver.plan(Action.RESCUE, P).allowed, 15, "a rescue")


def test_planted_links_and_a_rescue(lab: Lab) -> None:
    """Whatever stands at the names of a backup: it serves again, and no file was written anywhere else."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        trapped(lab, driver)
        lab.primary.run("chmod", "0640", "/var/lib/dhcp/dhcpd.leases")
        with planting(lab.primary):
            told = driver.run(Action.RESCUE, P, timeout=90)
        assert told.outcome is Outcome.VERIFIED, told
        left = [path for path in lab.primary.leases.parent.glob(RESCUE_LEFT + "*") if not path.is_symlink()]
        assert len(left) == 1
        assert left[0].stat().st_mode & 0o7777 == 0o640
        assert len(left[0].name) > len(RESCUE_LEFT) + 16 + 16
        assert [path.name for path in lab.primary.leases.parent.iterdir() if path.is_dir()] == []


def test_planted_links_and_a_copy(lab: Lab) -> None:
    """The record, and what it was written as before: it may be refused, and nothing is written outside."""
    new = widen(lab.primary)
    own = [f"/etc/dhcp/.dhcptui-{name}" for name in ("sync-shared.json.new", "sync-shared.json", "rejected-shared")]
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        plan = allowed(driver)
        with planting(lab.secondary, *own):
            told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert (shared(lab.secondary) / "master.conf").read_bytes() == new


REPLANT = """
import os, sys, time
os.setgid(65534); os.setuid(65534)
print("on", flush=True)
while True:
    try:
        os.symlink("/proc/uptime", "/var/lib/dhcp/.dhcptui-lock")
    except OSError:
        pass
    time.sleep(0.005)
"""
"""A link at the name of the lock, to what is always new; made again as soon as it is gone."""


def test_a_link_in_the_place_of_a_lock_keeps_nobody_out(lab: Lab) -> None:
    """A local user plants it again and again: it is said, with its owner, and a hand-over is done under our own lock."""
    lab.primary.run("chmod", "0777", "/var/lib/dhcp")
    planter = Popen(lab.primary.inside_argv(plain_python(), "-c", REPLANT), stdout=PIPE)
    assert planter.stdout is not None
    try:
        planter.stdout.readline()
        with driving(lab) as driver:
            driver.settled()
            lab.wait_settled()

            def told() -> bool:
                warnings = driver.plan(Action.HAND_OVER, P).ruling.warnings
                return any("a symbolic link of nobody" in each and "remove it" in each for each in warnings)

            driver.until(told, 15, "what was planted")
            done = driver.run(Action.HAND_OVER, P)
            assert done.outcome is Outcome.VERIFIED, done
            assert "no lock on" not in in_keys(done.next, key_of)
    finally:
        planter.kill()
        planter.wait(10)
        planter.stdout.close()


@pytest.mark.parametrize("what", ["link to a directory", "directory"])
def test_a_marker_is_read_back(lab: Lab, what: str) -> None:
    """A marker's name leads into a directory: the link is replaced; a directory is said, and is no tick."""
    place = outside(lab.primary)
    marker = lab.primary.leases.parent / ".dhcptui-lockout-foo"
    if what == "directory":
        marker.mkdir()
    else:
        marker.symlink_to("/root/outside")
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.kill()
        driver.until_words("communications-interrupted", "dhcpd not running", 10)
        told = driver.run(Action.PARTNER_DOWN, P)
        assert lab.primary.local_state() == "partner-down"
        if what == "directory":
            assert told.outcome is Outcome.FAILED
            assert told.steps[-1].state is StepState.FAILED
            assert "dhcp1 is in partner-down and serves, but no marker" in told.result
            assert "sh -c" not in told.result
            assert list(marker.iterdir()) == []
        else:
            assert told.outcome is Outcome.VERIFIED, told
            assert not marker.is_symlink()
            assert '"server":"dhcp2"' in marker.read_text()
    assert state_of(place) == {}


# --- a rescue ---


def test_no_room_for_a_rescue(lab: Lab) -> None:
    """The lease disk is full: refused while dhcpd still runs, in words, and nothing is left behind."""
    lab.primary.run(
        "sh", "-c",
        "cp -a /var/lib/dhcp /root/l && mount -t tmpfs -o size=512k tmpfs /var/lib/dhcp && cp -a /root/l/. /var/lib/dhcp/",
    )  # fmt: skip
    lab.primary.restart()
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        trapped(lab, driver)
        lab.primary.run("sh", "-c", "dd if=/dev/zero of=/var/lib/dhcp/fill bs=4096 2>/dev/null; true")
        pid, before = lab.primary.pid(), lab.primary.run("cat", "/var/lib/dhcp/dhcpd.leases").stdout
        told = driver.run(Action.RESCUE, P, timeout=60)
        assert told.outcome is Outcome.FAILED, told
        assert "Stopped at step 2 of 7: no backup of /var/lib/dhcp/dhcpd.leases on dhcp1" in told.result
        assert "space" in told.result
        assert "sh -c" not in told.result + in_keys(told.next, key_of)
        assert "was not stopped" in in_keys(told.next, key_of)
        assert lab.primary.pid() == pid
        assert lab.primary.run("cat", "/var/lib/dhcp/dhcpd.leases").stdout == before
        assert ".dhcptui" not in lab.primary.run("ls", "-A", "/var/lib/dhcp").stdout
        lab.primary.run("rm", "/var/lib/dhcp/fill")
        again = driver.run(Action.RESCUE, P, timeout=90)
        assert again.outcome is Outcome.VERIFIED, again


def test_never_half_a_record(lab: Lab) -> None:
    """The disk is full in the middle of the record: what was written of it is taken away again."""
    lab.primary.run(
        "sh", "-c",
        "mkdir /root/small && mount -t tmpfs -o size=64k tmpfs /root/small && cd /root/small"
        " && head -c 4046 /dev/zero | tr '\\0' '#' >dhcpd.leases && echo >>dhcpd.leases"
        " && { dd if=/dev/zero of=fill bs=4096 2>/dev/null; truncate -s -4096 fill; }",
    )  # fmt: skip
    before = lab.primary.run("cksum", "/root/small/dhcpd.leases").stdout
    command = rescue_commands.append_record("/root/small/dhcpd.leases")
    text = "failover peer: 1\n" * 9
    fed = ("sh", "-c", 'printf %s "$0" | "$@"', text, *command.argv)
    done = lab.primary.run(*fed, check=False)
    assert done.returncode == 1, done
    assert "could not be written whole; the file is as it was" in done.stderr
    assert lab.primary.run("cksum", "/root/small/dhcpd.leases").stdout == before
    assert sorted(lab.primary.run("ls", "-A", "/root/small").stdout.split()) == ["dhcpd.leases", "fill"]
    lab.primary.run("rm", "/root/small/fill")
    assert lab.primary.run(*fed).returncode == 0
    assert lab.primary.run("tail", "-c", str(len(text)), "/root/small/dhcpd.leases").stdout == text


def test_rescue_of_a_chrooted_dhcpd(lab: Lab) -> None:
    """dhcpd has its lease file in a jail: the record goes there, and the configured file stays as it is."""
    lab.primary.run(
        "sh", "-c",
        "mkdir /root/jail /root/db && mount --rbind / /root/jail && cp -a /var/lib/dhcp/. /root/db/"
        " && mount --bind /root/db /root/jail/var/lib/dhcp",
    )  # fmt: skip
    script = lab.primary.etc / "restart-dhcpd"
    text = script.read_text()
    assert text.count(" /usr/sbin/dhcpd") == 1
    script.write_text(text.replace(" /usr/sbin/dhcpd", " /usr/sbin/chroot /root/jail /usr/sbin/dhcpd"))
    lab.primary.restart()
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        trapped(lab, driver)
        configured = lab.primary.leases.read_bytes()
        told = driver.run(Action.RESCUE, P, timeout=90)
        assert told.outcome is Outcome.VERIFIED, told
        assert "/root/jail/var/lib/dhcp/dhcpd.leases (which dhcpd has open)" in told.steps[1].detail
        assert lab.primary.leases.read_bytes() == configured
        assert lab.primary.local_state() == "communications-interrupted"
        left = [path.name for path in (lab.primary.root / "root/db").iterdir()]
        assert len([name for name in left if name.startswith(RESCUE_LEFT)]) == 1
        assert not list(lab.primary.leases.parent.glob(RESCUE_LEFT + "*"))


class Returning(Driver):
    """The partner comes back the moment a step is done."""

    def __init__(self, driver: Driver, partner: Server, title: str) -> None:
        self.__dict__ = driver.__dict__
        self.partner, self.title, self.returned = partner, title, False

    def on_progress(self, progress: Progress) -> None:
        """Start it, once."""
        for planned, report in zip(progress.plan.steps, progress.steps, strict=True):
            if planned.title == self.title and report.state is StepState.DONE and not self.returned:
                self.returned = True
                self.partner.restart()
        super().on_progress(progress)


@pytest.mark.parametrize("title", ["stop dhcpd on dhcp1", "append the failover record"])
def test_the_partner_returns_during_a_rescue(lab: Lab, monkeypatch: pytest.MonkeyPatch, title: str) -> None:
    """It is seen before the next step: no record stays, dhcpd runs again as it was, and the words say so."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        trapped(lab, driver)
        before = lab.primary.leases.read_bytes()
        returning = Returning(driver, lab.secondary, title)
        monkeypatch.setattr(driver, "on_progress", returning.on_progress)
        told = driver.run(Action.RESCUE, P, timeout=90)
        assert told.outcome is Outcome.FAILED, told
        assert "dhcp2 is back" in told.result
        assert "dhcpd on dhcp1 was started again" in told.result
        assert ("the record was taken away again" in told.result) is title.startswith("append")
        assert lab.primary.is_running()
        saved = next(iter(lab.primary.leases.parent.glob(RESCUE_LEFT + "*")))
        assert saved.read_bytes().startswith(before[: len(before) // 2])
        deadline = time.monotonic() + 60
        while not {"normal", "partner-down"} & set(lab.states().values()):
            assert time.monotonic() < deadline, lab.states()
            time.sleep(0.2)


def test_the_partner_returns_at_the_end_of_a_rescue(lab: Lab) -> None:
    """Both are up by then: it is not called a rescue that went as planned."""
    lab.wait_settled()
    with driving(lab) as driver:
        driver.settled()
        trapped(lab, driver)
        returning = Returning(driver, lab.secondary, "start dhcpd on dhcp1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(driver, "on_progress", returning.on_progress)
            told = driver.run(Action.RESCUE, P, timeout=90)
        assert told.outcome is Outcome.FAILED, told
        assert "dhcp2 is back" in told.result
        assert "serves every client from its own half" not in told.result


# --- access control lists, and limits ---


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_acls_are_not_dropped(lab: Lab, role: str) -> None:
    """A list on either side: its mask looks like a group's right, and the modes are alike. Refused, with the name."""
    lab.primary.run("chmod", "0660", "/etc/dhcp/shared/master.conf")
    lab.secondary.run("chmod", "0660", "/etc/dhcp/shared/master.conf")
    server = lab.servers[role]
    server.run("setfacl", "-m", "u:65534:rw,g::-,m::rw", "/etc/dhcp/shared/master.conf")
    with driving(lab) as driver:
        driver.settled()
        plan = compared(driver)
        assert not plan.allowed, plan.ruling.findings[-1].observed
        assert "master.conf has acl.access=" in plan.ruling.reasons[-1]
        assert f"on {server.name}" in plan.ruling.reasons[-1]
        server.run("setfacl", "-b", "/etc/dhcp/shared/master.conf")


def test_a_large_directory_is_a_limit(lab: Lab) -> None:
    """More than is read: the limit is said, not a script."""
    with (shared(lab.primary) / "large").open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    with driving(lab) as driver:
        driver.settled()
        plan = compared(driver)
        reason = plan.ruling.reasons[-1]
        assert reason == "/etc/dhcp/shared on dhcp1: it is too large: sync + restart copies at most 64 MiB"


def test_few_sessions_are_a_limit(lab: Lab) -> None:
    """MaxSessions 2 is taken by the log and the questions: R says what it needs, in words."""
    config = lab.primary.ssh_etc / "sshd_config"
    config.write_text(config.read_text().replace("MaxSessions 100", "MaxSessions 2"))
    lab.primary.restart_sshd()
    with driving(lab) as driver:
        driver.settled()
        deadline = time.monotonic() + 60
        while not any(
            "MaxSessions" in each for each in compared(driver).ruling.reasons
        ):  # the log may be away just now
            assert time.monotonic() < deadline, compared(driver).ruling.reasons
        assert not any("sh -c" in each for each in driver.plan(Action.SYNC_RESTART, P).ruling.reasons)
