"""The recipe of the built-in models: how their data were made, how they were trained and quantized.

It needs packages that tinysim itself does not (the extra `training`), and nothing in tinysim imports it.
"""
