"""The console on one of the two servers, which it asks without SSH: what it sees, what it does, and what is left of it."""

from __future__ import annotations

import time

import pytest

from tests.lab.on_server import HOME, Console, PlainLab
from tests.terminal import Terminal

pytestmark = pytest.mark.lab


def gone(console: Console, seconds: float = 8) -> bool:
    """Whether nothing of the console runs on the server soon."""
    deadline = time.monotonic() + seconds
    while console.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_what_it_sees() -> None:
    """Both normal, both logs; no session of its own sshd; `lint` and `report` read both; the words are right."""
    with PlainLab() as lab:
        lab.wait_states()
        lab.primary.stop_sshd()
        console = Console(lab)
        done = console.json("status", "office")
        (pair,) = done["pairs"]
        assert (pair["level"], pair["serving"]) == ("ok", ["dhcp1", "dhcp2"])
        for server in pair["servers"].values():
            assert (server["state"], server["omapi"], server["ssh"], server["log"]) == ("normal", "ok", "ok", "ok")
            assert abs(server["clock_offset_seconds"]) < 1
            assert server["pools"]
        assert console.run("lint", "office").returncode == 0
        assert "dhcp1" in console.run("report", "office").stdout
        findings = console.json("plan", "shutdown", "office", "--server", "dhcp1")["findings"]
        assert any("asked without SSH" in each["observed"] for each in findings), findings
        assert gone(console)


def test_the_screen_and_what_is_left_of_it() -> None:
    """Both logs live, "local" beside "ssh ok"; killed or left, no child stays: no follow, no helper shell."""
    with PlainLab() as lab:
        lab.wait_states()
        lab.primary.stop_sshd()
        console = Console(lab)
        for how in ("q", "SIGKILL", "SIGHUP"):
            with Terminal(console.argv("office")) as terminal:
                terminal.until(r"omapi +\d+ ms +local +log live[^\n]*omapi +\d+ ms +ssh ok +log live", 30)
                assert any(args.startswith("tail -n 500 -F") for args in console.processes().values()), (
                    console.processes()
                )
                if how == "q":
                    lab.dhcp_client()
                    terminal.until(r"DHCPACK on 10\.0\.0\.\d+", 15)
                    terminal.send("n")
                    terminal.until(r"console (->|→) dhcp1 local", 10)
                    terminal.send("q")
                    terminal.until(lambda: not terminal.shows("dhcp1 local"), 10)
                    terminal.send("q")
                    assert terminal.exit_code() == 0
                else:
                    pids = [pid for pid, args in console.processes().items() if args.endswith("config.toml office")]
                    lab.primary.run("kill", f"-{how.removeprefix('SIG')}", str(max(pids)))
                    terminal.exit_code(20)
            assert gone(console), (how, console.processes())


def test_actions_from_there() -> None:
    """R with a changed file, S and U of its own server and H of the other: verified, and the console lives through its dhcpd's restart."""
    with PlainLab() as lab:
        lab.wait_states()
        lab.primary.stop_sshd()
        console = Console(lab)
        lab.wait_settled()
        master = lab.primary.etc / "shared/master.conf"
        master.write_text(master.read_text().replace("10.0.0.200", "10.0.0.180"))
        pids = lab.primary.pid(), lab.secondary.pid()
        told = console.verified("sync-restart", "--confirm", "office")
        assert (lab.secondary.etc / "shared/master.conf").read_bytes() == master.read_bytes(), told
        assert not set(pids) & {lab.primary.pid(), lab.secondary.pid()}
        lab.wait_states()
        lab.wait_settled()
        for stop, start, server in (("shutdown", "start", "dhcp1"), ("hand-over", "take-back", "dhcp1")):
            console.verified(stop, "--server", server, "--confirm", server)
            assert lab.secondary.local_state() == "partner-down"
            console.verified(start, "--server", server, "--confirm", server)
            lab.wait_states(timeout=60)
            lab.wait_settled()
        assert gone(console)
        assert lab.primary.is_running()


