"""The virtual UART as a pyserial port: `sim://BOARD?firmware=IMAGE`.

It passes bytes in the board's time, and knows neither protocol nor runner.
"""
