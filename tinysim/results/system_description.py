"""systems/<id>.json: what was benchmarked, in the fields of the official template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinysim.errors import UserError

KEYS = (
    "Submitter",
    "Division",
    "Status",
    "Board Name",
    "Board Memory capacity (not including SoC, processor, or accelerator)",
    "Board Memory type",
    "Board storage capacity",
    "Board storage type",
    "SoC Name",
    "SoC Memory capacity (not including processor or accelerator)",
    "SoC Memory type",
    "SoC storage capacity",
    "SoC storage type",
    "Processor(s) Name",
    "Processor(s) Frequencies",
    "Processor memory type and capacity",
    "Processor storage type and capacity",
    "Accelerator",
    "Accelerator(s) Frequencies",
    "Accelerator memory type and capacity",
    "Accelerator storage type and capacity",
    "Hardware Notes",
    "Inference Framework",
    "Software Libraries",
    "Operating System",
    "Other Software Stack",
    "Software Notes",
    "Quantization Method",
    "Training framework (open division)",
    "ML Model Compiler(s)",
    "General Compiler(s)",
    "Other Software",
    "Training and Quantization Notes",
)
"""The template's keys; it has some twice, and `Operating System` once with a blank at its end."""

STATUSES = ("available", "preview", "rdi")

SIMULATED = "Simulated by tinysim, not measured on a board."
"""How the hardware notes of a simulated system begin; a real board's never do."""

MODELLED_CYCLES = (
    "Cycles are estimated by a model, whose errors against measurements that others published are in "
    "tinysim's "
    "docs/silicon.md."
)
NOT_SUBMITTABLE = "not an MLPerf result, not submittable"
"""Part of the software notes of results on data or models that are not a closed benchmark's."""

NO_CYCLES = "There is no cycle model of this core yet: an instruction takes one cycle."


def describe_system(values: Mapping[str, str]) -> dict[str, str]:
    """Return a description with every key once, empty where `values` has nothing.

    Raises ValueError for a key that the template does not have.
    """
    unknown = set(values) - set(KEYS)
    if unknown:
        raise ValueError(f"a system description has no field {sorted(unknown)[0]!r}")
    return {key: values.get(key, "") for key in KEYS}


def format_system(description: Mapping[str, str]) -> str:
    """Return the file's text."""
    return json.dumps(description, indent=4, ensure_ascii=False) + "\n"


def read_system(path: Path) -> dict[str, Any]:
    """Read a description; `Operating System` is found in either spelling, under the one without a blank.

    Raises UserError where the file is not JSON or not an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} is not a JSON object")
    if "Operating System " in content:
        content.setdefault("Operating System", content["Operating System "])
        del content["Operating System "]
    return content


def is_simulated(description: Mapping[str, Any]) -> bool:
    """Whether a description is of a simulated system."""
    return str(description.get("Hardware Notes", "")).startswith(SIMULATED)
