"""Spellings of benchmarks, boards and cores, as published trees have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.board import board_ids
from tinysim.replicate.names import benchmark_of_folder, benchmark_of_path, board_of, core_of, names


@pytest.mark.parametrize(
    ("name", "benchmark"),
    [
        ("kws", "kws"),
        ("KWS01", "kws"),
        ("Keyword-Spotting", "kws"),
        ("keyword_spotting", "kws"),
        ("keywordspotting", "kws"),
        ("image_classification", "ic"),
        ("ImageClassification", "ic"),
        ("anomaly_detection", "ad"),
        ("AD08", "ad"),
        ("person_detection", "vww"),
        ("visual_wake_words", "vww"),
        ("VisualWakeWords", "vww"),
        ("aww", "vww"),
        ("streaming_wakeword", "sww"),
        ("sww01", "sww"),
        ("advanced", None),
        ("basic", None),
        ("performance", None),
        ("NUCLEO_L4R5ZI", None),
        ("", None),
    ],
)
def test_a_benchmark_s_folder(name: str, benchmark: str | None) -> None:
    assert benchmark_of_folder(name) == benchmark


@pytest.mark.parametrize(
    ("path", "benchmark"),
    [
        ("NUCLEO_U575ZI/ad/Release/m33_ad2.bin", "ad"),
        ("NUCLEO_L4R5ZI/Release/l4r5_vww.bin", "vww"),
        ("board/ad/h7_a3_ml_perf/Release/h7_a3_ml_perf.bin", "ad"),
        ("tinyml_visualwakewords_l4r5/app.elf", "vww"),
        ("tinyml-streaming-wake-word/app.elf", "sww"),
        ("image_classification/STM32_AD_driver/firmware.elf", "ic"),
        ("kws/ic/firmware.elf", "ic"),
        ("firmware/zephyr.elf", None),
        ("kws_and_ic/firmware.elf", None),
        ("load/adc/basic.bin", None),
    ],
)
def test_a_path_s_benchmark(path: str, benchmark: str | None) -> None:
    assert benchmark_of_path(path.split("/")) == benchmark


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("NUCLEO-L4R5ZI", "nucleo_l4r5zi"),
        ("Nucleo-L4R5ZI", "nucleo_l4r5zi"),
        ("NUCLEO_L4R5ZI-P", "nucleo_l4r5zi"),
        ("NUCLEO-L4R5ZI_X-CUBE-AI-7.3", "nucleo_l4r5zi"),
        ("STM32L4R5ZIT6U", "nucleo_l4r5zi"),
        ("NUCLEO_H7A3ZI_Q", "nucleo_h7a3zi_q"),
        ("NUCLEO-H7A3ZI", "nucleo_h7a3zi_q"),
        ("STM32H7A3ZIT6Q", "nucleo_h7a3zi_q"),
        ("DISCO_F746NG", "disco_f746ng"),
        ("STM32F746G-DISCO", "disco_f746ng"),
        ("32F746GDISCOVERY", "disco_f746ng"),
        ("NUCLEO-U575ZI-Q", "nucleo_u575zi_q"),
        ("nucleo g0b1re", "nucleo_g0b1re"),
        ("B_U585I_IOT02A", None),
        ("NUCLEO_U385RG_Q", "nucleo_u385rg_q"),
        ("NUCLEO-F746ZG", "nucleo_f746zg"),
        ("STM32F746", "disco_f746ng"),
        ("NUCLEO-U3C5ZIT6-Q", None),
        ("CY8CPROTO-062-4343W", None),
        ("nRF5340 DK", None),
        ("NUMAKER_M467HJ", None),
        ("", None),
    ],
)
def test_a_board_s_name(name: str, board: str | None) -> None:
    found = board_of(name)
    assert (found.id if found else None) == board


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("32-bit Arm® Cortex®-M4 (DSP + FPU)", "cortex-m4"),
        ("32-Bit ARM® Cortex®-M7", "cortex-m7"),
        ("Arm Cortex M33", "cortex-m33"),
        ("32-bit Arm® Cortex®-M0+", "cortex-m0+"),
        ("Cortex-M0", "cortex-m0"),
        ("Arm® Cortex®-M85", "cortex-m85"),
        ("RISC-V", None),
        ("", None),
    ],
)
def test_a_core_s_name(text: str, core: str | None) -> None:
    assert core_of(text) == core


def test_the_table_names_boards_that_there_are() -> None:
    assert set(names().boards) <= set(board_ids())


@given(parts=st.lists(st.text(max_size=30), max_size=5))
def test_any_text_is_survived(parts: list[str]) -> None:
    assert benchmark_of_path(parts) in (None, *names().benchmarks)
    board_of(*parts)
    core_of(*parts)
