"""Layers whose output the arena's plan lays over their input: still LiteRT's to the bit, on every path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.kernels.random_graphs import SAME, VALID, RandomNetwork
from tests.kernels.reference import reference_outputs
from tests.kernels.target import build_target
from tinysim.codegen import compile_model, compiler
from tinysim.codegen.arena import ArenaPlan, Buffer, Overlay, plan_arena
from tinysim.model import parse_model


def window(size: int, stride: int = 1, padding: int = SAME) -> dict[str, int]:
    return {
        "height": size,
        "width": size,
        "stride_height": stride,
        "stride_width": stride,
        "padding": padding,
    }


class ImageNetwork(RandomNetwork):
    """Begins with a layer that brings an image into the arena: a network's input lies apart."""

    def __init__(self, seed: int, shape: list[int]) -> None:
        super().__init__(seed)
        self.builder.tensors[self.current].shape = shape
        self.next_window = window(1)
        self.convolution(window(1), shape[3])

    def window(self) -> dict[str, int]:
        return self.next_window

    def one(self, operator: Callable[[ImageNetwork], None], given: dict[str, int]) -> None:
        self.next_window = given
        operator(self)


def pool(kind: str, network: ImageNetwork) -> None:
    network.choose = lambda *options: kind if kind in options else RandomNetwork.choose(network, *options)  # type: ignore[method-assign]
    network.pool()


def depthwise(network: ImageNetwork) -> None:
    # By chance it would multiply channels, or have another window.
    network.flag = lambda chance=0.5: False if chance in (0.3, 0.5) else RandomNetwork.flag(network, chance)  # type: ignore[method-assign]
    network.depthwise_convolution()


CASES: dict[str, tuple[list[int], Callable[[ImageNetwork], None], dict[str, int]]] = {
    "pointwise convolution": ([1, 7, 5, 8], lambda network: network.convolution(window(1), 8), window(1)),
    "fewer channels": ([1, 7, 5, 12], lambda network: network.convolution(window(1), 5), window(1)),
    "more channels": ([1, 7, 5, 6], lambda network: network.convolution(window(1), 11), window(1)),
    "3x3 convolution": ([1, 9, 7, 4], lambda network: network.convolution(window(3), 4), window(3)),
    "3x3 convolution, "
    "strides": ([1, 9, 7, 5], lambda network: network.convolution(window(3, 2), 9), window(3)),
    "5x5 convolution, no padding": (
        [1, 9, 9, 3],
        lambda network: network.convolution(window(5, 1, VALID), 4),
        window(5),
    ),
    "3x3 depthwise": ([1, 9, 8, 7], depthwise, window(3)),
    "5x5 depthwise": ([1, 7, 9, 8], depthwise, window(5)),
    "3x3 depthwise, strides": ([1, 9, 9, 6], depthwise, window(3, 2)),
    "average pool": ([1, 8, 8, 5], lambda network: pool("AVERAGE_POOL_2D", network), window(2, 2, VALID)),
    "average pool, padded": ([1, 8, 7, 8], lambda network: pool("AVERAGE_POOL_2D", network), window(3)),
    "maximum pool": ([1, 8, 8, 6], lambda network: pool("MAX_POOL_2D", network), window(2, 2, VALID)),
    "addition": ([1, 6, 6, 8], RandomNetwork.addition, window(1)),
    "clamp": ([1, 5, 6, 3], RandomNetwork.clamp, window(1)),
    "softmax": ([1, 1, 1, 9], RandomNetwork.softmax, window(1)),
}  # fmt: skip


def tight_plan(buffers: Sequence[Buffer], overlays: Collection[Overlay] = ()) -> ArenaPlan:
    """Give tensors the least possible, so that they must overlap, and every scratch a place above them."""
    tensors = [buffer for buffer in buffers if isinstance(buffer.key, int)]
    plan = plan_arena(tensors, overlays)
    scratch = [buffer for buffer in buffers if not isinstance(buffer.key, int)]
    offsets = {**plan.offsets, **{buffer.key: plan.size_bytes for buffer in scratch}}
    return ArenaPlan(offsets, plan.size_bytes + max((buffer.size_bytes for buffer in scratch), default=0))


def telling_network(
    shape: list[int], operator: Callable[[ImageNetwork], None], given: dict[str, int]
) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return the first random network whose outputs are not nearly all the same, with inputs and outputs."""
    for seed in range(100):
        network = ImageNetwork(seed, shape)
        network.one(operator, given)
        data = network.finish()
        inputs = np.random.default_rng(3).integers(-128, 128, (20, int(np.prod(shape)))).astype(np.int8)
        expected = reference_outputs(data, inputs)
        if len(np.unique(expected)) > 20:
            return data, inputs, expected
    raise AssertionError("all networks saturate")


@pytest.mark.parametrize("name", CASES)
def test_equals_litert(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "plan_arena", tight_plan)
    data, inputs, expected = telling_network(*CASES[name])
    model = compile_model(parse_model(data), tmp_path)
    assert model.layers[-1].overlays_input
    for defines in ((), (EMULATED_SIMD,)):
        assert np.array_equal(build_host(model, *defines).run(inputs), expected)
    for core in ("cortex-m4", "cortex-m0+"):
        assert np.array_equal(build_target(model, core).run(inputs[:6]), expected[:6])  # type: ignore[arg-type]
