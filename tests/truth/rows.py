"""The table: what is done to the pair, one row a sequence. `red`: what is known to be wrong, by aspect, and who mends it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.lab.load import loading
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, add
from tests.truth import stage as do
from tests.truth.stage import Stage

P, Q = Role.PRIMARY, Role.SECONDARY


@dataclass(frozen=True)
class Row:
    """A sequence of faults and cures."""

    name: str
    story: Callable[[Stage], None]
    seconds: float = 30.0
    """About how long it takes."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the lab."""
    console: dict[str, Any] = field(default_factory=dict)
    """Of its config.toml."""
    prepare: Callable[[Lab], None] = lambda lab: None
    """Before dhcpd is started for the first time."""
    after: Callable[[Lab], None] = lambda lab: None
    """Once both are normal, before anybody watches."""
    newcomers: bool = True
    red: dict[str, str] = field(default_factory=dict)
    """Aspect -> the item of the list that mends it; the test fails once it is green."""
    tolerated: dict[str, str] = field(default_factory=dict)
    """The same, where it is not red in every run."""
    unseen: frozenset[str] = frozenset()
    """Aspects that need what this row takes away (a log that cannot be read tells no moves)."""

    def __str__(self) -> str:
        """For the test's name."""
        return self.name.replace(",", "").replace(" ", "-")


Step = tuple[str, Callable[[Stage], object], float]


def steps(*each: Step) -> Callable[[Stage], None]:
    """One deed after the other, each with the seconds that are watched after it."""

    def story(stage: Stage) -> None:
        for what, deed, seconds in each:
            stage.did(what)
            deed(stage)
            stage.hold(seconds)

    return story


def on(role: Role, name: str, *args: Any) -> Callable[[Stage], object]:
    """A method of one of the servers."""
    return lambda stage: getattr(stage.server(role), name)(*args)


def both(name: str, *roles: Role) -> Callable[[Stage], None]:
    """A method of both servers, in this order."""

    def deed(stage: Stage) -> None:
        for role in roles or (P, Q):
            getattr(stage.server(role), name)()

    return deed


def _at_once(stage: Stage) -> None:
    """Both start in the same moment."""
    argv = [each.inside_argv("/etc/dhcp/restart-dhcpd") for each in stage.lab.servers.values()]
    quiet = subprocess.DEVNULL
    for each in [subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet) for words in argv]:
        assert each.wait(30) == 0


def cut(a: str, b: str, port: int | None = None, one_way: bool = False) -> Callable[[Stage], None]:
    """Packets between two places are dropped."""
    return lambda stage: stage.lab.cut(a, b, port, one_way)


def heal(stage: Stage) -> None:
    """No packet is dropped any more."""
    stage.lab.heal()


def _nothing(_stage: Stage) -> None:
    pass


def normal(stage: Stage) -> None:
    """Both are normal again, and a moment of it is watched."""
    stage.until(timeout=90)


def _form(name: str, *roles: Role) -> Callable[[Lab], None]:
    """The form of the log from the beginning."""

    def prepare(lab: Lab) -> None:
        for role in roles or (P, Q):
            do.log_format(lab.servers[role.value], name)

    return prepare


KILLED: tuple[Step, ...] = (
    ("kill -9 dhcp2", on(Q, "kill"), 7),
    ("start dhcp2", on(Q, "restart"), 2),
    ("both normal", normal, 3),
)
BOTH_KILLED: tuple[Step, ...] = (
    ("kill -9 both", both("kill"), 9),
    ("start both", both("restart", Q, P), 2),
    ("both normal", normal, 3),
)
QUIET: tuple[Step, ...] = (("nothing", _nothing, 3),)


def _power(*roles: Role, off: float = 16) -> Callable[[Stage], None]:
    def deed(stage: Stage) -> None:
        for role in roles:
            do.power_off(stage, role)

    return steps(
        *QUIET, (f"power loss of {len(roles)}", deed, off), ("power", lambda stage: do.power_on(stage, *roles), 2),
        ("both normal", normal, 3),
    )  # fmt: skip


def _cut_off(stage: Stage) -> None:
    """The console's own network is gone."""
    for role in Role:
        stage.lab.cut("operator", role.value)


