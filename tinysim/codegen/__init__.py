"""From a network to C source: an arena plan, packed weights, one kernel call a layer.

It knows no boards: what it writes is the same for all of them.
"""

from tinysim.codegen.compiler import CompiledLayer, CompiledModel, compile_model

__all__ = ["CompiledLayer", "CompiledModel", "compile_model"]
