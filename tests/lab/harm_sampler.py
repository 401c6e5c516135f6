"""An independent sampler for `harm`: processes by an agent inside each server, OMAPI by the lab's reader, files by inotify
and a digest. It shares no code with the console and keeps plain values."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.lab.harm import NOT_RUNNING, Change, Look, Process, Seen
from tests.lab.neighbours import NOBODY
from tests.lab.omapi import NoAnswer
from tests.lab.pair import Lab, Server
from tests.lab.server import plain_python

EVERY_SECONDS = 0.1
DIGEST_SECONDS = 1.0
_AGENT = """
import json, os, time
me, known, last = str(os.getpid()), {}, time.monotonic()
def look(pid):
    with open(f"/proc/{pid}/stat") as file:
        head, _, rest = file.read().rpartition(") ")
    words = rest.split()
    if words[0] in "ZX":
        return None
    return words[19], head.partition(" (")[2], words[0] in "Tt"
def about(pid):
    with open(f"/proc/{pid}/cmdline") as file:
        words = file.read().replace("\\0", " ")
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    own = len(fields.get("NSpid", "").split()) == 1 and fields["Uid"].split()[0] != "65534"
    return words, own and "-lf /var/lib/dhcp/dhcpd.leases " in words
while True:
    at, found, new = time.monotonic(), {}, []
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid == me:
            continue
        try:
            if (seen := look(pid)) is None:
                continue
            born, name, held = seen
            key = pid, born, name
            if key not in known:
                words, ours = about(pid)
                if not words:  # it begins or ends just now: what it is will be seen at the next look, if it is there
                    continue
                known[key] = ours
                if not held or ours:
                    new.append([pid, born, name, words[:300], ours])
            if held and not known[key]:
                continue
            found[key] = known[key]
        except (OSError, KeyError, IndexError):
            continue
    gone = [key for key in known if key not in found]
    for key in gone:
        del known[key]
    print(json.dumps([last, at, new, gone]), flush=True)
    last = at
    time.sleep(max(0.0, at + 0.1 - time.monotonic()))
"""
_MASK = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200  # modify, attrib, moved from, moved to, create, delete
_ONLY_REAL_DIRECTORIES = 0x01000000 | 0x02000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Eyes:
    """What was seen of one server; `alive` counts the looks, so that a blind sampler is told from a quiet server."""

    server: Server
    looks: list[Look] = field(default_factory=list)
    over: list[Process] = field(default_factory=list)
    living: dict[tuple[str, str, str], Process] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    process_looks: int = 0
    digests: int = 0
    faults: list[str] = field(default_factory=list)

    def processes(self) -> list[Process]:
        """All that were seen."""
        return [*self.over, *self.living.values()]


class Sampler:
    """Both servers, until told to stop."""

    def __init__(self, lab: Lab, peers: tuple[str, ...]) -> None:
        self.lab, self.peers = lab, peers
        self.eyes = [Eyes(server) for server in lab.servers.values()]
        self.done = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look while the block runs; returns into it when the first looks are there."""
        with ExitStack() as stack:
            for eyes in self.eyes:
                agent = subprocess.Popen(
                    eyes.server.inside_argv(plain_python(), "-I", "-S", "-c", _AGENT), stdout=subprocess.PIPE, text=True
                )
                assert agent.stdout is not None
                stack.callback(agent.stdout.close)
                stack.callback(agent.wait, 10)
                stack.callback(agent.kill)
                for work in (self._processes, self._states, self._files):
                    thread = threading.Thread(target=self._kept, args=(eyes, work, agent), daemon=True)
                    thread.start()
                    stack.callback(thread.join, 10)
            stack.callback(self.done.set)
            deadline = time.monotonic() + 20
            while not all(eyes.process_looks and eyes.digests and eyes.looks for eyes in self.eyes):
                assert time.monotonic() < deadline, "the sampler sees nothing"
                time.sleep(0.05)
            yield

    def _kept(self, eyes: Eyes, work: Any, agent: subprocess.Popen[str]) -> None:
        try:
            work(eyes, agent)
        except Exception as fault:
            eyes.faults.append(f"{eyes.server.name}: {fault!r}")

    def _processes(self, eyes: Eyes, agent: subprocess.Popen[str]) -> None:
        assert agent.stdout is not None
        name = eyes.server.name
        while not self.done.is_set() and (line := agent.stdout.readline()):
            since, at, new, gone = json.loads(line)
            for key in gone:
                if (was := eyes.living.pop(tuple(key), None)) is not None:
                    eyes.over.append(replace(was, went=(since, at)))
            for pid, born, comm, words, ours in new:
                came = (since, at) if eyes.process_looks else None
                eyes.living[(pid, born, comm)] = Process(name, int(pid), born, comm, words, ours, came)
            eyes.process_looks += 1

    def _states(self, eyes: Eyes, agent: subprocess.Popen[str]) -> None:
        del agent
        while not self.done.wait(EVERY_SECONDS):
            for peer in self.peers:
                word, partner = _state(eyes.server, peer)
                eyes.looks.append(Look(time.monotonic(), eyes.server.name, peer, word, partner))

    def _files(self, eyes: Eyes, agent: subprocess.Popen[str]) -> None:
        del agent
        with Notify(eyes.server.root) as notify:
            since, was = time.monotonic(), digest(eyes.server.root)
            notify.cover()
            eyes.digests = 1
            while not self.done.wait(EVERY_SECONDS):
                at = time.monotonic()
                for path in notify.read():
                    eyes.changes.append(Change(eyes.server.name, path, at - 2 * EVERY_SECONDS, at, "event"))
                if at - since < DIGEST_SECONDS:
                    continue
                now = digest(eyes.server.root)
                for path in sorted({name for name, _ in was.items() ^ now.items()}):
                    how = "was changed" if path in was and path in now else "came" if path in now else "went"
                    eyes.changes.append(Change(eyes.server.name, path, since, at, how))
                since, was = at, now
                notify.cover()
                eyes.digests += 1

    def into(self, seen: Seen) -> None:
        """Everything, for the judge."""
        for eyes in self.eyes:
            seen.looks += eyes.looks
            seen.processes += [_as_judged(each) for each in eyes.processes()]
            seen.changes += eyes.changes
        seen.looks.sort(key=lambda look: look.at)

    def blind(self, seconds: float) -> list[str]:
        """What did not look often enough to prove anything; a loaded machine may halve it twice."""
        found = [fault for eyes in self.eyes for fault in eyes.faults]
        for eyes in self.eyes:
            counts = {"looks at states": len(eyes.looks) / len(self.peers), "looks at processes": eyes.process_looks}
            found += [f"{eyes.server.name}: {n:.0f} {what}" for what, n in counts.items() if n < seconds * 2]
            found += [f"{eyes.server.name}: {eyes.digests} digests"] if eyes.digests < seconds / 4 else []
        return found


