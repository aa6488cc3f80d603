"""script.async: the commands that the runner's sequencer went through."""

from __future__ import annotations

from dataclasses import dataclass


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


def _format_command(command: ScriptCommand) -> str:
    fields = [f"cmd: '{_escape(command.cmd)}'"]
    ms = [f"ms: {command.ms}"] if command.ms is not None else []
    ack = [f"ack: /{command.ack}/"] if command.ack is not None else []
    fields += ack + ms if command.ack_first else ms + ack
    body = ",\n".join(f"        {field}" for field in fields)
    return f"    {{\n{body}\n    }}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
