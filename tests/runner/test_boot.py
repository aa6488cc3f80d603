"""From a board that is on to a device that takes commands, with banner and without."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.fake_device import FakePort, FakeTarget, FakeTargetFactory
from tinysim.errors import GuestError, GuestHang
from tinysim.runner.boot import boot, booted


class MutePort(FakePort):
    """Never says a word."""

    def write(self, data: bytes, /) -> int:
        return len(data)


@dataclass(frozen=True)
class RealBoards:
    """Boards that have been on for long, which their banner does not matter to."""

    port: FakePort

    def __call__(self) -> FakeTarget:
        target = FakeTarget(self.port)
        target.just_switched_on = False
        return target


@pytest.mark.parametrize("has_banner", [True, False])
def test_a_booted_device_takes_commands(has_banner: bool) -> None:
    with booted(FakeTargetFactory(has_banner=has_banner)) as (target, device):
        assert device.name() == "fake"
        # Only who says nothing is waited for.
        assert (target.session.now().time_s > 5) is not has_banner
    assert target.port.closed


def test_a_board_that_has_been_on_is_asked_at_once() -> None:
    with booted(RealBoards(FakePort(has_banner=False))) as (target, device):
        assert device.name() == "fake"
        assert target.session.now().time_s < 5


def test_who_never_answers_is_missed_at_its_banner() -> None:
    with pytest.raises(GuestHang, match="did not answer the start-up banner within 5 s"):
        boot(FakeTarget(MutePort(has_banner=False)))


def test_an_energy_build_is_refused() -> None:
    port = FakePort(has_banner=False)
    port._send([b"m-timestamp-mode-energy", b"m-init-done", b"m-ready"])
    with pytest.raises(GuestError, match="energy build"):
        boot(FakeTarget(port))
