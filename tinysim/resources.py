"""Where the data beside the package is: in a clone at its top level, in a wheel inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_folder(name: str) -> Path:
    """Return the folder `name` ("platforms", "firmware" or "robot").

    Raises FileNotFoundError where the installation is incomplete.
    """
    for parent in (_PACKAGE.parent, _PACKAGE / "shared"):
        folder = parent / name
        # A clone is recognised by pyproject.toml: site-packages may hold a stranger's folder of that name.
        if folder.is_dir() and (parent.name == "shared" or (parent / "pyproject.toml").is_file()):
            return folder
    raise FileNotFoundError(f"tinysim's folder {name!r} is missing from this installation")
