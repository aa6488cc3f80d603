"""What a guest does wrong, as errors that a pyserial program catches too."""

from __future__ import annotations

import serial

from tinysim.errors import GuestFault, GuestHang


class PortGuestFault(GuestFault, serial.SerialException):
    """The guest behind the port ended in a fault."""


class PortGuestHang(GuestHang, serial.SerialException):
    """The guest behind the port will not answer any more."""
