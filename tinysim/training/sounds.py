"""Lets the built-in machines be heard and seen: `python -m tinysim.training.sounds FOLDER`.

It writes WAV files and a picture of their features: of each machine without a fault, and of each fault from
hardly audible to plain.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import numpy as np

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.machines import FAULTS, MACHINES, Recording, record
from tinysim.features.log_mel import RATE_HZ, log_mel
from tinysim.training.wav import write_wav

SEVERITIES = (0.1, 0.4, 0.7, 1.0)
PICTURE_NAME = "spectrograms.png"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Write sounds of the built-in machines, and their spectrograms, to FOLDER."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recordings = examples()
        for recording in recordings:
            write_wav(folder / f"{title(recording).replace(' ', '_')}.wav", recording.sound, RATE_HZ)
        draw(folder / PICTURE_NAME, recordings)
    except OSError as error:
        click.echo(f"tinysim: cannot write to {folder}: {error.strerror or error}", err=True)
        sys.exit(2)
    click.echo(f"{folder}: {len(recordings)} sounds and {PICTURE_NAME}")


def examples() -> list[Recording]:
    """Return a recording of each machine, then of each fault by severity."""
    recordings = [record(Random("sounds", machine), machine) for machine in range(MACHINES)]
    for fault in FAULTS:
        for machine, severity in enumerate(SEVERITIES):
            # The same moment of the same machine as above, but for the fault.
            recordings.append(record(Random("sounds", machine), machine, fault, severity))
    return recordings


def title(recording: Recording) -> str:
    """Return what a recording is, in a few words that also make a file's name."""
    if recording.fault is None:
        return f"machine {recording.machine} normal"
    return f"machine {recording.machine} {recording.fault} {recording.severity:.1f}"


def draw(path: Path, recordings: list[Recording]) -> None:
    """Draw the features of recordings, MACHINES in a row."""
    from matplotlib.figure import Figure

    rows = len(recordings) // MACHINES
    figure = Figure(figsize=(4 * MACHINES, 2.6 * rows), layout="constrained")
    for axes, recording in zip(figure.subplots(rows, MACHINES).flat, recordings, strict=True):
        features = log_mel(recording.sound.astype(np.float64) / 32768.0)
        image = axes.imshow(features.T, origin="lower", aspect="auto", vmin=-50, vmax=5, cmap="magma")
        axes.set_title(title(recording), fontsize=10)
        axes.set_xlabel("frame")
        axes.set_ylabel("mel band")
    figure.colorbar(image, ax=figure.axes, label="dB", shrink=0.5)
    figure.savefig(path, dpi=70)


if __name__ == "__main__":
    main()
