"""Which image belongs to which system, board and benchmark, and to which published result.

What the paths say comes first, by spelling rules; then what the image itself says (its addresses, its build
attributes, the model's name in it). Where two answers are as good, none is taken.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinysim.benchmark import BENCHMARKS, Benchmark
from tinysim.board import Board
from tinysim.replicate.clone import Clone, ClonedFile, Parts, shown
from tinysim.replicate.descriptions import System, read_systems
from tinysim.replicate.images import FoundImage
from tinysim.replicate.names import (
    benchmark_of_path,
    board_of,
    chip_key,
    plain,
    tokens,
    words,
)
from tinysim.replicate.published import PublishedResult, find_results

PREFIX_CHARS_MIN = 3
"""A shorter word than this stands for itself only: `l4r5` is taken for L4R5ZI, `l4` is not."""


@dataclass(frozen=True)
class Organisation:
    """What one organisation published in one division."""

    division: str
    name: str
    systems: tuple[System, ...]
    results: Mapping[tuple[str, str], PublishedResult]


@dataclass(frozen=True)
class Match:
    """The images of one system's benchmark, in the order in which they are tried, and what they belong to.

    None stands for what could not be told; `problem` says why. `board` is ours.
    """

    organisation: Organisation
    system: System | None
    benchmark: str | None
    board: Board | None
    images: tuple[FoundImage, ...]
    result: PublishedResult | None
    problem: str = ""

    @property
    def core(self) -> str | None:
        """The core, as our boards name it."""
        if self.board is not None:
            return self.board.chip.core.name
        return self.system.core if self.system is not None else None

    @property
    def known_benchmark(self) -> Benchmark | None:
        """The benchmark, where it is one that can be run."""
        return BENCHMARKS.get(self.benchmark or "")


def read_organisations(clone: Clone) -> tuple[Organisation, ...]:
    """Return every organisation of the clone, with its systems and results."""
    groups: dict[tuple[str, str], list[ClonedFile]] = defaultdict(list)
    for file in clone.files:
        if len(file.parts) > 3:
            groups[file.parts[0], file.parts[1]].append(file)
    organisations = []
    for (division, name), files in sorted(groups.items()):
        results = find_results(file for file in files if file.parts[2] == "results")
        descriptions = [file for file in files if file.parts[2] == "systems"]
        systems = read_systems(clone, descriptions, {system_id for system_id, _ in results})
        organisations.append(Organisation(division, name, systems, results))
    return tuple(organisations)


def match_images(organisations: Sequence[Organisation], images: Iterable[FoundImage]) -> tuple[Match, ...]:
    """Return a match for every system's benchmark that has images, and for every image that has no system.

    Sorted by division, organisation, system and benchmark.
    """
    by_place = {(each.division, each.name): each for each in organisations}
    groups: dict[tuple[str, ...], list[Match]] = defaultdict(list)
    for image in images:
        organisation = by_place[image.parts[0], image.parts[1]]
        match = match_image(organisation, image)
        key: tuple[str, ...]
        if match.system is not None and match.benchmark is not None:
            key = (organisation.division, organisation.name, match.system.id, match.benchmark)
        else:
            # Formats of one image lie side by side under one name.
            stem = image.parts[-1].rsplit(".", 1)[0]
            key = (organisation.division, organisation.name, "", "", *image.parts[2:-1], stem)
        groups[key].append(match)
    matches = []
    for _, group in sorted(groups.items()):
        group.sort(key=lambda match: (bool(match.images[0].problem), match.images[0].preference))
        own = tuple(match.images[0] for match in group)
        matches.append(dataclasses.replace(group[0], images=own))
    return tuple(matches)


def match_image(organisation: Organisation, image: FoundImage) -> Match:
    """Return what one image belongs to."""
    below = image.parts[3:]
    benchmark = benchmark_of_path(below)
    if benchmark is None and len(image.models) == 1:
        benchmark = next(iter(image.models))
    candidates = _candidates(organisation, image, benchmark)
    result = None
    if len(candidates) == 1:
        system = candidates[0]
        result = organisation.results.get((system.id, benchmark or ""))
        problem = "" if benchmark else "no benchmark: neither the path nor the image names one"
        board = system.board
        return Match(organisation, system, benchmark, board, (image,), result, problem)
    boards = {system.board.id for system in candidates if system.board is not None}
    board = board_of(*reversed(below))
    if board is None and len(boards) == 1 and all(system.board is not None for system in candidates):
        board = candidates[0].board
    if candidates:
        ids = ", ".join(shown(system.id) for system in candidates[:4])
        problem = f"could be of several systems ({ids}): no published result is taken"
    else:
        problem = "no system of this organisation fits: no published result"
    return Match(organisation, None, benchmark, board, (image,), None, problem)


def _candidates(organisation: Organisation, image: FoundImage, benchmark: str | None) -> list[System]:
    """Return the systems that an image fits best: one if all is well."""
    systems = list(organisation.systems)
    exact = _exactly_named(systems, image.parts[3:])
    if len(exact) == 1:
        return [_most_closely_named(exact[0], systems, image)]
    systems = exact or systems
    # What the image itself rules out, as long as it does not rule out everything.
    for possible in (
        [system for system in systems if system.board is None or system.board.id in image.fits],
        [system for system in systems if not image.cores or system.core in (None, *image.cores)],
        [system for system in systems if benchmark and (system.id, benchmark) in organisation.results],
    ):
        kept = [system for system in systems if system in possible]
        systems = kept or systems
    if len(systems) < 2:
        return systems
    scores = {system.id: _score(system, systems, image) for system in systems}
    best = max(scores.values())
    if best <= 0:
        return systems
    systems = [system for system in systems if scores[system.id] == best]
    path = _path_words(image)
    missing = {
        system.id: {token for token in tokens(system.id) if not _is_in(token, path)} for system in systems
    }
    # Of `L4R5_int8` and `L4R5_int8_fast`, a path without `fast` in it means the first.
    return [
        system for system in systems if not any(missing[each.id] < missing[system.id] for each in systems)
    ]


def _exactly_named(systems: Iterable[System], below: Parts) -> list[System]:
    """Return the systems whose whole id is a folder's name or a run of folders: those of the longest id."""
    found: dict[str, list[System]] = defaultdict(list)
    for system in systems:
        own = [plain(part) for part in system.id.split("/")]
        folders = [plain(part) for part in below[:-1]]
        runs = (folders[first : first + len(own)] for first in range(len(folders)))
        if own in runs or (len(own) > 1 and "".join(own) in folders):
            found["".join(own)].append(system)
    return found[max(found, key=len)] if found else []


