"""`dhcptui status` on a pair with 200 subnets and 300 pools, beside one with a single pool; and what dhcpd is asked later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from dhcptui.watch.pools import pools_seconds
from tests.lab.many_pools import POOLS, many_pools
from tests.lab.pair import Lab
from tools.bench.table import ROOT, Figure

TIMES = 3
GOAL_SECONDS = 1.0


def _status(lab: Lab, pools: int) -> float:
    """CPU seconds of one `status --json` that tells of so many pools on both servers."""
    argv = lab.operator_argv(
        sys.executable, "-m", "dhcptui", "--config", str(lab.write_config()), "status", "--json", "--wait", "60"
    )
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    document = json.loads(process.stdout.read())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = [len(server["pools"]) for server in document["pairs"][0]["servers"].values()]
    if process.returncode or told != [pools, pools]:
        raise RuntimeError(f"exit {process.returncode}, pools {told}")
    return used.ru_utime + used.ru_stime


def measure() -> Iterator[Figure]:
    """The best of several runs: another program's work can only slow one down."""
    with many_pools(1, 1) as lab:
        single = min(_status(lab, 2) for _ in range(TIMES))  # the lab has a pool of its own
    with many_pools() as lab:
        many = min(_status(lab, POOLS + 1) for _ in range(TIMES))
    against = f"{many / single:.1f}x of that with one pool ({single:.2f}); {many / GOAL_SECONDS:.2f}x the goal of {GOAL_SECONDS:g} s"
    yield Figure(f"status, {POOLS} pools", f"{many:.2f} CPU-s", against, many <= GOAL_SECONDS)
    rate = POOLS / pools_seconds(POOLS)
    before = 2 * POOLS / pools_seconds(1)
    yield Figure(
        f"later questions, {POOLS} pools", f"{rate:.0f} /s", f"a server; {rate / before:.2f}x of two a pool every 5 s"
    )
