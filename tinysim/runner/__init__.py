"""The benchmark's serial protocol from the host's side, and the kinds of run, over a session."""
