"""The built-in data sets: which there are, their models, and how they come onto the disk."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from tinysim.atomic import naming, replace_folder
from tinysim.builtin.sample import Sample
from tinysim.cache import cache_folder, find_cached
from tinysim.datasets.labels import LABELS_NAME, Entry, format_labels
from tinysim.errors import TinysimError

CLASSES_NAME = "classes.txt"
AD_WIDTH_BYTES, AD_STRIDE_BYTES = 2560, 512
"""Of the official windows: five slices of 128 float32, a slice apart."""


@dataclass(frozen=True)
class BuiltinSet:
    """A data set that tinysim makes, in the official file forms, with a model that was trained for it.

    `benchmark` is the id of the benchmark that its model is for, `data_set` the official set whose forms it
    has; `generator` is the module in this package that makes its inputs. `labels_sha256` is the checksum of
    its label file, `inputs_sha256` that of its inputs, by name and content in order of the list.
    """

    benchmark: str
    data_set: str
    name: str
    generator: str
    labels_sha256: str
    inputs_sha256: str

    @property
    def model(self) -> Path:
        """The model's file."""
        return Path(str(files("tinysim.builtin"))) / "models" / f"{self.benchmark}.tflite"

    @property
    def expected(self) -> Path:
        """The file of what LiteRT's reference kernels gave for the inputs."""
        return Path(str(files("tinysim.builtin"))) / "expected" / f"{self.benchmark}.csv"

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names, in the order of their labels."""
        return tuple(self._module().CLASSES)

    @property
    def input_count(self) -> int:
        """How many inputs there are."""
        return int(self._module().TEST_INPUTS)

    def make_input(self, number: int) -> Sample:
        """Return an input, in the order of the label file."""
        sample: Sample = self._module().make_sample("test", number)
        return sample

    def entry(self, sample: Sample) -> Entry:
        """Return an input's row."""
        windows = (AD_WIDTH_BYTES, AD_STRIDE_BYTES) if self.benchmark == "ad" else (None, None)
        return Entry(sample.name, len(self.classes), sample.label, *windows)

    def _module(self) -> Any:
        return importlib.import_module(f"tinysim.builtin.{self.generator}")


_SETS = (
    BuiltinSet(
        benchmark="kws",
        data_set="kws01",
        name="tinysim-kws",
        generator="words",
        labels_sha256="c5c97b8a7951a1c9fac7e4fade0e581fac9ae0f408777c1f7db8429fc25b5c3e",
        inputs_sha256="fbc31839baa76e65270b69160a650274f7894155f04798fa5dc59467a977b590",
    ),
    BuiltinSet(
        benchmark="ic",
        data_set="ic01",
        name="tinysim-ic",
        generator="objects",
        labels_sha256="bca0939e7627e9738b92e6e807be634f3900007f5b782e0ca93a10673a7bce0e",
        inputs_sha256="d604c70ab323efc44e640d611143fb930329bfa46db8219b109304fd0203a0e4",
    ),
    BuiltinSet(
        benchmark="ad",
        data_set="ad01",
        name="tinysim-ad",
        generator="machines",
        labels_sha256="e10036d6f40b1c5830681e5e543b791dfc57495a86340efefaf014a261603616",
        inputs_sha256="44d89a0e57d1441639e14ac0542d9e130ecd29a1320e09a1ef075fc99355648f",
    ),
    BuiltinSet(
        benchmark="vww",
        data_set="vww01",
        name="tinysim-vww",
        generator="persons",
        labels_sha256="8441a2c73dcfbcaafbc0502a46bc8ded57bcc9b63d119df45a1c65c5fade3425",
        inputs_sha256="89750e426007e9b7d06051656f215b1dcf2c115e3e5e4229663deb1e264e8b87",
    ),
)

BUILTIN_SETS = {each.data_set: each for each in _SETS}
"""By the official set that each stands in for."""


def generated(
    builtin: BuiltinSet, on_progress: Callable[[int, int], None] | None = None, folder: Path | None = None
) -> Path:
    """Return the folder of a built-in set, with y_labels.csv, classes.txt and the inputs; make it if need be.

    `folder` is in the cache by default. `on_progress` is called with the number of inputs that are made and
    of all. What is there is used only if it is what it should be, to the byte. Raises OSError where it cannot
    be written, TinysimError where this machine makes other bytes than every other.
    """
    if folder is None:
        # A cache that has it need not be one that can be written.
        cached = find_cached(f"builtin/{builtin.name}")
        if cached is not None and _is_there(builtin, cached):
            return cached
        folder = cache_folder() / "builtin"
    place = folder / builtin.name
    if _is_there(builtin, place):
        return place
    samples = []
    for number in range(builtin.input_count):
        if on_progress is not None:
            on_progress(number, builtin.input_count)
        samples.append(builtin.make_input(number))
    if on_progress is not None:
        on_progress(builtin.input_count, builtin.input_count)
    labels = format_labels(tuple(builtin.entry(sample) for sample in samples))
    found = (_sha256([labels.encode()]), samples_sha256((each.name, each.content) for each in samples))
    if found != (builtin.labels_sha256, builtin.inputs_sha256):
        raise TinysimError(
            f"{builtin.name} comes out different on this machine than it should: please report it, with the "
            "processor and the version of numpy; meanwhile use other data (--data)"
        )

    def write(new: Path) -> None:
        for old in new.iterdir():
            old.unlink()
        for sample in samples:
            with naming(new / sample.name):
                (new / sample.name).write_bytes(sample.content)
        (new / CLASSES_NAME).write_text("".join(f"{name}\n" for name in builtin.classes), encoding="utf-8")
        (new / LABELS_NAME).write_text(labels, encoding="ascii", newline="\n")

    replace_folder(place, write)
    return place


def samples_sha256(contents: Iterable[tuple[str, bytes]]) -> str:
    """Return the checksum of inputs: over name, NUL, and content of each, in order."""
    return _sha256(part for name, content in contents for part in (name.encode("ascii") + b"\0", content))


def _is_there(builtin: BuiltinSet, place: Path) -> bool:
    try:
        labels = (place / LABELS_NAME).read_text(encoding="ascii")
        if _sha256([labels.encode()]) != builtin.labels_sha256:
            return False
        names = [line.split(",")[0] for line in labels.splitlines()]
        inputs_sha256 = samples_sha256((name, (place / name).read_bytes()) for name in names)
    except (OSError, UnicodeDecodeError):
        return False
    return inputs_sha256 == builtin.inputs_sha256


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
