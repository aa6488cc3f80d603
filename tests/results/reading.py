"""Reads what the product only writes: the commands of a log and of a script."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinysim.results.lines import RunnerLine
from tinysim.results.script import ScriptCommand

_SEQUENCING = re.compile(
    r"m-sequencing-i\[\d+\]-command\[(?P<cmd>.*)\]-ack\[/(?P<ack>.*)/\]-ms\[(?P<ms>-?\d+)\]-acc.*-total_ms.*"
)
_TOKEN = re.compile(r"cmd: '(?P<cmd>(?:[^'\\]|\\.)*)'|ms: (?P<ms>-?\d+)|ack: /(?P<ack>(?:[^/\\]|\\.)*)/")


def parse_commands(lines: Sequence[RunnerLine]) -> list[tuple[ScriptCommand, list[RunnerLine]]]:
    """The commands of a log, limit and acknowledgement written out, each with the lines up to the next."""
    commands: list[tuple[ScriptCommand, list[RunnerLine]]] = []
    for line in lines:
        match = _SEQUENCING.fullmatch(line.text) if line.source == "sequencer" else None
        if match:
            commands.append((ScriptCommand(match["cmd"], int(match["ms"]), match["ack"]), []))
        elif commands:
            commands[-1][1].append(line)
    return commands


def parse_script(content: str) -> list[ScriptCommand]:
    """The commands of a script."""
    commands: list[ScriptCommand] = []
    fields: dict[str, str] = {}
    for line in content.split("\n"):
        if match := _TOKEN.fullmatch(line.strip().removesuffix(",")):
            assert match.lastgroup is not None
            fields[match.lastgroup] = match[match.lastgroup]
        elif fields:
            ms = int(fields["ms"]) if "ms" in fields else None
            cmd = re.sub(r"\\(.)", r"\1", fields["cmd"])
            commands.append(ScriptCommand(cmd, ms, fields.get("ack"), list(fields)[1:] == ["ack", "ms"]))
            fields = {}
    return commands
