"""Firmware that others published, run again: from a clone of a results repository to rows of figures."""
