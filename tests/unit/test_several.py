"""Which pairs a command line means, and what is read once for several of them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from dhcptui.cli.arguments import build_parser, with_command
from dhcptui.cli.common import acting_server, one_object, pairs_of
from dhcptui.cli.lint import _couples
from dhcptui.cli.main import _RUN as RUN
from dhcptui.cli.plan import choose
from dhcptui.cli.plan import run as show_plans
from dhcptui.config.loading import ConfigError, load
from dhcptui.config.settings import LintSettings
from dhcptui.model.action import Action
from dhcptui.model.role import Role
from tests.unit.test_script import plan

CONFIG = """
[servers.fw1]
host = "10.0.0.10"
[servers.fw2]
host = "10.0.0.20"
[servers.branch]
host = "10.0.0.30"
[pairs.lan]
group = "hq"
primary = "fw1"
secondary = "fw2"
[pairs.opt1]
group = "hq"
primary = "fw2"
secondary = "fw1"
[pairs.far]
primary = "fw1"
secondary = "branch"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two firewalls with two relationships, and a branch that shares one of them."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("status", "lan opt1 far"),
        ("status far", "far"),
        ("status --all", "lan opt1 far"),
        ("lint --group hq", "lan opt1"),
        ("report --machine fw2", "lan opt1"),
        ("plan hand-over --machine 10.0.0.30", "far"),
        ("plan hand-over", "lan opt1 far"),
        ("do hand-over --machine fw1 --confirm fw1", "lan opt1 far"),
    ],
)
def test_which_pairs_are_meant(config: Path, line: str, names: str) -> None:
    """By name, by group, by machine under any of its names, or all."""
    args = build_parser().parse_args(with_command(["--config", str(config), *line.split()]))
    assert " ".join(pair.name for pair in pairs_of(args)) == names


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("status --group hw", "no pair has the group 'hw'; did you mean 'hq'?"),
        ("lint --machine fw3", "no pair has the machine 'fw3'; did you mean"),
        ("status lan --group hq", "exclude each other"),
        ("report --all --machine fw1", "exclude each other"),
        ("plan hand-over lann", "did you mean 'lan'?"),
    ],
)
def test_what_is_not_there(config: Path, line: str, words: str) -> None:
    """The nearest word is offered."""
    args = build_parser().parse_args(with_command(["--config", str(config), *line.split()]))
    with pytest.raises(ConfigError) as caught:
        pairs_of(args)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["status", ""], "no pair is called ''"),
        (["status", "--group", ""], "no pair has the group ''"),
        (["report", "--machine="], "no pair has the machine ''"),
        (["do", "hand-over", "--machine", "", "--confirm", "fw1"], "no pair has the machine ''"),
    ],
)
def test_an_empty_name_is_not_every_pair(config: Path, line: list[str], words: str) -> None:
    """A script's variable that was never set."""
    with pytest.raises(ConfigError) as caught:
        RUN[line[0]](build_parser().parse_args(with_command(["--config", str(config), *line])))
    assert words in str(caught.value)