def _as_judged(each: Process) -> Process:
    """The process that writes our dhcpd's log comes and goes with it, and a fork of it is not dhcpd yet."""
    if not each.ours or each.name in {"dhcpd", "dhcpd-real", "served"}:
        return each
    return replace(each, ours=False, came=each.came or (0.0, 0.0), went=each.went or (0.0, 0.0))


def _state(server: Server, peer: str) -> tuple[str | None, str]:
    try:
        seen = server.omapi.failover(peer, timeout=0.5)
    except NoAnswer as error:
        return (NOT_RUNNING if "ConnectionRefused" in str(error) else None), ""
    return seen.local_state, seen.partner_state


def digest(root: Path) -> dict[str, tuple[int, ...]]:
    """Every name below a server's own directories, with what a write to it changes; what the local user owns is his."""
    found: dict[str, tuple[int, ...]] = {}
    todo = [root]
    while todo:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    info = entry.stat(follow_symlinks=False)
                    here = stat.S_ISDIR(info.st_mode)
                    if here:
                        todo.append(Path(entry.path))
                    if info.st_uid == NOBODY:
                        continue
                    more = () if here else (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
                    found[os.path.relpath(entry.path, root)] = (info.st_mode, info.st_uid, info.st_gid, *more)
    return found


class Notify:
    """inotify on every directory below a root: also what came and went between two digests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: dict[int, Path] = {}

    def __enter__(self) -> Notify:
        self._file = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._file)

    def cover(self) -> None:
        """Watch every directory that is there now; one that was moved gets its new name."""
        for directory, _, _ in os.walk(self.root):
            self._add(Path(directory))

    def _add(self, directory: Path) -> None:
        number = _libc.inotify_add_watch(self._file, os.fsencode(directory), _MASK | _ONLY_REAL_DIRECTORIES)
        if number >= 0:
            self._paths[number] = directory

    def read(self) -> list[str]:
        """Every name with an event since the last time, once."""
        found: dict[str, None] = {}
        with suppress(BlockingIOError):
            while data := os.read(self._file, 65536):
                offset = 0
                while offset < len(data):
                    number, mask, _, size = struct.unpack_from("iIII", data, offset)
                    name = os.fsdecode(data[offset + 16 : offset + 16 + size].rstrip(b"\0"))
                    offset += 16 + size
                    if not name or number not in self._paths:  # the directory itself: told by its parent
                        continue
                    path = self._paths[number] / name
                    if mask & 0x40000000 and mask & (0x80 | 0x100):
                        self._add(path)
                    found[str(path.relative_to(self.root))] = None
        return list(found)
