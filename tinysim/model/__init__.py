"""Networks: reading a .tflite file into a Graph, and the arithmetic of its quantization.

It knows nothing of C, kernels' names or boards; what the kernels cannot do it knows, to say so early.
"""

from tinysim.model.graph import Graph, macs
from tinysim.model.tflite_reader import parse_model, read_model

__all__ = ["Graph", "macs", "parse_model", "read_model"]
