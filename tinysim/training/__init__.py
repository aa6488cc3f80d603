"""The recipe of the built-in models: how they are trained and quantized, and what LiteRT says they give.

Nothing in tinysim imports it. `networks` and `loop` need torch, and whatever runs a model needs LiteRT (the
extra `training`); what describes and quantizes a network needs numpy alone. README.md tells how to run it.
"""
