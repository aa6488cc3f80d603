"""Every benchmark on every board: the image fits, and an inference is what LiteRT's reference gives."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.kernels.reference import reference_outputs
from tests.kernels.reference_graphs import reference_graph, telling_inputs
from tinysim.benchmark import BENCHMARKS, CLASSIC, Benchmark
from tinysim.board import board_ids, load_board
from tinysim.codegen import CompiledModel, compile_model
from tinysim.firmware import build_firmware
from tinysim.model import Graph, parse_model
from tinysim.runner.boot import booted
from tinysim.simulation.targets import SimulatedBoard

# No benchmark of the table, but a network of other sizes that kws's firmware runs as well.
SWW = replace(
    BENCHMARKS["kws"],
    id="sww",
    model="sww01",
    classes=3,
    input_bytes=1200,
    tensor_bytes=1200,
    result_values=3,
)
TARGETS = [(board, BENCHMARKS[name]) for board in board_ids() for name in CLASSIC]
TARGETS += [("nucleo_l4r5zi", BENCHMARKS["ic2"]), ("nucleo_l4r5zi", SWW)]


@cache
def graph_of(benchmark: str) -> Graph:
    return parse_model(reference_graph(benchmark))


@cache
def tensor_and_outputs(benchmark: str) -> tuple[np.ndarray, np.ndarray]:
    """Return an input tensor, and what LiteRT makes of it."""
    tensor = telling_inputs(benchmark, 1, seed=7)
    return tensor[0], reference_outputs(reference_graph(benchmark), tensor)[0]


def as_sent(benchmark: Benchmark, tensor: np.ndarray) -> bytes:
    """Return what the firmware makes the tensor of."""
    if benchmark.id == "ad":
        quantization = graph_of("ad").tensors[graph_of("ad").input].quantization
        assert quantization is not None
        features = (tensor.astype(np.float32) - quantization.zero_point) * quantization.scale
        return features.astype("<f4").tobytes()
    if "image_classification.c" in benchmark.sources:
        return (tensor.astype(int) + 128).astype(np.uint8).tobytes()
    return tensor.tobytes()


def output_address(elf: Path, model: CompiledModel) -> int:
    source = (model.folder / "model.c").read_text()
    (offset,) = re.findall(r"model_output\(void\)\n\{\n    return arena \+ (\d+);", source)
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        (arena,) = (symbol["st_value"] for symbol in table.get_symbol_by_name("arena") or ())
    return int(arena) + int(offset)


@pytest.mark.parametrize(
    ("board_id", "benchmark"), TARGETS, ids=[f"{board}-{benchmark.id}" for board, benchmark in TARGETS]
)
def test_an_inference_is_litert_s(board_id: str, benchmark: Benchmark, tmp_path: Path) -> None:
    board = load_board(board_id)
    model = compile_model(graph_of(benchmark.id), tmp_path / "model")
    build = build_firmware(board, benchmark, model.folder, build_folder=tmp_path / "build")
    assert build.memory.ram.arena == model.arena_bytes
    tensor, expected = tensor_and_outputs(benchmark.id)
    with booted(SimulatedBoard(board, build.elf, "embedded")) as (target, device):
        assert device.profile().model == benchmark.model
        device.load(as_sent(benchmark, tensor))
        device.infer(1, 0)
        address = output_address(build.elf, model)
        outputs = np.frombuffer(target.engine.read_memory(address, len(expected)), np.int8)
    assert np.array_equal(outputs, expected)
