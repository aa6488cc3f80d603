"""The `[timing]` table of board.toml: what stands between the core and its memories."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tinysim.board import Board
from tinysim.errors import UserError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FlashAccess(_Part):
    """How the flash interface is set up by the guest, and what one read of the array delivers."""

    read_width_bytes: int = Field(gt=0)
    control_register: int
    latency_mask: int
    prefetch_bit: int
    instruction_cache_bit: int
    data_cache_bit: int


class LineCache(_Part):
    """A fully associative cache of flash lines with least-recently-used replacement.

    A line holds several reads of the array; each is filled when it is first needed.
    """

    lines: int = Field(gt=0, le=64)
    line_bytes: int = Field(gt=0)


class TimingParameters(_Part):
    """All parameters of a board's timing model; every one of them names its source in board.toml."""

    flash: FlashAccess
    instruction_cache: LineCache
    data_cache: LineCache
    exception_entry_cycles: int = Field(ge=0)
    exception_return_cycles: int = Field(ge=0)


def timing_parameters(board: Board) -> TimingParameters | None:
    """Return the board's parameters, or None where it has no timing model. Raises UserError if malformed."""
    if not board.timing:
        return None
    try:
        return TimingParameters.model_validate(board.timing)
    except ValueError as error:
        raise UserError(f"{board.folder / 'board.toml'}: timing: {error}") from error
