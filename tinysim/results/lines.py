"""What log.txt and results.txt share: lines of `<seconds> <source>: <text>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"(\d{5,}\.\d{3}) ([a-z][a-z\-]*): ?(.*)")


@dataclass(frozen=True)
class RunnerLine:
    """A line: seconds since the runner started, who says it, and what.

    The text of a device's message may hold a lone LF: then it covers several lines of the file.
    """

    time_s: float
    source: str
    text: str

    def __str__(self) -> str:
        return f"{self.time_s:09.3f} {self.source}: {self.text}"


def parse_lines(content: str) -> list[RunnerLine]:
    """Return the lines of a file. A line without a prefix continues the one before it.

    Raises ValueError, with the line's number, where there is nothing to continue.
    """
    lines: list[RunnerLine] = []
    for number, text in enumerate(content.removesuffix("\n").split("\n"), start=1):
        match = _LINE.fullmatch(text.removesuffix("\r"))
        if match:
            lines.append(RunnerLine(float(match[1]), match[2], match[3]))
        elif lines and lines[-1].source in ("dut", "io"):
            last = lines[-1]
            lines[-1] = RunnerLine(last.time_s, last.source, f"{last.text}\n{text}")
        else:
            raise ValueError(f"line {number}: {text[:60]!r} is not `SECONDS SOURCE: TEXT`")
    return lines


def format_lines(lines: list[RunnerLine]) -> str:
    """Return the lines as one text, without a line end after the last."""
    return "\n".join(str(line) for line in lines)
