"""From a graph to a folder of C: model.h and model.c, to be built with firmware/kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2

from tinysim.atomic import naming
from tinysim.codegen.arena import ArenaPlan, Buffer, Overlay, bytes_at, peak_bytes, plan_arena
from tinysim.codegen.layers import Room, lower
from tinysim.codegen.source import ChannelTable, ConstantArray, Layer, initializer
from tinysim.model.graph import Graph, Operator, Reshape, Tensor, macs
from tinysim.model.tflite_reader import read_model

# Scratch that a kernel may use even where it makes the arena larger: a 1x1 convolution of 64 channels by 64
# then widens all its weights in one go, and its output may lie over its input.
SCRATCH_BUDGET_BYTES = 11 * 1024

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("tinysim.codegen"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


@dataclass(frozen=True)
class CompiledLayer:
    """What one layer of the network costs, and whether its output lies over an input of its."""

    index: int
    operator: str
    macs: int
    constant_bytes: int
    scratch_bytes: int
    overlays_input: bool


@dataclass(frozen=True)
class CompiledModel:
    """A network as C sources, and its sizes.

    `arena_bytes` is all the RAM an inference uses besides its stack and the input tensor, which lies apart:
    tensors and scratch. `weight_bytes` is what lies in flash besides code: weights, biases, multipliers,
    tables.
    """

    folder: Path
    sources: tuple[Path, ...]
    arena_bytes: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int
    layers: tuple[CompiledLayer, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)


def compile_model(model: Path | Graph, folder: Path) -> CompiledModel:
    """Write model.h and model.c for `model` (a .tflite file or a graph read from one) into `folder`.

    The same model gives the same bytes. Raises UserError, naming the layer, where the model cannot be
    read or compiled.
    """
    graph = model if isinstance(model, Graph) else read_model(model)
    storage = _storage(graph)
    layers = _lower_all(graph, storage)
    overlays = _overlays(graph, storage, layers)
    plan = plan_arena(_buffers(graph, storage, layers), overlays)
    overlaying = {
        step for step, layer in layers.items() if _lies_over_input(graph, storage, plan, step, layer)
    }
    folder.mkdir(parents=True, exist_ok=True)
    context = _context(graph, storage, layers, plan)
    for name in ("model.h", "model.c"):
        text = _TEMPLATES.get_template(f"{name}.jinja").render(context)
        with naming(folder / name):
            (folder / name).write_text(text, encoding="ascii", newline="\n")
    return CompiledModel(
        folder=folder,
        sources=(folder / "model.c",),
        arena_bytes=plan.size_bytes,
        weight_bytes=sum(layer.constant_bytes for layer in layers.values()),
        input_bytes=graph.tensors[graph.input].size_bytes,
        output_bytes=graph.tensors[graph.output].size_bytes,
        layers=tuple(
            _summary(graph, operator, layers.get(operator.index), operator.index in overlaying)
            for operator in graph.operators
        ),
    )


def _lies_over_input(graph: Graph, storage: dict[int, int], plan: ArenaPlan, step: int, layer: Layer) -> bool:
    result = graph.tensors[graph.operators[step].output]
    for source in (graph.tensors[storage[index]] for index in layer.leads):
        distance = plan.offsets[source.index] - plan.offsets[result.index]
        if -source.size_bytes < distance < result.size_bytes:
            return True
    return False


def _summary(graph: Graph, operator: Operator, layer: Layer | None, overlays_input: bool) -> CompiledLayer:
    return CompiledLayer(
        index=operator.index,
        operator=operator.kind,
        macs=macs(graph, operator),
        constant_bytes=layer.constant_bytes if layer else 0,
        scratch_bytes=layer.scratch_bytes if layer else 0,
        overlays_input=overlays_input,
    )


def _storage(graph: Graph) -> dict[int, int]:
    """Return, by tensor index, the tensor whose bytes it shares: a reshaped tensor is its input."""
    storage = {tensor.index: tensor.index for tensor in graph.tensors}
    for operator in graph.operators:
        if isinstance(operator, Reshape):
            storage[operator.output] = storage[operator.inputs[0]]
    return storage


def _lower_all(graph: Graph, storage: dict[int, int]) -> dict[int, Layer]:
    """Lower every operator; each may use as scratch what the arena has free at its step anyway.

    The arena is taken to be as large as outputs that all lie apart would make it: what overlays save goes to
    scratch first, which is where it makes inferences faster.
    """
    tensors = _buffers(graph, storage, {})
    peak = peak_bytes(tensors, len(graph.operators))
    last_steps = {buffer.key: buffer.last_step for buffer in tensors}
    layers = {}
    for operator in graph.operators:
        free_bytes = peak - bytes_at(tensors, operator.index)
        ending = {index for index in operator.inputs if last_steps.get(storage[index]) == operator.index}
        layer = lower(operator, graph, Room(free_bytes, SCRATCH_BUDGET_BYTES, frozenset(ending)))
        if layer is not None:
            leads = {index: lead for index, lead in layer.leads.items() if index in ending}
            layers[operator.index] = replace(layer, leads=leads)
    return layers


def _overlays(graph: Graph, storage: dict[int, int], layers: dict[int, Layer]) -> set[Overlay]:
    return {
        Overlay(storage[index], graph.operators[step].output, lead_bytes)
        for step, layer in layers.items()
        for index, lead_bytes in layer.leads.items()
    }


def _buffers(graph: Graph, storage: dict[int, int], layers: dict[int, Layer]) -> list[Buffer]:
    """Return what the arena is to hold. The input is not: iterations of the benchmark run on one input."""
    steps = len(graph.operators)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for operator in graph.operators:
        for index in (*operator.inputs, operator.output):
            key = storage[index]
            if graph.tensors[key].data is None and key != storage[graph.input]:
                first.setdefault(key, operator.index)
                last[key] = operator.index
    if storage[graph.output] in last:
        last[storage[graph.output]] = steps - 1
    buffers = [Buffer(key, graph.tensors[key].size_bytes, first[key], last[key]) for key in sorted(first)]
    for index, layer in layers.items():
        if layer.scratch_bytes:
            buffers.append(Buffer(("scratch", index), layer.scratch_bytes, index, index))
    return buffers


def _context(
    graph: Graph, storage: dict[int, int], layers: dict[int, Layer], plan: ArenaPlan
) -> dict[str, Any]:
    constants = _constant_inputs(graph, storage)

    def address(tensor: int) -> str:
        if storage[tensor] == storage[graph.input]:
            return "input"
        if storage[tensor] in constants:
            return constants[storage[tensor]].name
        return f"arena + {plan.offsets[storage[tensor]]}"

    def place(operator: Operator, argument: int | str) -> str:
        if argument == "scratch":
            return f"arena + {plan.offsets['scratch', operator.index]}"
        return argument if isinstance(argument, str) else address(argument)

    rendered = []
    for operator in graph.operators:
        layer = layers.get(operator.index)
        if layer is None:
            continue
        name = f"layer_{operator.index}"
        arguments = [f"&{name}"] if layer.structure else []
        arguments += [place(operator, argument) for argument in layer.arguments]
        shape = "x".join(str(size) for size in graph.tensors[operator.output].shape)
        rendered.append(
            {
                "comment": f"{operator.index}: {operator.kind} to {shape}",
                "constants": [_rendered(constant) for constant in layer.constants],
                "structure": layer.structure,
                "scratch_formula": layer.scratch_formula,
                "scratch_bytes": layer.scratch_bytes,
                "name": name,
                "fields": [(field, initializer(value)) for field, value in layer.fields.items()],
                "call": f"{layer.kernel}({', '.join(arguments)});",
            }
        )
    return {
        "title": f"A network of {len(graph.operators)} operators",
        "headers": sorted({layer.header for layer in layers.values()}),
        "arena_bytes": plan.size_bytes,
        "constants": [_rendered(constant) for constant in constants.values()],
        "layers": rendered,
        "input": _port(graph.tensors[graph.input], address(graph.input)),
        "output": _port(graph.tensors[graph.output], address(graph.output)),
    }


def _constant_inputs(graph: Graph, storage: dict[int, int]) -> dict[int, ConstantArray]:
    """Return the constants that stand where a layer would read another's output, by tensor index."""
    used = {storage[index] for operator in graph.operators for index in operator.inputs}
    return {
        tensor.index: ConstantArray("int8_t", f"tensor_{tensor.index}", tensor.data.reshape(-1))
        for tensor in graph.tensors
        if tensor.index in used and tensor.data is not None
    }


def _rendered(constant: ConstantArray | ChannelTable) -> dict[str, Any]:
    c_type = "struct channel" if isinstance(constant, ChannelTable) else constant.c_type
    return {
        "declaration": f"{c_type} {constant.name}",
        "length": len(constant.values),
        # The kernels read weights a word at a time.
        "aligned": c_type == "int8_t",
        "lines": constant.lines,
    }


def _port(tensor: Tensor, address: str) -> dict[str, Any]:
    assert tensor.quantization is not None  # check_graph has seen to it
    # Nine significant digits give back the same float; a decimal point makes "1" one, too.
    scale = f"{float(tensor.quantization.scale):.9g}"
    return {
        "size_bytes": tensor.size_bytes,
        "scale": scale + ("" if "." in scale or "e" in scale else ".0") + "f",
        "zero_point": tensor.quantization.zero_point,
        "address": address,
    }
