"""A monkey at the console: every action on either server, confirmed where it is allowed, between faults it makes itself.

It swears to what it is asked to swear to, but to a partner that is off or gone only where that is true: what is sworn to
falsely is named, and is no fault of a plan.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from subprocess import PIPE, Popen

from dhcptui.act.plan import Outcome, Plan
from dhcptui.assess.interrupted import ROLLBACK
from dhcptui.assess.verdict import Level, derive
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from dhcptui.model.sentence import Sentence, in_keys
from tests.lab.driving import Driver
from tests.lab.harm import Hand
from tests.lab.pair import Lab, LabError, Server
from tests.lab.relationships import Relationship
from tests.lab.server import plain_python

RUN_SECONDS = 300.0
HEAL_SECONDS = 120.0
SHUTDOWN, RECOVER = 8, 6
_RESTART = re.compile(r"(?:Restart|Start) (dhcp\d)(?:'s dhcpd| again)")
_OFF = re.compile(r"I know that (dhcp\d)(?:'s dhcpd)? is (?:off|gone)")
PLANTER = """
import itertools, os, random, stat, sys, time
os.setgid(65534); os.setuid(65534)
chance = random.Random(int(sys.argv[1]))
fixed = [f"/var/lib/dhcp/.dhcptui-{n}" for n in ("lock", "lock.busy", "lockout", "lockout-foo", "start", "lockout.new", "lock.new")]
fixed += [f"/etc/dhcp/.dhcptui-{n}" for n in
          ("sync-shared.json", "sync-shared.json.new", "rejected-shared", "staging-shared", "stage-shared", "backup-shared")]
targets = ["/root/outside/new", "/root/outside/there", "/root/outside", "/etc/ssh/authorized_keys", "/etc/ssh/new", "/tmp/new", "/run/new"]
def guessed():
    now, pids = time.time(), [int(n) for n in os.listdir("/proc") if n.isdigit()]
    for place in ("/var/lib/dhcp", "/etc/dhcp"):
        for ahead in range(1, 25):
            yield f"{place}/.dhcptui-{max(pids) + ahead}-{int(now)}"
        for name in ("rescue-", "shared-backup-", "backup-shared-"):
            yield f"{place}/.dhcptui-{name}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now + 1))}"
print("on", flush=True)
rests = time.monotonic() + 10
while True:
    if time.monotonic() > rests:
        time.sleep(chance.uniform(5, 15))
        rests = time.monotonic() + chance.uniform(3, 12)
    names = [n for n in fixed if chance.random() < 0.3] + list(guessed())
    made = []
    for name in names:
        try:
            os.symlink(chance.choice(targets), name)
            made.append(name)
        except OSError:
            pass
    time.sleep(chance.choice((0.01, 0.05, 0.3)))
    for name in made:
        try:
            if stat.S_ISLNK(os.lstat(name).st_mode):
                os.unlink(name)
        except OSError:
            pass
    time.sleep(chance.choice((0.01, 0.1, 0.5)))
"""
"""A local user: links at names of ours that he knows, and at those that he can guess from the clock and the processes."""


@contextmanager
def planting(server: Server, seed: int) -> Iterator[None]:
    """He may write both directories, and plants while the block runs."""
    place = server.root / "root/outside"
    place.mkdir()
    (place / "there").write_text("precious\n")
    server.run("chmod", "0777", "/etc/dhcp", "/var/lib/dhcp")
    planter = Popen(server.inside_argv(plain_python(), "-c", PLANTER, str(seed)), stdout=PIPE)
    assert planter.stdout is not None
    try:
        planter.stdout.readline()
        yield
    finally:
        planter.kill()
        planter.wait(10)
        planter.stdout.close()


class Hands:
    """What the monkey does to the servers itself; every act is a Hand."""

    def __init__(self, lab: Lab, other: Relationship) -> None:
        self.lab, self.other = lab, other
        self.made: list[Hand] = []
        self._one = threading.Lock()

    def _do(self, what: str, server: Server, act: Callable[[], object], peer: str = "") -> None:
        """A start may take long, and something may follow: the hand is written down before and after."""
        at = time.monotonic()
        with self._one:
            self.made.append(Hand(what, server.name, at, float("inf"), peer))
            index = len(self.made) - 1
        try:
            act()
        finally:
            with self._one:
                self.made[index] = Hand(what, server.name, at, time.monotonic(), peer)

    def kill(self, server: Server) -> None:
        """As in a crash."""
        self._do("kill", server, server.kill)

    def start(self, server: Server) -> None:
        """By hand."""

        def start() -> None:
            try:
                server.restart()
            except LabError as error:
                print(f"{server.name}: {error}")

        self._do("start", server, start)

    def pause(self, server: Server) -> None:
        """It is held; a dhcpd that is gone is not."""
        if server.is_running():
            self._do("pause", server, server.pause)

    def resume(self, server: Server) -> None:
        """It goes on."""
        self._do(
            "resume", server, lambda: server.run("sh", "-c", 'p=$(/etc/dhcp/lab/ours); [ -z "$p" ] || kill -CONT $p')
        )

    def drain(self, server: Server) -> None:
        """Somebody else writes shutdown, in our relationship."""
        self._write(server, self.lab.settings.peer, SHUTDOWN)

    def alone(self, server: Server) -> None:
        """The other relationship is handed over: its partner alone serves it."""
        self._write(server, self.other.name, SHUTDOWN)

    def together(self) -> None:
        """The other relationship is normal again, by hand."""
        for server, word in zip(self.lab.servers.values(), self.other.states(self.lab), strict=True):
            if word == "shutdown":
                self._write(server, self.other.name, RECOVER)

    def _write(self, server: Server, peer: str, state: int) -> None:
        self._do("write", server, lambda: server.omapi.failover(peer, set_state=state, timeout=5), peer)

    def edit(self, server: Server, last: int) -> None:
        """A range of the source's shared file is changed: there is something to copy."""
        master = server.etc / "shared/master.conf"
        text = re.sub(r"(range 10\.0\.0\.100 10\.0\.0\.)\d+", rf"\g<1>{last}", master.read_text())
        self._do("edit", server, lambda: master.write_text(text))