def test_the_files_of_the_other_one() -> None:
    """R the other way: from the secondary over SSH into the console's own server."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab, sync_from="secondary")
        lab.wait_settled()
        master = lab.secondary.etc / "shared/master.conf"
        master.write_text(master.read_text().replace("10.0.0.200", "10.0.0.180"))
        console.verified("sync-restart", "--confirm", "office")
        assert (lab.primary.etc / "shared/master.conf").read_bytes() == master.read_bytes()
        assert not list(lab.primary.lib.glob(".dhcptui-*"))
        lab.wait_states()


def test_partner_down_from_there() -> None:
    """kill -9 is seen on either server, and P is proven where the other host is asked."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab)
        lab.primary.kill()
        (pair,) = console.json("status", "office")["pairs"]
        assert pair["servers"]["primary"]["ssh"] == "ok"
        assert "dhcp1 is down" in pair["headline"], pair["headline"]
        assert pair["serving"] == ["dhcp2"]
        console.verified("start", "--server", "dhcp1", "--confirm", "dhcp1")
        lab.wait_states(timeout=60)
        lab.secondary.kill()
        plan = console.json("plan", "partner-down", "office", "--server", "dhcp1", "--wait", "30")
        assert plan["allowed"], plan
        console.verified("partner-down", "--server", "dhcp1", "--confirm", "dhcp2")
        assert lab.primary.local_state() == "partner-down"
        assert gone(console)


def test_rescue_from_there() -> None:
    """X stops its own dhcpd, edits its lease file and starts it again, and the console lives through it."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab)
        lab.wait_settled()
        console.verified("hand-over", "--server", "dhcp1", "--confirm", "dhcp1")
        lab.secondary.kill()
        plan = console.json("plan", "rescue", "office", "--server", "dhcp1", "--wait", "30")
        assert plan["allowed"], plan
        console.verified("rescue", "--server", "dhcp1", "--confirm", "dhcp1")
        assert lab.dhcp_client() is not None
        assert gone(console)


def test_one_place() -> None:
    """The host of the partner is gone: that the console and its own server meet silence is one witness, not two."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab)
        lab.cut("primary", "secondary")
        lab.wait_states(primary="communications-interrupted", secondary="communications-interrupted", timeout=30)
        plan = console.json("plan", "partner-down", "office", "--server", "dhcp1", "--wait", "30")
        assert not plan["allowed"] or plan["sentence"], plan
        said = [each["observed"] for each in plan["findings"]]
        assert any("the console runs on dhcp1, so that this is one place and not two" in each for each in said), said


def test_the_partner_does_not_look_for_localhost() -> None:
    """Where its dhcpd.conf does not say where the console's server is, nobody knows: "localhost" there is itself."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab, secondary={"dhcpd_conf": "/etc/dhcp/elsewhere.conf"})
        with Terminal(console.argv("office")) as terminal:
            terminal.until(r"local +log live", 30)
            terminal.send("n")
            terminal.until(r"dhcp1 local", 10)
            lab.primary.kill()
            terminal.until(r"dhcp1 (→|->) dhcp2[^\n]*dhcp1 itself", 20)
            time.sleep(2)  # both are tried in the same turn; this one twice
            assert not terminal.shows("at localhost"), terminal.text()


def test_init_there() -> None:
    """`init localhost OTHER` finds both, whichever way they are named, and what it writes works without an edit."""
    with PlainLab() as lab:
        lab.wait_states()
        lab.primary.stop_sshd()
        console = Console(lab)
        (console.home / "config.toml").unlink()
        login = ("--user", "root", "--identity", f"{HOME}/id_ed25519", "--known-hosts", f"{HOME}/known_hosts")
        done = console.run("init", "10.0.0.20", "localhost", "--name", "office", *login)
        assert done.returncode == 0, done.stderr
        assert "host: this machine, asked without SSH" in done.stdout
        text = (console.home / "config.toml").read_text()
        assert text.count("identity = ") == 1
        assert 'host = "localhost"' in text
        (pair,) = console.json("status", "office")["pairs"]
        assert (pair["level"], pair["serving"]) == ("ok", ["dhcp1", "dhcp2"])


def test_an_account_without_rights() -> None:
    """What the account may not see is not claimed, as over SSH: a person must answer for it."""
    with PlainLab() as lab:
        lab.wait_states()
        console = Console(lab, account="nobody")
        if console.run("--version").returncode:
            pytest.skip("an ordinary account cannot run the program here")
        (pair,) = console.json("status", "office")["pairs"]
        assert pair["serving"] == ["dhcp1", "dhcp2"]
        lab.primary.kill()
        plan = console.json("plan", "start", "office", "--server", "dhcp1", "--wait", "10")
        asked = next(each for each in plan["findings"] if each["asked"] == "dhcp1's dhcpd is not running")
        assert not asked["ok"]
        assert not asked["seen"], asked
        assert not plan["allowed"] or plan["sentence"], plan
        assert gone(console)
