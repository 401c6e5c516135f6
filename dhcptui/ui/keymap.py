"""The commands of this session: the table of `model.commands` with the user's keys and their handlers, as bindings.

`ui.handlers` is the table of handlers. Textual runs a binding by a text, so each binding names only the command: the
node asks here for its handler.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from dhcptui.model.action import Action
from dhcptui.model.commands import BY_NAME, COMMANDS, Command, Where, in_fleet, remapped

LOOKING = tuple(command for command in COMMANDS if not command.acting and command.where in {"screen", "drill"})
ACTING = tuple(command for command in COMMANDS if command.acting)


Node = TypeVar("Node", bound=DOMNode)


def _never(_: DOMNode) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Handler:
    """What a command does, on which kind of node. Made by `on`, so that the two fit."""

    kind: type[DOMNode]
    call: Callable[[Any], Awaitable[None] | None]
    refused: Callable[[Any], str]
    """Why it does nothing at the moment; empty: it may run. What the guards refuse is said by the action's prompt."""

    async def run(self, node: DOMNode) -> None:
        """Do it."""
        done = self.call(node)
        if inspect.isawaitable(done):
            await done


def on(
    kind: type[Node],
    call: Callable[[Node], Awaitable[None] | None],
    refused: Callable[[Node], str] = _never,
) -> Handler:
    """A handler whose methods are those of the node it runs on."""
    return Handler(kind, call, refused)


def complete(table: Mapping[str, Handler], commands: Iterable[Command]) -> Mapping[str, Handler]:
    """The same table. Raises LookupError where a command has no handler, or a handler no command."""
    names = {command.name for command in commands}
    if wrong := sorted(names ^ table.keys()):
        raise LookupError(f"commands without a handler, or handlers without a command: {', '.join(wrong)}")
    return table


class Commands:
    """Every command that exists in this session, with the keys the user has chosen, and what they do."""

    def __init__(
        self,
        keys: Mapping[str, tuple[str, ...]] | None = None,
        *,
        read_only: bool = False,
        drills: bool = False,
        neighbours: bool = False,
        fleet: bool = False,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        """`neighbours`: the console of a pair that was opened from the fleet. `fleet`: those of the fleet itself."""
        self._keys = dict(keys or {})
        self._handlers = handlers or {}
        every = remapped(self._keys)
        self.read_only = read_only
        if neighbours:
            every = tuple(_leading_back(each) if each.name == "quit" else each for each in every)
        lacking = {"fleet"} | ({"drill"} if not drills else set()) | ({"neighbour"} if not neighbours else set())
        self.all = tuple(
            each
            for each in every
            if (in_fleet(each) if fleet else not (each.acting and read_only) and each.where not in lacking)
        )
        self._by_name = {each.name: each for each in every}
        self._by_action = {each.action: each for each in every if each.action}
        self.leaving = "ctrl+c" if neighbours else self.key("quit")
        """The key that leaves the program, as people write it."""

    def __iter__(self) -> Iterator[Command]:
        return iter(self.all)

    def where(self, *places: Where) -> list[Command]:
        """The commands that mean something in these places."""
        return [each for each in self.all if each.where in places]

    def key(self, name: str) -> str:
        """The first key of a command, as people write it."""
        return self._by_name[name].shown_key

    def keys(self, name: str) -> tuple[str, ...]:
        """All keys of a command."""
        return self._by_name[name].keys

    def acting_key(self, action: Action) -> str:
        """The key of an action, as people write it."""
        own = Action.HAND_OVER if action is Action.TAKE_BACK else action
        return self._by_action[own].shown_key

    def handler(self, name: str) -> Handler:
        """What a command does. Raises LookupError where it does not exist in this session: read-only, no drills."""
        if not any(each.name == name for each in self.all):
            raise LookupError(name)
        return self._handlers[name]


def _leading_back(command: Command) -> Command:
    """What `quit` is called where there is a fleet to go back to."""
    return replace(command, label="fleet", help="Go back to the fleet; nothing changes on the servers.")


def bind(node: DOMNode, commands: Commands, *places: Where) -> None:
    """Bind the keys of the commands of these places on a node, which runs them in `action_command`.

    Not by BINDINGS and a keymap: Textual applies a keymap after a line to type in has taken its letters away, so a
    letter given to a command could not be typed there, and a command taken from a letter would not be found.
    """
    own = []
    for each in commands.where(*places):
        kind = commands.handler(each.name).kind
        if not isinstance(node, kind):
            raise TypeError(f"{each.name} belongs to {kind.__name__}, not to {type(node).__name__}")
        own += [
            Binding(key.replace(",", "comma"), f"command({each.name!r})", each.label, show=False, id=each.name)
            for key in each.keys
        ]
    node._bindings.key_to_bindings.update(BindingsMap(own).key_to_bindings)


__all__ = ["ACTING", "BY_NAME", "COMMANDS", "LOOKING", "Command", "Commands", "Handler", "bind", "complete", "on"]
