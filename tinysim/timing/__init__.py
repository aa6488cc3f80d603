"""Cycles from executed code: core pipelines in front of flash, its accelerator, and RAM.

It knows chips by their parameters, and neither engines' insides nor benchmarks.

What a block of code costs by itself is worked out once, in Python, from the rules of the core's technical
reference manual. What depends on the past (is this line in the cache, was this branch taken) is
simulated in native code while the block runs.
"""

from tinysim.timing.block import BlockTiming, TimingModel, timing_model
from tinysim.timing.parameters import TimingParameters

__all__ = ["BlockTiming", "TimingModel", "TimingParameters", "timing_model"]
