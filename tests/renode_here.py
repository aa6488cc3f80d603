"""Whether this machine has Renode, for the tests that need it."""

from __future__ import annotations

import pytest

from tinysim.engines.renode import Installation, find_installation
from tinysim.engines.renode.installation import RenodePlace, find_renode


def _why_no_engine() -> str:
    found = find_installation()
    return "" if isinstance(found, Installation) else found


def _why_no_launcher() -> str:
    place = find_renode()
    if isinstance(place, RenodePlace):
        return "" if place.launcher() is not None else "the Renode here has no program to start"
    return place


needs_renode = pytest.mark.skipif(bool(_why_no_engine()), reason=_why_no_engine())
needs_renode_launcher = pytest.mark.skipif(bool(_why_no_launcher()), reason=_why_no_launcher())
