"""The official ic01 inputs out of a made-up test batch, and of what is none."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.datasets.labels import Entry
from tinysim.datasets.prepare import cifar
from tinysim.datasets.prepare.cifar import prepare, read_batch
from tinysim.errors import UserError

NAMES = tuple(f"thing_s_{number:06}.png" for number in range(6))
LABELS = (3, 8, 8, 0, 6, 1)
PICTURES = np.random.default_rng(1).integers(0, 256, (6, 3072), dtype=np.uint8)


def old_string(text: bytes) -> bytes:
    """A string as Python 2 pickles it: SHORT_BINSTRING or BINSTRING."""
    if len(text) < 256:
        return b"U" + bytes([len(text)]) + text
    return b"T" + struct.pack("<i", len(text)) + text


def pickled_array(shape: tuple[int, int], content: bytes, dtype: bytes = b"u1") -> bytes:
    """An array of bytes as numpy of Python 2 pickles it."""
    reconstruct = b"cnumpy.core.multiarray\n_reconstruct\nq\x09cnumpy\nndarray\nq\x0aK\x00\x85" + old_string(
        b"b"
    )
    kind = b"cnumpy\ndtype\nq\x0b" + old_string(dtype) + b"K\x00K\x01\x87R(K\x03" + old_string(b"|") + b"NNN"
    kind += b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = b"(K\x01" + b"".join(b"M" + struct.pack("<H", length) for length in shape) + b"\x86"
    return reconstruct + b"\x87R" + state + kind + b"\x89" + old_string(content) + b"tb"


def pickled_batch(
    names: tuple[str, ...] = NAMES,
    labels: tuple[int, ...] = LABELS,
    array: bytes | None = None,
) -> bytes:
    """A batch as CIFAR-10's publisher distributes it: a pickle of protocol 2, written by Python 2."""
    array = array or pickled_array(PICTURES.shape, PICTURES.tobytes())
    items = old_string(b"batch_label") + b"q\x01" + old_string(b"testing batch 1 of 1")
    items += old_string(b"labels") + b"]q\x02(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    items += old_string(b"data") + array
    items += old_string(b"filenames") + b"](" + b"".join(old_string(name.encode()) for name in names) + b"e"
    return b"\x80\x02}q\x00(" + items + b"u."


def entry(row: int, label: int | None = None) -> Entry:
    return Entry(NAMES[row].replace(".png", ".bin"), 10, LABELS[row] if label is None else label)


LIST = (entry(4), entry(0), entry(2))


def write_archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> bytes:
    content = pickled_batch()
    monkeypatch.setattr(cifar, "TEST_BATCH_MD5", hashlib.md5(content).hexdigest())
    return content


@pytest.fixture(params=["file", "folder", "folder above", "archive"])
def source(request: pytest.FixtureRequest, tmp_path: Path, batch: bytes) -> Path:
    if request.param == "archive":
        members = {"cifar-10-batches-py/data_batch_1": b"x", "cifar-10-batches-py/test_batch": batch}
        return write_archive(tmp_path / "cifar-10-python.tar.gz", members)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "test_batch").write_bytes(batch)
    return {"file": folder / "test_batch", "folder": folder, "folder above": tmp_path}[request.param]


def test_the_pictures_of_the_list_come_in_its_order_and_pixel_by_pixel(source: Path) -> None:
    files = list(prepare(source, LIST))
    assert [name for name, _ in files] == [row.file for row in LIST]
    for (_, content), row in zip(files, (4, 0, 2), strict=True):
        pixels = np.frombuffer(content, np.uint8).reshape(32, 32, 3)
        for channel in range(3):
            plane = PICTURES[row, 1024 * channel : 1024 * (channel + 1)]
            assert np.array_equal(pixels[:, :, channel].reshape(-1), plane)


def test_the_made_up_batch_is_what_python_reads() -> None:
    value = pickle.loads(pickled_batch(), encoding="bytes")
    assert value[b"labels"] == list(LABELS)
    assert value[b"filenames"] == [name.encode() for name in NAMES]
    assert np.array_equal(value[b"data"], PICTURES)


def test_a_list_that_does_not_fit_is_refused(tmp_path: Path, batch: bytes) -> None:
    place = tmp_path / "test_batch"
    place.write_bytes(batch)
    strangers = (entry(0), Entry("emu.bin", 10, 2), Entry("taxi.bin", 10, 1))
    with pytest.raises(UserError, match=r"lacks 2 of 3 pictures, emu\.png first"):
        prepare(place, strangers)
    with pytest.raises(
        UserError, match=r"thing_s_000004\.png is of class 6 in .*, and of class 5 in the list"
    ):
        prepare(place, (entry(0), entry(4, 5)))


def test_a_name_that_stands_twice_is_refused_only_where_it_is_wanted(tmp_path: Path) -> None:
    content = pickled_batch(names=(*NAMES[:5], NAMES[4]))
    (tmp_path / "test_batch").write_bytes(content)
    md5 = hashlib.md5(content).hexdigest()
    assert len(list(prepare(tmp_path, (entry(0),), md5))) == 1
    with pytest.raises(UserError, match=r"several pictures called thing_s_000004\.png"):
        prepare(tmp_path, (entry(4),), md5)


def test_a_batch_that_was_changed_is_refused(tmp_path: Path, batch: bytes) -> None:
    place = tmp_path / "test_batch"
    place.write_bytes(batch[:-100] + bytes([batch[-100] ^ 1]) + batch[-99:])
    with pytest.raises(
        UserError, match=r"is not what was published, its checksum differs: fetch cifar-10-python"
    ):
        prepare(place, LIST)


