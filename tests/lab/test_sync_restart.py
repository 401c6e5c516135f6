"""sync-restart on the real pair: what it copies, what stops it, and that one server serves at every moment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome, Plan, Progress, StepState
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of
from dhcptui.model.role import Role
from dhcptui.model.sentence import in_keys
from tests.lab.driving import Driver, driving
from tests.lab.pair import Lab, Server
from tests.lab.sampling import sampling

pytestmark = [pytest.mark.lab, pytest.mark.second_try("a restart must end within the time that it gives")]
P, S = Role.PRIMARY, Role.SECONDARY
ROOT = Path(__file__).parents[2]
UNREAD = "every other failover peer stops too"
"""What is typed where a dhcpd.conf cannot be parsed: which other relationships it declares is not known then."""
RECORD = ".dhcptui-sync-shared.json"


def compared(driver: Driver, variant: str = "") -> Plan:
    """The plan once both directories were compared; `settled` first."""
    driver.engine.prepare(Action.SYNC_RESTART, P)

    def plan() -> Plan:
        return driver.engine.plan(Action.SYNC_RESTART, P, variant)

    def known() -> bool:
        reasons = plan().ruling.reasons
        return not any("being compared" in each for each in reasons)

    driver.until(known, 60, "a comparison")
    return plan()


def allowed(driver: Driver, variant: str = "", timeout: float = 120) -> Plan:
    """The plan once it may be run: a lock of a dead console has to expire first."""
    deadline = time.monotonic() + timeout
    while not (plan := compared(driver, variant)).allowed:
        assert time.monotonic() < deadline, plan.ruling.reasons
        time.sleep(0.3)
    return plan


def carry_out(driver: Driver, plan: Plan, timeout: float = 170, sentence: str = "") -> Progress:
    """Confirm a plan and run it to its end."""
    driver.progress.clear()
    driver.engine.run(plan, plan.confirm_text, sentence)
    driver.until(
        lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING, timeout, "the end"
    )
    return driver.progress[-1][1]


def unlocked(driver: Driver, variant: str = "") -> Progress:
    """As `sync`, as soon as the lock that a lost run has left on a server lets us."""
    while True:
        told = carry_out(driver, allowed(driver, variant))
        if told.outcome is not Outcome.REFUSED or " runs sync-restart (" not in told.result:
            return told
        time.sleep(1)


def sync(driver: Driver, sentence: str = "") -> Progress:
    """Compare, confirm, run."""
    return carry_out(driver, allowed(driver), sentence=sentence)


def shared(server: Server) -> Path:
    """A server's shared directory."""
    return server.etc / "shared"


def contents(server: Server) -> dict[str, bytes]:
    """Every file of a server's shared directory."""
    root = shared(server)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def leftovers(server: Server) -> list[str]:
    """Our names beside the shared directory."""
    return sorted(path.name for path in server.etc.glob(".dhcptui-*"))


def widen(server: Server, last: str = "10.0.0.180") -> bytes:
    """Another range in a server's shared configuration; returns the new text."""
    master = shared(server) / "master.conf"
    master.write_text(master.read_text().replace("10.0.0.200", last))
    return master.read_bytes()


def both_normal(lab: Lab) -> None:
    """Nothing was broken."""
    assert lab.states() == {"primary": "normal", "secondary": "normal"}


def test_happy_path(lab: Lab) -> None:
    """A change on the primary reaches both running servers, and one of the two serves at every moment."""
    new = widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        plan = allowed(driver)
        assert "-    range 10.0.0.100 10.0.0.200;" in plan.attachment
        assert "+    range 10.0.0.100 10.0.0.180;" in plan.attachment
        with sampling(lab) as sampler:
            told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert all(report.state is StepState.DONE for report in told.steps)
        assert (shared(lab.secondary) / "master.conf").read_bytes() == new
        both_normal(lab)
        assert len(sampler.samples) > 5
        assert all(any(sample) for sample in sampler.samples)
        assert lab.primary.pid() != pids[0]
        assert lab.secondary.pid() != pids[1]
        assert [name for name in leftovers(lab.secondary) if "backup" not in name] == []
        # Proof over OMAPI that both run the new ranges: the pool has 20 addresses less.
        driver.until(
            lambda: all(view.pools and view.pools.value[0].total == 81 for view in driver.engine.snapshot().servers),
            15,
            "81 leases in the pool of both servers",
        )
        answer = lab.dhcp_client()
        assert answer is not None
        assert 100 <= int(answer["address"].rpartition(".")[2]) <= 180


