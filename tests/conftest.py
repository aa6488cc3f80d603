"""What every test relies on."""

import signal

from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("tinysim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tinysim")

# A shell that starts the tests in the background has Ctrl-C ignored, in them and in what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
