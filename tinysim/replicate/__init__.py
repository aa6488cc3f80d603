"""Firmware that others published, run again: from a clone of a results repository to rows of figures.

It knows how others lay out their results; how an image is run is the simulation's to know.
"""
