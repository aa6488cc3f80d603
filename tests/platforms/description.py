"""Reads Renode's platform descriptions, as far as ours go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_ENTRY = re.compile(r"(?P<name>\w+): (?P<type>[\w.]+) @ (?P<places>.+)")
_ATTRIBUTE = re.compile(r"    (?P<name>\w+): (?P<value>.+)")
_OUTPUT = re.compile(r"    (?:(?:IRQ|(?P<number>\d+)) )?-> (?P<receiver>\w+)@(?P<line>\d+)")
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{8}")


@dataclass
class Entry:
    """A peripheral: its type, the addresses at which it is registered, its attributes, and where its lines go.

    `output` is where its only line goes, `outputs` where numbered ones do.
    """

    name: str
    type: str
    addresses: list[int]
    attributes: dict[str, str] = field(default_factory=dict)
    output: tuple[str, int] | None = None
    outputs: list[tuple[str, int]] = field(default_factory=list)

    def number(self, attribute: str) -> int:
        """Return a number among the attributes."""
        return int(self.attributes[attribute], 0)

    def text(self, attribute: str) -> str:
        """Return a string among the attributes, "" where it is not given."""
        return self.attributes.get(attribute, '""').strip('"')


def read_description(path: Path) -> dict[str, Entry]:
    """Return the peripherals of a .repl file by name. A line that is not understood is an error."""
    entries: dict[str, Entry] = {}
    entry = None
    for line in path.read_text().splitlines():
        if not line or line.startswith("//"):
            continue
        if match := _ENTRY.fullmatch(line):
            entry = Entry(
                match["name"], match["type"], [int(found, 16) for found in _ADDRESS.findall(match["places"])]
            )
            assert entry.name not in entries, f"{path}: {entry.name} stands twice"
            entries[entry.name] = entry
        elif entry and (match := _OUTPUT.fullmatch(line)):
            output = match["receiver"], int(match["line"])
            if match["number"]:
                assert int(match["number"]) == len(entry.outputs), f"{path}: {entry.name}: lines out of order"
                entry.outputs.append(output)
            else:
                entry.output = output
        elif entry and (match := _ATTRIBUTE.fullmatch(line)):
            entry.attributes[match["name"]] = match["value"]
        else:
            raise AssertionError(f"{path}: not understood: {line}")
    return entries


def register_rules(text: str) -> dict[int, list[str]]:
    """Return the words of "0x00: 1=0 10=8; 0x08: 2=0" by offset."""
    rules = {}
    for rule in filter(None, (rule.strip() for rule in text.split(";"))):
        offset, words = rule.split(":")
        rules[int(offset, 16)] = words.split()
    return rules
