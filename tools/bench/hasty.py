"""The real program with its periods divided, for tools.bench.day: python -m tools.bench.hasty COUNTS ARGUMENTS...

Counts of what it does are in the file COUNTS, written once a second.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from dhcptui.__main__ import main
from dhcptui.servers.omapi.client import OmapiClient
from dhcptui.watch import (
    clock as time_watch,
)
from dhcptui.watch import (
    links as reach_watch,
)
from dhcptui.watch import (
    omapi as omapi_watch,
)
from dhcptui.watch import (
    pools as pool_watch,
)
from dhcptui.watch import (
    ssh as ssh_watch,
)
from dhcptui.watch.processes import ProcessWitness

FACTOR = 1000.0
PERIODS = {
    omapi_watch: ("POLL_SECONDS",),
    pool_watch: ("EVERY_SECONDS",),
    ssh_watch: ("PROBE_SECONDS",),
    reach_watch: ("CALM_SECONDS",),
    time_watch: ("TIME_SYNC_SECONDS",),
}
counts: Counter[str] = Counter()


def counted(name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same call, counted when it is answered."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        answer = await call(*args, **kwargs)
        counts[name] += 1
        return answer

    return wrapper


def tell(path: Path) -> None:
    """Write the counts, again and again."""
    fresh = path.with_suffix(".new")
    while True:
        fresh.write_text("".join(f"{name} {number}\n" for name, number in tuple(counts.items())))
        fresh.replace(path)
        time.sleep(1)


if __name__ == "__main__":
    for module, names in PERIODS.items():
        for name in names:
            setattr(module, name, getattr(module, name) / FACTOR)
    OmapiClient.failover_state = counted("polls", OmapiClient.failover_state)  # type: ignore[method-assign, assignment]
    ProcessWitness.look = counted("probes", ProcessWitness.look)  # type: ignore[method-assign, assignment]
    threading.Thread(target=tell, args=(Path(sys.argv.pop(1)),), daemon=True).start()
    main()
