"""Drills, played to their end with keys only, by an ordinary user who reads the screen and does what it advises."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcptui.act.plan import Outcome
from dhcptui.cli.main import main
from dhcptui.model.action import Action
from dhcptui.model.commands import key_of as default_key
from dhcptui.model.sentence import in_commands, in_keys
from dhcptui.practice.drills import PracticeDrills, Service, service_between, told
from dhcptui.practice.scenarios import RESTART_SECONDS, SCENARIOS, Deed
from tests.practice.pair import WatchedPair
from tests.terminal import ENTER, ESC, Terminal

from .guest import Guest

pytestmark = pytest.mark.second_try("a drill has to be played within its time")

SPEED, MCLT_SECONDS = 12, 5
PLAY_SECONDS = 90.0
PAGE_DOWN = "\x1b[6~"
NONE: frozenset[str] = frozenset()
ONE, BOTH = frozenset({"primary"}), frozenset({"primary", "secondary"})


@pytest.fixture
def guest() -> Iterator[Guest]:
    """A user with a home and a TMPDIR."""
    with Guest.visiting() as one:
        yield one


def begin(guest: Guest, *options: str) -> Terminal:
    """`dhcptui demo` in the smallest terminal."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    fast = ("--speed", str(SPEED), "--mclt", str(MCLT_SECONDS))
    return Terminal([*guest.argv(), "-m", "dhcptui", "demo", *fast, *options], columns=80, rows=24, env=guest.env())


def key_of(terminal: Terminal, label: str) -> str:
    """The key that stands behind a label in the row of the drill."""
    terminal.until(label + r" \((.)\)")
    found = re.search(label + r" \((.)\)", terminal.text())
    assert found
    return found[1]


class Operator:
    """Knows nothing but what is on screen: follows "What now", types what is asked for, waits where told to wait."""

    ADVISED = re.compile(r"What now: (?!Nothing to do|Wait)[^╭]*?\b([UPX])\s+(?:brings|on\b|\()")
    ASKED = re.compile(r"Type (\S+) and press Enter")
    SENTENCE = re.compile(r"To answer for it, type: (.+)")
    CHOICE = re.compile(r"1 dhcp1 +2 dhcp2")
    ENDED = re.compile(r"VERIFIED|FAILED|REFUSED|Refused")

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.acted: list[str] = []

    def play(self) -> None:
        """Until the drill is over."""
        end = time.monotonic() + PLAY_SECONDS
        while not self._terminal.shows("drill over"):
            assert time.monotonic() < end, self._terminal.text()
            if advised := self.ADVISED.search(self._terminal.text()):
                self._act(advised[1])
            time.sleep(0.2)

    def _act(self, key: str) -> None:
        terminal = self._terminal
        self.acted.append(key)
        terminal.send(key)
        terminal.until(lambda: any(each.search(terminal.text()) for each in (self.ASKED, self.CHOICE, self.ENDED)))
        if asked := self.ASKED.search(terminal.text()):
            terminal.send(asked[1] + ENTER)
            if terminal.shows("Not proven"):
                terminal.until(self.SENTENCE.pattern)
                sentence = self.SENTENCE.search(terminal.text())
                assert sentence
                terminal.send(sentence[1].strip(" │") + ENTER)
            terminal.until(self.ENDED.pattern, 30)
        terminal.send(ESC)
        terminal.until(r"─ log dhcp\d ")

    def review(self) -> str:
        """All of it, as one line of words."""
        self._terminal.send(key_of(self._terminal, "review"))
        self._terminal.until("─ review ")
        pages = [self._page()]
        self._terminal.send(PAGE_DOWN)
        time.sleep(0.4)
        pages.append(self._page())
        return " ".join(" ".join(pages).split())

    def _page(self) -> str:
        inside = self._terminal.text().partition("─ review ")[2].partition("╰")[0]
        return inside.replace("│", " ").replace("─", "").replace("╮", "")


def play(guest: Guest, name: str) -> tuple[str, list[str]]:
    """A drill from its beginning to the end of the demo: its review, and the keys that were advised and pressed."""
    with begin(guest, "--drill", name) as terminal:
        terminal.until(r"drill: \d\d:\d\d", 20)
        operator = Operator(terminal)
        operator.play()
        review = operator.review()
        print(review)
        terminal.send(ESC)
        terminal.until(r"─ log dhcp\d ")
        terminal.send("q")
        assert terminal.exit_code() == 0
    guest.has_left()
    assert "both servers were normal again" in review
    return review, operator.acted


def unserved(review: str) -> int:
    """The seconds in which nobody answered, as the review has them."""
    if "Clients were answered all the time" in review:
        return 0
    found = re.search(r"Nobody answered clients for (\d+) s", review)
    assert found, review
    return int(found[1])


def test_the_secondary_crashes(guest: Guest) -> None:
    """The advice is U; the review praises it."""
    review, acted = play(guest, "secondary-crashes")
    assert acted == ["U"]
    assert "You ran start on dhcp2: verified. You brought it up. That was right." in review
    assert unserved(review) == 0


def test_the_pool_runs_dry(guest: Guest) -> None:
    """The advice is P, with the sentence; dhcp2 comes back once dhcp1 has everything."""
    review, acted = play(guest, "pool-runs-dry")
    assert acted == ["P"]
    assert "You ran partner-down on dhcp1: verified. You set partner-down on dhcp1. That was right" in review
    assert unserved(review) == 0


@pytest.mark.parametrize("name", ["link-cut", "wrong-clock", "empty-lease-file"])
def test_nothing_to_do(guest: Guest, name: str) -> None:
    """No action is advised, and the review praises patience."""
    review, acted = play(guest, name)
    assert acted == []
    assert "You changed nothing on the servers. That was right." in review
    assert unserved(review) == 0


