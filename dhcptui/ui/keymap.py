"""The commands of this session: the table of `model.commands` with the user's keys, as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from dhcptui.model.action import Action
from dhcptui.model.commands import BY_NAME, COMMANDS, Command, Where, remapped

LOOKING = tuple(command for command in COMMANDS if not command.acting and command.where in {"screen", "drill"})
ACTING = tuple(command for command in COMMANDS if command.acting)


class Commands:
    """Every command that exists in this session, with the keys the user has chosen."""

    def __init__(
        self, keys: Mapping[str, tuple[str, ...]] | None = None, *, read_only: bool = False, drills: bool = False
    ) -> None:
        self._keys = dict(keys or {})
        every = remapped(self._keys)
        self.read_only = read_only
        self.all = tuple(
            each for each in every if not (each.acting and read_only) and (drills or each.where != "drill")
        )
        self._by_name = {each.name: each for each in every}
        self._by_action = {each.action: each for each in every if each.action}

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


def bind(node: DOMNode, commands: Iterable[Command]) -> None:
    """Bind the commands' keys on a node.

    Not by BINDINGS and a keymap: Textual applies a keymap after a line to type in has taken its letters away, so a
    letter given to a command could not be typed there, and a command taken from a letter would not be found.
    """
    own = [
        Binding(key.replace(",", "comma"), each.target, each.label, show=False, id=each.name, tooltip=each.help)
        for each in commands
        for key in each.keys
    ]
    node._bindings.key_to_bindings.update(BindingsMap(own).key_to_bindings)


__all__ = ["ACTING", "BY_NAME", "COMMANDS", "LOOKING", "Command", "Commands", "bind"]
