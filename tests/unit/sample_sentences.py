"""What a module that says something looks like, for test_witnesses.py."""

from __future__ import annotations


def one(name: str, other: str) -> str:
    """Not a sentence of the console."""
    if name:
        return f"{name} serves, and {other or 'a b c'} does not"
    return "nobody at all" if other else "word"


def two() -> list[str]:
    """Nor this one."""
    return ["two words"]
