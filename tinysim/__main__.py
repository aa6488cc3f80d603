"""`python -m tinysim` is the command `tinysim`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; Ctrl-C while it is still being imported is no more than Ctrl-C later."""
    try:
        from tinysim.cli import main as run
    except KeyboardInterrupt:
        print("tinysim: interrupted before anything was done", file=sys.stderr)
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
