"""Networks: reading a .tflite file into a Graph, and the arithmetic of its quantization."""

from tinysim.model.graph import Graph, macs
from tinysim.model.tflite_reader import parse_model, read_model

__all__ = ["Graph", "macs", "parse_model", "read_model"]