def _most_closely_named(exact: System, systems: Iterable[System], image: FoundImage) -> System:
    """Return the system whose id has more words than that of `exact`, all of them in the path; else `exact`.

    A folder of `L4R5_int8` may have images of `L4R5_int8_fast` in another folder below.
    """
    path = _path_words(image)
    own = set(tokens(exact.id))
    closer = [each for each in systems if own < set(tokens(each.id)) <= path]
    closer.sort(key=lambda system: len(set(tokens(system.id))))
    is_clear = closer and (
        len(closer) == 1 or len(set(tokens(closer[-2].id))) < len(set(tokens(closer[-1].id)))
    )
    return closer[-1] if is_clear else exact


def _score(system: System, systems: Sequence[System], image: FoundImage) -> float:
    """Return how well a path and an image fit a system.

    A word of the system's id in the path counts 1, the chip's or core's name in place of the board's 0.75, a
    word that belongs to other systems only -0.5, a stack at the end of the board's RAM 0.5.
    """
    path = _path_words(image)
    own = set(tokens(system.id))
    vocabulary = {token for each in systems for token in tokens(each.id)}
    present = {token for token in own if _is_in(token, path)}
    foreign = {token for token in vocabulary - own if token in path}
    score = len(present) - 0.5 * len(foreign)
    aliases = _aliases(system)
    glued = {plain(part) for part in image.parts[3:]}
    if not any(len(token) > 3 and token in aliases for token in present) and any(
        alias in path or (len(alias) > 3 and any(alias in part for part in glued)) for alias in aliases
    ):
        score += 0.75
    if system.board is not None and system.board.id in image.stack_is_at_end_of_ram_of:
        score += 0.5
    return score


def _path_words(image: FoundImage) -> set[str]:
    return {token for part in image.parts[3:] for token in (*tokens(part), *words(part))}


def _is_in(token: str, path: set[str]) -> bool:
    return token in path or any(
        len(word) >= PREFIX_CHARS_MIN and any(char.isdigit() for char in word) and token.startswith(word)
        for word in path
    )


def _aliases(system: System) -> set[str]:
    """Return other words for a system's board: its chip, its core."""
    aliases = set()
    if system.board is not None:
        aliases.add(chip_key(system.board))
    if system.core is not None:
        number = system.core.removeprefix("cortex-").replace("+", "plus")
        aliases |= {number, f"c{number}", f"cortex{number}"}
    aliases |= {plain(name) for name in (system.board_name, system.chip) if len(plain(name)) > 3}
    return aliases


def chip_of(system: System | None) -> str:
    """Return what a system's chip is called, for a message."""
    if system is None:
        return "unknown"
    return shown(system.chip or system.board_name or system.id)
