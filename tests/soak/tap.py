"""The truth, from inside the practice pair: who serves, what is written to it, what is run on it. No console is asked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from dhcptui.model.role import Role
from dhcptui.practice.dhcpd import omapi_server
from dhcptui.practice.dhcpd.omapi_objects import Control, FailoverThing, LeaseThing, Thing
from dhcptui.practice.dhcpd.server import Dhcpd
from dhcptui.practice.machine import Machine
from dhcptui.practice.services import ssh
from dhcptui.practice.services.fake_programs import Answer, Question
from dhcptui.practice.services.programs import Tools
from dhcptui.servers.omapi.codec import DELETE, NOTIFY, OPEN, UPDATE, Message
from dhcptui.watch.clocks import mono
from tests.practice.pair import WatchedPair
from tests.soak.history import CONSOLE, STRANGER, Act, History, Server, Truth

FLAGS = (b"update", b"create")
ACTING = {"restart-dhcpd", "kill", "pkill", "systemd-run", "at"}
"""Programs of a practice server that do something to its dhcpd."""
_ASKED = re.compile(r"\(\n(.*?)\n\) </dev/null 2>&1\n", re.DOTALL)
"""A question to the long-lived shell."""
_LOOKING = {
    "tail", "date", "ps", "dhcpd", "cat", "journalctl", "tar", "/bin/sh", "uname", "dhcptui_holders", "dhcptui_holders()",
    "ls", "df", "grep", "test", "id", "sockstat", "fstat",
}  # fmt: skip
_CHANGING = re.compile(
    r"(?<![\w./#-])(?:rm|mv|cp|ln|mkdir|rmdir|kill|pkill|touch|tee|dd|chmod|chown|truncate|install|xargs|systemd-run|at)\s"
    r"|(?<!<)>\s*(?!&|/dev/null\b|>?\s*&|\d+ [&|{])[\"'$\w./]|-x[a-z]*f\b"
)
"""Words and redirections that change a server; awk compares with `> 1 &&`, and redirects nothing."""


def changes(line: str) -> bool:
    """Whether a command line changes anything: whatever is not plainly a look does."""
    words = shlex.split(line)
    if words and words[0] in {"sudo"}:
        words = words[2:]
    while words and re.fullmatch(r"LC_\w+=\w+", words[0]):
        words = words[1:]
    if not words or words[0] not in _LOOKING:
        return bool(words)
    return bool(_CHANGING.search(words[2] if words[0] == "/bin/sh" and len(words) > 2 else line))


def sent(command: str) -> str:
    """The line of a command as it was before it was encoded for the login shell; what is not so encoded as it is."""
    words = shlex.split(command)
    if words[:3] != ["exec", "/bin/sh", "-c"]:
        return command
    text = re.sub(r"\\0([0-7]{3})", lambda match: chr(int(match[1], 8)), "".join(words[5:]))
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


_NAMED = {("failover-state", b"local-state"): "local-state", ("control", b"state"): "control"}


def _kind(thing: Thing | None) -> str:
    kinds = {FailoverThing: "failover-state", Control: "control", LeaseThing: "lease"}
    return kinds.get(type(thing), type(thing).__name__)


class Tap:
    """Listens while a pair runs; everything goes into the history."""

    def __init__(self, pair: WatchedPair, history: History) -> None:
        self.pair, self.history = pair, history
        self.strangers: set[int] = set()
        """TCP ports from which somebody else writes."""
        self.sshd: dict[Role, ssh.SshServer] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Begin before the pair is started, so that nothing is missed."""
        with ExitStack() as stack:
            for target, name in (
                (omapi_server._Connection, "_process"),
                (ssh._Session, "exec_requested"),
                (ssh._Session, "data_received"),
                (ssh.SshServer, "start"),
                (Tools, "_answer"),
            ):
                heard = getattr(self, name.strip("_"))
                stack.enter_context(patch.object(target, name, heard(getattr(target, name))))
            stack.enter_context(patch.object(self.pair.place, "note_service", self.noted(self.pair.place.note_service)))
            self.look()
            yield

    def noted(self, real: Callable[[], None]) -> Callable[[], None]:
        """Every change of a state, and every begin and end of a dhcpd, is told to the place."""

        def heard() -> None:
            real()
            self.look()

        return heard

    def look(self) -> None:
        """Something may have changed: called by the pair, in the moment of the change."""
        servers = {role: _server(machine, self.pair.settings.peer) for role, machine in self.pair.machines.items()}
        truths = self.history.truths
        if not truths or truths[-1].servers != servers:
            truths.append(Truth(mono(), servers))

    def _acted(self, role: Role, by: str, what: str, value: str) -> None:
        self.history.acts.append(Act(mono(), role, by, what, value))

    # -- OMAPI -----------------------------------------------------------------------------------------------------

    def process(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Every OMAPI message: one that sets something, takes away or calls is a write."""

        def heard(connection: omapi_server._Connection, message: Message) -> Any:
            opens = message.opcode == OPEN
            if message.opcode in {UPDATE, DELETE, NOTIFY} or (opens and any(map(message.number, FLAGS))):
                self._written(connection, message)
            return real(connection, message)

        return heard

    def _written(self, connection: omapi_server._Connection, message: Message) -> None:
        server, transport = connection._server, connection._transport
        port = transport.get_extra_info("peername")[1] if transport is not None else 0
        by = STRANGER if port in self.strangers else CONSOLE
        role = server.dhcpd.machine.role
        kind = message.message.get(b"type", b"").decode()
        if message.opcode != OPEN:
            kind = _kind(server.objects.by_handle(message.handle))
        if message.opcode in {DELETE, NOTIFY} or not message.object:
            self._acted(role, by, f"opcode {message.opcode}", kind)
        for name, value in message.object.items():
            if name != b"name":  # which object, not what to set
                what = _NAMED.get((kind, name), f"{kind} {name.decode(errors='replace')}")
                self._acted(role, by, what, str(int.from_bytes(value, "big")))

    # -- SSH -------------------------------------------------------------------------------------------------------

    def exec_requested(self, real: Callable[..., bool]) -> Callable[..., bool]:
        """A command in a channel of its own."""

        def heard(session: Any, command: str) -> bool:
            self._line(session, sent(command))
            return real(session, command)

        return heard

    def data_received(self, real: Callable[..., None]) -> Callable[..., None]:
        """Questions to the long-lived shell; what a command gets on stdin looks different."""

        def heard(session: Any, data: bytes, datatype: int | None) -> None:
            text = getattr(session, "_tapped", "") + data.decode("utf-8", "replace")
            for script in _ASKED.findall(text):
                self._line(session, script)
            session._tapped = text[text.rfind("</dev/null 2>&1\n") + 1 :][-65536:]
            return real(session, data, datatype)

        return heard

    def _line(self, session: Any, line: str) -> None:
        if changes(line):
            self._acted(session._server.machine.role, CONSOLE, "line", line)

    def start(self, real: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The SSH servers themselves, to restart them."""

        async def heard(server: ssh.SshServer, sock: Any) -> None:
            if server.machine in self.pair.machines.values():
                self.sshd[server.machine.role] = server
            await real(server, sock)

        return heard

    def answer(self, real: Callable[..., Awaitable[Answer | None]]) -> Callable[..., Awaitable[Answer | None]]:
        """Programs that do something to dhcpd."""

        async def heard(tools: Tools, question: Question) -> Answer | None:
            if question.program in ACTING:
                self._acted(tools._machine.role, CONSOLE, "run", f"{question.program} {' '.join(question.words)}")
            return await real(tools, question)

        return heard

    # -- what is held ----------------------------------------------------------------------------------------------

    def held(self) -> dict[str, int]:
        """OMAPI connections and handles of both dhcpd, on the pair's loop."""
        found = {}
        for machine in self.pair.machines.values():
            omapi = machine.dhcpd._omapi if isinstance(machine.dhcpd, Dhcpd) else None
            if omapi is not None:
                found[f"OMAPI connections of {machine.name}"] = len(omapi._connections)
                found[f"OMAPI handles of {machine.name}"] = len(omapi.objects._handles)
        return found


def _server(machine: Machine, peer: str) -> Server:
    dhcpd = machine.dhcpd
    failover = dhcpd.failover(peer) if isinstance(dhcpd, Dhcpd) and not dhcpd.dead else None
    if not isinstance(dhcpd, Dhcpd) or failover is None:
        return Server()
    return Server(failover.state.word, dhcpd.responds, True)
