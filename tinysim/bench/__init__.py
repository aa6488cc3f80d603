"""The project's own speed figures: as ratios against something measured in the same run.

No command uses them.
"""