class Monkey:
    """Rounds of a scene, some actions, and mostly a healing by the console's own advice."""

    def __init__(self, driver: Driver, hands: Hands, chance: random.Random) -> None:
        self.driver, self.hands, self.chance = driver, hands, chance
        self.tally: Counter[str] = Counter()
        self.unhealed: list[str] = []
        self.story: list[str] = []
        self._servers = hands.lab.servers
        self._held: list[Server] = []
        self._tour = self.chance.sample(list(Action), len(Action))
        """Each action once, where it is possible; after that whatever comes."""
        self._wanted: Action | None = None

    def go(self, seconds: float) -> None:
        """Until the time is over, and then until all is normal."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._scene()
            for _ in range(self.chance.randint(1, 3)):
                if time.monotonic() < end:
                    self._act()
            self._let_go()
            if self.chance.random() < 0.6:
                self.heal()
        self._let_go()
        self.heal()

    # -- scenes ----------------------------------------------------------------------------------------------------

    def _scene(self) -> None:
        scenes = [
            self._healthy, self._healthy, self._changed, self._one_down, self._held_one, self._trapped, self._one_alone,
            self._both_down, self._as_it_is,
        ]  # fmt: skip
        leads_to = {
            Action.SYNC_RESTART: self._changed, Action.PARTNER_DOWN: self._one_down, Action.SHUTDOWN: self._healthy,
            Action.HAND_OVER: self._healthy, Action.TAKE_BACK: self._handed_over, Action.START: self._one_down,
            Action.RESCUE: self._trapped,
        }  # fmt: skip
        self._wanted = self._tour.pop() if self._tour else None
        scene = leads_to[self._wanted] if self._wanted else self.chance.choice(scenes)
        self._tell(f"scene {scene.__name__.strip('_')}")
        scene()

    def _some(self) -> Server:
        return self._servers[self.chance.choice(("primary", "secondary"))]

    def _other(self, server: Server) -> Server:
        return self._servers["secondary" if server.role == "primary" else "primary"]

    def _healthy(self) -> None:
        self.heal()

    def _changed(self) -> None:
        self.hands.edit(self._servers["primary"], self.chance.randint(150, 199))
        self.heal()

    def _handed_over(self) -> None:
        self.heal()
        self.hands.drain(self._some())

    def _one_down(self) -> None:
        self.hands.kill(self._some())

    def _both_down(self) -> None:
        for server in self._servers.values():
            self.hands.kill(server)

    def _held_one(self) -> None:
        self._held.append(self._some())
        self.hands.pause(self._held[-1])

    def _one_alone(self) -> None:
        self.heal()
        self.hands.together()
        server = self._some()
        if self.hands.other.states(self.hands.lab) == ("normal", "normal"):
            self.hands.alone(server)

    def _trapped(self) -> None:
        """One was drained, then the other died: nobody serves."""
        self.heal()
        server = self._some()
        if server.local_state() == "normal" and self._other(server).local_state() == "normal":
            self.hands.drain(server)
            deadline = time.monotonic() + 10
            while self._other(server).local_state() != "partner-down" and time.monotonic() < deadline:
                time.sleep(0.05)
            self.hands.kill(self._other(server))

    def _as_it_is(self) -> None:
        """What the last action left."""

    def _let_go(self) -> None:
        for server in self._held:
            self.hands.resume(server)
        self._held.clear()

    # -- actions ---------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        wanted, self._wanted = self._wanted, None
        plan = self._wait_for(wanted) if wanted else self._choose()
        with ExitStack() as stack:
            if not wanted and self.chance.random() < 0.2:
                meddling = threading.Thread(target=self._meddle, args=(self.chance.uniform(0.1, 8.0), self._some()))
                meddling.start()
                stack.callback(meddling.join)
            self._run(plan)

    def _choose(self) -> Plan:
        """Mostly one that is allowed, and rather what was not verified often."""
        deadline = time.monotonic() + self.chance.uniform(2, 8)
        plans = self._plans()
        while not (allowed := [plan for plan in plans if plan.allowed]) and time.monotonic() < deadline:
            time.sleep(0.3)
            plans = self._plans()
        pool = allowed if allowed and self.chance.random() < 0.85 else plans
        return self.chance.choices(pool, [1 / (1 + 4 * self.tally[f"{each.action.value} verified"]) for each in pool])[
            0
        ]

    def _wait_for(self, wanted: Action) -> Plan:
        """One of this action on either server, allowed if it comes to that."""
        deadline = time.monotonic() + 30
        while True:
            plans = [plan for plan in self._plans() if plan.action is wanted and plan.variant != ROLLBACK]
            if (plan := next((each for each in plans if each.allowed), None)) or time.monotonic() > deadline:
                return plan or plans[0]
            time.sleep(0.3)

    def _meddle(self, after: float, server: Server) -> None:
        """In the midst of an action a dhcpd dies, or is started by somebody else."""
        time.sleep(after)
        if server.is_running():
            self._tell(f"meddles: kills {server.name}")
            self.hands.kill(server)
        else:
            self._tell(f"meddles: starts {server.name}")
            self.hands.start(server)

    def _plans(self) -> list[Plan]:
        engine = self.driver.engine
        plans = [engine.plan(action, role) for action in Action for role in Role if action is not Action.SYNC_RESTART]
        engine.prepare(Action.SYNC_RESTART, Role.PRIMARY)
        deadline = time.monotonic() + 10
        while any("being compared" in why for why in engine.plan(Action.SYNC_RESTART, Role.PRIMARY).ruling.reasons):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return [*plans, *(engine.plan(Action.SYNC_RESTART, Role.PRIMARY, variant) for variant in ("", ROLLBACK))]

    def _true(self, sentence: str) -> bool:
        """Whether what is sworn to about a server that is off or gone is so."""
        gone = {found[1] for found in _OFF.finditer(sentence)}
        return not any(server.name in gone and server.is_running() for server in self._servers.values())

    def _run(self, plan: Plan) -> None:
        """Confirm a plan and wait for its end; what it asks to be sworn to is sworn, where it is true."""
        driver, sentence = self.driver, plan.ruling.sentence
        if not self._true(sentence):
            self._tell(f"does not swear: {sentence}")
            return
        driver.progress.clear()
        driver.engine.run(plan, plan.confirm_text, sentence)
        driver.until(
            lambda: bool(driver.progress) and driver.progress[-1][1].outcome is not Outcome.RUNNING,
            RUN_SECONDS,
            plan.action.value,
        )
        told = driver.progress[-1][1]
        self.tally[f"{plan.action.value} {told.outcome.value}"] += 1
        what = f"{plan.action.value}{' (rollback)' if plan.variant == ROLLBACK else ''} on {plan.acting_name}"
        self._tell(f"{what}: {told.outcome.value}: {told.result}" + (f" [swore: {sentence}]" if sentence else ""))

    # -- healing ---------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Do what is advised until both are normal; where that leads nowhere it is kept, and done by hand."""
        deadline = time.monotonic() + HEAL_SECONDS
        seen: tuple[object, float] = (None, 0.0)
        while self.hands.lab.states() != {"primary": "normal", "secondary": "normal"}:
            verdict = derive(self.driver.engine.snapshot(), self.driver.now())
            if time.monotonic() > deadline:
                self.unhealed.append(f"{self.hands.lab.states()}: {verdict.headline} {_text(verdict.advised)}")
                self._tell(f"not healed: {self.unhealed[-1]}")
                self._by_force()
                return
            if verdict.advised != seen[0]:
                seen = verdict.advised, time.monotonic()
            elif verdict.level is not Level.OK and time.monotonic() - seen[1] > 1.0:
                self._follow(verdict.advised)
            time.sleep(0.5)
        self.hands.together()

    def _follow(self, advised: Sentence) -> None:
        action = next((part for part in advised if isinstance(part, Action)), None)
        if action is None:
            if (found := _RESTART.match(_text(advised))) is not None:
                self._tell(f"by hand: {_text(advised)}")
                self.hands.start(next(each for each in self._servers.values() if each.name == found[1]))
            return
        plans = [self.driver.engine.plan(action, role) for role in Role]
        if (plan := next((each for each in plans if each.allowed), None)) is not None:
            self._run(plan)

    def _by_force(self) -> None:
        """Two empty lease files: a pair that meets for the first time."""
        for server in self._servers.values():
            self.hands.kill(server)
        for server in self._servers.values():
            server.leases.write_text("")
        for server in self._servers.values():
            self.hands.start(server)
        self.hands.lab.wait_states(timeout=90)

    def _tell(self, text: str) -> None:
        self.story.append(f"{time.monotonic():.1f} {text}")
        print(self.story[-1], flush=True)


def _text(advised: Sentence) -> str:
    return in_keys(advised, lambda action: action.value)
