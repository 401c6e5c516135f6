"""Sentences that name an action: the screen shows the key the user has for it, the command line its command.

A sentence is a tuple of parts. Behind an action may stand the server that acts; a command names it always, the screen
only where the sentence would not be clear without it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from dhcptui.model.action import Action
from dhcptui.model.sanitize import clean


class Look(Enum):
    """What stands on the screen anyway, and what a command shows."""

    BOTH_STATES = "the states of both servers"


@dataclass(frozen=True, slots=True)
class On:
    """The server that acts, right behind its action."""

    server: str
    said: bool = False
    """Whether the screen names it too."""


Part = str | Action | On | Look
Sentence = tuple[Part, ...]


def sentence(words: str | Sentence) -> Sentence:
    """Words without an action are a sentence of one part, or of none."""
    if isinstance(words, str):
        return (words,) if words else ()
    return words


def in_keys(sentence: Sentence, key: Callable[[Action], str]) -> str:
    """As the screen shows it."""

    def word(part: Part) -> str:
        if isinstance(part, Action):
            return key(part)
        if isinstance(part, On):
            return f" on {part.server}" if part.said else ""
        return part.value if isinstance(part, Look) else part

    return "".join(map(word, sentence))


def in_commands(sentence: Sentence, pair: str) -> str:
    """As the command line prints it: each action as the command that plans and runs it."""
    words = []
    for index, part in enumerate(sentence):
        if isinstance(part, Action):
            # Where no server is named, `do` takes the one that may act, or asks which.
            after = sentence[index + 1] if index + 1 < len(sentence) else None
            where = ["--server", after.server] if isinstance(after, On) and part is not Action.SYNC_RESTART else []
            words.append(f"`{shlex.join(['dhcptui', 'do', part.value, pair, *where])}`")
        elif isinstance(part, Look):
            words.append(f"`{shlex.join(['dhcptui', 'status', pair])}`")
        elif isinstance(part, str):
            words.append(part)
    return "".join(words)


def cleaned(sentence: Sentence, most: int) -> Sentence:
    """The same with printable characters only, and no part longer than `most`."""

    def word(part: Part) -> Part:
        if isinstance(part, On):
            return replace(part, server=clean(part.server, most))
        return clean(part, most) if isinstance(part, str) else part

    return tuple(map(word, sentence))
