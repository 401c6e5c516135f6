"""`dhcptui status`: one look at every pair, as text or JSON, and an exit code."""

from __future__ import annotations

import argparse
import json
from typing import Any

from dhcptui.cli.common import pairs_of


def run(args: argparse.Namespace) -> int:
    """Look once. Returns the exit code."""
    import asyncio

    from dhcptui.assess.verdict import derive, worst
    from dhcptui.engine.read_once import LOOK_SECONDS, look
    from dhcptui.engine.status_report import EXIT_CODES, as_json, as_text
    from dhcptui.watch.clocks import moment
    from dhcptui.watch.machine import Machines

    pairs = pairs_of(args)

    async def every() -> list[Any]:
        machines = Machines()
        return await asyncio.gather(*(look(pair, args.wait or LOOK_SECONDS, machines) for pair in pairs))

    # Each pair is judged at the moment it was looked at: waiting for a slower one must not age it.
    looked = [(snapshot, derive(snapshot, at)) for snapshot, at in asyncio.run(every())]
    now = moment()
    if args.json:
        print(json.dumps(as_json(looked, now), indent=2))
    else:
        print("\n\n".join(as_text(snapshot, verdict, now) for snapshot, verdict in looked))
    return EXIT_CODES[worst(verdict.level for _, verdict in looked)]
