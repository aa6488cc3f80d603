from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.published import DATA, needs_data
from tinysim.datasets import pull as pull_module
from tinysim.datasets.labels import parse_labels
from tinysim.datasets.publishers import FILES, INPUTS, PublishedFile, PublishedInputs
from tinysim.datasets.pull import inputs_sha256, pull
from tinysim.errors import UserError

CONTENTS = {"a.bin": b"aaaa", "b.bin": b"bbbb"}
LABELS = b"a.bin,12,1\nb.bin,12,2\n"
MODEL = b"a model"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class Publisher:
    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        (folder / "y_labels.csv").write_bytes(LABELS)
        (folder / "model.tflite").write_bytes(MODEL)
        self.write_archive([(f"top/datasets/kws01/{name}", content) for name, content in CONTENTS.items()])

    def write_archive(self, members: list[tuple[str, bytes] | tarfile.TarInfo]) -> None:
        with tarfile.open(self.folder / "archive.tar.gz", "w:gz") as tar:
            for member in members:
                if isinstance(member, tarfile.TarInfo):
                    tar.addfile(member)
                else:
                    info = tarfile.TarInfo(member[0])
                    info.size = len(member[1])
                    tar.addfile(info, io.BytesIO(member[1]))

    @property
    def inputs(self) -> PublishedInputs:
        labels = self.file("datasets/kws01/y_labels.csv", "y_labels.csv", LABELS)
        url = f"{self.address}/archive.tar.gz"
        return PublishedInputs(labels, url, "datasets/kws01", 4, inputs_sha256(CONTENTS))

    @property
    def model(self) -> PublishedFile:
        return self.file("models/model.tflite", "model.tflite", MODEL)

    def file(self, path: str, name: str, content: bytes) -> PublishedFile:
        sha256 = hashlib.sha256(content).hexdigest()
        return PublishedFile(path, f"{self.address}/{name}", len(content), sha256)

    def pull(self, folder: Path) -> list[str]:
        fetched: list[str] = []
        pull(folder, [self.inputs], [self.model], lambda name, fetch: fetched.append(name) if fetch else None)
        return fetched


