"""`make docs`: writes what follows from the code; a test fails when one of them is not current."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.documents import (
    completions,
    configuration,
    guards,
    guide,
    incidents,
    keys,
    lint,
    manpage,
    platforms,
    witnesses,
)

ROOT = Path(__file__).parents[1]
DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration.configuration,
    "docs/guards.md": guards.guards,
    "docs/guide.md": guide.guide,
    "docs/incidents.md": incidents.incidents,
    "docs/keys.md": keys.keys,
    "docs/lint.md": lint.lint,
    "docs/platforms.md": platforms.platforms,
    "docs/witnesses.md": witnesses.witnesses,
    "share/man/man1/dhcptui.1": manpage.manpage,
    "share/bash-completion/completions/dhcptui": completions.bash,
    "share/zsh/site-functions/_dhcptui": completions.zsh,
    "share/fish/vendor_completions.d/dhcptui.fish": completions.fish,
}
"""Path below the root -> what belongs there."""


def main() -> None:
    """Write them all."""
    for name, make in DOCUMENTS.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make())


if __name__ == "__main__":
    main()
