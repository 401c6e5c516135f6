"""The real program, with locks that last six seconds instead of sixty: `python -m tests.leaving.program ARGS`."""

from __future__ import annotations

import runpy

from dhcptui.servers.ssh import lock_files

LOCK_SECONDS = 6

if __name__ == "__main__":
    lock_files.LOCK_SECONDS = LOCK_SECONDS
    runpy.run_module("dhcptui", run_name="__main__", alter_sys=True)
