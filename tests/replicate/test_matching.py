"""Which system and benchmark an image belongs to, with the system ids of every published round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replicate.fake_repository import (
    performance_summary,
    repository,
    system_json,
    vector_table,
    write_tree,
)
from tests.replicate.test_images import elf
from tinysim.board import load_board
from tinysim.replicate.clone import open_clone
from tinysim.replicate.descriptions import System
from tinysim.replicate.images import FoundImage, find_images
from tinysim.replicate.matching import Match, Organisation, match_image, match_images, read_organisations
from tinysim.replicate.names import board_of, our_boards
from tinysim.replicate.published import PublishedResult

STACKS = {"nucleo_l4r5zi": 0x200A_0000, "nucleo_u575zi_q": 0x200C_0000, "disco_f746ng": 0x2005_0000}
BENCHMARKS = ("kws", "vww", "ic", "ad")


def organisation(*system_ids: str, lacking: tuple[tuple[str, str], ...] = ()) -> Organisation:
    systems = []
    for system_id in system_ids:
        board = board_of(system_id)
        core = board.chip.core.name if board else None
        systems.append(System(system_id, system_id.split("/")[-1], "", core, board))
    places = [
        (system_id, each)
        for system_id in system_ids
        for each in BENCHMARKS
        if (system_id, each) not in lacking
    ]
    return Organisation(
        "closed", "acme", tuple(systems), {place: PublishedResult(*place) for place in places}
    )


INT8 = organisation(
    "CY8CPROTO_062_4343W_int8",
    "DISCO_F746NG_int8",
    "DISCO_F746NG_int8_max_performance",
    "NUCLEO_G0B1RE_int8",
    "NUCLEO_H7A3ZI_float",
    "NUCLEO_H7A3ZI_int8",
    "NUCLEO_H7A3ZI_int8_min_ram",
    "NUCLEO_L4R5ZI_int8",
    "NUCLEO_L4R5ZI_int8_max_performance",
    "NUCLEO_U575ZI_int8",
    "NUCLEO_U575ZI_int8_max_performance",
)
NESTED = organisation(
    "microtvm_cmsis_nn/NRF5340-DK", "microtvm_cmsis_nn/NUCLEO_L4R5ZI", "microtvm_native/NUCLEO_L4R5ZI"
)
CLOCKS = organisation(
    "NUCLEO_L4R5ZI-P", "NUCLEO_L4R5ZI-P_70MHz", "NUCLEO_U385RG_Q", "NUCLEO_U575ZI_Q", "NUCLEO_U575ZI_Q_60MHz"
)
BOARDS = organisation(
    "CY8CPROTO-062-4343W", "DISCO-F746NG", "NUCLEO-H7A3ZI-Q", "NUCLEO-L4R5ZI", "NUCLEO-U575ZI-Q"
)
VERSIONS = organisation(
    "NUCLEO-L4R5ZI_X-CUBE-AI-7.3", "NUCLEO-L4R5ZI_X-CUBE-AI-8.0", "NUCLEO-L4R5ZI_MICROTVM-NATIVE"
)
SINGLE = organisation("Nucleo-L4R5ZI")


def image(path: str, **known: object) -> FoundImage:
    facts = {"fits": tuple(board.id for board in our_boards()), **known}
    return FoundImage(("closed", "acme", "code", *path.split("/")), "bin", 1, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "path", "system_id", "benchmark"),
    [
        (INT8, "NUCLEO_L4R5ZI_int8/kws/Release/l4r5_kws.bin", "NUCLEO_L4R5ZI_int8", "kws"),
        (INT8, "NUCLEO_L4R5ZI_int8/ad_max_performance/a.bin", "NUCLEO_L4R5ZI_int8_max_performance", "ad"),
        (INT8, "NUCLEO_L4R5ZI_int8/performance/ad/a.bin", "NUCLEO_L4R5ZI_int8", "ad"),
        (CLOCKS, "NUCLEO_U575ZI_Q/kws/Release_60MHz/a.elf", "NUCLEO_U575ZI_Q_60MHz", "kws"),
        (INT8, "NUCLEO_L4R5ZI/ad_max_performance/Release/x.bin", "NUCLEO_L4R5ZI_int8_max_performance", "ad"),
        (INT8, "NUCLEO_L4R5ZI/int8/ad/Release/x.bin", "NUCLEO_L4R5ZI_int8", "ad"),
        (INT8, "NUCLEO_L4R5ZI/ad/Release/x.bin", "NUCLEO_L4R5ZI_int8", "ad"),
        (INT8, "NUCLEO_H7A3ZI/float/vww/x.bin", "NUCLEO_H7A3ZI_float", "vww"),
        (INT8, "NUCLEO_H7A3ZI/int8/min_ram/ic/x.bin", "NUCLEO_H7A3ZI_int8_min_ram", "ic"),
        (INT8, "ad/NUCLEO_L4R5ZI_int8_max_performance/x.bin", "NUCLEO_L4R5ZI_int8_max_performance", "ad"),
        (INT8, "NUCLEO_H7A3ZI_int8/kws/BUILD/NUCLEO_H7A3ZI_Q/code.bin", "NUCLEO_H7A3ZI_int8", "kws"),
        (NESTED, "microtvm_cmsis_nn/NUCLEO_L4R5ZI/kws/zephyr.elf", "microtvm_cmsis_nn/NUCLEO_L4R5ZI", "kws"),
        (NESTED, "keyword_spotting/microtvm_native/l4r5/zephyr.elf", "microtvm_native/NUCLEO_L4R5ZI", "kws"),
        (CLOCKS, "NUCLEO_L4R5ZI-P/keyword_spotting/KWS01.elf", "NUCLEO_L4R5ZI-P", "kws"),
        (CLOCKS, "NUCLEO_L4R5ZI/keyword_spotting/KWS01.elf", "NUCLEO_L4R5ZI-P", "kws"),
        (CLOCKS, "NUCLEO_U575ZI_Q_60MHz/kws/Debug/a.hex", "NUCLEO_U575ZI_Q_60MHz", "kws"),
        (BOARDS, "anomaly_detection/nucleo_l4r5zi/AD01.elf", "NUCLEO-L4R5ZI", "ad"),
        (BOARDS, "H7A3/AD/AD01.elf", "NUCLEO-H7A3ZI-Q", "ad"),
        (BOARDS, "u575/person_detection/VWW01.elf", "NUCLEO-U575ZI-Q", "vww"),
        (BOARDS, "STM32F746G_DISCO/firmware_kws.hex", "DISCO-F746NG", "kws"),
        (BOARDS, "ic/m33.bin", "NUCLEO-U575ZI-Q", "ic"),
        (VERSIONS, "NUCLEO-L4R5ZI/X-CUBE-AI-8.0/ic/IC01.elf", "NUCLEO-L4R5ZI_X-CUBE-AI-8.0", "ic"),
        (SINGLE, "keyword_spotting/build/kws.elf", "Nucleo-L4R5ZI", "kws"),
    ],
)
def test_paths_name_systems_in_many_ways(
    own: Organisation, path: str, system_id: str, benchmark: str
) -> None:
    match = match_image(own, image(path))
    assert match.system is not None
    assert (match.system.id, match.benchmark) == (system_id, benchmark)
    assert match.result is own.results[system_id, benchmark]
    assert match.problem == ""


@pytest.mark.parametrize(
    ("own", "path"),
    [
        (NESTED, "kws/NUCLEO_L4R5ZI/zephyr.elf"),
        (INT8, "NUCLEO_H7A3ZI/vww/x.bin"),
        (BOARDS, "kws/firmware.bin"),
        (VERSIONS, "NUCLEO-L4R5ZI/ic/IC01.elf"),
    ],
)
def test_where_two_systems_fit_as_well_none_is_taken(own: Organisation, path: str) -> None:
    match = match_image(own, image(path))
    assert match.system is None
    assert match.result is None
    assert "could be of several systems" in match.problem


def test_an_image_of_several_systems_of_one_board_can_still_be_run() -> None:
    match = match_image(VERSIONS, image("NUCLEO-L4R5ZI/ic/IC01.elf"))
    assert match.board == load_board("nucleo_l4r5zi")


def test_the_image_itself_decides_where_its_path_says_nothing() -> None:
    by_stack = match_image(
        BOARDS, image("out/app.bin", stack=STACKS["disco_f746ng"], models=frozenset({"ic"}))
    )
    assert by_stack.system is not None
    assert (by_stack.system.id, by_stack.benchmark) == ("DISCO-F746NG", "ic")
    by_core = match_image(
        organisation("DISCO-F746NG", "NUCLEO-U575ZI-Q"), image("kws/app.elf", cores=("cortex-m33",))
    )
    assert by_core.system is not None
    assert by_core.system.id == "NUCLEO-U575ZI-Q"
    by_addresses = match_image(
        organisation("DISCO-F746NG", "NUCLEO-H7A3ZI-Q"), image("kws/a.bin", fits=("disco_f746ng",))
    )
    assert by_addresses.system is not None
    assert by_addresses.system.id == "DISCO-F746NG"


def test_only_systems_with_that_benchmark_published_come_into_question() -> None:
    own = organisation("L4R5_a", "L4R5_b", lacking=(("L4R5_a", "vww"),))
    match = match_image(own, image("L4R5/vww/x.bin"))
    assert match.system is not None
    assert match.system.id == "L4R5_b"


def test_builds_and_formats_of_one_image_make_one_match(tmp_path: Path) -> None:
    code = "closed/acme/code/NUCLEO_L4R5ZI/kws"
    table = vector_table(model="kws01")
    root = repository(
        tmp_path, **{f"{code}/Release/kws.elf": elf(table), f"{code}/Debug/kws.elf": elf(table)}
    )
    clone = open_clone(root)
    [match] = match_images(read_organisations(clone), find_images(clone)[0])
    names = ["/".join(each.parts[-2:]) for each in match.images]
    assert names == ["Release/kws.elf", "Release/kws.bin", "Debug/kws.elf"]


def matches_of(root: Path) -> list[Match]:
    clone = open_clone(root)
    return list(match_images(read_organisations(clone), find_images(clone)[0]))


def test_a_board_that_we_do_not_have(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "open/x/systems/nRF.json": system_json(
                **{"Board Name": "nRF5340 DK", "SoC Name": "nRF5340", "Processor(s) Name": "Cortex-M33"}
            ),
            "open/x/results/nRF/kws/performance/results.txt": performance_summary(5),
            "open/x/code/nRF/kws/zephyr.bin": vector_table(),
        },
    )
    [match] = matches_of(tmp_path)
    assert (match.board, match.core, match.benchmark) == (None, "cortex-m33", "kws")


def test_organisations_do_not_share_systems(tmp_path: Path) -> None:
    root = repository(tmp_path, **{"closed/other/code/NUCLEO_L4R5ZI/kws/kws.bin": vector_table()})
    by_org = {match.organisation.name: match for match in matches_of(root)}
    assert by_org["acme"].result is not None
    assert by_org["other"].system is None
    assert by_org["other"].board == load_board("nucleo_l4r5zi")
    assert "no system of this organisation" in by_org["other"].problem
