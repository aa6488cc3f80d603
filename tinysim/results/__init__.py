"""The files of a submission tree: read and written in the formats of the EEMBC runner.

They know nothing of how a run is made: not of engines, sessions or boards.
"""
