"""fake://MODEL[?mischief=NAME]: the device in Python as a pyserial port; in place of a real board."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_device import FakePort
from tests.fake_ports.mischief import MISCHIEF


class Serial(FakePort):
    def __init__(self, _port: None, **_settings: Any) -> None:
        super().__init__()
        self.port = ""

    def open(self) -> None:
        parts = urlsplit(self.port)
        self.model = parts.netloc
        (name,) = parse_qs(parts.query).get("mischief", [""])
        self.mischief = MISCHIEF[name] if name else None
