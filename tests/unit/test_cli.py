"""The command line: where options may stand, and what a mistake is answered with."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from dhcptui import __version__
from dhcptui.cli.arguments import ACTIONS, build_parser
from dhcptui.cli.main import _RUN, EXIT_USAGE, main
from dhcptui.config.command_names import COMMAND_NAMES, NO_PAIR_NAMES
from dhcptui.model.action import Action

CONFIG = '[pairs.office.primary]\nhost = "10.0.0.10"\n[pairs.office.secondary]\nhost = "10.0.0.20"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A valid configuration."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both answer and exit 0."""
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert "status" in capsys.readouterr().out


@pytest.mark.parametrize("before", [True, False])
def test_global_options_before_and_after(config: Path, capsys: pytest.CaptureFixture[str], before: bool) -> None:
    """--config and --read-only may stand on either side of the command."""
    options = ["--config", str(config), "--read-only"]
    assert main([*options, "config", "show"] if before else ["config", "show", *options]) == 0
    assert "read_only = true" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["status", "--config", "/nowhere.toml"], 3, "no configuration at /nowhere.toml"),
        (["config", "validate", "--config", "/nowhere.toml"], 1, "no configuration at /nowhere.toml"),
        (["--config", "/nowhere.toml"], 1, "no configuration at /nowhere.toml"),
        (["status", "--nonsense"], EXIT_USAGE, "--nonsense"),
        (["config", "frobnicate"], EXIT_USAGE, "frobnicate"),
    ],
)
def test_mistakes(argv: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence on stderr and an exit code that no state has."""
    assert main(argv) == code
    assert words in capsys.readouterr().err


def test_wrong_pair(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped pair is answered with the nearest one, as status and as console."""
    assert main(["status", "ofice", "--config", str(config)]) == 3
    assert main(["ofice", "--config", str(config)]) == 1
    assert capsys.readouterr().err.count("did you mean 'office'") == 2


def test_the_console_needs_a_terminal(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal it says so, and names what scripts use."""
    assert main(["office", "--config", str(config)]) == 1
    assert "status --json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["partner-down", "office", "--confirm", "x", "--rollback"], "--rollback goes with sync-restart"),
        (["shutdown", "office", "--confirm", "x", "--after", "5m"], "--after goes with start"),
        (["start", "office", "--confirm", "x", "--after", "soon"], "90s, 5m or 2h"),
    ],
)
def test_options_that_do_not_go_together(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """Each is told before anything is done."""
    assert main(["do", *options, "--config", str(config)]) == 1
    assert words in capsys.readouterr().err


def test_an_action_without_confirm_is_understood(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As advice writes it: `dhcptui do shutdown PAIR`. What it lacks is told by the plan, not by the usage."""
    assert main(["do", "shutdown", "ofice", "--config", str(config)]) == 1
    assert "did you mean 'office'" in capsys.readouterr().err
    args = build_parser().parse_args(["do", "shutdown", "office"])
    assert args.confirm == ""


def test_there_is_one_list_of_commands() -> None:
    """The parser, what runs them, and the names that no pair may have agree in every command, and in their order."""
    (commands,) = [each for each in build_parser()._actions if isinstance(each, argparse._SubParsersAction)]
    assert set(commands.choices) == set(COMMAND_NAMES) <= NO_PAIR_NAMES
    assert tuple(_RUN) == COMMAND_NAMES


def test_actions_are_those_of_the_guards() -> None:
    """The command line names every action, and no other."""
    assert set(ACTIONS) == {action.value for action in Action}
