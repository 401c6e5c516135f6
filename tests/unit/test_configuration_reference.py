"""docs/configuration.md holds every key there is, and what it says of a key is so."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from dhcptui.config.console import ConsoleSettings
from dhcptui.config.loading import load
from dhcptui.config.settings import OmapiKey, PairSettings, ServerSettings
from dhcptui.config.table import Table
from tools.documents.configuration import EXAMPLE, described, pair_keys, server_keys
from tools.generate import ROOT

HOSTS = '[pairs.x.primary]\nhost = "a"\n[pairs.x.secondary]\nhost = "b"\n'
OMAPI_KEY = dict(described(OmapiKey))
CONSOLE = dict(described(ConsoleSettings))
Keys = Mapping[str, Mapping[str, str]]


def text(keys: Keys, value: str) -> str:
    """The keys as TOML, with their example or default."""
    return "".join(f"{name} = {key[value].strip('`')}\n" for name, key in keys.items())


def test_every_example_is_taken(tmp_path: Path) -> None:
    """A file in which every documented key stands with its example is valid."""
    secondary = {name: key for name, key in server_keys().items() if name not in {"name", "host"}}
    path = tmp_path / "config.toml"
    path.write_text(
        f"[console]\n{text(CONSOLE, 'example')}[pairs.office]\n{text(pair_keys(), 'example')}"
        f"[pairs.office.primary]\n{text(server_keys(), 'example')}"
        f'[pairs.office.secondary]\nname = "dhcp2"\nhost = "10.0.0.20"\n{text(secondary, "example")}'
    )
    pair = load(path).pair("office")
    assert pair.primary.name == "dhcp1"
    assert pair.primary.omapi_key == pair.secondary.omapi_key


def test_every_key_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader asks for in a file is what the document lists, table by table."""
    asked: dict[str, set[str]] = {}
    done = Table.done

    def noted(self: Table) -> None:
        asked[self.name] = set(self.asked)
        done(self)

    monkeypatch.setattr(Table, "done", noted)
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE)
    load(path)
    assert asked["pairs.office"] == {*pair_keys(), "primary", "secondary"}
    assert asked["pairs.office.primary"] == asked["pairs.office.secondary"] == set(server_keys())
    assert asked["pairs.office.primary.omapi_key"] == set(OMAPI_KEY)
    assert asked.get("console", set(CONSOLE)) == set(CONSOLE)


@pytest.mark.parametrize("table", ["pair", "server"])
def test_documented_defaults_are_the_defaults(tmp_path: Path, table: str) -> None:
    """Writing a documented default into the file changes nothing."""
    keys = pair_keys() if table == "pair" else server_keys()
    plain = {name: key for name, key in keys.items() if key["default"][1:2] in set('"[tf0123456789')}
    assert len(plain) >= 3
    heading = "[pairs.x]" if table == "pair" else "[pairs.x.primary]"
    path = tmp_path / "config.toml"
    path.write_text(HOSTS)
    without = load(path)
    written = text(plain, "default")
    path.write_text(
        f"{heading}\n{written}{HOSTS}" if table == "pair" else HOSTS.replace(heading, heading + "\n" + written)
    )
    assert load(path).pairs == without.pairs


def test_defaults_of_the_classes_are_those_of_the_reader(tmp_path: Path) -> None:
    """The settings classes and the reader of the file agree."""
    path = tmp_path / "config.toml"
    path.write_text(HOSTS)
    pair = load(path).pair("x")
    for cls, read in ((PairSettings, pair), (ServerSettings, pair.primary)):
        for each in fields(cls):
            if each.default is not MISSING:
                assert getattr(read, each.name) == each.default, each.name


def test_the_readme_shows_the_same_example() -> None:
    """Comments aside, the README's configuration is the one of the reference."""
    blocks = (ROOT / "README.md").read_text().split("```toml\n")[1:]
    assert tomllib.loads(blocks[0].split("```")[0]) == tomllib.loads(EXAMPLE)
