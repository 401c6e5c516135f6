"""Every key does something: each command has a handler, each binding a method, and each is told in the documents."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

from dhcptui.model.commands import BOTH, BY_NAME, COMMANDS, FIXED, Command, Where
from dhcptui.ui.handlers import FLEET_HANDLERS, HANDLERS
from dhcptui.ui.keymap import Commands, bind, complete
from dhcptui.ui.panes.find_bar import FindBar
from dhcptui.ui.panes.log_pane import LogPane
from dhcptui.ui.panes.prompt import Prompt
from dhcptui.ui.panes.reading import Reading
from dhcptui.ui.screens.fleet import FilterLine, FleetScreen
from dhcptui.ui.screens.main import MainScreen
from dhcptui.ui.views.drills import DrillMenu
from dhcptui.ui.views.lease import LeasePane
from dhcptui.ui.views.palette import Palette
from dhcptui.ui.welcome import Welcome

OWN: dict[str, tuple[type[DOMNode], set[str]]] = {
    "While finding": (FindBar, {"enter"}),
    "On a page to read (help, network, pools, configuration ...)": (Reading, set()),
    "In the lease look-up": (LeasePane, {"enter"}),
    "In the palette": (Palette, {"enter"}),
    "In the list of drills": (DrillMenu, set()),
    "In an open prompt": (Prompt, {"enter"}),
    "While filtering the fleet": (FilterLine, {"enter"}),
    "Without a configuration": (Welcome, set()),
}
"""Where keys cannot be changed: the node that binds them, and what a line to type in takes besides."""
KINDS: dict[Where, tuple[type[DOMNode], ...]] = {
    "screen": (MainScreen,),
    "drill": (MainScreen,),
    "page": (MainScreen,),
    "neighbour": (MainScreen,),
    "fleet": (FleetScreen,),
    "log": (LogPane,),
    "prompt": (Prompt,),
}


def bindings(node: type[DOMNode]) -> list[Binding]:
    """What a class binds itself."""
    return [each for each in vars(node).get("BINDINGS", ()) if isinstance(each, Binding)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_handler(command: Command) -> None:
    """On the node that has its key; in a read-only console there is none for what changes anything."""
    handler = HANDLERS[command.name]
    assert handler.kind in KINDS[command.where]
    if command.acting:
        with pytest.raises(LookupError):
            Commands(read_only=True, drills=True, handlers=HANDLERS).handler(command.name)
    else:
        commands = Commands(
            read_only=True, drills=True, neighbours=True, fleet=command.where == "fleet", handlers=HANDLERS
        )
        assert commands.handler(command.name) is handler
    assert len(inspect.signature(handler.call).parameters) == 1
    assert len(inspect.signature(handler.refused).parameters) == 1


def test_a_command_without_a_handler_is_found_before_anything_is_shown() -> None:
    """A made-up row, and a handler that is left over."""
    made_up = replace(BY_NAME["look.network"], name="look.servers")
    with pytest.raises(LookupError, match=r"look\.servers"):
        complete(HANDLERS, (*COMMANDS, made_up))
    with pytest.raises(LookupError, match=r"log\.right"):
        complete(HANDLERS, [each for each in COMMANDS if each.name != "log.right"])
    assert complete(HANDLERS, COMMANDS) is HANDLERS


@pytest.mark.parametrize("name", sorted(BOTH))
def test_what_is_in_both_has_a_handler_of_the_fleet(name: str) -> None:
    """And nothing that acts on a server is there."""
    commands = Commands(fleet=True, handlers=FLEET_HANDLERS)
    assert commands.handler(name).kind is FleetScreen
    assert not any(each.acting for each in commands)


def test_no_key_is_bound_on_a_node_that_cannot_run_it() -> None:
    """A key of a log on the prompt, and any key before there are handlers."""
    with pytest.raises(TypeError, match="belongs to LogPane"):
        bind(Reading.__new__(Reading), Commands(handlers=HANDLERS), "log")
    with pytest.raises(KeyError):
        bind(Reading.__new__(Reading), Commands(), "log")


@pytest.mark.parametrize("where", OWN)
def test_what_cannot_be_changed_is_told(where: str) -> None:
    """The documents list exactly what the node binds, and each of its bindings has a method."""
    node, typed = OWN[where]
    bound = {key for each in bindings(node) for key in each.key.split(",")}
    told = [key for each in FIXED if each.where == where for key in (*each.keys, *each.also)]
    assert set(told) == bound | typed
    assert len(told) == len(set(told))
    for each in bindings(node):
        place, name, arguments = parse(each.action)
        method = getattr(
            (FleetScreen if node is FilterLine else MainScreen) if place == "screen" else node, f"action_{name}"
        )
        inspect.signature(method).bind(node, *arguments)


def test_every_node_with_keys_of_its_own_is_known() -> None:
    """A new widget with bindings has its keys in the documents."""
    every: set[type[DOMNode]] = set()
    rest: list[type[DOMNode]] = [DOMNode]
    while rest:
        more = rest.pop().__subclasses__()
        every.update(more)
        rest += more
    ours = {each for each in every if each.__module__.startswith("dhcptui.") and bindings(each)}
    assert ours == {node for node, _ in OWN.values()}
