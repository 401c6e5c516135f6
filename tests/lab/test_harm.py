"""A monkey that runs every action beside a second dhcpd, a second relationship and a local user who plants links: a sampler
of its own finds nothing that no plan named.

A minute in CI; DHCPTUI_HARM_SECONDS=600 for the long run, DHCPTUI_HARM_SEED=N for the same choices again.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dhcptui.act.audit import AuditLog, default_path
from tests.lab import harm
from tests.lab.driving import driving
from tests.lab.harm import Seen
from tests.lab.harm_monkey import HEAL_SECONDS, RUN_SECONDS, Hands, Monkey, planting
from tests.lab.harm_sampler import Sampler
from tests.lab.neighbours import KINDS, settle
from tests.lab.pair import Lab
from tests.lab.relationships import BAR, add, wait
from tests.lab.texts import RESTART

pytestmark = pytest.mark.lab
SECONDS = float(os.environ.get("DHCPTUI_HARM_SECONDS", "45"))
SEED = int(os.environ.get("DHCPTUI_HARM_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
QUIET_SECONDS = 2.5


@contextmanager
def crowded(kinds: tuple[str, ...] = KINDS) -> Iterator[Lab]:
    """A pair with a second relationship, and every kind of neighbour on both servers."""
    with Lab(mclt=10, max_response_delay=10, key_algorithm="hmac-sha256") as lab:
        lab.wait_states()
        add(lab, BAR)
        for server in lab.servers.values():
            for kind in kinds:
                settle(server, kind)
        yield lab


def collected(sampler: Sampler, hands: Hands, log: Path, offset: float, *, planted: bool = False) -> Seen:
    """Everything for the judge."""
    seen = Seen(hands=hands.made, planting=planted)
    sampler.into(seen)
    records = list(AuditLog(log).records()) if log.exists() else []
    seen.runs = harm.runs_of(records, offset, RESTART)
    seen.cleared = [each["epoch"] - offset for each in records if each["action"] in {"clear lock-out", "break-lock"}]
    return seen


@pytest.mark.timeout(SECONDS + HEAL_SECONDS + RUN_SECONDS + 240)
def test_no_harm_beyond_the_plans() -> None:
    """Whatever it does, in whatever state the pair is."""
    print(f"seed {SEED}, {SECONDS:.0f} s")
    chance = random.Random(SEED)  # noqa: S311 - a monkey, no cryptographer
    offset = time.time() - time.monotonic()
    with crowded() as lab, ExitStack() as stack:
        for number, server in enumerate(lab.servers.values()):
            stack.enter_context(planting(server, SEED + number))
        sampler, hands = Sampler(lab, ("foo", BAR.name)), Hands(lab, BAR)
        with sampler.watching():
            began = time.monotonic()
            with driving(lab) as driver:
                driver.settled(60)
                monkey = Monkey(driver, hands, chance)
                try:
                    monkey.go(SECONDS)
                finally:
                    print(dict(monkey.tally))
            time.sleep(QUIET_SECONDS)  # what is left behind is seen to stay
            took = time.monotonic() - began
    seen = collected(sampler, hands, default_path(), offset, planted=True)
    found = [*harm.broken(seen), *harm.left(seen), *sampler.blind(took)]
    assert not found, f"seed {SEED}\n" + "\n".join(found[:40])
    assert any(run.outcome == "verified" for run in seen.runs), monkey.tally


# -- the sampler and the judge, put to the proof: somebody does what no plan named --------------------------------------


@contextmanager
def looked_at(lab: Lab, hands: Hands) -> Iterator[list[str]]:
    """What is judged of the block is in the list afterwards."""
    sampler, found = Sampler(lab, ("foo", BAR.name)), list[str]()
    with sampler.watching():
        began = time.monotonic()
        yield found
        time.sleep(QUIET_SECONDS)
        took = time.monotonic() - began
    assert not sampler.blind(took)
    found += harm.broken(collected(sampler, hands, Path("/nonexistent"), 0.0))


def test_nothing_is_found_where_nothing_is_done() -> None:
    """Nor where the monkey's own hands do it, and say so."""
    with crowded() as lab:
        hands = Hands(lab, BAR)
        with looked_at(lab, hands) as found:
            hands.edit(lab.primary, 180)
            hands.kill(lab.secondary)
            hands.start(lab.secondary)
            lab.wait_states(timeout=60)
            hands.alone(lab.secondary)
            wait(lab, BAR, "partner-down", "shutdown")
            hands.kill(lab.primary)
            hands.start(lab.primary)
            wait(lab, BAR, "partner-down", "shutdown", 60)
    assert not found


def test_a_stopped_neighbour_is_found() -> None:
    """Killed, and held."""
    with crowded(()) as lab:
        gone, held = (settle(server, "second") for server in lab.servers.values())
        with looked_at(lab, Hands(lab, BAR)) as found:
            gone.server.run("kill", str(gone.pid))
            held.server.run("kill", "-STOP", str(held.pid))
    assert sorted(each[:6] for each in found) == ["dhcp1:", "dhcp2:"], found
    assert all("it is not ours" in each for each in found)


def test_a_write_through_a_link_is_found() -> None:
    """Root writes where a local user's link leads, and takes it for its own file."""
    with crowded(()) as lab:
        server = lab.secondary
        (server.root / "root/outside").mkdir()
        server.run("chmod", "0777", "/var/lib/dhcp")
        link = "/var/lib/dhcp/.dhcptui-lockout"
        with looked_at(lab, Hands(lab, BAR)) as found:
            server.run("setpriv", "--reuid", "65534", "--clear-groups", "ln", "-s", "/root/outside/new", link)
            server.run("sh", "-c", f"echo marker >{link}")
    assert any("/root/outside/new" in each for each in found), found


def test_a_restart_that_leaves_a_relationship_with_nobody_is_found() -> None:
    """Only the primary serves it: its dhcpd goes and comes, and for that time nobody does."""
    with crowded(()) as lab:
        hands = Hands(lab, BAR)
        hands.alone(lab.secondary)
        wait(lab, BAR, "partner-down", "shutdown")
        with looked_at(lab, hands) as found:
            time.sleep(2 * harm.LOOSE_SECONDS)  # what the hand did is over
            lab.primary.kill()
            time.sleep(2 * harm.SHORT_SECONDS)
            lab.primary.restart()
            wait(lab, BAR, "partner-down", "shutdown", 60)
    said = "\n".join(found)
    assert "ended, and no plan said so" in said
    assert "was started by nobody who said so" in said
    assert "nobody served bar" in said


def test_a_write_to_another_relationship_is_found() -> None:
    """As a console would that takes the wrong name."""
    with crowded(()) as lab, looked_at(lab, Hands(lab, BAR)) as found:
        lab.secondary.omapi.failover(BAR.name, set_state=8)
        wait(lab, BAR, "partner-down", "shutdown")
    assert [each for each in found if "bar went to" in each], found