@pytest.mark.parametrize("form", ["archive", "folder", "file"])
def test_the_binary_version_is_recognised(tmp_path: Path, form: str) -> None:
    source = tmp_path / "cifar"
    if form == "archive":
        write_archive(source, {"cifar-10-batches-bin/test_batch.bin": bytes(3073)})
    elif form == "folder":
        (source / "cifar-10-batches-bin").mkdir(parents=True)
        (source / "cifar-10-batches-bin/test_batch.bin").write_bytes(bytes(3073))
    else:
        source.write_bytes(bytes(10000 * 3073))
    with pytest.raises(
        UserError, match=r"binary version, which has no file names .* give the python version"
    ):
        prepare(source, LIST)


def test_sources_that_are_none_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no .*nowhere; give cifar-10-python\.tar\.gz"):
        prepare(tmp_path / "nowhere", LIST)
    with pytest.raises(UserError, match="has no test_batch; give"):
        prepare(tmp_path, LIST)
    other = write_archive(tmp_path / "other.tar.gz", {"cifar-100-python/test": b"x"})
    with pytest.raises(UserError, match=r"other\.tar\.gz has no test_batch: it is not cifar-10-python"):
        prepare(other, LIST)
    for name, content in (("cut", other.read_bytes()[:-12]), ("no_tar", gzip.compress(b"x" * 2000))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} is not a whole"):
            prepare(tmp_path / name, LIST)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UserError, match="checksum differs"):
        prepare(tmp_path / "text", LIST)


def test_a_batch_in_the_archive_that_is_too_large_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: bytes
) -> None:
    archive = write_archive(tmp_path / "a.tar.gz", {"cifar-10-batches-py/test_batch": batch})
    monkeypatch.setattr(cifar, "_BATCH_BYTES_MAX", 1000)
    with pytest.raises(UserError, match="more than a batch of CIFAR-10"):
        prepare(archive, LIST)
    monkeypatch.setattr(cifar, "_UNPACKED_BYTES_MAX", 1000)
    with pytest.raises(UserError, match="unpacks to more than it may"):
        prepare(archive, LIST)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled_batch(labels=LABELS[:5]), "6 file names and 5 labels"),
        (pickled_batch(names=NAMES[:5]), "not 5 pictures of 3072 bytes"),
        (pickled_batch(array=pickled_array((6, 3072), bytes(100))), "not 6 pictures of 3072 bytes"),
        (pickled_batch(array=pickled_array((6, 1024), bytes(6 * 1024))), "not 6 pictures of 3072 bytes"),
        (
            pickled_batch(array=pickled_array((6, 3072), PICTURES.tobytes(), b"i1")),
            "not a numpy array of bytes",
        ),
        (pickled_batch(array=b"K\x01"), "not a numpy array"),
        (pickle.dumps({"labels": [1], "data": [2]}, protocol=2), "it has no 'filenames'"),
        (pickle.dumps([1], protocol=2), "it has no 'filenames'"),
        (b"\x80\x02}" + b")" + b"\x85" * 10**6 + b"Ns.", "a key that is no name"),
        (b"\x80\x02.", "damaged pickle"),
        (b"", "pickle"),
    ],
)
def test_a_batch_of_another_form_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_batch(content)


class Malicious:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, (f"open({str(self.place)!r}, 'w')",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_code_does_not(tmp_path: Path, protocol: int) -> None:
    place = tmp_path / "owned"
    content = pickle.dumps({"filenames": Malicious(place), "labels": [], "data": []}, protocol)
    with pytest.raises(ValueError, match=r"pickle|calls what no batch needs"):
        read_batch(content)
    assert not place.exists()
    pickle.loads(content)
    assert place.exists(), "the pickle is malicious indeed"


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02cos\nsystem\nU\x02id\x85R.",
        b"\x80\x02cbuiltins\neval\nU\x011\x85R.",
        b"\x80\x02cnumpy.core.multiarray\nfrombuffer\nU\x011\x85R.",
        b"\x80\x02cos\nsystem\n}b.",
        b"(S'id'\nios\nsystem\n.",
        b"\x80\x02\x82\x01.",
    ],
)
def test_nothing_that_a_pickle_names_is_called(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"pickle|calls what no batch needs|state to what has none"):
        read_batch(content)


def assert_read_or_refused(content: bytes) -> None:
    try:
        batch = read_batch(content)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert len(batch.filenames) == len(batch.labels) == len(batch.data) // 3072


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_refused(content: bytes) -> None:
    assert_read_or_refused(b"\x80\x02" + content)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=6), st.integers(0, 6))
def test_a_damaged_batch_is_read_or_refused(position: int, patch: bytes, removed: int) -> None:
    # The large string in the middle is skipped: it is data, whatever it holds.
    content = pickled_batch()
    start = position if position < 250 else len(content) - (position - 249)
    assert_read_or_refused(content[:start] + patch + content[start + removed :])


def tar_of_a_batch() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("cifar-10-batches-py/" + "x" * 120, "cifar-10-batches-py/test_batch"):
            member = tarfile.TarInfo(name)
            member.size = 20
            tar.addfile(member, io.BytesIO(bytes(20)))
    return stream.getvalue()


TAR = tar_of_a_batch()


@given(st.integers(0, len(TAR) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_archive_is_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, position: int, patch: bytes
) -> None:
    place = tmp_path_factory.getbasetemp() / "damaged.tar.gz"
    for damaged in (
        gzip.compress(TAR[:position] + patch + TAR[position + len(patch) :], 1),
        gzip.compress(TAR, 1)[: position // 20 + 2] + patch,
    ):
        place.write_bytes(damaged)
        with pytest.raises(UserError) as caught:
            prepare(place, LIST)
        assert "\n" not in str(caught.value)
