"""Front ends: from a waveform to the features that a network of the benchmark takes.

They know neither data sets nor networks.
"""
