"""What every test relies on.

A test waits for what happens, not for a time; where it gives up, that is after minutes, and for want of
anything better.
"""

import os
import signal

from hypothesis import HealthCheck, settings

# Tests choose their own data. What the variable says is for those that ask for official data
# (tests/published.py); under another name, since pytest-xdist's workers inherit what is left.
if "TINYSIM_DATA" in os.environ:
    os.environ["TINYSIM_TEST_DATA"] = os.environ.pop("TINYSIM_DATA")

# A busy machine is no failure.
settings.register_profile("tinysim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tinysim")

# A shell that starts the tests in the background has Ctrl-C ignored, in them and in what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
