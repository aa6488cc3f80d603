"""Talking with a simulated board: from a terminal, through a pipe, or through a pseudo terminal.

It passes characters on, and knows nothing of the benchmark.
"""
