"""The engine on Renode: its full machine model, driven through pyrenode3 in a process of its own.

Only that process loads Renode: everything here can be imported without it. It knows nothing of the benchmark.
"""

from tinysim.engines.renode.engine import RenodeEngine
from tinysim.engines.renode.installation import Installation, find_installation

__all__ = ["Installation", "RenodeEngine", "find_installation"]
