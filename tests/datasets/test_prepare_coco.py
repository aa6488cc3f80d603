"""vww01 from the publisher's pictures: on a small source of our own."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tinysim.datasets.labels import Entry
from tinysim.datasets.prepare.coco import prepare
from tinysim.errors import UserError

LABELS = (
    Entry("000000343218.bin", 2, 1),
    Entry("000000000042.bin", 2, 0),
    Entry("000000123456.bin", 2, 1),
)
PLACES = {
    "person/COCO_val2014_000000343218.jpg": (250, 40, 30),
    "non_person/COCO_train2014_000000000042.jpg": (20, 200, 60),
    "person/000000123456.jpg": (30, 60, 220),
    "person/COCO_val2014_000000999999.jpg": (0, 0, 0),
    "non_person/notes.txt": (1, 1, 1),
}


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (96, 96), mode: str = "RGB") -> bytes:
    image = Image.new("RGB", size, colour)
    # The upper half is white, so that a transposed picture is noticed.
    image.paste((255, 255, 255), (0, 0, size[0], size[1] // 2))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "vw_coco2014_96"
    for place, colour in PLACES.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(jpeg(colour))
    return root


def packed(folder: Path, to: Path) -> Path:
    with tarfile.open(to, "w:gz") as tar:
        tar.add(folder, arcname=folder.name)
    return to


def check(files: list[tuple[str, bytes]]) -> None:
    assert [name for name, _ in files] == [entry.file for entry in LABELS]
    for (_, content), colour in zip(files, [(250, 40, 30), (20, 200, 60), (30, 60, 220)], strict=True):
        pixels = np.frombuffer(content, np.uint8).reshape(96, 96, 3).astype(int)
        assert np.abs(pixels[:40] - 255).max() <= 4
        assert np.abs(pixels[56:] - colour).max() <= 4


def test_a_folder_becomes_inputs_in_the_order_of_the_list(folder: Path) -> None:
    check(list(prepare(folder, LABELS)))
    check(list(prepare(folder.parent, LABELS)))


def test_an_archive_becomes_the_same_inputs(folder: Path, tmp_path: Path) -> None:
    files = list(prepare(packed(folder, tmp_path / "vw.tar.gz"), LABELS))
    check(files)
    assert files == list(prepare(folder, LABELS))


def test_a_grey_picture_has_three_equal_channels(folder: Path) -> None:
    (folder / "person/COCO_val2014_000000343218.jpg").write_bytes(jpeg((90, 90, 90), mode="L"))
    pixels = np.frombuffer(next(prepare(folder, LABELS))[1], np.uint8).reshape(96, 96, 3)
    assert np.ptp(pixels, axis=2).max() == 0


def spoil_missing(folder: Path) -> None:
    (folder / "person/COCO_val2014_000000343218.jpg").unlink()
    (folder / "person/000000123456.jpg").unlink()


def spoil_size(folder: Path) -> None:
    (folder / "person/COCO_val2014_000000343218.jpg").write_bytes(jpeg((1, 2, 3), (640, 480)))


def spoil_label(folder: Path) -> None:
    name = "COCO_val2014_000000343218.jpg"
    (folder / "person" / name).rename(folder / "non_person" / name)


def spoil_twice(folder: Path) -> None:
    (folder / "non_person/000000343218.jpg").write_bytes(jpeg((1, 2, 3)))


def spoil_picture(folder: Path) -> None:
    path = folder / "person/COCO_val2014_000000343218.jpg"
    path.write_bytes(path.read_bytes()[:300])


def spoil_format(folder: Path) -> None:
    (folder / "person/COCO_val2014_000000343218.jpg").write_bytes(b"GIF89a and more")


def spoil_length(folder: Path) -> None:
    path = folder / "person/COCO_val2014_000000343218.jpg"
    path.write_bytes(path.read_bytes() + bytes(300_000))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_missing, "lacks 2 of 3 pictures, that of 000000343218.bin first"),
        (spoil_size, "person/COCO_val2014_000000343218.jpg is 640x480 pixels, not 96x96"),
        (spoil_label, "COCO_val2014_000000343218.jpg is in non_person of"),
        (spoil_twice, "several pictures for 000000343218.bin"),
        (spoil_picture, "cannot read person/COCO_val2014_000000343218.jpg"),
        (spoil_format, "cannot read person/COCO_val2014_000000343218.jpg"),
        (spoil_length, "more than 262144 bytes"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_what_does_not_fit_is_refused_in_one_line(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str, is_packed: bool
) -> None:
    spoil(folder)
    source = packed(folder, tmp_path / "vw.tar.gz") if is_packed else folder
    with pytest.raises(UserError, match=words) as raised:
        list(prepare(source, LABELS))
    assert "\n" not in str(raised.value)


def test_other_sources_are_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no archive")
    other = packed(tmp_path / "empty", tmp_path / "other.tar.gz")
    whole = packed(folder, tmp_path / "whole.tar.gz").read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    for source, words in (
        (tmp_path / "nothing", "there is no"),
        (tmp_path / "empty", "has no folders non_person and person"),
        (other, "it is not vw_coco2014_96.tar.gz"),
        (tmp_path / "text", "is not a whole .tar.gz archive"),
        (tmp_path / "half.tar.gz", "is not a whole .tar.gz archive"),
    ):
        with pytest.raises(UserError, match=words) as raised:
            prepare(source, LABELS)
        assert "\n" not in str(raised.value)


@given(st.binary(max_size=400), st.integers(0, 900))
def test_any_bytes_are_a_picture_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("person", "non_person"):
        (folder / name).mkdir()
    good = jpeg((10, 200, 90))
    (folder / "person/000000000001.jpg").write_bytes(good[:at] + noise + good[at + len(noise) :])
    try:
        ((_, content),) = prepare(folder, (Entry("000000000001.bin", 2, 1),))
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert len(content) == 27648
