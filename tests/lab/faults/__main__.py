"""`python -m tests.lab.faults GROUP [FAULT ...]`: run faults of one group and tell how long each took."""

from __future__ import annotations

import sys
import time

from tests.lab.faults.run import run_group
from tests.lab.faults.table import GROUPS


def main(name: str, *wanted: str) -> int:
    """Exit 0 when all went well."""
    group = next(each for each in GROUPS if each.name == name)
    began = time.monotonic()
    results = run_group(group, frozenset(wanted or [each.name for each in group.faults]))
    for each in results:
        print(
            f"{each.name}: {each.trouble or f'said after {each.said_after:.1f} s, back after {each.back_after:.1f} s'}"
        )
    print(f"{name}: {time.monotonic() - began:.0f} s")
    return any(each.trouble for each in results)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
