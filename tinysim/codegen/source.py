"""The pieces of C that a layer becomes, as data; `templates/` turns them into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

_BYTES_OF = {"int8_t": 1, "int32_t": 4}
_VALUES_PER_LINE = 20


@dataclass(frozen=True, eq=False)
class ConstantArray:
    """A `static const` array; `values` is one-dimensional."""

    c_type: str
    name: str
    values: npt.NDArray[Any]

    @property
    def size_bytes(self) -> int:
        """Bytes in flash."""
        return int(self.values.size) * _BYTES_OF[self.c_type]

    @property
    def lines(self) -> list[str]:
        """The initializer's text, line by line."""
        texts = [_literal(int(value)) for value in self.values]
        return [", ".join(texts[i : i + _VALUES_PER_LINE]) for i in range(0, len(texts), _VALUES_PER_LINE)]


@dataclass(frozen=True, eq=False)
class ChannelTable:
    """A `static const struct channel` array: [channels, 4] of multiplier, rounding, shift, bias."""

    name: str
    values: npt.NDArray[np.int64]

    @property
    def size_bytes(self) -> int:
        """Bytes in flash."""
        return 16 * len(self.values)

    @property
    def lines(self) -> list[str]:
        """The initializer's text, one channel a line."""
        return ["{" + ", ".join(_literal(int(value)) for value in row) + "}" for row in self.values]


@dataclass(frozen=True)
class Layer:
    """One layer as C: the struct that describes it, its constants, and the kernel to call.

    `fields` may nest; a string is C text as it stands. `arguments` names buffers: a tensor index, or
    "scratch" for the layer's own scratch, whose size the kernel's header computes by `scratch_formula`.
    `leads` names the input tensors that the output may lie over, with how many bytes before them it must
    begin at least; None where both must begin at the same place.
    """

    kernel: str
    header: str
    arguments: tuple[int | str, ...]
    structure: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    constants: tuple[ConstantArray | ChannelTable, ...] = ()
    scratch_bytes: int = 0
    scratch_formula: str = ""
    leads: Mapping[int, int | None] = field(default_factory=dict)

    @property
    def constant_bytes(self) -> int:
        """Bytes of the layer's constants in flash."""
        return sum(constant.size_bytes for constant in self.constants)


def initializer(value: Any) -> str:
    """Return the C initializer of a field."""
    if isinstance(value, dict):
        return "{" + ", ".join(f".{name} = {initializer(each)}" for name, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(initializer(each) for each in value) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _literal(int(value))


def _literal(value: int) -> str:
    # -2147483648 is the negation of a constant that does not fit an int.
    return "INT32_MIN" if value == -(2**31) else str(value)
