"""`python -m dhcptui` and the `dhcptui` script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from dhcptui.cli.main import main as run  # noqa: PLC0415 - kept out of `import dhcptui`

        code = run(sys.argv[1:], last=True)
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
