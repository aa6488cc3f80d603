"""What is written down of rows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tinysim.errors import UserError
from tinysim.replicate.plot import draw, plot_format
from tinysim.replicate.rows import Row, error_percent, group_errors
from tinysim.replicate.tables import (
    describe_groups,
    terminal_table,
    to_csv,
    to_json,
    to_markdown,
)

ROW = Row(
    round="v1.1",
    division="closed",
    org="acme",
    system="NUCLEO_L4R5ZI",
    core="cortex-m4",
    benchmark="kws",
    board="nucleo_l4r5zi",
    published_ms=50.0,
    simulated_ms=51.0,
    error_percent=2.0,
    vectors_equal=999,
    vectors_total=1000,
    reason="",
    vectors_reason="",
    note="",
    firmware_notes=(),
    image="closed/acme/code/kws.bin",
    other_images=("closed/acme/code/kws.hex", "closed/acme/code/kws.elf"),
    firmware_sha256="0" * 64,
    instructions_per_inference=5_000_000,
    cycles_per_inference=6_000_000,
)
FAILED = replace(
    ROW,
    simulated_ms=None,
    error_percent=None,
    vectors_equal=None,
    vectors_total=None,
    reason="undefined instruction",
)


def rows_with(*errors: tuple[str, float]) -> list[Row]:
    return [replace(ROW, core=core, error_percent=error) for core, error in errors]


def test_errors_are_relative_to_what_was_published() -> None:
    assert error_percent(50.0, 45.0) == pytest.approx(-10)
    assert error_percent(None, 45.0) is None
    assert error_percent(50.0, None) is None


def test_errors_of_groups_are_absolute_and_each_core_has_its_own() -> None:
    rows = rows_with(("cortex-m4", -9.0), ("cortex-m33", 1.0), ("cortex-m33", 3.0), ("cortex-m7", 12.0))
    groups = {group.cores: group for group in group_errors([*rows, FAILED])}
    assert set(groups) == {
        ("cortex-m4", "cortex-m33"), ("cortex-m7", "cortex-m0+"),
        ("cortex-m4",), ("cortex-m33",), ("cortex-m7",),
    }  # fmt: skip
    both = groups["cortex-m4", "cortex-m33"]
    assert (both.images, both.median_percent, both.worst_percent) == (3, 3.0, 9.0)
    assert both.worst is rows[0]
    assert groups["cortex-m33",].median_percent == 2.0


def test_json_has_every_field() -> None:
    [content] = json.loads(to_json([ROW]))
    assert {
        "round",
        "org",
        "system",
        "core",
        "benchmark",
        "published_ms",
        "simulated_ms",
        "error_percent",
    } < set(content)
    assert {"vectors_equal", "vectors_total", "reason", "image", "board", "firmware_sha256"} < set(content)
    assert content["other_images"] == list(ROW.other_images)
    assert content["error_percent"] == 2.0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_has_no_formulas_but_negative_numbers(start: str) -> None:
    row = replace(ROW, system=f"{start}1+1", error_percent=-2.5)
    [names, cells] = csv.reader(io.StringIO(to_csv([row]), newline=""))
    values = dict(zip(names, cells, strict=True))
    assert values["system"] == f"'{start}1+1"
    assert values["error_percent"] == "-2.5"


def test_markdown_has_every_error_and_the_groups() -> None:
    text = to_markdown([ROW, FAILED, *rows_with(("cortex-m7", -30.0))], "tinysim replicate X")
    assert "`tinysim replicate X`" in text
    assert "| +2.00 | 999 of 1000 |" in text
    assert "undefined instruction" in text
    assert "-30.00" in text
    assert "| cortex-m4 | 1 | 2.00 | 2.00 |" in text
    assert "| cortex-m7 and cortex-m0+ | 1 | 30.00 | 30.00 |" in text
    assert "1998 of 2000" in text


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=20))
def test_names_are_no_markup(text: str) -> None:
    row = replace(ROW, system=f"|{text}", reason=f"[red]{text}[/]")
    line = next(line for line in to_markdown([row], "x").splitlines() if "v1.1" in line)
    unescaped = line.replace("\\\\", "").replace("\\|", "")
    assert unescaped.count("|") == 11
    console = Console(width=300, file=io.StringIO(), force_terminal=False)
    console.print(terminal_table([row]))


def test_a_terminal_shows_names_as_they_are() -> None:
    console = Console(width=300, file=io.StringIO())
    console.print(terminal_table([replace(ROW, system="[bold]x[/bold]"), FAILED]))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x[/bold]" in shown
    assert "undefined instruction" in shown
    assert describe_groups([ROW])[-1] == "result vectors equal to published ones: 999 of 1000"
    assert describe_groups([]) == []


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize(
    "rows", [[], [ROW, FAILED, replace(ROW, core=None, system="$\\frac{$_^&<b>é漢", benchmark=None)]]
)
def test_a_plot_is_the_same_every_time(suffix: str, rows: list[Row]) -> None:
    content = draw(rows, plot_format(Path(f"x.{suffix.upper()}")))
    assert content == draw(rows, suffix)
    assert {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix] == content[
        : 5 if suffix == "svg" else 4
    ]


def test_a_plot_of_another_format_is_refused() -> None:
    with pytest.raises(UserError, match=r"\.png, \.svg, \.pdf"):
        plot_format(Path("x.gif"))
