"""A journal of finished work, so that an interrupted run can go on where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

from tinysim.atomic import naming


class Journal:
    """Records of work that is done, by number, in a file that belongs to one `key`.

    A line holds one record and its checksum. A process that is killed in the middle of a line, or a disk that
    loses the file's end, costs the records concerned and nothing else.
    """

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        """Open the journal of `key`, which names everything that the records depend on."""
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{digest[:32]}.journal"
        self.records: dict[int, Any] = self._read()

    def add(self, records: dict[int, Any]) -> None:
        """Append records that are finished."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A line end first: the line before may have been cut off.
        text = "\n" + "\n".join(_seal(json.dumps([number, record])) for number, record in records.items())
        with naming(self.path), self.path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        self.records.update(records)

    def remove(self) -> None:
        """Remove the file: the run is complete."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[int, Any]:
        records: dict[int, Any] = {}
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return records
        for line in content.split(b"\n"):
            checksum, _, text = line.partition(b" ")
            with contextlib.suppress(ValueError):
                if int(checksum, 16) == zlib.crc32(text):
                    number, record = json.loads(text)
                    records[number] = record
        return records


def _seal(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x} {text}"
