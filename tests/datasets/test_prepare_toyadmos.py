"""The official ad01 inputs out of made-up recordings, and of what is none."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.published import DATA
from tinysim.builtin.machines import make_recording, make_sample
from tinysim.datasets.labels import Entry, read_labels
from tinysim.datasets.prepare import toyadmos
from tinysim.datasets.prepare.toyadmos import prepare, read_recording
from tinysim.errors import UserError
from tinysim.features.log_mel import SAMPLES_MIN, log_mel

RANDOM = np.random.default_rng(1)
SOUNDS = {
    name: RANDOM.integers(-3000, 3000, 11 * 16000).astype("<i2")
    for name in ("normal_id_01_00000003", "normal_id_04_00000013", "anomaly_id_02_00000007")
}
LIST = tuple(
    Entry(f"{name}_hist_librosa.bin", 2, int(name.startswith("anomaly")), 2560, 512) for name in SOUNDS
)


def wav(samples: np.ndarray, rate_hz: int = 16000, channels: int = 1, bytes_each: int = 2) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bytes_each)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return stream.getvalue()


RECORDINGS = {f"{name}.wav": wav(samples) for name, samples in SOUNDS.items()}


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(params=["archive", "folder", "folder above", "two folders above"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    extra = {"normal_id_01_00000999.wav": b"not of the list", "readme.txt": b""}
    if request.param == "archive":
        files = {f"ToyCar/test/{name}": content for name, content in (RECORDINGS | extra).items()}
        training = {f"ToyCar/train/{name}": b"another" for name in RECORDINGS}
        return write_zip(tmp_path / "dev_data_ToyCar.zip", training | files | training)
    place = write_folder(tmp_path / "ToyCar" / "test", RECORDINGS | extra)
    return {"folder": place, "folder above": place.parent, "two folders above": tmp_path}[request.param]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_files_of_the_list_come_in_its_order(source: Path) -> None:
    files = list(prepare(source, LIST))
    assert [name for name, _ in files] == [entry.file for entry in LIST]
    for (_, content), samples in zip(files, SOUNDS.values(), strict=True):
        assert len(content) == 102400
        assert content == log_mel(samples / 32768).astype("<f4").tobytes()


def test_a_built_in_sound_as_a_wav_file_gives_the_built_in_input(tmp_path: Path) -> None:
    recording, sample = make_recording("test", 5), make_sample("test", 5)
    folder = write_folder(
        tmp_path / "test", {"normal_id_01_00000000.wav": wav(recording.sound.astype("<i2"))}
    )
    entry = Entry("normal_id_01_00000000_hist_librosa.bin", 2, 0, 2560, 512)
    assert list(prepare(folder, (entry,))) == [(entry.file, sample.content)]


@pytest.mark.skipif(not (DATA / "datasets" / "ad01").is_dir(), reason="TINYSIM_DATA has no list of ad01")
@pytest.mark.parametrize("name", ["y_labels.csv", "y_labels_alt.csv"])
def test_official_lists_ask_for_the_recordings_of_which_there_are_scores(name: str, tmp_path: Path) -> None:
    labels = read_labels(DATA / "datasets" / "ad01" / name)
    scored = set()
    for path in (DATA / "ad01_reference_scores").iterdir():
        scored |= {line.split(",")[0] for line in path.read_text().splitlines()}
    with pytest.raises(UserError, match=rf"lacks {len(labels)} of {len(labels)} recordings") as caught:
        prepare(tmp_path, labels)
    assert str(caught.value).split(" recordings, ")[1].split(" first")[0] in scored
    wanted = {entry.file.replace("_hist_librosa.bin", ".wav") for entry in labels}
    assert wanted <= scored


def test_missing_recordings_are_counted(tmp_path: Path) -> None:
    files = dict(list(RECORDINGS.items())[:1])
    for source in (write_folder(tmp_path / "test", files), write_zip(tmp_path / "a.zip", files)):
        with pytest.raises(
            UserError, match=r"lacks 2 of 3 recordings, normal_id_04_00000013\.wav first: give dev_data"
        ):
            prepare(source, LIST)


def test_sources_that_are_none_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"there is no .*nowhere; give dev_data_ToyCar\.zip or its ToyCar/test"
    ):
        prepare(tmp_path / "nowhere", LIST)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UserError, match=r"text is not a whole \.zip archive"):
        prepare(tmp_path / "text", LIST)
    whole = write_zip(tmp_path / "whole.zip", RECORDINGS).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"cut\.zip is not a whole \.zip archive"):
        prepare(tmp_path / "cut.zip", LIST)
    with pytest.raises(UserError, match=r"cat\.bin of the list is no name of ad01"):
        prepare(tmp_path, (Entry("cat.bin", 2, 0),))


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", RECORDINGS)
    content = bytearray(path.read_bytes())
    content[1000] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"normal_id_01_00000003\.wav of .*a\.zip cannot be unpacked"):
        list(prepare(path, LIST))


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toyadmos, "_WAV_BYTES_MAX", 1000)
    for source in (write_folder(tmp_path / "test", RECORDINGS), write_zip(tmp_path / "a.zip", RECORDINGS)):
        with pytest.raises(UserError, match="bytes, too many for a recording"):
            list(prepare(source, LIST))


LONG = np.zeros(SAMPLES_MIN, "<i2")
SILENT = wav(LONG)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wav(LONG, rate_hz=44100), "it has 44100 Hz, 1 channel of 16 bits; ToyADMOS has 16000 Hz"),
        (wav(np.zeros(2 * SAMPLES_MIN, "<i2"), channels=2), "16000 Hz, 2 channels of 16 bits"),
        (wav(np.zeros(SAMPLES_MIN, np.uint8), bytes_each=1), "1 channel of 8 bits"),
        (wav(LONG[:-16]), r"it has 8\.00 s; the features need 8 s"),
        (wav(LONG)[:-1000], "the features need 8 s"),
        (wav(LONG)[:30], "not a WAV file of plain samples"),
        (b"", "not a WAV file of plain samples"),
        (b"fLaC" + bytes(5000), "not a WAV file of plain samples"),
        # Format 3 is floating point.
        (wav(LONG).replace(b"\x10\x00\x00\x00\x01\x00", b"\x10\x00\x00\x00\x03\x00", 1), "plain samples"),
    ],
)
def test_recordings_of_another_form_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_recording(content)
    folder = write_folder(tmp_path / "test", dict.fromkeys(RECORDINGS, content))
    with pytest.raises(UserError, match=rf"normal_id_01_00000003\.wav of .*: .*{message}"):
        list(prepare(folder, LIST))


def test_the_shortest_recording_that_will_do() -> None:
    assert len(read_recording(wav(LONG))) == SAMPLES_MIN
    assert np.array_equal(
        read_recording(wav(np.full(SAMPLES_MIN, -32768, "<i2"))), np.full(SAMPLES_MIN, -1.0)
    )


def assert_read_or_refused(content: bytes) -> None:
    try:
        samples = read_recording(content)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert len(samples) >= SAMPLES_MIN
        assert np.abs(samples).max() <= 1


@given(st.binary(max_size=100))
def test_any_bytes_are_a_recording_or_refused(content: bytes) -> None:
    assert_read_or_refused(content)
    assert_read_or_refused(b"RIFF" + struct.pack("<I", len(content) + 4) + b"WAVE" + content)


@given(st.integers(0, 48), st.binary(min_size=1, max_size=8), st.integers(0, 8))
def test_a_damaged_recording_is_read_or_refused(position: int, patch: bytes, removed: int) -> None:
    content = SILENT
    assert_read_or_refused(content[:position] + patch + content[position + removed :])


@cache
def silent_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in RECORDINGS:
            archive.writestr(f"ToyCar/test/{name}", SILENT)
    return stream.getvalue()


@given(st.booleans(), st.integers(0, 400), st.binary(min_size=1, max_size=8), st.integers(0, 8))
def test_a_damaged_archive_is_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, at_start: bool, position: int, patch: bytes, removed: int
) -> None:
    content = silent_archive()
    start = position if at_start else max(len(content) - position, 0)
    path = tmp_path_factory.mktemp("damaged") / "a.zip"
    path.write_bytes(content[:start] + patch + content[start + removed :])
    try:
        files = list(prepare(path, LIST))
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert [name for name, _ in files] == [entry.file for entry in LIST]
