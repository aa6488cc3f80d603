"""tinysim runs the MLPerf Tiny benchmark on Cortex-M boards that are not there.

Importing it registers the sim:// ports with pyserial: see `tinysim.port.protocol_sim`.
"""

import serial

__version__ = "0.1.0"

if "tinysim.port" not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append("tinysim.port")