def test_nothing_to_copy(lab: Lab) -> None:
    """Equal directories are said so before confirming; the restart still happens, and nothing is left behind."""
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        plan = allowed(driver)
        assert "nothing to copy: both have the same 1 file" in plan.ruling.findings[-1].observed
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert lab.primary.pid() != pids[0]
        assert lab.secondary.pid() != pids[1]
        assert leftovers(lab.secondary) == []


def test_refused_until_compared(lab: Lab) -> None:
    """Without a comparison there is no plan to confirm; the one before is not shown for the next."""
    with driving(lab) as driver:
        driver.settled()
        plan = driver.plan(Action.SYNC_RESTART, P)
        assert not plan.allowed
        assert "being compared" in plan.ruling.reasons[-1]
        assert driver.run(Action.SYNC_RESTART, P).outcome is Outcome.REFUSED
        assert compared(driver).allowed
        driver.engine.prepare(Action.SYNC_RESTART, P)
        assert not driver.plan(Action.SYNC_RESTART, P).allowed


def test_changed_since_confirmed(lab: Lab) -> None:
    """An edit on either side after the diff was read stops the run before anything is written."""
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        for server in (lab.primary, lab.secondary):
            plan = allowed(driver)
            master = shared(server) / "master.conf"
            master.write_text(master.read_text() + "# edited meanwhile\n")
            before = contents(lab.secondary)
            told = carry_out(driver, plan)
            assert told.outcome is Outcome.FAILED
            assert f"changed since you confirmed, on {server.name}" in told.result
            assert contents(lab.secondary) == before
            assert not plan.same_as(compared(driver))
        assert leftovers(lab.secondary) == []


def test_syntax_error(lab: Lab) -> None:
    """dhcpd -t on the source stops it: nothing copied, nobody restarted, file and line in the result."""
    master = shared(lab.primary) / "master.conf"
    master.write_text(master.read_text() + "\nsubnet 10.0.0.0 netmask {\n")
    old = contents(lab.secondary)
    with driving(lab) as driver:
        driver.settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        told = sync(driver, UNREAD)
        assert told.outcome is Outcome.FAILED
        assert re.search(r"/etc/dhcp/shared/master\.conf line \d+", told.result), told.result
        assert "No server was restarted" in in_keys(told.next, key_of)
        assert (lab.primary.pid(), lab.secondary.pid()) == pids
        assert contents(lab.secondary) == old
        assert leftovers(lab.secondary) == []


def test_only_the_target_refuses(lab: Lab) -> None:
    """A file that is wrong on the target only: the old directory is back, nobody restarted."""
    (shared(lab.primary) / "extra.conf").write_text('option domain-name "x";\n')
    conf = lab.secondary.etc / "dhcpd.conf"
    # The secondary includes what only the new directory has, and cannot parse it there.
    conf.write_text(conf.read_text() + 'include "/etc/dhcp/shared/extra.conf";\nfailover peer "foo" { primary; }\n')
    old = contents(lab.secondary)
    with driving(lab) as driver:
        driver.settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        told = sync(driver, UNREAD)
        assert told.outcome is Outcome.FAILED
        assert "the old directory is back" in told.result
        assert contents(lab.secondary) == old
        assert (lab.primary.pid(), lab.secondary.pid()) == pids
        assert leftovers(lab.secondary) == [".dhcptui-rejected-shared"]


def test_passes_the_test_but_does_not_start(lab: Lab) -> None:
    """A subnet no interface has passes dhcpd -t, and dhcpd dies at once: the old files are back and it runs again."""
    master = shared(lab.primary) / "master.conf"
    master.write_text(master.read_text().replace("10.0.0.", "10.9.0."))
    old = contents(lab.secondary)
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        plan = allowed(driver)
        with sampling(lab) as sampler:
            began = time.monotonic()
            told = carry_out(driver, plan)
            assert time.monotonic() - began < 30
        assert told.outcome is Outcome.FAILED
        assert "did not come up with the new configuration" in told.result
        assert "it runs with it again; both read normal" in told.result
        assert "dhcp1 was not touched" in in_keys(told.next, key_of)
        assert contents(lab.secondary) == old
        assert lab.primary.pid() == pids[0]
        assert lab.secondary.pid() not in {pids[1], None}
        both_normal(lab)
        assert all(any(sample) for sample in sampler.samples)
        assert RECORD not in leftovers(lab.secondary)


