"""Faults of SSH on a server: sshd, the login, the login shell, and what runs in the session."""

from __future__ import annotations

import shlex
from threading import Thread

from dhcptui.model.role import Role
from tests.lab.faults.row import Deed, Fault, Group
from tests.lab.faults.scene import Scene
from tests.lab.net import sh


def _sshd(old: str, new: str) -> Deed:
    """Another sshd_config, and sshd restarted with it."""

    def deed(scene: Scene) -> None:
        path = scene.secondary.ssh_etc / "sshd_config"
        scene.kept["sshd_config"] = path.read_text()
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        scene.secondary.restart_sshd()

    return deed


def _sshd_as_before(scene: Scene) -> None:
    (scene.secondary.ssh_etc / "sshd_config").write_text(scene.kept.pop("sshd_config"))
    scene.secondary.restart_sshd()


def _profile(text: str) -> Deed:
    """What bash reads for every command that comes over SSH."""

    def deed(scene: Scene) -> None:
        (scene.secondary.root / "root/.bashrc").write_text(text)
        scene.secondary.restart_sshd()

    return deed


def _banner_unseen(scene: Scene) -> None:
    """It is no log line."""
    told = [line.text for line in scene.watcher.logs[Role.SECONDARY]]
    assert not any("Welcome" in text for text in told), "the banner was taken for a log line"
    _no_profile(scene)


def _no_profile(scene: Scene) -> None:
    (scene.secondary.root / "root/.bashrc").unlink()
    scene.secondary.restart_sshd()


def other_host_key(scene: Scene) -> None:
    """As after a new installation."""
    path = scene.secondary.ssh_etc / "ssh_host_ed25519_key"
    scene.kept["host key"] = path.read_bytes()
    path.unlink()
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "other", "-f", str(path))
    scene.secondary.restart_sshd()


def host_key_as_before(scene: Scene) -> None:
    """The key on record again."""
    path = scene.secondary.ssh_etc / "ssh_host_ed25519_key"
    path.write_bytes(scene.kept.pop("host key"))
    scene.secondary.restart_sshd()


def _no_login(scene: Scene) -> None:
    path = scene.secondary.ssh_etc / "authorized_keys"
    scene.kept["keys"] = path.read_text()
    path.write_text("")
    scene.secondary.restart_sshd()


def _login_again(scene: Scene) -> None:
    (scene.secondary.ssh_etc / "authorized_keys").write_text(scene.kept.pop("keys"))


def _restarted(scene: Scene) -> None:
    """While it goes on, the console is looked at: it may be connected again before the new sshd is known to listen."""
    Thread(target=scene.secondary.restart_sshd).start()


def _stopped(scene: Scene) -> None:
    scene.secondary.stop_sshd()


def _started(scene: Scene) -> None:
    scene.secondary.start_sshd()


def _end(process: str) -> Deed:
    """Kill a process of the console's on the server."""
    return lambda scene: scene.secondary.run("pkill", "-KILL", "-f", process)


def _no_shell_lives(scene: Scene) -> None:
    """Kill each shell of the console's, also those that take their place: one alone is replaced before anybody misses it."""
    reaper = "while :; do pkill -KILL -f '^/bin/sh$'; sleep 0.05; done"
    started = f"setsid sh -c {shlex.quote(reaper)} </dev/null >/dev/null 2>&1 & echo $!"
    scene.kept["reaper"] = scene.secondary.run("sh", "-c", started).stdout.strip()


def _shells_live(scene: Scene) -> None:
    scene.secondary.run("kill", "-KILL", scene.kept.pop("reaper"))


def _nothing_more(scene: Scene) -> None:
    """It comes back by itself."""


MUTE = ("dhcp2 omapi", "dhcp2 ssh", "dhcp2 log")
SERVES = "^warning: dhcp1 serves.*dhcp2 "

GROUP = Group(
    "ssh",
    (
        Fault("sshd stopped", _stopped, _started,
              (SERVES, "^dhcp2 is unreachable$", "^dhcp2 ssh failed cannot reach .*refused"), 5, MUTE, hold=3),
        Fault("sshd restarted", _restarted, _nothing_more,
              ("^dhcp2 ssh failed .*(lost|ended)",), 3),
        Fault("host key changed", other_host_key, host_key_as_before,
              (SERVES, "^dhcp2 ssh failed .*shows another host key than the one in .*Compare the key"), 6, MUTE, hold=2),
        Fault("login refused", _no_login, _login_again,
              (SERVES, r"^dhcp2 ssh failed .*takes none of our keys.*authorized_keys"), 6, MUTE, hold=2),
        Fault("no forwarding", _sshd("Port 22\n", "Port 22\nAllowTcpForwarding no\n"), _sshd_as_before,
              ("^dhcp2 omapi failed sshd on .* does not forward.*AllowTcpForwarding", "^dhcp2 ssh ok", "^dhcp2 log ok"),
              8, ("dhcp2 omapi",)),
        Fault("MaxSessions 1", _sshd("MaxSessions 100", "MaxSessions 1"), _sshd_as_before,
              ("^dhcp2 (log failed|process note:) .*refuses another channel.*MaxSessions", "^dhcp2 is normal$"), 10),
        Fault("remote tail killed", _end("^tail -n"), _nothing_more, ("^dhcp2 log failed .*ended",), 4),
        Fault("remote shell killed", _no_shell_lives, _shells_live, ("^dhcp2 process note: .*shell .*ended",), 5),
        Fault("login shell prints a banner", _profile("echo Welcome to dhcp2; sleep 0.2; echo be good >&2\n"), _banner_unseen,
              ("^dhcp2 ssh ok", "^dhcp2 log ok", "^dhcp2 process 1$", "^dhcp2 is normal$"), 8, hold=1),
        Fault("login shell ends at once", _profile("exit 1\n"), _no_profile,
              (r"^dhcp2 log failed .* login shell ran no command of ours \(exit status 1\)",
               "^dhcp2 process note: .* login shell ran no command of ours",
               "^dhcp2 is normal$"), 10, ("dhcp2 log",)),
        # The look itself needs no ps any more; a shell that may not even grow says so.
        Fault("memory limit on the remote shell", _profile("ulimit -v 2600\n"), _no_profile,
              ("^dhcp2 (process note|log failed|ssh failed)", "^dhcp2 is normal$"), 25, ("dhcp2 log",)),
    ),
)  # fmt: skip
