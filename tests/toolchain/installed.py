"""The cross compilers that this machine has: zig always, others where someone installed them."""

from __future__ import annotations

from tinysim.errors import UserError
from tinysim.toolchain import find_toolchain, toolchain_names


def _is_installed(name: str) -> bool:
    try:
        find_toolchain(name)
    except UserError:
        return False
    return True


INSTALLED_TOOLCHAINS = [name for name in toolchain_names() if _is_installed(name)]