def test_starts_but_never_answers(lab: Lab) -> None:
    """The new OMAPI port is taken: dhcpd runs and nobody can talk to it. After 25 s the old files are back.

    The old dhcpd answers until the command stops it: that is no word of the new one.
    """
    script = lab.secondary.etc / "restart-dhcpd"
    script.write_text(script.read_text().replace("\n", "\nsleep 1.5\n", 1))
    taken = (
        "import socket,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);"
        "s.bind(('0.0.0.0', 7912)); s.listen(); print('listening', flush=True); time.sleep(300)"
    )
    listener = subprocess.Popen(lab.secondary.inside_argv("/usr/bin/python3", "-c", taken), stdout=subprocess.PIPE)
    assert listener.stdout is not None
    try:
        listener.stdout.readline()
        master = shared(lab.primary) / "master.conf"
        master.write_text(master.read_text().replace("omapi-port 7911", "omapi-port 7912"))
        old = contents(lab.secondary)
        with driving(lab) as driver:
            driver.settled()
            lab.wait_settled()
            pid = lab.primary.pid()
            plan = allowed(driver)
            told = carry_out(driver, plan)
            assert told.outcome is Outcome.FAILED
            assert "gave no answer over OMAPI for 25 s" in told.result
            assert "both read normal" in told.result
            assert contents(lab.secondary) == old
            assert lab.primary.pid() == pid
            both_normal(lab)
    finally:
        lab.secondary.run("pkill", "-KILL", "-f", "SO_REUSEADDR", check=False)
        listener.wait(5)
        listener.stdout.close()


def test_the_first_does_not_restart(lab: Lab) -> None:
    """Nothing was copied and the restart fails: tried once more, then it stops; the other one is not touched."""
    script = lab.secondary.etc / "restart-dhcpd"
    script.write_text(
        "#!/bin/sh\necho x >>/root/tries\nkill -9 $(cat /var/lib/dhcp/dhcpd.pid)\necho cannot start >&2\nexit 1\n"
    )
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        pid = lab.primary.pid()
        told = sync(driver)
        assert told.outcome is Outcome.FAILED
        assert "cannot start" in told.result
        assert "a second attempt" in told.result
        assert "dhcp1 was not touched" in in_keys(told.next, key_of)
        assert (lab.secondary.root / "root/tries").read_text() == "x\nx\n"
        assert lab.primary.pid() == pid
        assert lab.primary.local_state() == "communications-interrupted"


def test_the_source_does_not_restart(lab: Lab) -> None:
    """The second server, the source, does not come up: its files are not touched, the copy target serves; the way back
    is a rollback once both are normal."""
    old = contents(lab.secondary)
    widen(lab.primary)
    script = lab.primary.etc / "restart-dhcpd"
    good = script.read_text()
    script.write_text("#!/bin/sh\nkill -9 $(cat /var/lib/dhcp/dhcpd.pid)\necho cannot start >&2\nexit 1\n")
    with driving(lab) as driver:
        driver.settled()
        lab.wait_settled()
        new = contents(lab.primary)
        told = sync(driver)
        assert told.outcome is Outcome.FAILED
        assert "its own files are not touched" in told.result
        assert "resumes, or rolls back" in in_keys(told.next, key_of)
        assert contents(lab.primary) == contents(lab.secondary) == new
        assert lab.secondary.local_state() == "communications-interrupted"
        script.write_text(good)
        lab.primary.restart()
        driver.settled()
        pid = lab.secondary.pid()
        plan = allowed(driver, "rollback")
        assert plan.headline.startswith("Roll back")
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert contents(lab.secondary) == old
        assert lab.secondary.pid() != pid
        assert RECORD not in leftovers(lab.secondary)
        both_normal(lab)
        assert not compared(driver, "rollback").allowed


