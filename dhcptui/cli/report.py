"""`dhcptui report`: the post-mortem of one pair."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from dhcptui.cli.common import one_object, pairs_of

if TYPE_CHECKING:
    from dhcptui.assess.history.post_mortem import Incident


def run(args: argparse.Namespace) -> int:
    """Investigate and print. Returns the exit code."""
    import asyncio
    import time

    from dhcptui.engine.audit_report import parse_since
    from dhcptui.engine.post_mortem import LOOK_SECONDS, investigate
    from dhcptui.engine.post_mortem_report import as_json, as_markdown
    from dhcptui.watch.machine import Machines

    pairs, since = pairs_of(args), parse_since(args.since, time.time())

    async def every() -> list[Incident]:
        machines, seconds = Machines(), args.wait or LOOK_SECONDS
        looks = (investigate(pair, since, seconds=seconds, machines=machines) for pair in pairs)
        return await asyncio.gather(*looks)

    incidents = asyncio.run(every())
    if args.json:
        found = [as_json(incident) for incident in incidents]
        print(json.dumps(found[0] if one_object(args, pairs) else found, indent=2))
    else:
        print("\n".join(map(as_markdown, incidents)))
    return 0
