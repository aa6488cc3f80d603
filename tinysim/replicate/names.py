"""Names in many spellings: benchmarks, boards, chips and cores, as submitters write them.

General rules come first; `names.toml` has what no rule knows.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, board_ids, load_board

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHORT_WORD_CHARS = 3

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_CORE = re.compile(r"cortex\W{0,4}m\W?(85|55|52|33|23|7|4|3|1|0\W?(?:\+|plus)|0)(?![0-9])", re.IGNORECASE)
_CHIP = re.compile(r"STM32([A-Z0-9]{4})", re.IGNORECASE)


@dataclass(frozen=True)
class Names:
    """Words by benchmark (that table and `names.toml`), by board, and such that tell builds apart."""

    benchmarks: dict[str, tuple[str, ...]]
    boards: dict[str, tuple[str, ...]]
    second_choice: frozenset[str]
    boot_loaders: frozenset[str]


@functools.cache
def names() -> Names:
    """Return the package's table."""
    content = tomllib.loads(files("tinysim.replicate").joinpath("names.toml").read_text(encoding="utf-8"))
    return Names(
        {
            **{benchmark.id: benchmark.spellings for benchmark in BENCHMARKS.values()},
            **{benchmark: tuple(words) for benchmark, words in content["other_benchmarks"].items()},
        },
        {board: tuple(words) for board, words in content["boards"].items()},
        frozenset(content["builds"]["second_choice"]),
        frozenset(content["builds"]["boot_loaders"]),
    )


def plain(text: str) -> str:
    """Return `text` without what spellings differ in: small letters and digits only."""
    return "".join(char for char in text.casefold() if char.isalnum())


def tokens(text: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of `text`, in small letters: `NUCLEO_L4R5ZI-P` has three."""
    return tuple(token for token in re.split(r"[\W_]+", text.casefold()) if token)


def words(text: str) -> tuple[str, ...]:
    """Return `text`'s words in small letters, camel case and digits split: `m33_ad2` has m, 33, ad, 2."""
    return tuple(match.casefold() for match in _WORD.findall(text))


def benchmark_of_folder(name: str) -> str | None:
    """Return the benchmark whose folder is called just `name`: `kws`, `AD01`, `Keyword-Spotting`."""
    wanted = plain(name)
    # "ic2" is a name of its own, and "kws2" is a numbered kws.
    for number in ("", "[0-9]{1,2}"):
        for benchmark, spellings in names().benchmarks.items():
            for spelling in spellings:
                if re.fullmatch(re.escape(plain(spelling)) + number, wanted):
                    return benchmark
    return None


def benchmark_of_path(parts: Sequence[str]) -> str | None:
    """Return the benchmark that a path names, or None where it names none, or several equally well.

    A part that is a benchmark's name counts most, then a name of several words within a part, then a short
    one; among equals the part next to the file.
    """
    best: tuple[tuple[int, int], set[str]] | None = None
    for depth, part in enumerate(parts):
        stem = part.rsplit(".", 1)[0] if depth == len(parts) - 1 else part
        for benchmark, strength in _benchmarks_in(stem):
            rank = (strength, depth)
            if best is None or rank > best[0]:
                best = (rank, {benchmark})
            elif rank == best[0]:
                best[1].add(benchmark)
    return next(iter(best[1])) if best and len(best[1]) == 1 else None


def _benchmarks_in(part: str) -> Iterable[tuple[str, int]]:
    whole = benchmark_of_folder(part)
    if whole is not None:
        yield whole, 3
        return
    own = words(part)
    glued = plain(part)
    matched = {}
    for benchmark, spellings in names().benchmarks.items():
        for spelling in spellings:
            # A short word may be part of any other; a longer one is found in what is written in one, too.
            is_long = len(spelling) > SHORT_WORD_CHARS
            if (is_long and plain(spelling) in glued) or (not is_long and spelling in own):
                matched[plain(spelling)] = (benchmark, 2 if is_long else 1)
    for spelling, found in matched.items():
        # In "visual wake words" there is "wake word".
        if not any(spelling != other and spelling in other for other in matched):
            yield found


@functools.cache
def our_boards() -> tuple[Board, ...]:
    """Return every board that can be simulated."""
    return tuple(load_board(board_id) for board_id in board_ids())


def chip_key(board: Board) -> str:
    """Return what tells a board's chip from others in any name of it: `l4r5` of STM32L4R5ZI."""
    match = _CHIP.match(board.part)
    return match[1].casefold() if match else plain(board.part)


def board_of(*texts: str) -> Board | None:
    """Return our board that one of `texts` names first: by its name, the table, or its chip."""
    for text in texts:
        wanted = plain(text)
        for spellings in (_own_names, lambda board: (chip_key(board),)):
            for board in our_boards():
                if any(spelling in wanted for spelling in spellings(board)):
                    return board
    return None


def _own_names(board: Board) -> tuple[str, ...]:
    """Return the spellings of a board that are no other's, whatever chip that has."""
    return tuple(map(plain, (board.name, *names().boards.get(board.id, ()))))


def core_of(*texts: str) -> str | None:
    """Return the core that one of `texts` names, as our boards call it: `cortex-m4`, `cortex-m0+`."""
    for text in texts:
        match = _CORE.search(text.replace("®", "").replace("™", ""))
        if match:
            number = match[1].casefold()
            return "cortex-m0+" if number.startswith("0") and number != "0" else f"cortex-m{number}"
    return None