def test_one_pair_needs_no_name(tmp_path: Path) -> None:
    """Wherever one pair is configured; JSON is its object then, and a list where several were asked for."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.partition("[pairs.opt1]")[0])
    for line in ("plan shutdown", "report", "lint", "status"):
        args = build_parser().parse_args(["--config", str(path), *line.split()])
        assert [pair.name for pair in pairs_of(args)] == ["lan"]
        assert one_object(args, pairs_of(args))
        args = build_parser().parse_args(["--config", str(path), *line.split(), "--all"])
        assert not one_object(args, pairs_of(args))
    args = build_parser().parse_args(["--config", str(path), "lease", "10.0.0.1"])
    assert (args.pair, args.address) == (None, "10.0.0.1")


SEVERAL = """
[pairs.office.primary]
name = "dhcp1"
host = "10.0.0.10"
[pairs.office.secondary]
name = "dhcp2"
host = "gate"
port = 2201
[pairs.branch.primary]
name = "dhcp1"
host = "10.1.0.10"
[pairs.branch.secondary]
name = "lab2"
host = "gate"
port = 2202
"""


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("dhcp1", "'dhcp1' is not one machine: 10.0.0.10 in office, 10.1.0.10 in branch; name a PAIR, or"),
        ("gate", "'gate' is not one machine: gate:2201 in office, gate:2202 in branch; name a PAIR, or"),
        ("lab2", ""),
        ("10.1.0.10", ""),
    ],
)
def test_a_word_for_several_machines_is_none(tmp_path: Path, word: str, words: str) -> None:
    """One typed name must not act on two machines that only happen to be called the same."""
    path = tmp_path / "config.toml"
    path.write_text(SEVERAL)
    args = build_parser().parse_args(["--config", str(path), "plan", "hand-over", "--machine", word])
    if not words:
        assert [pair.name for pair in pairs_of(args)] == ["branch"]
        return
    with pytest.raises(ConfigError) as caught:
        pairs_of(args)
    assert words in str(caught.value)


def test_who_acts_for_a_machine(config: Path) -> None:
    """The machine itself; for partner-down it is the one that is declared down. --server may say it, and nothing else."""
    pairs = load(config).pairs
    args = build_parser().parse_args(["do", "hand-over", "--machine", "fw1", "--confirm", "fw1"])
    assert acting_server(args, pairs["opt1"], Action.HAND_OVER) == "fw1"
    assert acting_server(args, pairs["opt1"], Action.PARTNER_DOWN) == "fw2"
    assert acting_server(args, pairs["far"], Action.PARTNER_DOWN) == "branch"
    args.server = "fw2"
    assert acting_server(args, pairs["opt1"], Action.PARTNER_DOWN) == "fw2"
    for action in (Action.HAND_OVER, Action.TAKE_BACK):  # "fw1" is what is typed to confirm
        with pytest.raises(ConfigError, match=r"opt1: with --machine 'fw1' fw1 acts: leave out --server 'fw2'"):
            acting_server(args, pairs["opt1"], action)
    args.machine = None
    assert acting_server(args, pairs["opt1"], Action.HAND_OVER) == "fw2"


def test_two_machines_are_linted_once(config: Path) -> None:
    """Whatever the roles; apart where something is silenced for one of the pairs only."""
    pairs = list(load(config).pairs.values())
    assert [[pair.name for pair in couple] for couple in _couples(pairs)] == [["lan", "opt1"], ["far"]]
    moved = replace(pairs[1], primary=replace(pairs[1].primary, shared_dir="/etc/opt1"))
    assert len(_couples([pairs[0], moved])) == 2, "each pair's own shared directory is compared"
    pairs[1] = replace(pairs[1], lint=LintSettings((("L38", "own name servers"),)))
    assert [[pair.name for pair in couple] for couple in _couples(pairs)] == [["lan"], ["opt1"], ["far"]]


@pytest.mark.parametrize(
    ("line", "names"), [("--machine branch", ["far"]), ("--group hq", ["lan", "opt1"]), ("far", [])]
)
def test_of_several_plans_each_has_its_pair(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, names: list[str]
) -> None:
    """Their peers and servers may be called the same."""
    monkeypatch.setattr("dhcptui.engine.headless.together", lambda pairs, _: nullcontext(pairs))
    monkeypatch.setattr("dhcptui.cli.plan._made", lambda *_: (plan(Action.HAND_OVER), []))
    args = build_parser().parse_args(with_command(["--config", str(config), "plan", "hand-over", *line.split()]))
    assert show_plans(args) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [row for row in printed if row.startswith("== ")] == [f"== {name}" for name in names]
    assert sum(row.startswith("hand-over on dhcp1: ") for row in printed) == max(1, len(names))


def test_the_pair_of_which_both_could_act_is_named() -> None:
    """Of a group one cannot tell it by its servers."""
    plans = [plan(Action.HAND_OVER), plan(Action.HAND_OVER, acting=Role.SECONDARY)]
    with pytest.raises(
        ConfigError, match=r"^pair office: both servers could act: name one with --server dhcp1 or dhcp2$"
    ):
        choose(plans)
