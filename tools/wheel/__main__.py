"""`make test-wheel`: the test suite against the installed wheel. Arguments go to pytest.

The tests come from the sdist, so that whatever it lacks fails here, and the program from the wheel: the source tree is
nowhere on the path (tests/unit/test_installed.py checks it from inside).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.wheel.building import build, install


def main() -> int:
    """Build, install, run; returns pytest's exit status."""
    with tempfile.TemporaryDirectory(prefix="dhcptui-wheel-") as directory:
        place = Path(directory)
        place.chmod(0o755)  # some tests start the program as an ordinary user
        built = build(place / "dist")
        python = install(built.wheel, place / "venv")
        root = built.unpack_without_program(place)
        env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        print(f"testing {built.wheel.name}, installed in a venv of its own", flush=True)
        argv = [str(python), "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:]]
        return subprocess.run(argv, cwd=root, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
