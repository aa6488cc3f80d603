"""From a board that is on to a device that takes commands."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from tinysim.errors import GuestHang
from tinysim.runner.device import Device
from tinysim.runner.target import Target, TargetFactory


@contextlib.contextmanager
def booted(factory: TargetFactory) -> Generator[tuple[Target, Device], None, None]:
    """Give a board that `factory` makes and the device on it, booted; free the board afterwards.

    Raises as `boot`.
    """
    with contextlib.closing(factory()) as target:
        yield target, boot(target)


def boot(target: Target) -> Device:
    """Return the device on a board, ready for commands.

    Raises GuestHang where it does not answer, GuestError where it is an energy build.
    """
    device = Device(target.session)
    if not target.just_switched_on:
        device.synchronise()
        return device
    try:
        device.wait_for_banner()
    except GuestHang as silence:
        # Firmware that has no banner has to be asked for its name.
        try:
            device.synchronise()
        except GuestHang:
            raise silence from None
    device.name()
    return device
