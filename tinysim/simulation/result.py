"""What a mode's run gave, as far as every mode's has it."""

from __future__ import annotations

from typing import Any, Protocol

from tinysim.results.log import RunRecord, format_log, script_of
from tinysim.results.script import format_script
from tinysim.results.tree import LOG_NAME, SCRIPT_NAME, ModeFiles


class Result(Protocol):
    """A finished run."""

    def files(self, epoch_s: float, start_s: float) -> tuple[ModeFiles, float]:
        """Return the run's files in a results tree, and the second at which it ended.

        The runner started at the Unix time `epoch_s`, and the run `start_s` seconds after that.
        """

    def figures(self) -> dict[str, Any]:
        """Return the figures for `--json`."""

    def describe(self) -> list[tuple[str, str]]:
        """Return the figures for people: pairs of a name and a value with its unit."""


def files_of(summary: str, record: RunRecord) -> ModeFiles:
    """Return the files of a run by its summary and its record."""
    log, script = format_log(record), format_script(script_of(record))
    return ModeFiles(summary, {LOG_NAME: log.encode(), SCRIPT_NAME: script.encode()})