def _back(stage: Stage) -> None:
    stage.lab.secondary.start_sshd()
    stage.lab.secondary.restart()


def _dry(stage: Stage) -> None:
    """Machines take all there is; then more of them ask."""
    stage.did("more clients than addresses")
    with loading(stage.lab, 10, most=60):
        stage.hold(22)


def _hand_over(stage: Stage) -> None:
    stage.driver.settled()
    stage.ready(Action.HAND_OVER, P)
    stage.run(Action.HAND_OVER, P)
    stage.hold(4)
    stage.ready(Action.TAKE_BACK, P)
    stage.run(Action.TAKE_BACK, P)
    normal(stage)
    stage.hold(4)


def _clean_shutdown(stage: Stage) -> None:
    stage.driver.settled()
    stage.ready(Action.SHUTDOWN, Q)
    stage.run(Action.SHUTDOWN, Q)
    stage.hold(4)
    stage.ready(Action.START, Q)
    stage.run(Action.START, Q)
    normal(stage)
    stage.hold(4)


def _partner_down(stage: Stage) -> None:
    stage.driver.settled()
    stage.did("kill -9 dhcp2")
    stage.lab.secondary.kill()
    stage.ready(Action.PARTNER_DOWN, P)
    stage.run(Action.PARTNER_DOWN, P)
    stage.hold(4)
    stage.did("start dhcp2")
    stage.lab.secondary.restart()
    normal(stage)
    stage.hold(4)


def _rescue(stage: Stage) -> None:
    """Drained, and then the server that serves dies: the survivor is silent until it is rescued."""
    stage.driver.settled()
    stage.ready(Action.HAND_OVER, P)
    stage.run(Action.HAND_OVER, P)
    stage.did("kill -9 dhcp2")
    stage.lab.secondary.kill()
    stage.hold(8)
    stage.ready(Action.RESCUE, P)
    stage.run(Action.RESCUE, P)
    stage.hold(4)
    stage.did("start dhcp2")
    stage.lab.secondary.restart()
    normal(stage)
    stage.hold(3)


def _crash_loop(stage: Stage) -> None:
    for _ in range(4):
        stage.did("kill -9 dhcp2")
        stage.lab.secondary.kill()
        stage.hold(1.5)
        stage.did("start dhcp2")
        stage.lab.secondary.restart()
        stage.hold(2.5)
    normal(stage)
    stage.hold(3)


def _written(role: Role, number: int) -> Callable[[Stage], object]:
    """A state set by somebody else."""
    return lambda stage: stage.server(role).set_local_state(number)


def _rotate(stage: Stage) -> None:
    server = stage.lab.secondary
    server.log_file.rename(server.log_file.with_name("dhcpd.log.1"))
    server.log_file.touch()


def _zone_changes(stage: Stage) -> None:
    """dhcp2's log goes on two hours further east, without a word of it in its lines."""
    server = stage.lab.secondary
    stamper = server.etc / "lab/stamper.py"
    stamper.write_text(stamper.read_text().replace(do.LOG_HEADS["rfc3164"], do.LOG_HEADS["two hours east"]))
    server.kill()
    sshd = server.ssh_etc / "sshd_config"
    sshd.write_text(sshd.read_text() + "SetEnv TZ=XYZ-2\n")
    server.restart_sshd()


def _skewed_from_birth(seconds: float) -> Callable[[Lab], None]:
    """The secondary starts under a clock that can be set later."""

    def prepare(lab: Lab) -> None:
        lab.secondary.set_clock(seconds)

    return prepare


def _second_relationship(lab: Lab) -> None:
    add(lab, BAR)


NOWHERE = {"log": "file:/var/log/nobody-writes-here.log"}
NO_LOG = frozenset({"timeline"})
SECOND_LOOK = dict.fromkeys(
    ("serving", "headline"), "who answers on a dead dhcpd's port is unmasked by the second look at the processes"
)
PAST = {"report": "item 1: a dhcpd that was told to end, or a rescue, is told otherwise than clients met it"}