@pytest.fixture(params=["http", "file"])
def publisher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Publisher]:
    served = tmp_path / "served"
    served.mkdir()
    if request.param == "file":
        yield Publisher(served, served.as_uri())
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(served)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Publisher(served, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_everything_is_fetched_once(publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert publisher.pull(folder) == ["datasets/kws01", "models/model.tflite"]
    assert files_of(folder) == {
        "datasets/kws01/a.bin": b"aaaa",
        "datasets/kws01/b.bin": b"bbbb",
        "datasets/kws01/y_labels.csv": LABELS,
        "models/model.tflite": MODEL,
    }
    assert publisher.pull(folder) == []


def test_what_is_damaged_or_missing_is_fetched_again(publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    publisher.pull(folder)
    (folder / "datasets/kws01/b.bin").write_bytes(b"bbxb")
    assert publisher.pull(folder) == ["datasets/kws01"]
    (folder / "models/model.tflite").unlink()
    assert publisher.pull(folder) == ["models/model.tflite"]
    assert files_of(folder)["datasets/kws01/b.bin"] == b"bbbb"


def test_what_came_before_a_failure_stays(publisher: Publisher, tmp_path: Path) -> None:
    (publisher.folder / "model.tflite").unlink()
    with pytest.raises(UserError, match=r"cannot fetch .*model\.tflite"):
        publisher.pull(tmp_path / "data")
    (publisher.folder / "model.tflite").write_bytes(MODEL)
    assert publisher.pull(tmp_path / "data") == ["models/model.tflite"]


@pytest.mark.parametrize("content", [b"A model", b"a mode", b"a model and more"])
def test_what_is_not_as_published_is_refused(publisher: Publisher, tmp_path: Path, content: bytes) -> None:
    (publisher.folder / "model.tflite").write_bytes(content)
    with pytest.raises(UserError, match=r"not what was published|larger than"):
        publisher.pull(tmp_path / "data")
    assert "models/model.tflite" not in files_of(tmp_path / "data")


def test_other_members_of_an_archive_are_left_alone(publisher: Publisher, tmp_path: Path) -> None:
    outside = tmp_path / "outside.bin"
    link = tarfile.TarInfo("top/datasets/kws01/link.bin")
    link.type, link.linkname = tarfile.SYMTYPE, str(outside)
    good = [(f"top/datasets/kws01/{name}", content) for name, content in CONTENTS.items()]
    publisher.write_archive(
        [link, (str(outside), b"evil"), ("top/datasets/kws01/../../../../outside.bin", b"evil"), *good]
    )
    publisher.pull(tmp_path / "data")
    assert not outside.exists()
    assert set(files_of(tmp_path / "data" / "datasets/kws01")) == {"a.bin", "b.bin", "y_labels.csv"}


def test_a_link_in_place_of_an_input_is_not_an_input(publisher: Publisher, tmp_path: Path) -> None:
    link = tarfile.TarInfo("top/datasets/kws01/a.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "b.bin"
    publisher.write_archive([link, ("top/datasets/kws01/b.bin", b"bbbb")])
    with pytest.raises(UserError, match=r"has no datasets/kws01/a\.bin"):
        publisher.pull(tmp_path / "data")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("top/datasets/kws01/a.bin", b"aaaa")], r"has no datasets/kws01/b\.bin"),
        ([("top/datasets/kws01/a.bin", b"aaaaa")], r"a\.bin has 5 bytes, not 4"),
        (
            [("top/datasets/kws01/a.bin", b"aaaa"), ("top/datasets/kws01/b.bin", b"cccc")],
            "checksum differs",
        ),
    ],
)
def test_a_wrong_archive_is_refused_and_leaves_nothing(
    publisher: Publisher, tmp_path: Path, members: list[tuple[str, bytes] | tarfile.TarInfo], message: str
) -> None:
    publisher.write_archive(members)
    with pytest.raises(UserError, match=message):
        publisher.pull(tmp_path / "data")
    assert not (tmp_path / "data").exists() or files_of(tmp_path / "data") == {}


@pytest.mark.parametrize("keep", [0, 5, 100])
def test_an_archive_that_broke_off_is_refused(publisher: Publisher, tmp_path: Path, keep: int) -> None:
    archive = publisher.folder / "archive.tar.gz"
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"not a whole \.tar\.gz archive"):
        publisher.pull(tmp_path / "data")


def test_an_archive_that_unpacks_without_end_is_stopped(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_module, "UNPACKED_BYTES_MAX", 1 << 20)
    (publisher.folder / "archive.tar.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    publisher.write_archive([("top/zeros", bytes(8 << 20))])
    with pytest.raises(UserError, match="unpacks to more than it may"):
        publisher.pull(tmp_path / "data")


def test_without_a_network_there_is_one_clear_line(tmp_path: Path) -> None:
    # Port 9 of this machine: nobody listens there.
    file = PublishedFile("models/m", "http://127.0.0.1:9/m", 1, "00")
    with pytest.raises(
        UserError, match=r"cannot fetch http://127\.0\.0\.1:9/m: .*run `tinysim data pull` again"
    ) as caught:
        pull(tmp_path, [], [file])
    assert "\n" not in str(caught.value)


def test_every_address_names_a_revision() -> None:
    urls = [file.url for file in FILES] + [url for p in INPUTS for url in (p.url, p.labels.url)]
    assert all(any(len(part) == 40 for part in url.split("/")) for url in urls)
    assert all(url.startswith("https://") for url in urls)


@needs_data
def test_the_checksums_are_those_of_the_official_files() -> None:
    for file in (*FILES, *(published.labels for published in INPUTS)):
        content = (DATA / file.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.byte_count, file.sha256)
    for published in INPUTS:
        labels = DATA / published.labels.path
        entries = parse_labels(labels.read_text(), labels)
        contents = {entry.file: (labels.parent / entry.file).read_bytes() for entry in entries}
        assert inputs_sha256(contents) == published.sha256
