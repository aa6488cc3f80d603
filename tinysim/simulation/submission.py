"""From an outcome to what is written down: the submission's files, figures for people and programs."""

from __future__ import annotations

from typing import Any

import jinja2

from tinysim import __version__
from tinysim.board import Board
from tinysim.datasets.publishers import NOT_DISTRIBUTED
from tinysim.results.system_description import MODELLED_CYCLES, NO_CYCLES, SIMULATED, describe_system
from tinysim.results.tree import ModeFiles, Place, Submission
from tinysim.simulation.modes import FROM_ONE_STATE, IN_ONE_SESSION
from tinysim.simulation.run import Outcome
from tinysim.simulation.standing import UNVERIFIED
from tinysim.timing import timing_model

_NOTES_MAX = 8

_FIGURES = (
    "latency_ms",
    "throughput_inf_per_s",
    "top1_percent",
    "auc",
    "energy_uj_per_inf",
    "vectors_equal",
    "vectors_compared",
    "top1_percent_by_class",
)
"""What `--json` has of the runs; null where none gave it."""

_QUANTIZATION = {
    "reference": "the reference model's: int8, post-training",
    "built-in": "int8, post-training (tinysim's own model and recipe)",
    "own": "int8, as the model came",
    None: "",
}

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("tinysim.simulation"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


def make_submission(outcome: Outcome, place: Place, epoch_s: float, summary_name: str) -> Submission:
    """Return the submission of an outcome; `epoch_s` is the Unix time at which the runner started.

    A run's times begin in the second after the run before it, as with one runner and one board.
    """
    modes: dict[str, ModeFiles] = {}
    start_s = 0.0
    for mode, result in outcome.results.items():
        modes[mode.id], stop_s = result.files(epoch_s, start_s)
        start_s = float(int(stop_s) + 1)
    facts = make_facts(outcome)
    readme = _TEMPLATES.get_template("README.md.jinja").render(
        outcome=outcome,
        implementation=outcome.implementation,
        facts=facts,
        place=place,
        version=__version__,
        cycles_note=cycles_note(outcome.board),
        unverified=UNVERIFIED,
        not_distributed=NOT_DISTRIBUTED,
    )
    code = {**outcome.implementation.files, "README.md": readme.encode()}
    return Submission(place, _system(outcome, place), modes, code, facts, summary_name)


def cycles_note(board: Board) -> str:
    """Say what is to be thought of a board's cycles."""
    return NO_CYCLES if timing_model(board.chip) is None else MODELLED_CYCLES


def make_facts(outcome: Outcome) -> dict[str, Any]:
    """Return what is known of the implementation and of one inference, for `facts.json` beside the code."""
    implementation, inference = outcome.implementation, outcome.inference
    has_model = timing_model(outcome.board.chip) is not None
    return {
        "benchmark": outcome.benchmark.id,
        "board": outcome.board.id,
        "engine": outcome.engine,
        "clock_hz": outcome.board.clock.core_hz,
        "firmware_sha256": implementation.firmware_sha256,
        "model_sha256": implementation.model_sha256,
        "compiler": implementation.compiler,
        "compiler_flags": list(implementation.compiler_flags),
        "flash_bytes": implementation.flash_bytes,
        "ram_bytes": implementation.ram_bytes,
        "memory": implementation.memory.as_json() if implementation.memory else None,
        "sections": list(implementation.sections),
        "macs_per_inference": implementation.macs,
        **_origin(outcome),
        "instructions_per_inference": inference.instructions if inference else None,
        "cycles_per_inference": inference.cycles if inference else None,
        "cycles_held_against_silicon": has_model if outcome.is_simulated else None,
    }


def make_figures(outcome: Outcome, tree: str) -> dict[str, Any]:
    """Return the outcome's figures, for `--json`; `tree` is where the results tree is."""
    facts = make_facts(outcome)
    keys = (
        "benchmark",
        "board",
        "engine",
        "clock_hz",
        "firmware_sha256",
        "model_sha256",
        "compiler",
        "instructions_per_inference",
        "cycles_per_inference",
        "data",
        "data_set",
        "inputs",
        "model",
        "submittable",
        "unverified",
    )
    figures = {key: value for result in outcome.results.values() for key, value in result.figures().items()}
    return {
        **{key: facts[key] for key in keys},
        **dict.fromkeys(_FIGURES),
        **figures,
        "flash_bytes": facts["flash_bytes"],
        "ram_bytes": facts["ram_bytes"],
        "memory": facts["memory"],
        "notes": list(outcome.notes),
        "tree": tree,
    }


def _origin(outcome: Outcome) -> dict[str, Any]:
    """Return whose data and model the figures are of, and what that makes them."""
    standing = outcome.standing
    return {
        "data": standing.data,
        "data_set": outcome.dataset.name,
        "data_sha256": outcome.dataset.labels_sha256,
        "inputs": len(outcome.dataset.entries),
        "model": standing.model,
        "submittable": standing.is_submittable,
        "remark": standing.remark,
        "unverified": outcome.is_simulated,
    }


def describe_figures(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the outcome's figures for people: pairs of a name and a value with its unit."""
    rows: list[tuple[str, str]] = []
    for mode in IN_ONE_SESSION:
        rows += outcome.results[mode].describe() if mode in outcome.results else []
    if outcome.inference is not None:
        instructions, cycles = outcome.inference.instructions, outcome.inference.cycles
        rows.append(("instructions", f"{instructions:,} an inference"))
        rows.append(("cycles", f"{cycles:,} an inference, {cycles / instructions:.3f} an instruction"))
    for mode in FROM_ONE_STATE:
        rows += outcome.results[mode].describe() if mode in outcome.results else []
    if outcome.implementation.flash_bytes is not None and outcome.implementation.ram_bytes is not None:
        flash, ram = outcome.implementation.flash_bytes, outcome.implementation.ram_bytes
        rows.append(
            ("memory", f"flash {flash:,} bytes, RAM {ram:,} bytes (what startup copies there included)")
        )
    if outcome.implementation.memory is not None:
        rows.append(("flash", outcome.implementation.memory.flash.describe()))
        rows.append(("RAM", outcome.implementation.memory.ram.describe()))
    rows += [("firmware", note) for note in outcome.notes[:_NOTES_MAX]]
    if len(outcome.notes) > _NOTES_MAX:
        rows.append(("firmware", f"and {len(outcome.notes) - _NOTES_MAX} more remarks, see --json"))
    if outcome.is_simulated:
        rows.append(("note", f"simulated, {UNVERIFIED}. {cycles_note(outcome.board)}"))
    if outcome.standing.remark is not None:
        rows.append(("note", outcome.standing.remark))
    return rows


def _system(outcome: Outcome, place: Place) -> dict[str, str]:
    board, implementation = outcome.board, outcome.implementation
    values = {
        **board.system_description,
        "Submitter": place.organisation,
        "Division": place.division,
        # Research, development or internal: what no one can buy in this form.
        "Status": "rdi",
    }
    if outcome.is_simulated:
        values["Hardware Notes"] = f"{SIMULATED} {cycles_note(board)}"
        values["Software Notes"] = f"Run on the {outcome.engine} engine of tinysim {__version__}."
    if implementation.compiler is not None:
        values |= {
            "Inference Framework": f"tinysim {__version__} (model compiled to C, own int8 kernels)",
            "Software Libraries": "none",
            "Operating System": "bare metal",
            "Quantization Method": _QUANTIZATION[outcome.standing.model],
            "ML Model Compiler(s)": f"tinysim {__version__}",
            "General Compiler(s)": implementation.compiler,
        }
    return describe_system(values)