def test_the_target_refuses_what_the_source_runs_already(lab: Lab) -> None:
    """The source restarts first and well, the target does not come up: its old files run, and the source's new ones too."""
    old = contents(lab.secondary)
    widen(lab.primary)
    script = lab.secondary.etc / "restart-dhcpd"
    good = script.read_text().removeprefix("#!/bin/sh\n")
    refuses = "kill -9 $(cat /var/lib/dhcp/dhcpd.pid); echo cannot start >&2; exit 1"
    script.write_text(f"#!/bin/sh\nif grep -q 10.0.0.180 /etc/dhcp/shared/master.conf; then {refuses}; fi\n{good}")
    with driving(lab, restart_order=["primary", "secondary"]) as driver:
        driver.settled()
        lab.wait_settled()
        pid = lab.primary.pid()
        told = sync(driver)
        assert told.outcome is Outcome.FAILED
        assert "runs with it again" in told.result
        for text in (told.result, in_keys(told.next, key_of)):
            assert "dhcp1 still runs the newer configuration until its next restart" in text
        assert "was not touched" not in in_keys(told.next, key_of)
        assert lab.primary.pid() != pid
        assert contents(lab.secondary) == old
        both_normal(lab)


def test_a_restart_that_does_nothing(lab: Lab) -> None:
    """A restart command that leaves the old process running is told apart from a dhcpd that does not come up."""
    (lab.secondary.etc / "restart-dhcpd").write_text("#!/bin/sh\necho not allowed >&2\nexit 1\n")
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        told = sync(driver)
        assert told.outcome is Outcome.FAILED
        assert "dhcp2 still runs the old dhcpd" in told.result
        assert "not allowed (exit status 1)" in told.result
        assert (lab.primary.pid(), lab.secondary.pid()) == pids
        both_normal(lab)


class Cutter(Driver):
    """Cuts the console off from the secondary at the very moment a step begins."""

    lab: Lab
    title: str
    done = False

    def on_progress(self, progress: Progress) -> None:
        """Cut once."""
        for planned, report in zip(progress.plan.steps, progress.steps, strict=True):
            if not self.done and planned.title == self.title and report.state is StepState.RUNNING:
                self.done = True
                self.lab.cut("operator", "secondary")
        super().on_progress(progress)


@pytest.mark.parametrize("title", ["unpack what differs into the copy", "restart dhcp2"])
def test_secondary_unreachable_half_way(lab: Lab, title: str) -> None:
    """The way to the secondary is lost in the middle: the pair goes on serving; later the rest is done, not more."""
    new = widen(lab.primary)
    with driving(lab) as driver:
        driver.__class__, driver.__dict__["lab"], driver.__dict__["title"] = Cutter, lab, title
        driver.settled()
        lab.wait_settled()
        pid = lab.primary.pid()
        plan = allowed(driver)
        with sampling(lab) as sampler:
            told = carry_out(driver, plan)
        assert told.outcome in {Outcome.FAILED, Outcome.INTERRUPTED}, told
        assert lab.primary.pid() == pid
        lab.wait_states(timeout=5)
        assert all(any(sample) for sample in sampler.samples)
        lab.heal()
        driver.settled()
        driver.until(lambda: driver.engine.snapshot().secondary.ssh.ok, 30, "SSH is back")
        plan = allowed(driver)
        if title == "restart dhcp2":
            assert plan.headline.startswith("Resume")
            assert [step.title for step in plan.steps[-3:]] == ["restart dhcp2", "restart dhcp1", "clear up on dhcp2"]
        else:
            assert plan.headline.startswith("Copy")
        told = unlocked(driver)
        assert told.outcome is Outcome.VERIFIED, told
        assert (shared(lab.secondary) / "master.conf").read_bytes() == new
        both_normal(lab)
        assert [name for name in leftovers(lab.secondary) if "backup" not in name] == []


