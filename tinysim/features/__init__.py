"""Front ends: from a waveform to the features that a network of the benchmark takes."""
