"""A small model to build firmware around, in C as code generation would write it, and in Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FakeModel:
    """Every output is a weighted sum of every `output_bytes`-th input byte, modulo 256."""

    input_bytes: int
    output_bytes: int
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int

    def invoke(self, tensor: NDArray[np.int8]) -> NDArray[np.int8]:
        terms = tensor.view(np.uint8).astype(np.int64) * (np.arange(self.input_bytes) + 1)
        sums = [int(terms[first :: self.output_bytes].sum()) for first in range(self.output_bytes)]
        return (np.array(sums) % 256 - 128).astype(np.int8)

    def write(self, folder: Path) -> Path:
        """Write model.h and model.c into `folder` and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.h").write_text(
            f"""#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#define MODEL_INPUT_BYTES {self.input_bytes}
#define MODEL_OUTPUT_BYTES {self.output_bytes}
#define MODEL_INPUT_SCALE {self.input_scale!r}f
#define MODEL_INPUT_ZERO_POINT ({self.input_zero_point})
#define MODEL_OUTPUT_SCALE {self.output_scale!r}f
#define MODEL_OUTPUT_ZERO_POINT ({self.output_zero_point})

int8_t *model_input(void);
const int8_t *model_output(void);
void model_invoke(void);

#endif
"""
        )
        (folder / "model.c").write_text(
            """#include "model.h"

static int8_t input[MODEL_INPUT_BYTES];
static int8_t output[MODEL_OUTPUT_BYTES];

int8_t *model_input(void)
{
    return input;
}

const int8_t *model_output(void)
{
    return output;
}

void model_invoke(void)
{
    for (uint32_t first = 0; first < MODEL_OUTPUT_BYTES; first++) {
        uint32_t sum = 0;
        for (uint32_t i = first; i < MODEL_INPUT_BYTES; i += MODEL_OUTPUT_BYTES) {
            sum += (uint8_t)input[i] * (i + 1);
        }
        output[first] = (int8_t)((int)(sum % 256) - 128);
    }
}
"""
        )
        return folder


FAKE_MODELS = {
    "kws": FakeModel(490, 12, 0.5847029, 83, 0.00390625, -128),
    "vww": FakeModel(27648, 2, 0.003921569, -128, 0.00390625, -128),
    "ic": FakeModel(3072, 10, 1.0, -128, 0.00390625, -128),
    "ad": FakeModel(640, 640, 0.39101523, 89, 0.36449847, 96),
}
