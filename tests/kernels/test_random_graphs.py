"""Randomly made networks: outputs equal LiteRT's reference kernels to the bit, on every path of the kernels.

TINYSIM_RANDOM_GRAPHS sets how many networks are tried.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.kernels.random_graphs import random_network
from tests.kernels.reference import reference_outputs
from tests.kernels.target import build_target
from tinysim.codegen import CompiledModel, compile_model
from tinysim.model import parse_model

SEEDS = range(int(os.environ.get("TINYSIM_RANDOM_GRAPHS", "48")))


class Case:
    def __init__(self, seed: int, folder: Path) -> None:
        data = random_network(seed)
        self.model: CompiledModel = compile_model(parse_model(data), folder)
        self.inputs = (
            np.random.default_rng(seed).integers(-128, 128, (6, self.model.input_bytes)).astype(np.int8)
        )
        self.inputs[0], self.inputs[1] = -128, 127
        self.expected = reference_outputs(data, self.inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_litert(seed: int, tmp_path: Path) -> None:
    """On Cortex-M4 always; the host's two paths, under sanitizers, and Cortex-M0+ take turns."""
    case = Case(seed, tmp_path)
    assert np.array_equal(build_target(case.model).run(case.inputs), case.expected)
    if seed % 4 == 0:
        assert np.array_equal(build_target(case.model, "cortex-m0+").run(case.inputs), case.expected)
    defines = (EMULATED_SIMD,) if seed % 2 else ()
    assert np.array_equal(build_host(case.model, *defines).run(case.inputs), case.expected)
