"""The first five minutes: clone, install, demo, help, quit; then a configuration for a real pair, and the console on it.

Every command and the configuration are taken out of the README: it cannot go stale unnoticed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.pair import Lab
from tests.terminal import ESC, Terminal
from tests.walk.newcomer import INSTALL, Newcomer, arrive
from tests.walk.readme import blocks, commands

pytestmark = [pytest.mark.source, pytest.mark.second_try("the first healthy screen has a limit of seconds")]
DEMO_SECONDS = 30
"""A healthy pair takes under 5 s on a machine of its own."""


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Somebody who has just installed it."""
    directory = tmp_path_factory.mktemp("walk")
    yield arrive(directory)
    shutil.rmtree(directory)


def the_one(pattern: str, lines: list[str]) -> str:
    """The first line of the README that matches."""
    return next(line for line in lines if re.search(pattern, line))


def leaves(newcomer: Newcomer, terminal: Terminal) -> None:
    """`q` ends it, with nothing left behind."""
    terminal.send("q")
    assert terminal.exit_code(20) == 0
    assert list((newcomer.home / "tmp").iterdir()) == []


def test_the_two_commands_are_there(newcomer: Newcomer) -> None:
    """What the README promises first, make knows."""
    for line in commands("Two commands"):
        newcomer.types(line.replace("make ", "make --dry-run "))


def test_help(newcomer: Newcomer) -> None:
    """`--help` names the commands and the man page lies where man looks."""
    said = newcomer.types("dhcptui --help").stdout
    assert all(word in said for word in ("demo", "status", "plan", "config"))
    assert (newcomer.home / ".dhcptui/share/man/man1/dhcptui.1").exists()


def test_without_a_configuration_it_says_what_to_do(newcomer: Newcomer) -> None:
    """`config path` names the place. The first start explains, and `q` leaves with an error for scripts."""
    path = newcomer.types("dhcptui config path").stdout.strip()
    assert path == str(newcomer.home / ".config/dhcptui/config.toml")
    with Terminal(newcomer.argv("dhcptui")) as terminal:
        terminal.until(lambda: terminal.shows("no configuration yet") and terminal.shows(re.escape(path)), 15)
        terminal.send("q")
        assert terminal.exit_code() == 1


def test_from_the_first_screen_to_the_practice_pair(newcomer: Newcomer) -> None:
    """The first screen offers the practice pair, a key away."""
    with Terminal(newcomer.argv("dhcptui")) as terminal:
        terminal.until("d +try the practice pair", 15)
        terminal.send("d")
        terminal.until("both servers serve", DEMO_SECONDS)
        leaves(newcomer, terminal)


def test_demo(newcomer: Newcomer) -> None:
    """A healthy pair, the help, and out again."""
    with Terminal(newcomer.argv(the_one(r"dhcptui demo$", commands(INSTALL)))) as terminal:
        terminal.until("both servers serve", DEMO_SECONDS)
        terminal.until(lambda: len(re.findall(r"\bnormal\b", terminal.text())) >= 2)
        terminal.send("?")
        terminal.until(r"Copy the shared configuration")
        terminal.send(ESC)
        terminal.until(lambda: not terminal.shows("Copy the shared configuration"))
        leaves(newcomer, terminal)


@pytest.fixture
def configured(newcomer: Newcomer, lab: Lab) -> Iterator[Newcomer]:
    """Their home with the README's configuration, the lab's OMAPI key, and the way into the lab's servers."""
    (example,) = blocks("toml", INSTALL)
    assert all(server.host in example for server in lab.servers.values())
    assert lab.settings.peer in example
    place, ssh = newcomer.home / ".config/dhcptui", newcomer.home / ".ssh"
    place.mkdir(parents=True)
    ssh.mkdir(mode=0o700)
    # The lab writes its log to a file, which the README names as the other way.
    (place / "config.toml").write_text(re.sub(r'"journal:[^"]*"', '"file:/var/log/dhcpd.log"', example))
    shutil.copy(lab.dir / "omapi.key", place / "omapi.key")
    for name in ("id_ed25519", "known_hosts"):
        shutil.copy(lab.dir / name, ssh / name)
    yield newcomer
    shutil.rmtree(place)
    shutil.rmtree(ssh)


@pytest.mark.lab
def test_the_readmes_configuration_on_the_real_pair(configured: Newcomer, lab: Lab) -> None:
    """The example of the README is valid, and the console on it shows both servers normal."""
    newcomer = configured
    validate = the_one(
        r"config validate", re.findall(r"`(dhcptui config \w+)`", (newcomer.clone / "README.md").read_text())
    )
    assert "valid, 1 pair: office" in newcomer.types(validate).stdout
    argv = lab.operator_argv(*newcomer.argv(the_one(r"^dhcptui office", commands(INSTALL))))
    with Terminal(argv) as terminal:
        terminal.until("both servers serve", 15)
        terminal.until(r"normal.*normal")
        leaves(newcomer, terminal)
    said = lab.operator_argv(*newcomer.argv(the_one(r"^dhcptui status", commands("For scripts"))))
    with Terminal(said) as terminal:
        assert terminal.exit_code(20) == 0


def test_nothing_but_the_home_was_touched(newcomer: Newcomer) -> None:
    """The clone is as it was: nothing was built into it."""
    assert not [
        path for path in newcomer.clone.iterdir() if path.name in {"build", "dist", "dhcptui.egg-info", ".venv"}
    ]
    assert Path(newcomer.home / ".dhcptui/bin/dhcptui").exists()
