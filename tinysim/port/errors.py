"""What goes wrong at a port, as errors that a pyserial program catches too."""

from __future__ import annotations

import serial

from tinysim.errors import GuestFault, GuestHang, UserError


class PortUserError(UserError, serial.SerialException):
    """The port's URL leads to no board: a mistake in it, or no such image."""


class PortGuestFault(GuestFault, serial.SerialException):
    """The guest behind the port ended in a fault."""


class PortGuestHang(GuestHang, serial.SerialException):
    """The guest behind the port will not answer any more."""
