"""The systems of an organisation: `systems/*.json`, read with leniency, and the ids under `results/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tinysim.board import Board
from tinysim.replicate.clone import Clone, ClonedFile, shown_path
from tinysim.replicate.names import board_of, core_of, plain, tokens

DESCRIPTION_BYTES_MAX = 1 << 20
NESTING_MAX = 8
"""A description is an object of texts; a few have an object in it."""

_FIELDS = ("Board Name", "SoC Name", "Processor(s) Name", "Processor(s) Frequencies")
_SUFFIX = re.compile(r"[_\-. ]*system[_\-. ]*desc(ription)?$", re.IGNORECASE)


@dataclass(frozen=True)
class System:
    """A system: its id under `results/` (several folders joined by `/` in some trees), and what it is.

    `board` is ours, None where we have none; then `chip` says what it has. `problem` is what is wrong with
    its description.
    """

    id: str
    board_name: str
    chip: str
    core: str | None
    board: Board | None
    problem: str = ""


def read_systems(clone: Clone, files: Iterable[ClonedFile], result_ids: Iterable[str]) -> tuple[System, ...]:
    """Return the systems of one organisation, of whose `systems/` folder `files` are, sorted by id.

    A system is what has results, or a description that belongs to none of those.
    """
    descriptions: dict[str, tuple[dict[str, str], str]] = {}
    for file in files:
        if file.name.casefold().endswith(".json"):
            below = file.parts[file.parts.index("systems") + 1 :]
            name = "/".join((*below[:-1], below[-1][: -len(".json")]))
            descriptions[_SUFFIX.sub("", name) or name] = _read_fields(clone, file)
    systems = []
    used: set[str | None] = set()
    for system_id in sorted(set(result_ids)):
        match = _description_for(system_id, descriptions)
        used.add(match)
        systems.append(_system(system_id, *descriptions.get(match or "", ({}, "no system description"))))
    for name in sorted(descriptions.keys() - used):
        systems.append(_system(name, *descriptions[name]))
    return tuple(systems)


def parse_fields(text: str) -> tuple[dict[str, str], str]:
    """Return the fields of a description that tell which board it is, and what is wrong with it, if anything.

    Of what is not JSON, as some published descriptions are, the fields are taken that can be made out.
    """
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("not an object")
        if _nesting(content) > NESTING_MAX:
            raise ValueError(f"nested more than {NESTING_MAX} deep")
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        found = {}
        for field in _FIELDS:
            match = re.search(r'"\s*' + re.escape(field) + r'\s*"\s{0,20}:\s{0,20}"([^"\n]{0,200})"', text)
            if match:
                found[field] = match[1]
        return found, f"the system description is not readable JSON ({reason[:80]})"
    fields = {str(key).strip(): value for key, value in content.items()}
    return {field: fields[field][:200] for field in _FIELDS if isinstance(fields.get(field), str)}, ""


def _read_fields(clone: Clone, file: ClonedFile) -> tuple[dict[str, str], str]:
    try:
        return parse_fields(clone.read_text(file.parts, DESCRIPTION_BYTES_MAX))
    except (OSError, ValueError) as error:
        return {}, f"{shown_path(file.parts)} cannot be read: {error}"


def _nesting(content: object) -> int:
    deepest = 0
    todo = [(content, 1)]
    while todo:
        value, depth = todo.pop()
        deepest = max(deepest, depth)
        if depth <= NESTING_MAX:
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            todo += [(each, depth + 1) for each in inner]
    return deepest


def _description_for(system_id: str, descriptions: Iterable[str]) -> str | None:
    """Return the name of a system's description: the same name, or else the one that shares most words."""
    names = sorted(descriptions)
    for name in names:
        if plain(name) == plain(system_id):
            return name
    own = set(tokens(system_id))
    shares = sorted(((_likeness(own, set(tokens(name))), name) for name in names), reverse=True)
    if shares and shares[0][0] >= 0.5 and (len(shares) == 1 or shares[1][0] < shares[0][0]):
        return shares[0][1]
    # Descriptions of one board, such as of two implementations, say the same about the board.
    board = board_of(system_id)
    same = [name for name in names if board is not None and board_of(name) == board]
    return same[0] if same else None


def _likeness(first: set[str], second: set[str]) -> float:
    return len(first & second) / max(len(first | second), 1)


def _system(system_id: str, fields: dict[str, str], problem: str) -> System:
    board_name, chip = fields.get("Board Name", ""), fields.get("SoC Name", "")
    processor = fields.get("Processor(s) Name", "")
    board = board_of(board_name, chip, system_id)
    core = board.chip.core.name if board else core_of(processor, chip, board_name)
    return System(system_id, board_name, chip, core, board, problem)
