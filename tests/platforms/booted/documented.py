"""The commands and files that docs/security.md tells an administrator to use, taken from the page itself."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/security.md"


def _block(language: str, holds: str) -> str:
    """The one fenced block of a language that holds a text."""
    fenced = PAGE.read_text().split("```")[1::2]
    (block,) = [
        text for name, _, text in (each.partition("\n") for each in fenced) if name == language and holds in text
    ]
    return block


def commands() -> str:
    """What root runs on both servers."""
    return _block("sh", "adduser --system")


def unit() -> str:
    """The unit of dhcpd with an account of its own."""
    return _block("ini", "AmbientCapabilities")


def sudoers() -> str:
    """The one line of sudoers."""
    return _block("", "NOPASSWD:")


def sshd_config() -> str:
    """What the account may do over SSH."""
    return "\n" + _block("", "Match User")
