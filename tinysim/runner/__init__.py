"""The benchmark's serial protocol from the host's side, and the kinds of run, over a session.

It knows no engines: a real board on a serial port is as good.
"""
