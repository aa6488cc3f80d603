"""What `make renode` installs: Renode's pinned release in the user's cache, and pyrenode3."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tinysim.atomic import replace_folder
from tinysim.cache import cache_folder, find_cached
from tinysim.download import check_sha256, fetch, unpack_tar_gz
from tinysim.errors import UserError

RENODE_VERSION = "1.16.1"
ARCHIVE_BYTES_MAX = 200 * 1024 * 1024
UNPACKED_BYTES_MAX = 2 * 1024 * 1024 * 1024
PIP_LIMIT_S = 600
START_LIMIT_S = 600

PYRENODE3 = (
    "pyrenode3 @ git+https://github.com/antmicro/pyrenode3.git@dde4a47660ef1b8874a91ed514a0bd04b33a5add"
)
"""As pip takes it. Git's revision is also the checksum of what it names;
what pyrenode3 needs comes from PyPI."""

RENODE_RUNTIME = "coreclr"
"""What pyrenode3 calls the runtime of the portable release."""

_RELEASES = f"https://github.com/renode/renode/releases/download/v{RENODE_VERSION}"
_ADVICE = (
    f"Renode {RENODE_VERSION} and pyrenode3 need github.com and pypi.org once; where there is no network, "
    "install Renode by other means and set PYRENODE_BIN or PYRENODE_BUILD_DIR for pyrenode3"
)


@dataclass(frozen=True)
class RenodeRelease:
    """A portable release: an archive, its checksum, and the program in it."""

    url: str
    sha256: str
    launcher: str


# Renode's publisher names no checksums beside the archives. These are the ones that public build recipes of
# several independent projects pin for them.
RELEASES = {
    "x86_64": RenodeRelease(
        f"{_RELEASES}/renode-{RENODE_VERSION}.linux-portable-dotnet.tar.gz",
        "00e113cdbd0f5354cf2f64bbe3f5a070d8958409542fca66e45ac97d982938c0",
        f"renode_{RENODE_VERSION}-dotnet_portable/renode",
    ),
    "aarch64": RenodeRelease(
        f"{_RELEASES}/renode-{RENODE_VERSION}.linux-arm64-portable-dotnet.tar.gz",
        "fff3a098c96ed0a4ffbdff3f028c9c5fde432db09587c7bd7c99406180f90007",
        f"renode_{RENODE_VERSION}-dotnet_portable/renode",
    ),
}


def release_for_this_machine() -> RenodeRelease:
    """Return the release for this machine. Raises UserError where there is none."""
    release = RELEASES.get(platform.machine()) if sys.platform == "linux" else None
    if release is None:
        raise UserError(
            f"`make renode` has no Renode for {platform.system()} on {platform.machine()}: install it from "
            "https://renode.io and set PYRENODE_BIN to its portable program"
        )
    return release


_IN_CACHE = f"renode/{RENODE_VERSION}"


def installed_renode() -> Path | None:
    """Return the program of the release that `make renode` has installed, or None."""
    release = RELEASES.get(platform.machine())
    if release is None:
        return None
    launcher = find_cached(f"{_IN_CACHE}/{release.launcher}")
    return launcher if launcher is not None and os.access(launcher, os.X_OK) else None


def install_renode(release: RenodeRelease, folder: Path) -> Path:
    """Fetch, check and unpack `release` into `folder`, all of it or nothing, and return its program.

    Raises UserError where it cannot be fetched or is not what was published.
    """
    archive = fetch(release.url, ARCHIVE_BYTES_MAX, _ADVICE)
    check_sha256(archive, release.sha256, release.url)

    def change(new: Path) -> None:
        unpack_tar_gz(archive, new, UNPACKED_BYTES_MAX, release.url)
        if not os.access(new / release.launcher, os.X_OK):
            raise UserError(f"{release.url} has no program {release.launcher}")

    replace_folder(folder, change)
    return folder / release.launcher


def install_pyrenode3(requirement: str = PYRENODE3, python: Path | None = None) -> None:
    """Install pyrenode3 beside `python`, this one by default.

    Raises UserError where pip is missing or fails, with the last thing that it said.
    """
    command = [str(python or sys.executable), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", "--retries", "1", "--timeout", "30", requirement]
    # Git has no time-out of its own: it gives up when nothing moves for half a minute.
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1",
        "GIT_HTTP_LOW_SPEED_TIME": "30",
    }
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PIP_LIMIT_S,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"pip did not finish within {PIP_LIMIT_S} s; {_ADVICE}") from error
    if result.returncode != 0:
        raise UserError(f"pip cannot install {requirement}: {_pip_reason(result.stderr)}; {_ADVICE}")


def _pip_reason(stderr: str) -> str:
    """Return the line of pip's report, or of git's inside it, that says what is wrong."""
    lines = [line.strip(" |╰─>×│") for line in stderr.splitlines()]
    for start in ("fatal:", "error:", "ERROR:"):
        for line in lines:
            if line.startswith(start):
                return line
    return next((line for line in reversed(lines) if line), "it does not say why")


def renode_version(launcher: Path) -> str:
    """Start Renode and return the version that it gives.

    Raises UserError with its last words where it fails.
    """
    try:
        result = subprocess.run(
            [launcher, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_LIMIT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{launcher} did not give its version within {START_LIMIT_S} s") from error
    except OSError as error:
        raise UserError(f"{launcher} does not start: {error.strerror}") from error
    lines = [line.strip() for line in (result.stdout + result.stderr).splitlines() if line.strip()]
    if result.returncode != 0 or not lines:
        raise UserError(
            f"{launcher} does not start ({lines[-1] if lines else f'exit code {result.returncode}'})"
        )
    return next((line.split("v", 1)[1] for line in lines if line.startswith("Renode v")), lines[0])


def install(say: Callable[[str], None] = print) -> None:
    """Install what is missing, check that Renode starts, and say what was done and what was verified.

    Raises UserError where that cannot be.
    """
    launcher = installed_renode()
    if launcher is None:
        release = release_for_this_machine()
        say(f"Renode {RENODE_VERSION}: fetching {release.url}")
        launcher = install_renode(release, cache_folder() / _IN_CACHE)
        say(f"Renode {RENODE_VERSION}: its SHA-256 is the pinned one, {release.sha256}")
    say(f"Renode {renode_version(launcher)} is in {launcher.parent}")
    say(f"installing {PYRENODE3}")
    install_pyrenode3()
    say("pyrenode3: git checked the revision; what it depends on is as PyPI gave it to pip, not pinned")
    say("tinysim finds both by itself. For your own programs with pyrenode3:")
    say(f"  export PYRENODE_BIN={launcher} PYRENODE_RUNTIME={RENODE_RUNTIME}")
