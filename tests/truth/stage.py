"""The pair, its console and its witnesses while a sequence runs, and what can be done to them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dhcptui.act.plan import Outcome
from dhcptui.assess.history.timeline import EventKind
from dhcptui.assess.verdict import derive
from dhcptui.assess.visibility import Visibility
from dhcptui.model.action import Action
from dhcptui.model.moments import Moment
from dhcptui.model.role import Role
from dhcptui.model.snapshot import PairSnapshot
from tests.lab.driving import Driver
from tests.lab.pair import Lab, Server
from tests.truth.record import LockRequest, Move, Record, Said, Stretch

STATUS_PAUSE_SECONDS = 4.0
CLAIM_SECONDS = 0.25
_SOURCE_TREE = Path(__file__).parents[2]


class Stage:
    """Handed to the story of a row."""

    def __init__(self, lab: Lab, driver: Driver, record: Record) -> None:
        self.lab, self.driver, self.record = lab, driver, record
        self.offset = time.time() - time.monotonic()
        """Epoch seconds minus monotonic ones: nobody steps the clock of this machine."""
        self.kept: dict[str, Any] = {}

    def server(self, role: Role) -> Server:
        """One of the two."""
        return self.lab.servers[role.value]

    def did(self, what: str) -> None:
        """Write down what was done."""
        self.record.steps.append((time.monotonic(), what))

    @staticmethod
    def hold(seconds: float) -> None:
        """Let clients and console meet what there is, for so long."""
        time.sleep(seconds)

    def until(self, primary: str | None = "normal", secondary: str | None = "normal", timeout: float = 60) -> None:
        """Wait until both servers say so of themselves, by the lab's reader."""
        self.lab.wait_states(primary, secondary, timeout)

    def run(self, action: Action, role: Role, sentence: str = "") -> None:
        """An operator's action, to its end."""
        self.did(f"{action.value} on {self.server(role).name}")
        told = self.driver.run(action, role, sentence=sentence)
        assert told.outcome is Outcome.VERIFIED, f"the sequence went another way: {told}"
        self.did(f"the end of {action.value}")

    def ready(self, action: Action, role: Role, timeout: float = 40) -> None:
        """Wait until the plan is allowed."""
        self.driver.engine.prepare(action, role)
        self.driver.until(lambda: self.driver.plan(action, role).allowed, timeout, f"{action.value} allowed")

    # -- what was said ---------------------------------------------------------------------------------------------

    def console_claims(self, begin: float, end: float) -> list[LockRequest]:
        """What stood on the screen, four times a second, from the snapshots that the engine gave."""
        claims, shots, index = [], list(self.driver.snapshots), 0
        at = begin
        while at <= end and shots:
            while index + 1 < len(shots) and shots[index + 1][0] <= at:
                index += 1
            if shots[index][0] <= at:
                claims.append(_claim(shots[index][1], Moment(at + self.offset, at), self.offset))
            at += CLAIM_SECONDS
        return claims

    def timeline_moves(self) -> list[Move]:
        """As the console's timeline has them."""
        return [
            Move(event.at - self.offset, event.role, event.to_state.word, "timeline")
            for event in self.driver.engine.timeline()
            if event.kind is EventKind.MOVE and event.role and event.to_state
        ]

    def dhcptui(self, *args: str) -> str:
        """Run the program from the operator's place; what it printed."""
        config = str(self.lab.dir / "config.toml")
        argv = self.lab.operator_argv(sys.executable, "-W", "error", "-m", "dhcptui", *args, "--config", config)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False, cwd=_SOURCE_TREE)
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done.stdout

    def read_report(self, begin: float) -> None:
        """Ask for the report since `begin`, and keep its table and its moves."""
        since = datetime.fromtimestamp(begin + self.offset, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        said = json.loads(self.dhcptui("report", "office", "--since", since, "--json"))
        self.record.window = self._mono(said["since"]), self._mono(said["until"])
        self.record.served_seconds = sum(said["served_seconds"].values())
        self.record.stretches = [
            Stretch(self._mono(each["begin"]), self._mono(each["end"]), {role: each[role.value] for role in Role})
            for each in said["spans"]
        ]
        roles = {self.server(role).name: role for role in Role}
        self.record.moves = [
            *self.record.moves,
            *(
                Move(self._mono(each["console_time"]), roles[each["server"]], each["state"], "report")
                for each in said["timeline"]
                if each["kind"] == EventKind.MOVE.value and each["server"] in roles and each["state"]
            ),
        ]

    def _mono(self, stamp: str) -> float:
        return datetime.fromisoformat(stamp).timestamp() - self.offset


def _claim(snapshot: PairSnapshot, now: Moment, offset: float) -> LockRequest:
    verdict = derive(snapshot, now)
    servers = []
    for each in (verdict.primary, verdict.secondary):
        age = each.age_seconds or 0.0
        if not each.live and each.view.process is not None:
            age = each.view.process.age(now)
        state = each.state.word if each.visibility is Visibility.LIVE and each.state else None
        servers.append(Said(each.view.role, each.serving, state, age))
    since = None if verdict.since is None else verdict.since - offset
    return LockRequest(now.mono, now.mono, verdict.level.value, verdict.headline, tuple(servers), since)


class StatusAsker(threading.Thread):
    """`dhcptui status --json`, again and again: the real program."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(daemon=True, name="status")
        self._stage = stage
        self._halt = threading.Event()
        self.claims: list[LockRequest] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        """Until told to stop."""
        while not self._halt.is_set():
            begin = time.monotonic()
            try:
                pair = json.loads(self._stage.dhcptui("status", "office", "--json"))["pairs"][0]
            except Exception as error:
                self.failure = error
                return
            self.claims.append(_status_claim(pair, begin, time.monotonic()))
            self._halt.wait(STATUS_PAUSE_SECONDS)

    def stop(self) -> None:
        """End with the answer that is under way."""
        self._halt.set()
        self.join(90)
        if self.failure is not None:
            raise self.failure


def _status_claim(pair: dict[str, Any], begin: float, end: float) -> LockRequest:
    servers = []
    for role in Role:
        told = pair["servers"][role.value]
        serves: bool | None = told["name"] in pair["serving"]
        if not serves:
            serves = told.get("serving", False if told["state"] else None)
        servers.append(Said(role, serves, None, told["age_seconds"] or 0.0))
    return LockRequest(begin, end, pair["level"], pair["headline"], tuple(servers), source="status")


@contextmanager
def asking_status(stage: Stage) -> Iterator[StatusAsker]:
    """Ask while the block runs."""
    asker = StatusAsker(stage)
    asker.start()
    try:
        yield asker
    finally:
        asker.stop()


# -- what can be done --------------------------------------------------------------------------------------------------

Deed = Callable[[Stage], None]


def no_ping(lab: Lab) -> None:
    """dhcpd offers at once: it would ping an address for a second before, and a tick would not be a tick."""
    for server in lab.servers.values():
        conf = server.etc / "shared/master.conf"
        conf.write_text("ping-check false;\n" + conf.read_text())


def power_off(stage: Stage, role: Role) -> None:
    """The host is gone in one moment: nothing on any wire, no last line in any log."""
    other = role.other.value
    stage.lab.cut(other, role.value)
    stage.lab.cut("operator", role.value)
    server = stage.server(role)
    server.run("sh", "-c", "pkill -KILL -f [s]tamper.py; kill -KILL $(/etc/dhcp/lab/ours)", check=False)
    assert not server.is_running()
    server.stop_sshd()


def power_on(stage: Stage, *roles: Role) -> None:
    """The host boots, and its dhcpd with it."""
    stage.lab.heal()
    for role in roles:
        stage.server(role).start_sshd()
        stage.server(role).restart()


def empty(stage: Stage, *roles: Role) -> None:
    """Stop them, and start them with nothing in their lease files."""
    for role in roles:
        stage.server(role).terminate()
    for role in roles:
        server = stage.server(role)
        server.leases.write_bytes(b"")
        with suppress(FileNotFoundError):
            (server.lib / "dhcpd.leases~").unlink()
    for role in roles:
        stage.server(role).restart()


LOG_HEADS = {
    "rfc5424": 'b"<190>1 " + now + f" {socket.gethostname()} dhcpd {child.pid} - - ".encode()',
    "pid 1": 'now + f" {socket.gethostname()} dhcpd[1]: ".encode()',
    "rfc3164": 'datetime.now(UTC).strftime("%b %e %H:%M:%S ").encode() + tag',
    "two hours east": '(datetime.now(UTC) + __import__("datetime").timedelta(hours=2)).strftime("%b %e %H:%M:%S ").encode() + tag',
    "unheard of": 'b"<<" + datetime.now(UTC).strftime("%H.%M").encode() + b">> |dhcp| "',
}
_HEAD = 'now + b" " + tag'


def log_format(server: Server, name: str) -> None:
    """From its next start on the server's log is written so."""
    stamper = server.etc / "lab/stamper.py"
    text = stamper.read_text()
    assert text.count(_HEAD) == 1
    stamper.write_text(text.replace(_HEAD, LOG_HEADS[name]))


def small_disk(stage: Stage, role: Role) -> None:
    """Its dhcpd lies on a file system of 64 kB from now on."""
    server = stage.server(role)
    server.terminate()
    place = "mount -t tmpfs -o size=64k tmpfs /var/lib/dhcp && cp -a /tmp/kept/. /var/lib/dhcp/"
    server.run("sh", "-c", f"cp -a /var/lib/dhcp /tmp/kept && {place}")
    server.restart()


def fill(stage: Stage, role: Role) -> None:
    """To the brim."""
    stage.server(role).run("dd", "if=/dev/zero", "of=/var/lib/dhcp/filler", "bs=512", check=False)


def make_room(stage: Stage, role: Role) -> None:
    """The disk is not full any more."""
    stage.server(role).run("rm", "-f", "/var/lib/dhcp/filler")


_STRANGER = """
import socket, struct, sys
NAMES = {n: bytes.fromhex(v) for n, v in %r.items()}
def pack(pairs):
    return b"".join(struct.pack("!H", len(k)) + k.encode() + struct.pack("!I", len(v)) + v for k, v in pairs.items()) + b"\\0\\0"
def take(f, size):
    data = f.read(size)
    if len(data) != size:
        raise EOFError
    return data
def pairs(f):
    while size := struct.unpack("!H", take(f, 2))[0]:
        take(f, size)
        take(f, struct.unpack("!I", take(f, 4))[0])
def serve(s):
    f = s.makefile("rwb")
    take(f, 8)
    f.write(struct.pack("!II", 100, 24)); f.flush()
    while True:
        auth, signed, op, handle, number, _ = struct.unpack("!6I", take(f, 24))
        pairs(f), pairs(f), take(f, signed)
        f.write(struct.pack("!6I", 0, 0, 3, 1, 7, number) + b"\\0\\0" + pack(NAMES)); f.flush()
import threading
listener = socket.create_server(("0.0.0.0", 7911))
def one(s):
    try:
        serve(s)
    except (OSError, EOFError):
        s.close()
while True:
    threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()
"""


def stranger(stage: Stage, role: Role) -> None:
    """Somebody else answers on the dead dhcpd's OMAPI port, with what it said when it was well."""
    server = stage.server(role)
    said = {name: value.hex() for name, value in server.state().raw.items()}
    server.kill()
    program = server.root / "tmp/stranger.py"
    program.write_text(_STRANGER % said)
    stage.kept["stranger"] = subprocess.Popen(
        server.inside_argv("/usr/bin/python3", "-I", "/tmp/stranger.py"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 10
    while server.local_state() != "normal":
        assert time.monotonic() < deadline, "the stranger does not answer"
        time.sleep(0.05)


def no_stranger(stage: Stage, role: Role) -> None:
    """It goes."""
    stage.server(role).run("pkill", "-KILL", "-f", "stranger.py", check=False)
    stage.kept.pop("stranger").wait(10)


def cross_names(stage: Stage) -> None:
    """On the secondary the two relationships have each other's name, as with two interfaces in another order."""
    server = stage.lab.secondary
    for path in (server.etc / "dhcpd.conf", server.etc / "shared/master.conf"):
        text = path.read_text().replace('"foo"', '"@"').replace('"bar"', '"foo"').replace('"@"', '"bar"')
        path.write_text(text)
    server.restart()
