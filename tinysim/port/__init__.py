"""The virtual UART as a pyserial port: `sim://BOARD?firmware=IMAGE`."""
