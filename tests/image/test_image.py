"""Images of every format, good and bad; whatever the bytes, the answer is an image or one line."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intelhex import IntelHex

from tinysim.board import load_board
from tinysim.errors import UserError
from tinysim.image import load_image

FLASH, STACK = 0x0800_0000, 0x200A_0000
BOARD = load_board("nucleo_l4r5zi")
CODE = struct.pack("<II", STACK, FLASH + 9) + b"\x00\xbf" * 20


def elf(segments: list[tuple[int, bytes]], machine: int = 40) -> bytes:
    """A little ELF file: header, program headers, content (System V ABI, figures 1-3 and 2-1)."""
    header_bytes = 52 + 32 * len(segments)
    headers, content = b"", b""
    for address, data in segments:
        headers += struct.pack(
            "<8I", 1, header_bytes + len(content), address, address, len(data), len(data), 5, 4
        )
        content += data
    identity = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = identity + struct.pack(
        "<HHIIIIIHHHHHH", 2, machine, 1, FLASH + 9, 52, 0, 0x05000000, 52, 32, len(segments), 40, 0, 0
    )
    return header + headers + content


def intel_hex(tmp_path: Path) -> bytes:
    image = IntelHex()
    image.frombytes(CODE, offset=FLASH)
    path = tmp_path / "made.hex"
    image.write_hex_file(str(path))
    return path.read_bytes()


def load(tmp_path: Path, name: str, content: bytes):
    path = tmp_path / name
    path.write_bytes(content)
    return load_image(path, BOARD)


def test_the_three_formats_hold_the_same(tmp_path):
    images = [
        load(tmp_path, "image.bin", CODE),
        load(tmp_path, "image.hex", intel_hex(tmp_path)),
        load(tmp_path, "image.elf", elf([(FLASH, CODE)])),
    ]
    assert [image.format for image in images] == ["bin", "hex", "elf"]
    for image in images:
        assert [(segment.address, segment.content) for segment in image.segments] == [(FLASH, CODE)]
        assert image.vector_table == FLASH


def test_an_image_linked_for_the_alias_of_flash_goes_into_flash(tmp_path):
    image = load(tmp_path, "image.elf", elf([(0, CODE)]))
    assert [segment.address for segment in image.segments] == [FLASH]


def test_segments_in_ram_are_kept(tmp_path):
    image = load(tmp_path, "image.elf", elf([(FLASH, CODE), (0x2000_0000, b"data")]))
    assert [segment.address for segment in image.segments] == [FLASH, 0x2000_0000]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.bin", b"", "the image is empty"),
        ("short.bin", CODE[:6], "nothing of it lies at the start of flash"),
        ("stack.bin", struct.pack("<II", 0x2410_0000, FLASH + 9), "stack pointer 0x24100000"),
        ("arm.bin", struct.pack("<II", STACK, FLASH + 8), "entry 0x08000008 is not code"),
        ("text.bin", b"this is no firmware at all", "is not for nucleo_l4r5zi"),
        ("large.bin", CODE + bytes(2 << 20), "larger than the board's flash"),
        ("x86.elf", elf([(FLASH, CODE)], machine=62), "not for a little-endian 32-bit Arm core"),
        ("elsewhere.elf", elf([(0x6000_0000, CODE)]), "0x60000000, where the board has no memory"),
        ("nothing.elf", elf([]), "holds nothing to load"),
        ("cut.elf", elf([(FLASH, CODE)])[:-8], "reaches beyond the end of the file"),
        ("header.elf", elf([(FLASH, CODE)])[:40], "not a readable ELF file"),
        ("bad.hex", b":0400000001020304F3\n", "not a readable Intel HEX file"),
    ],
)
def test_a_bad_image_is_one_line(tmp_path, name, content, says):
    with pytest.raises(UserError) as error:
        load(tmp_path, name, content)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_segment_of_absurd_size_is_refused(tmp_path):
    content = bytearray(elf([(FLASH, CODE)]))
    struct.pack_into("<II", content, 52 + 16, 0xFFFF_FFF0, 0xFFFF_FFF0)
    with pytest.raises(UserError, match="4294967280 bytes reaches beyond"):
        load(tmp_path, "absurd.elf", bytes(content))


@pytest.mark.parametrize(("address", "size"), [(FLASH, 0xFFFF_FFF0), (0x2000_0000, 0x000A_0001)])
def test_a_segment_whose_zeros_have_no_room_is_refused(tmp_path, address, size):
    content = bytearray(elf([(FLASH, CODE), (0x2000_0000, b"data")]))
    place = content.index(struct.pack("<II", address, address)) + 12
    struct.pack_into("<I", content, place, size)
    with pytest.raises(UserError, match=f"its segment of {size} bytes at {address:#010x} is larger than"):
        load(tmp_path, "absurd.elf", bytes(content))
    struct.pack_into("<I", content, place, 0x1000)
    assert load(tmp_path, "fits.elf", bytes(content)).segments


def test_zeros_that_arm_s_linker_counts_with_a_segment_in_flash_are_those_of_ram(tmp_path):
    flash = BOARD.chip.flash
    content = bytearray(elf([(FLASH, CODE + bytes(flash.size_bytes - len(CODE)))]))
    place = content.index(struct.pack("<II", FLASH, FLASH)) + 12
    struct.pack_into("<I", content, place, flash.size_bytes + 0x1_0000)
    assert load(tmp_path, "linked.axf", bytes(content)).segments


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "pipe.elf")
    with pytest.raises(UserError, match="it is not a file"):
        load_image(tmp_path / "pipe.elf", BOARD)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        load_image(tmp_path / "missing.elf", BOARD)


@pytest.mark.parametrize("name", ["image.elf", "image.hex", "image.bin"])
@given(data=st.data())
def test_mutations_give_an_image_or_one_line(tmp_path_factory, name, data):
    folder = tmp_path_factory.mktemp("mutated")
    original = {
        "image.elf": elf([(FLASH, CODE), (0x2000_0000, b"data" * 4)]),
        "image.hex": intel_hex(folder),
        "image.bin": CODE,
    }[name]
    content = bytearray(original)
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=6)
    ):
        content[place] = value
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        image = load(folder, name, bytes(content))
    except UserError as error:
        assert "\n" not in str(error)
    else:
        for segment in image.segments:
            memory = BOARD.chip.memory_at(segment.address)
            assert memory is not None
            assert segment.address + len(segment.content) <= memory.end
