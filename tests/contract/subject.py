"""One of the two pairs under the same tests: the same hands, the same witness (the lab's OMAPI reader), the same measure."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from tests.contract.raw import Talk
from tests.lab.net import LabError, thread_in
from tests.lab.omapi import Key, NoAnswer, Reader, ServerState
from tests.lab.pair import Lab
from tests.practice.pair import WatchedPair

ROLES = ("primary", "secondary")
CI, DOWN = "communications-interrupted", "partner-down"
NUMBERS = {DOWN: 4, "recover": 6, "shutdown": 8}
PREFIX = re.compile(r"^\S+ dhcp[12] dhcpd\[\d+\]: ")
STARTING = re.compile(
    r"Internet Systems|Copyright|All rights|For info|Config file|Database file|PID file|Wrote \d+ leases"
    r"|Listening on|Sending on  |Disabling (in|out)put on|Server starting service"
)
LESS_CRITICAL = re.compile(
    r"bind update on \S+ from foo rejected: incoming update is less critical than outgoing update"
)
BALANCE = re.compile(r"(balanc\w+) pool [0-9a-f]{12} (\S+)  total \d+  free \d+  backup \d+  lts -?\d+  max-\w+ .*")
SEVERAL = re.compile(r"lease age \d+ ")


class Subject:
    """`speed` is how much faster dhcpd's fixed timers run than in the real one."""

    def __init__(self, pair: Lab | WatchedPair, speed: float) -> None:
        self.pair, self.speed = pair, speed
        self.servers: dict[str, Any] = dict(pair.servers)
        self.real = isinstance(pair, Lab)
        if isinstance(pair, Lab):
            self.key = pair.key
            self.readers = {role: server.omapi for role, server in pair.servers.items()}
        else:
            made = pair.settings
            self.key = Key(made.key_name, made.key_algorithm, made.key_secret) if made.key_algorithm else None
            self.readers = {role: Reader(None, self.key, server.omapi_port) for role, server in pair.servers.items()}

    # -- hands -----------------------------------------------------------------------------------------------------

    def kill(self, role: str) -> None:
        """A crash."""
        self.servers[role].kill()

    def start(self, role: str, **how: float) -> None:
        """Start dhcpd."""
        self.servers[role].start(**how)

    def write(self, role: str, state: int | str) -> ServerState:
        """Write a local-state."""
        number = NUMBERS[state] if isinstance(state, str) else state
        return self.readers[role].failover("foo", set_state=number)

    def control_shutdown(self, role: str) -> None:
        """control 2."""
        self.readers[role].control(2)

    @contextmanager
    def talk(self, role: str) -> Iterator[Talk]:
        """A raw OMAPI connection."""
        reader = self.readers[role]
        with thread_in(reader.space) if reader.space else nullcontext():
            sock = socket.create_connection(("127.0.0.1", reader.port), 3)
        talk = Talk(sock)
        try:
            yield talk
        finally:
            talk.close()

    # -- the witness -----------------------------------------------------------------------------------------------

    def state(self, role: str) -> ServerState:
        """What a server says over OMAPI."""
        return self.readers[role].failover("foo")

    def words(self) -> tuple[str, str]:
        """Both own states, "no-answer" where there is none."""
        words = []
        for role in ROLES:
            try:
                words.append(self.readers[role].failover("foo", timeout=0.5).local_state)
            except NoAnswer:
                words.append("no-answer")
        return words[0], words[1]

    def until(self, primary: str | None, secondary: str | None, timeout: float = 40) -> float:
        """Wait for own states (None: any); the seconds it took."""
        began = time.monotonic()
        while True:
            seen = self.words()
            if all(want in {None, word} for want, word in zip((primary, secondary), seen, strict=True)):
                return time.monotonic() - began
            if time.monotonic() - began > timeout:
                raise LabError(f"wanted {primary}/{secondary}, seen {seen} after {timeout} s")
            time.sleep(0.01)

    def normal(self, timeout: float = 40) -> float:
        """Wait for both to be normal; the seconds it took."""
        return self.until("normal", "normal", timeout)

    def settle(self) -> None:
        """Both normal, and nothing under way between them."""
        self.pair.wait_settled()

    def seconds(self, fixed: float) -> float:
        """How long one of dhcpd's fixed timers takes here."""
        return fixed / self.speed

    # -- the log ---------------------------------------------------------------------------------------------------

    def mark(self) -> dict[str, int]:
        """Where both logs end now; the lab's are written a moment after dhcpd has spoken."""
        time.sleep(0.05)
        return {role: server.log_offset() for role, server in self.servers.items()}

    def lines(self, role: str, since: dict[str, int]) -> list[str]:
        """dhcpd's own words, without stamp."""
        return [PREFIX.sub("", line) for line in self.servers[role].log_lines(since[role])]

    def story(self, role: str, since: dict[str, int]) -> list[str]:
        """What a server logged of its failover life: no start-up banner, no clients, no duels of a fresh pair."""
        told = []
        for line in self.lines(role, since):
            if STARTING.match(line) or LESS_CRITICAL.match(line) or line.startswith(("DHCP", "reuse_lease")):
                continue
            told.append(BALANCE.sub(r"\1", line).removeprefix("failover peer foo: "))
        return told

    def tells(self, role: str, since: dict[str, int], *expected: str | Sequence[str], patience: float = 3) -> None:
        """The log since the mark is one of the expected ones, line by line. A story is a text, a line each."""
        stories = [[line.strip() for line in _flat(each).strip().splitlines()] for each in expected]
        deadline = time.monotonic() + patience
        while (told := self.story(role, since)) not in stories and time.monotonic() < deadline:
            time.sleep(0.02)
        assert told in stories, f"{role}:\n" + "\n".join(told) + "\n-- expected:\n" + "\n".join(stories[0])

    def patiently(self, holds: Callable[[], bool], patience: float = 3) -> bool:
        """Whether it holds within that time."""
        deadline = time.monotonic() + patience
        while not (held := holds()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return held


def _flat(story: str | Sequence[str]) -> str:
    return story if isinstance(story, str) else "\n".join(story)
