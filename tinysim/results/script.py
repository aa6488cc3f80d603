"""script.async: the commands that the runner's sequencer went through."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"cmd: '(?P<cmd>(?:[^'\\]|\\.)*)'|ms: (?P<ms>-?\d+)|ack: /(?P<ack>(?:[^/\\]|\\.)*)/")


@dataclass(frozen=True)
class ScriptCommand:
    """A command, its time limit in milliseconds (-1 for none) and the regular expression that ends it.

    None stands for the sequencer's default. The runner's one `echo pwr` entry has its `ack` before `ms`.
    """

    cmd: str
    ms: int | None = None
    ack: str | None = None
    ack_first: bool = False


def format_script(commands: list[ScriptCommand]) -> str:
    """Return the file's text; like the runner's, it has no line end after the last line."""
    return "[\n" + ",\n".join(_format_command(command) for command in commands) + "\n]"


def parse_script(content: str) -> list[ScriptCommand]:
    """Return the commands of a script. Raises ValueError, with the line's number, where it is not one."""
    lines = [line.strip() for line in content.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2 or lines[0] != "[" or lines[-1] != "]":
        raise ValueError("a script begins with a line `[` and ends with a line `]`")
    commands: list[ScriptCommand] = []
    fields: dict[str, str] | None = None
    for number, line in enumerate(lines[1:-1], start=2):
        if line == "{" and fields is None:
            fields = {}
        elif line in ("}", "},") and fields is not None:
            commands.append(_command_of(fields, number))
            fields = None
        else:
            match = _TOKEN.fullmatch(line.removesuffix(","))
            if match is None or match.lastgroup is None or fields is None or match.lastgroup in fields:
                raise ValueError(f"line {number}: {line[:60]!r} is not part of a command")
            fields[match.lastgroup] = match[match.lastgroup]
    if fields is not None:
        raise ValueError("the last command is not closed")
    return commands


def _format_command(command: ScriptCommand) -> str:
    fields = [f"cmd: '{_escape(command.cmd)}'"]
    ms = [f"ms: {command.ms}"] if command.ms is not None else []
    ack = [f"ack: /{command.ack}/"] if command.ack is not None else []
    fields += ack + ms if command.ack_first else ms + ack
    body = ",\n".join(f"        {field}" for field in fields)
    return f"    {{\n{body}\n    }}"


def _command_of(fields: dict[str, str], number: int) -> ScriptCommand:
    if "cmd" not in fields:
        raise ValueError(f"line {number}: a command without `cmd`")
    order = list(fields)
    ack_first = "ack" in fields and "ms" in fields and order.index("ack") < order.index("ms")
    ms = int(fields["ms"]) if "ms" in fields else None
    return ScriptCommand(re.sub(r"\\(.)", r"\1", fields["cmd"]), ms, fields.get("ack"), ack_first)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