TABLE: tuple[Row, ...] = (
    Row("quiet", steps(("nothing", _nothing, 12)), 20),
    Row("kill -9 of the secondary", steps(*QUIET, *KILLED)),
    Row("kill -9 of the primary", steps(*QUIET, ("kill -9 dhcp1", on(P, "kill"), 7), ("start dhcp1", on(P, "restart"), 2), ("both normal", normal, 3))),
    Row("kill -9 of both", steps(*QUIET, *BOTH_KILLED)),
    Row("kill -9 of both, started at once", steps(*QUIET, ("kill -9 both", both("kill"), 6), ("start at once", _at_once, 2), ("both normal", normal, 3))),
    Row("kill -9 of both, one comes back alone", steps(*QUIET, ("kill -9 both", both("kill"), 6), ("start dhcp1", on(P, "restart"), 19), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 45),
    Row("crash loop", _crash_loop),
    Row("SIGTERM of one", steps(*QUIET, ("SIGTERM dhcp2", on(Q, "terminate"), 7), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3))),
    Row("OMAPI shutdown of one", steps(*QUIET, ("control 2 on dhcp2", on(Q, "omapi_shutdown"), 20), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 50),
    Row("power loss of the secondary", _power(Q), 40),
    Row("power loss of the primary", _power(P), 40),
    Row("power loss of both", _power(P, Q, off=9), 45),
    Row("cut one way, failover port", steps(*QUIET, ("cut one way", cut("primary", "secondary", 520, True), 18), ("heal", heal, 2), ("both normal", normal, 3)), 45),
    Row("cut one way, everything", steps(*QUIET, ("cut one way", cut("secondary", "primary", None, True), 18), ("heal", heal, 2), ("both normal", normal, 3)), 45),
    Row("cut both ways, failover port", steps(*QUIET, ("cut", cut("primary", "secondary", 520), 18), ("heal", heal, 2), ("both normal", normal, 3)), 45),
    Row("cut both ways, everything", steps(*QUIET, ("cut", cut("primary", "secondary"), 18), ("heal", heal, 2), ("both normal", normal, 3)), 45),
    Row("cut, and one killed meanwhile", steps(*QUIET, ("cut", cut("primary", "secondary"), 6), ("kill -9 dhcp2", on(Q, "kill"), 8), ("heal", heal, 2), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 45),
    Row("console cut off from one", steps(*QUIET, ("cut console", cut("operator", "secondary"), 12), ("heal", heal, 6))),
    Row("console cut off from both", steps(*QUIET, ("cut console", _cut_off, 12), ("heal", heal, 6))),
    Row("console hears one way only", steps(*QUIET, ("cut console", cut("secondary", "operator", None, True), 12), ("heal", heal, 6))),
    Row("console cut off, one killed behind it", steps(*QUIET, ("cut console", cut("operator", "secondary"), 2), ("kill -9 dhcp2", on(Q, "kill"), 9), ("heal", heal, 6), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 40),
    Row("sshd gone", steps(*QUIET, ("sshd of dhcp2 stops", on(Q, "stop_sshd"), 10), ("sshd starts", on(Q, "start_sshd"), 6))),
    Row("sshd gone, dhcpd killed", steps(*QUIET, ("sshd of dhcp2 stops", on(Q, "stop_sshd"), 2), ("kill -9 dhcp2", on(Q, "kill"), 8), ("both start", _back, 2), ("both normal", normal, 4))),
    Row("secondary hung", steps(*QUIET, ("SIGSTOP dhcp2", on(Q, "pause"), 14), ("SIGCONT dhcp2", on(Q, "resume"), 2), ("both normal", normal, 3)), 40),
    Row("primary hung", steps(*QUIET, ("SIGSTOP dhcp1", on(P, "pause"), 14), ("SIGCONT dhcp1", on(P, "resume"), 2), ("both normal", normal, 3)), 40),
    Row("both hung", steps(*QUIET, ("SIGSTOP both", both("pause"), 8), ("SIGCONT both", both("resume"), 2), ("both normal", normal, 3)), 40),
    Row("hung for three seconds", steps(*QUIET, ("SIGSTOP dhcp2", on(Q, "pause"), 3), ("SIGCONT dhcp2", on(Q, "resume"), 8))),
    Row("both lease files emptied", steps(*QUIET, ("both emptied", lambda s: do.empty(s, Q, P), 4), ("both normal", normal, 4))),
    Row("one lease file emptied", steps(*QUIET, ("dhcp2 emptied", lambda s: do.empty(s, Q), 4), ("both normal", normal, 4)), 40),
    Row("dry pool", _dry, 35, settings={"range": ("10.0.0.100", "10.0.0.119")}),
    Row("crossed names", steps(*QUIET, ("names crossed", do.cross_names, 20)), 45, after=_second_relationship),
    Row("a stranger on the OMAPI port", steps(*QUIET, ("a stranger answers for dhcp2", lambda s: do.stranger(s, Q), 12), ("it goes", lambda s: do.no_stranger(s, Q), 1), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 40, settings={"key_algorithm": None}, tolerated=SECOND_LOOK),
    Row("log unreadable", steps(*QUIET, *KILLED), console={"secondary": NOWHERE}, unseen=NO_LOG),
    Row("both logs unreadable, both killed", steps(*QUIET, *BOTH_KILLED), console=NOWHERE, unseen=NO_LOG),
    Row("log in no known form, both killed", steps(*QUIET, *BOTH_KILLED), prepare=_form("unheard of"), unseen=NO_LOG),
    Row("log in RFC 5424, one killed", steps(*QUIET, *KILLED), prepare=_form("rfc5424")),
    Row("log in RFC 5424, both killed", steps(*QUIET, *BOTH_KILLED), prepare=_form("rfc5424")),
    Row("log in RFC 3164, both killed", steps(*QUIET, *BOTH_KILLED), prepare=_form("rfc3164")),
    Row("pid always 1, one killed", steps(*QUIET, *KILLED), prepare=_form("pid 1")),
    Row("pid always 1, both killed", steps(*QUIET, *BOTH_KILLED), prepare=_form("pid 1")),
    Row("log rotated, one killed", steps(*QUIET, ("log rotated", _rotate, 1), *KILLED)),
    Row("clock half a minute ahead from a start on", steps(*QUIET, ("kill -9 dhcp2", on(Q, "kill"), 5), ("start dhcp2 under another clock", on(Q, "start", 30), 2), ("both normal", normal, 6)), 40),
    Row("clock set while it runs", steps(*QUIET, ("clock -3600 s", on(Q, "set_clock", -3600), 8), ("clock as before", on(Q, "set_clock", 2), 5), ("kill -9 dhcp2", on(Q, "kill"), 6), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 3)), 45, prepare=_skewed_from_birth(2), tolerated=PAST),
    Row("zone changed", steps(*QUIET, ("kill -9 dhcp2, another zone", _zone_changes, 5), ("start dhcp2", on(Q, "restart"), 2), ("both normal", normal, 4)), 35, prepare=_form("rfc3164")),
    Row("hand-over and take-back", _hand_over, 35),
    Row("clean shutdown and start", _clean_shutdown, 40),
    Row("partner-down and return", _partner_down, 50),
    Row("rescue", _rescue, 75, tolerated=PAST),
    Row("paused by somebody else", steps(*QUIET, ("8 written on dhcp2", _written(Q, 8), 6), ("6 written on dhcp2", _written(Q, 6), 2), ("both normal", normal, 4))),
    Row("partner-down beside a living partner", steps(*QUIET, ("4 written on dhcp1", _written(P, 4), 5), ("both normal", normal, 4))),
    Row("restart of both", steps(*QUIET, ("restart dhcp2", on(Q, "restart"), 3), ("restart dhcp1", on(P, "restart"), 3), ("both normal", normal, 4))),
    Row("restart of both at once", steps(*QUIET, ("restart at once", _at_once, 3), ("both normal", normal, 4)), 35),
    Row("full lease disk", steps(*QUIET, ("small disk", lambda s: do.small_disk(s, Q), 2), ("both normal", normal, 2), ("full", lambda s: do.fill(s, Q), 12), ("room", lambda s: do.make_room(s, Q), 4)), 40),
)  # fmt: skip
