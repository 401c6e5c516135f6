"""Several practice pairs in one configuration: what a fleet watches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dhcptui.practice.services.access import PAIR
from tests.practice.pair import WatchedPair


@dataclass(frozen=True)
class Several:
    """The pairs by their names in the configuration, and where that is."""

    pairs: Mapping[str, WatchedPair]
    config: Path

    def wait_states(self) -> None:
        """Until every server is normal."""
        for pair in self.pairs.values():
            pair.wait_states()


@contextmanager
def several(directory: Path, *names: str, keys: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Several]:
    """Running pairs of these names; `keys`: of each pair's table. The console's state lies in the directory, too."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(directory / "state")
    try:
        with ExitStack() as stack:
            pairs = {name: stack.enter_context(WatchedPair(directory / name)) for name in names}
            texts = (
                pair.write_config(**(keys or {}).get(name, {})).read_text().replace(f"pairs.{PAIR}", f"pairs.{name}")
                for name, pair in pairs.items()
            )
            config = directory / "config.toml"
            config.touch(mode=0o600)
            config.write_text("\n".join(texts))
            found = Several(pairs, config)
            found.wait_states()
            yield found
    finally:
        del os.environ["XDG_STATE_HOME"]
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before