def test_both_are_restarted(guest: Guest) -> None:
    """Nobody serves for as long as both are stopped."""
    review, _ = play(guest, "both-restarted")
    assert RESTART_SECONDS / SPEED - 1 <= unserved(review) <= RESTART_SECONDS / SPEED + 4


def test_asked_ended_begun_again_and_left(guest: Guest) -> None:
    """One key tells, one ends at once with a review, `D` begins another, and `q` in its midst leaves nothing."""
    with begin(guest, "--drill", "secondary-crashes") as terminal:
        terminal.until(r"drill: \d\d:\d\d", 20)
        assert "killed" not in terminal.text()
        terminal.send(key_of(terminal, r"what happened\?"))
        terminal.until("dhcpd on dhcp2 was killed")
        terminal.send(ESC)
        terminal.until(r"─ log dhcp\d ")
        terminal.send(key_of(terminal, "end and review"))
        terminal.until("ended by you")
        terminal.until("Nobody brought dhcp2 up")
        terminal.send(ESC)
        terminal.until(r"─ log dhcp\d ")
        terminal.send("D")
        terminal.until("5  A rebuilt server")
        terminal.send("5")
        terminal.until("preparing a healthy pair")
        terminal.until(r"drill: \d\d:\d\d", 20)
        terminal.until("waits out the MCLT", 20)
        terminal.send("q")
        assert terminal.exit_code() == 0
    guest.has_left()


# -- without a screen


def test_the_review_agrees_with_the_record(tmp_path: Path) -> None:
    """Unserved seconds are those of the pair, counted here by looking at it all the time; no thread stays."""
    before = set(threading.enumerate())
    with WatchedPair(tmp_path / "pair", mclt=MCLT_SECONDS, speed=4) as pair:
        pair.wait_settled()
        drills = PracticeDrills(pair, audit=tmp_path / "audit.jsonl")
        drills.begin("both-restarted")
        dark, last = 0.0, time.monotonic()
        while drills.running():
            time.sleep(0.02)
            now = time.monotonic()
            dark += 0.0 if pair.service[-1][1] else now - last  # a loaded machine sleeps longer than it was told to
            last = now
        review = " ".join(in_commands(each, "practice") for each in drills.review())
        drills.close()
        assert abs(unserved(review) - dark) < 1.0
        assert unserved(review) >= RESTART_SECONDS / 4 - 1
    assert {thread for thread in threading.enumerate() if not thread.daemon} <= before
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("dhcptui-drill")]


def test_service_is_added_up() -> None:
    """Only what lies between the two times counts; the last entry goes on to the end."""
    record = [(0.0, NONE), (10.0, BOTH), (20.0, ONE), (25.0, NONE), (28.0, BOTH), (40.0, ONE)]
    assert service_between(record, 12, 42) == Service(nobody=3, one=7)
    assert service_between(record, 26, 27) == Service(nobody=1, one=0)
    assert service_between(record, 41, 45) == Service(nobody=0, one=4)
    assert told(Service(3, 7)) == "Nobody answered clients for 3 s; one server alone did for 7 s."
    assert told(Service(0, 0)) == "Clients were answered all the time."


def deed(action: Action, outcome: Outcome = Outcome.VERIFIED) -> Deed:
    """Something the operator did."""
    return Deed(action, "dhcp1", outcome, 0.0)


@pytest.mark.parametrize(
    ("name", "deeds", "said"),
    [
        ("secondary-crashes", [Action.PARTNER_DOWN, Action.START], "quicker"),
        ("secondary-crashes", [Action.PARTNER_DOWN], "could have been started: U"),
        ("pool-runs-dry", [], "Nobody set partner-down (P) on dhcp1"),
        ("link-cut", [Action.SHUTDOWN, Action.START], "None of that was needed (shutdown, start)"),
        ("both-restarted", [Action.START], "quicker than waiting"),
    ],
)
def test_what_was_done_otherwise(name: str, deeds: list[Action], said: str) -> None:
    """Each judge knows more than praise."""
    found = next(each for each in SCENARIOS if each.name == name)
    assert said in in_keys(found.judge([deed(action) for action in deeds]), default_key)


def test_what_was_refused_is_no_deed() -> None:
    """A refusal has changed nothing."""
    waits = next(each for each in SCENARIOS if each.name == "link-cut")
    assert "right" in in_keys(waits.judge([deed(Action.PARTNER_DOWN, Outcome.REFUSED)]), default_key)
    assert "None of that" in in_keys(waits.judge([deed(Action.SHUTDOWN, Outcome.FAILED)]), default_key)


def test_names(capsys: pytest.CaptureFixture[str]) -> None:
    """`--drill list` names all six; a name that is nearly right is recognised."""
    assert main(["demo", "--drill", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [each.name for each in SCENARIOS]
    assert len(listed) == 6
    assert main(["demo", "--drill", "link-cuts"]) == 1
    assert "did you mean 'link-cut'?" in capsys.readouterr().err


def test_the_user_s_own_looks(guest: Guest) -> None:
    """Remapped keys hold on the practice pair too; a broken configuration keeps nobody from it."""
    place = guest.home / ".config/dhcptui"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[console]\nascii = true\n[keys]\n"look.help" = "f1"\n')
    with begin(guest) as terminal:
        terminal.until("both servers serve", 20)
        assert "╭" not in terminal.text()
        assert re.search(r"  f1( help)?  q", terminal.text())
        terminal.send("q")
        assert terminal.exit_code() == 0
    (place / "config.toml").write_text("[console\n")
    with begin(guest) as terminal:
        terminal.until("both servers serve", 20)
        terminal.send("q")
        assert terminal.exit_code() == 0
    assert guest.directories() == []
