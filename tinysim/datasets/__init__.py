"""The benchmarks' data sets: where they are, their label files and inputs, and how to obtain them.

They know no boards, engines or runs.
"""
