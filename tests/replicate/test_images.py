"""Which files are Cortex-M images: some are run, some are shown with a reason, some are none."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intelhex import IntelHex

from tests.replicate.fake_repository import vector_table, write_tree
from tinysim.board import board_ids, load_board
from tinysim.errors import UserError
from tinysim.replicate import images as images_module
from tinysim.replicate.clone import open_clone
from tinysim.replicate.images import FoundImage, SetAside, find_images, load_from_clone

FLASH = 0x0800_0000
EM_386, EM_ARM = 3, 40
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
PT_LOAD, PT_INTERP = 1, 3


def find(
    tmp_path: Path, content: bytes, name: str = "kws/app.bin"
) -> tuple[list[FoundImage], list[SetAside]]:
    write_tree(tmp_path, {f"closed/acme/code/{name}": content})
    return find_images(open_clone(tmp_path))


def elf(
    content: bytes,
    *,
    machine: int = EM_ARM,
    kind: int = ET_EXEC,
    entry: int = FLASH + 0x41,
    elf_class: int = 1,
    segment_type: int = PT_LOAD,
    address: int = FLASH,
) -> bytes:
    """An ELF file with one segment and no sections (TIS ELF 1.2, figures 1-3 and 2-1)."""
    identity = b"\x7fELF" + bytes([elf_class, 1, 1]) + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", kind, machine, 1, entry, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    size = len(content)
    program = struct.pack("<IIIIIIII", segment_type, 84, address, address, size, size, 5, 4)
    return identity + header + program + content


def hex_text(content: bytes, address: int = FLASH) -> bytes:
    image = IntelHex()
    image.frombytes(content, offset=address)
    lines: list[str] = []
    image.write_hex_file(type("Lines", (), {"write": lambda _self, text: lines.append(text)})())
    return "".join(lines).encode()


@pytest.mark.parametrize("board_id", board_ids())
@pytest.mark.parametrize("kind", ["bin", "hex", "elf"])
def test_an_image_of_every_board_in_every_format(tmp_path: Path, board_id: str, kind: str) -> None:
    content = vector_table(board_id, "ic01")
    files = {"bin": content, "hex": hex_text(content), "elf": elf(content)}
    [image], aside = find(tmp_path, files[kind], f"x/app.{kind}")
    assert not aside
    assert image.format == kind
    assert board_id in image.fits
    chips = {load_board(found).chip.id for found in image.stack_is_at_end_of_ram_of}
    assert chips == {load_board(board_id).chip.id}
    assert image.models == {"ic"}
    assert image.problem == ""


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (elf(vector_table()), "kws/firmware"),
        (elf(vector_table()), "kws/firmware.axf"),
        (elf(vector_table()), "kws/firmware.bin"),
        (hex_text(vector_table()), "kws/firmware.bin"),
    ],
    ids=["no suffix", "axf", "ELF named bin", "HEX named bin"],
)
def test_the_content_says_which_format_it_is(tmp_path: Path, content: bytes, name: str) -> None:
    [image], _ = find(tmp_path, content, name)
    assert image.format == ("hex" if content[:1] == b":" else "elf")
    assert image.fits


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (random.Random(1).randbytes(20_000), "kws/trace1-energy.bin", "no vector table"),
        (bytes(490), "kws/tst_000000_Stop_7.bin", "no vector table"),
        (struct.pack("<640f", *([-28.5] * 640)), "ad/normal_id_01.bin", "no vector table"),
        (b"", "kws/empty.bin", "no vector table"),
        (b"short", "kws/short.bin", "no vector table"),
        (elf(vector_table(), kind=ET_REL), "kws/main.elf", "an object file"),
        (elf(vector_table(), kind=ET_DYN), "kws/libx.out", "a shared library"),
        (elf(vector_table(), machine=EM_386), "kws/host", "an ELF file for 386"),
        (elf(b"/lib/ld", segment_type=PT_INTERP), "kws/a.out", "an operating system"),
        (elf(b"\0" * 200, entry=0x10000, address=0x10000), "kws/fs.elf", "neither attributes nor entry"),
        (vector_table(), "bootloader/app.bin", "a boot loader by its name"),
        (vector_table(), "kws/mcuboot.bin", "a boot loader by its name"),
        (vector_table() + bytes(5 << 20), "kws/big.bin", "more than a microcontroller's flash"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_image_is_set_aside(tmp_path: Path, content: bytes, name: str, reason: str) -> None:
    found, [aside] = find(tmp_path, content, name)
    assert found == []
    assert reason in aside.reason


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "kws/app.elf", "Git LFS pointer"),
        (elf(vector_table())[:60], "kws/app.elf", "not a readable ELF file"),
        (b"\x7fELF" + bytes(100), "kws/app.elf", "not a readable ELF file"),
        (b":10000000ZZ\n", "kws/app.hex", "not a readable Intel HEX file"),
    ],
)
def test_what_claims_to_be_an_image_is_shown_with_its_problem(
    tmp_path: Path, content: bytes, name: str, problem: str
) -> None:
    result = find(tmp_path, content, name)
    reasons = [image.problem for image in result[0]] + [aside.reason for aside in result[1]]
    assert len(reasons) == 1
    assert problem in reasons[0] or "not a little-endian 32-bit Arm core" in reasons[0]


def test_large_files_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "IMAGE_BYTES_MAX", 1000)
    [image], _ = find(tmp_path, elf(vector_table() + bytes(1000)), "kws/app.elf")
    assert "larger than 1,000 bytes" in image.problem


def test_an_image_of_a_chip_that_we_do_not_have_is_one_all_the_same(tmp_path: Path) -> None:
    # A PSoC 6: flash at 0x10000000, RAM at 0x08000000.
    content = struct.pack("<16I", 0x0804_7800, *[0x1000_2001] * 15) + bytes(64)
    [image], _ = find(tmp_path, content)
    assert image.fits == ()
    assert image.stack == 0x0804_7800


def test_source_files_and_files_outside_code_are_passed_over(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "closed/acme/code/main.c": b"int main(void);",
            "closed/acme/code/Makefile": b"all:",
            "closed/acme/results/S/kws/energy/trace1-energy.bin": bytes(100),
            "closed/acme/app.bin": vector_table(),
        },
    )
    assert find_images(open_clone(tmp_path)) == ([], [])


def test_ordinary_builds_come_first_and_formats_in_order(tmp_path: Path) -> None:
    content = vector_table()
    write_tree(
        tmp_path,
        {
            "closed/acme/code/kws/Debug/a.elf": elf(content),
            "closed/acme/code/kws/Release/a.bin": content,
            "closed/acme/code/kws/Release/a.hex": hex_text(content),
            "closed/acme/code/kws/Release/a.elf": elf(content),
            "closed/acme/code/kws/energy_build/Release/a.elf": elf(content),
        },
    )
    found, _ = find_images(open_clone(tmp_path))
    order = ["/".join(image.parts[4:]) for image in sorted(found, key=lambda image: image.preference)]
    assert order == [
        "Release/a.elf",
        "Release/a.hex",
        "Release/a.bin",
        "Debug/a.elf",
        "energy_build/Release/a.elf",
    ]


def test_an_image_is_copied_before_it_is_used(tmp_path: Path) -> None:
    [image], _ = find(tmp_path / "clone", vector_table())
    board = load_board("nucleo_l4r5zi")
    (tmp_path / "own").mkdir()
    copy = load_from_clone(open_clone(tmp_path / "clone"), image, board, tmp_path / "own")
    shutil.rmtree(tmp_path / "clone")
    assert copy.read_bytes() == vector_table()


def test_an_image_for_another_board_is_refused_without_naming_our_folders(tmp_path: Path) -> None:
    [image], _ = find(tmp_path / "clone", vector_table("nucleo_h7a3zi_q"))
    with pytest.raises(UserError) as error:
        load_from_clone(open_clone(tmp_path / "clone"), image, load_board("nucleo_g0b1re"), tmp_path)
    assert str(tmp_path) not in str(error.value)
    assert "not for nucleo_g0b1re" in str(error.value)


ELF = elf(vector_table(model="kws01"))


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda data: b"\x7fELF" + data),
        st.lists(st.tuples(st.integers(0, len(ELF) - 1), st.integers(0, 255)), max_size=8).map(
            lambda changes: bytes(dict(changes).get(place, byte) for place, byte in enumerate(ELF))
        ),
        st.binary(max_size=100).map(lambda data: b":10000000" + data.hex().encode() + b"\n:00000001FF\n"),
    ),
    st.sampled_from(["a.bin", "a.elf", "a.hex", "a"]),
)
def test_any_bytes_are_survived(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    found, aside = find(tmp_path_factory.mktemp("any"), content, name)
    assert len(found) + len(aside) <= 1