def killed_console(lab: Lab, title: str) -> None:
    """Run a console in its own process until it dies of SIGKILL after a step."""
    argv = lab.operator_argv(sys.executable, "-m", "tests.lab.sync_console", str(lab.write_config()), title)
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_console_killed_and_resumed(lab: Lab) -> None:
    """kill -9 after the first restart: a second console restarts the other server only, and says what was done."""
    new = widen(lab.primary)
    lab.wait_settled()
    with sampling(lab) as sampler:
        killed_console(lab, "restart dhcp2")
        record = json.loads((lab.secondary.etc / RECORD).read_text())
        assert record["done"] == ["copied", "restarting dhcp2", "restarted dhcp2"]
        pids = lab.primary.pid(), lab.secondary.pid()
        with driving(lab) as driver:
            driver.settled()
            plan = allowed(driver)
            assert plan.headline.startswith("Resume")
            assert plan.headline.endswith("restart dhcp1.")
            assert any("restarted dhcp2" in warning for warning in plan.ruling.warnings)
            assert [step.title for step in plan.steps[-2:]] == ["restart dhcp1", "clear up on dhcp2"]
            told = carry_out(driver, plan)
            assert told.outcome is Outcome.VERIFIED, told
    assert lab.secondary.pid() == pids[1]
    assert lab.primary.pid() != pids[0]
    assert contents(lab.primary) == contents(lab.secondary)
    assert (shared(lab.secondary) / "master.conf").read_bytes() == new
    assert RECORD not in leftovers(lab.secondary)
    assert all(any(sample) for sample in sampler.samples)


@pytest.mark.parametrize("title", ["swap it in, keeping a backup", "restart dhcp2", "restart dhcp1"])
def test_console_killed_and_rolled_back(lab: Lab, title: str) -> None:
    """A second console puts the old directory back, and restarts the secondary only if the first one had.

    A primary that the first one had restarted runs the newer configuration: before and afterwards that is said.
    """
    old = contents(lab.secondary)
    widen(lab.primary)
    lab.wait_settled()
    killed_console(lab, title)
    for server in (lab.primary, lab.secondary):  # as a person breaks it; the test above waits until it expires
        (server.lib / ".dhcptui-lock").unlink(missing_ok=True)
    pids = lab.primary.pid(), lab.secondary.pid()
    with driving(lab) as driver:
        driver.settled()
        plan = allowed(driver, "rollback")
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert contents(lab.secondary) == old
        assert lab.primary.pid() == pids[0]
        assert (lab.secondary.pid() == pids[1]) == (not title.startswith("restart"))
        newer = "dhcp1 still runs the newer configuration until its next restart"
        for text in (" ".join(plan.ruling.warnings), told.result, in_keys(told.next, key_of)):
            assert (newer in text) == (title == "restart dhcp1"), text
        assert ("before its next restart" in in_keys(told.next, key_of)) == (title != "restart dhcp1")
        assert leftovers(lab.secondary) == [".dhcptui-rejected-shared"]
        assert not compared(driver).headline.startswith("Resume")
        both_normal(lab)


def test_full_disk(lab: Lab) -> None:
    """No room on the target: a clear error, the staging directory is gone, nothing is changed."""
    (shared(lab.primary) / "big.conf").write_text("# padding\n" * 100_000)
    lab.secondary.run("sh", "-c", "cp -a /etc/dhcp /root/etc && mount -t tmpfs -o size=300k tmpfs /etc/dhcp"
                      " && cp -a /root/etc/. /etc/dhcp/")  # fmt: skip
    listing = ("sh", "-c", "cd /etc/dhcp; ls -Al . shared; cat shared/*")
    before = lab.secondary.run(*listing).stdout
    with driving(lab) as driver:
        driver.settled()
        pids = lab.primary.pid(), lab.secondary.pid()
        told = sync(driver)
        assert told.outcome is Outcome.FAILED
        assert "no room for the copy on dhcp2" in told.result, told.result
        assert "/etc/dhcp/shared on dhcp2 was looked at and is as it was" in in_keys(told.next, key_of)
        assert lab.secondary.run(*listing).stdout == before
        assert (lab.primary.pid(), lab.secondary.pid()) == pids


