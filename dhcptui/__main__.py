"""`python -m dhcptui` and the `dhcptui` script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from dhcptui.cli import main as run  # noqa: PLC0415 - kept out of `import dhcptui`

    sys.exit(run(sys.argv[1:], last=True))


if __name__ == "__main__":
    main()
