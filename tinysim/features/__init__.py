"""Feature front ends of the benchmarks: from sound to what a network takes, with the same bits on every machine."""
