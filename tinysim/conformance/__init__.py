"""What makes a results tree conformant, as plain functions that return findings.

They read a tree and nothing else: not how it was made, by whom, or with what.
"""
