"""Network namespaces of a lab, and the removal of what a lab leaves: the lowest layer, standard library only.

Run as a script (`net.py NAME`) it is the lab's reaper: it waits until its stdin ends, which the kernel sees to even
when the owner is killed with -9, and removes the lab.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BASE = Path(tempfile.gettempdir()) / "dhcptui-lab"
ROLES = ("op", "primary", "secondary", "client")
CLONE_NEWNET = 0x40000000
Done = subprocess.CompletedProcess[str]
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(RuntimeError):
    """The lab itself is at fault, not what is tested in it."""


def sh(*argv: str, stdin: str = "", check: bool = True, timeout: float = 30) -> Done:
    """Run a command of the host; a failure carries its output."""
    done = subprocess.run(
        argv, input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout, check=False
    )
    if check and done.returncode:
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


def namespace(name: str, role: str) -> str:
    """The network namespace of one of ROLES in the lab called name."""
    return f"{name}-{role}"


def build(name: str, addresses: dict[str, str]) -> None:
    """Four namespaces on one bridge; the bridge lives in the operator's, so the root namespace never sees a link."""
    spaces = {role: namespace(name, role) for role in ROLES}
    sh("ip", "-batch", "-", stdin="".join(f"netns add {space}\n" for space in spaces.values()))
    lines = ["link set lo up", "link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0"]
    for role in ROLES[1:]:
        lines.append(f"link add to-{role} type veth peer name eth0 netns {spaces[role]}")
        lines.append(f"link set to-{role} master br0 up")
    lines += [f"addr add {addresses['op']}/24 dev br0", "link set br0 up"]
    sh("ip", "-n", spaces["op"], "-batch", "-", stdin="\n".join(lines) + "\n")
    for role in ROLES[1:]:
        lines = ["link set lo up", "link set eth0 up"]
        if role in addresses:
            lines += [f"addr add {addresses[role]}/24 dev eth0", f"route add default via {addresses['op']}"]
        sh("ip", "-n", spaces[role], "-batch", "-", stdin="\n".join(lines) + "\n")


@contextmanager
def thread_in(space: str) -> Iterator[None]:
    """Move the calling thread, and with it the sockets and threads it makes, into a network namespace and back."""
    back = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(f"/run/netns/{space}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(back)
    finally:
        os.close(back)


def _setns(handle: int) -> None:
    if _libc.setns(handle, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, f"setns: {os.strerror(code)}")


def birth(pid: int) -> str:
    """When a process started, in ticks: with it a reused pid is not taken for the old owner. Empty: no such process."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def claim(name: str) -> Path:
    """Make the lab's directory and say in it whose it is."""
    directory = BASE / name
    while True:
        with suppress(FileNotFoundError):  # another lab, as the last one, has just removed BASE
            directory.mkdir(mode=0o755, parents=True)
            break
    (directory / "owner").write_text(f"{os.getpid()} {birth(os.getpid())}\n")
    return directory


def remove(name: str, spare: frozenset[int] = frozenset()) -> None:
    """Kill what still runs in the lab's namespaces (a console, a dhclient), then remove them and the directory."""
    spaces = [namespace(name, role) for role in ROLES if Path("/run/netns", namespace(name, role)).exists()]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 1
        while pids := _pids(spaces) - spare - {os.getpid()}:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, sign)
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
    for space in spaces:
        sh("ip", "netns", "del", space, check=False)
    if any((BASE / name).glob("layers-*")):  # servers that were booted
        _unmount(BASE / name)
        _remove_control_groups(name)
    shutil.rmtree(BASE / name, ignore_errors=True)
    with suppress(OSError):
        BASE.rmdir()  # only when this was the last lab


def _pids(spaces: list[str]) -> set[int]:
    return {int(pid) for space in spaces for pid in sh("ip", "netns", "pids", space, check=False).stdout.split()}


def _unmount(directory: Path) -> None:
    """What is mounted below a directory, last mounted first."""
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        if (where := line.split()[1]).startswith(f"{directory}/"):
            sh("umount", "--lazy", where, check=False)


def _remove_control_groups(name: str) -> None:
    """The control groups of a lab's booted servers, and what still runs in them."""
    script = """
    d=$(mktemp -d) && mount -t cgroup2 cgroup2 "$d" && cd "$d" || exit
    for g in "$1"-*; do
      [ -d "$g" ] || continue
      echo 1 >"$g/cgroup.kill"
      n=0
      while [ -d "$g" ] && [ $n -lt 100 ]; do
        find "$g" -depth -type d -exec rmdir {} + 2>/dev/null
        n=$((n + 1)); [ ! -d "$g" ] || sleep 0.02
      done
    done
    cd / && umount "$d" && rmdir "$d"
    """
    sh("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", name, check=False)


def remove_leftovers() -> list[str]:
    """Remove labs whose owner is gone and whose reaper was killed as well."""
    names = []
    for entry in BASE.glob("dt*/owner"):
        with suppress(OSError, ValueError):
            pid, born = entry.read_text().split()
            if birth(int(pid)) != born:
                names.append(entry.parent.name)
    for name in names:
        remove(name)
    return names


def start_reaper(name: str, stdin: int) -> subprocess.Popen[bytes]:
    """Its own session: a Ctrl-C for the owner is not for it."""
    argv = [sys.executable, "-I", __file__, name, str(os.getpid())]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=stdin, stdout=quiet, stderr=quiet, start_new_session=True, cwd="/")


if __name__ == "__main__":
    sys.stdin.read()
    # The owner may still live, with a thread inside the operator's namespace: it is not to be killed.
    remove(sys.argv[1], frozenset({int(sys.argv[2])}))
