"""`make renode`: installs Renode and pyrenode3."""

from __future__ import annotations

import sys

from tinysim.engines.renode.release import install
from tinysim.errors import UserError


def main() -> int:
    """Install, and return an exit code: 0 done, 2 with one line that says what is missing."""
    try:
        install()
    except (UserError, OSError) as error:
        print(f"make renode: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