def test_two_hundred_odd_names(lab: Lab) -> None:
    """Names with newlines, quotes, dashes, spaces, globs and any bytes arrive with content, mode and owner."""
    odd = ["-rf", "--", " lead", "trail ", "new\nline", 'quo"te', "it's", "$HOME", "`id`", "*", "ümläut", "\\n", "a;b",
           "\udcff\udcfe", "tab\tx", "x" * 200, "\u202ertl", ".hidden", "~", "#c", "日本"]  # fmt: skip
    root = shared(lab.primary)
    for number in range(200):
        name = f"{odd[number % len(odd)]}{number if number >= len(odd) else ''}"
        place = root / ("sub dir\n'x'" if number % 3 else ".") / ("-deep" if number % 5 == 0 else ".")
        place.mkdir(parents=True, exist_ok=True)
        file = place / name
        file.write_bytes(f"# {number}\n".encode())
        file.chmod(0o600 + number % 64)
        os.chown(file, number % 3, number % 7)
    (root / "link").symlink_to("sub dir\n'x'/-deep")
    (root / "empty").mkdir(mode=0o2750)
    with driving(lab) as driver:
        driver.settled()
        plan = allowed(driver)
        assert all("\n" not in line and line.isprintable() for line in plan.attachment)
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        there, here = _listing(lab.secondary), _listing(lab.primary)
        assert there == here
        assert len([line for line in here.values() if line.startswith("f")]) == 201


def _listing(server: Server) -> dict[str, str]:
    """Name -> kind, mode, owner and content, by `find`: a witness that shares nothing with tar."""
    root = shared(server)
    found = subprocess.run(
        ["find", ".", "-printf", "%p\\0%y %m %U:%G %l\\0"], cwd=root, capture_output=True, check=True
    )
    words = found.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    listing = dict(zip(words[::2], words[1::2], strict=True))
    return {
        name: said + (str((root / name).read_bytes()) if said.startswith("f") else "") for name, said in listing.items()
    }


@pytest.mark.parametrize("target", ["/etc/passwd", "../../passwd", "sub/../../x"])
def test_outside_link_is_refused(lab: Lab, target: str) -> None:
    """A link that leaves the directory is named, and nothing can be confirmed."""
    (shared(lab.primary) / "sub").mkdir()
    (shared(lab.primary) / "sub.conf").symlink_to(target)
    with driving(lab) as driver:
        driver.settled()
        plan = compared(driver)
        assert not plan.allowed
        assert "sub.conf leads outside the directory" in plan.ruling.reasons[-1]
        assert carry_out(driver, plan).outcome is Outcome.REFUSED


def test_special_files_are_refused(lab: Lab) -> None:
    """A fifo or a setuid file is named, and nothing can be confirmed."""
    with driving(lab) as driver:
        driver.settled()
        fifo = shared(lab.primary) / "pipe"
        lab.primary.run("mkfifo", "/etc/dhcp/shared/pipe")
        assert "pipe is a device, a fifo" in compared(driver).ruling.reasons[-1]
        fifo.unlink()
        fifo.write_text("")
        fifo.chmod(0o4755)
        assert "pipe is setuid" in compared(driver).ruling.reasons[-1]


def test_linked_directory_is_refused(lab: Lab) -> None:
    """A shared directory that is itself a link would be swapped as a link: refused."""
    shared(lab.secondary).rename(lab.secondary.etc / "real")
    shared(lab.secondary).symlink_to("real")
    with driving(lab) as driver:
        driver.settled()
        assert "is a symbolic link" in compared(driver).ruling.reasons[-1]


def test_a_link_on_the_target_is_not_written_through(lab: Lab) -> None:
    """The target has a link where the source has a file or a directory: what it points to stays as it is."""
    (lab.secondary.etc / "precious").mkdir()
    (lab.secondary.etc / "precious/x.conf").write_text("# precious\n")
    (shared(lab.secondary) / "sub").symlink_to("../precious")
    (shared(lab.secondary) / "y.conf").symlink_to("../precious/x.conf")
    (shared(lab.primary) / "sub").mkdir()
    (shared(lab.primary) / "sub/x.conf").write_text("# new\n")
    (shared(lab.primary) / "y.conf").write_text("# new\n")
    with driving(lab) as driver:
        driver.settled()
        assert sync(driver).outcome is Outcome.VERIFIED
        assert (lab.secondary.etc / "precious/x.conf").read_text() == "# precious\n"
        assert contents(lab.secondary) == contents(lab.primary)


