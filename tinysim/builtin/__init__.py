"""Data sets and models that ship with tinysim, so that a fresh machine runs every benchmark.

They are made up: good for trying, teaching and comparing firmware, and no MLPerf data. What is generated has
the same bytes on every machine. Nothing here knows of boards, engines or runs.
"""
