"""From a benchmark and a board to a submission: what joins model, firmware, engine, runner and results.

The one place that knows them all; nothing of it knows the command line.
"""
