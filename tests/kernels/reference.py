"""LiteRT's reference kernels, which every output is held against."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def reference_outputs(model: bytes, inputs: np.ndarray) -> np.ndarray:
    """Return outputs [n, bytes] of inputs [n, bytes], int8, by LiteRT's built-in reference kernels."""
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    result = interpreter.get_output_details()[0]
    outputs = []
    for row in inputs.astype(np.int8):
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"]).reshape(-1))
    return np.stack(outputs)