@pytest.mark.parametrize("mirror", [False, True])
def test_mirror(lab: Lab, mirror: bool) -> None:
    """Files only on the target stay, and go only with mirror = true."""
    (shared(lab.secondary) / "old/deep").mkdir(parents=True)
    (shared(lab.secondary) / "old/deep/local.conf").write_text("# mine\n")
    with driving(lab, mirror=mirror) as driver:
        driver.settled()
        plan = allowed(driver)
        fate = "will be removed" if mirror else "kept"
        assert f"only on dhcp2, {fate}: old/deep/local.conf" in plan.attachment
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert (shared(lab.secondary) / "old").exists() != mirror


def test_backups_are_kept_to_five(lab: Lab) -> None:
    """The newest five stay; the newest holds what was there before."""
    for number in range(7):
        old = lab.secondary.etc / f".dhcptui-backup-shared-2020010{number + 1}T000000Z"
        old.mkdir()
        (old / "x").write_text(str(number))
    (lab.secondary.etc / ".dhcptui-backup-shared-mine").mkdir()
    before = contents(lab.secondary)
    widen(lab.primary)
    with driving(lab) as driver:
        driver.settled()
        assert sync(driver).outcome is Outcome.VERIFIED
        kept = sorted(lab.secondary.etc.glob(".dhcptui-backup-shared-2*"))
        assert len(kept) == 5
        assert kept[0].name.endswith("20200104T000000Z")
        assert {path.name: path.read_bytes() for path in kept[-1].iterdir()} == before
        assert (lab.secondary.etc / ".dhcptui-backup-shared-mine").exists()


def test_target_without_a_directory(lab: Lab) -> None:
    """The target has no shared directory yet: it gets one."""
    other = lab.secondary.etc / "elsewhere"
    with driving(lab, secondary={"shared_dir": "/etc/dhcp/elsewhere"}) as driver:
        driver.settled()
        plan = allowed(driver)
        assert "dhcp2: not there yet" in plan.attachment[0]
        told = carry_out(driver, plan)
        assert told.outcome is Outcome.VERIFIED, told
        assert (other / "master.conf").read_bytes() == (shared(lab.primary) / "master.conf").read_bytes()
        assert leftovers(lab.secondary) == []


def test_secrets_are_masked(lab: Lab) -> None:
    """A changed key shows as changed, and neither its old nor its new secret stands anywhere in the plan."""
    master = shared(lab.primary) / "master.conf"
    old = re.search(r'secret "([^"]+)"', master.read_text())
    assert old is not None
    master.write_text(master.read_text() + '\nkey two { algorithm hmac-md5; secret "cGxhbnRlZHNlY3JldA=="; }\n')
    (shared(lab.secondary) / "master.conf").write_text(master.read_text().replace("cGxhbnRlZ", "b3RoZXIga"))
    with driving(lab) as driver:
        driver.settled()
        plan = allowed(driver)
        assert any(line.startswith("+") and "secret ***;" in line for line in plan.attachment)
        assert any(line.startswith("-") and "secret ***;" in line for line in plan.attachment)
        for secret in (old[1], "cGxhbnRlZ", "b3RoZXIga"):
            assert secret not in repr(plan)


def test_what_a_later_step_needs_is_asked_first(lab: Lab) -> None:
    """Clocks 10 s apart: refused before any file is touched, with the reason; allowed once they agree."""
    with driving(lab) as driver:
        driver.settled()
        lab.secondary.set_clock(10)
        driver.settled()
        widen(lab.primary)

        def offset() -> float:
            one, two = (view.clock for view in driver.engine.snapshot().servers)
            return abs(one.value.seconds - two.value.seconds) if one and two else 0.0

        driver.until(lambda: 9 < offset() < 11, 20, "an offset of 10 s")
        old = contents(lab.secondary)
        reasons = compared(driver).ruling.reasons
        assert any("set it right first, no server is restarted before" in reason for reason in reasons), reasons
        assert contents(lab.secondary) == old
        # The sshd of the skewed session reads the clock file: what already runs is corrected within a second.
        (lab.secondary.etc / "lab/clock").write_text("+0s")
        driver.until(lambda: offset() < 4, 20, "clocks that agree")
        assert carry_out(driver, allowed(driver)).outcome is Outcome.VERIFIED


def _state(driver: Driver, title: str) -> StepState | None:
    """How far a step is, as last told."""
    if not driver.progress:
        return None
    told = driver.progress[-1][1]
    return next(
        (report.state for step, report in zip(told.plan.steps, told.steps, strict=True) if step.title == title), None
    )
