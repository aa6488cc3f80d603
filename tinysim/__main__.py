"""`python -m tinysim` is the command `tinysim`."""

import sys

from tinysim.cli import main

sys.exit(main())
