"""Rows as people and programs read them: a table for a terminal, CSV, JSON, Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields

from rich.table import Table
from rich.text import Text

from tinysim.replicate.rows import GroupErrors, Row, group_errors, vector_totals
from tinysim.simulation.standing import UNVERIFIED

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN_SPECIAL = "\\`*_{}[]<>|#~$&"


def terminal_table(rows: Sequence[Row]) -> Table:
    """Return the rows for a terminal. Texts of the clone are text here, never markup."""
    table = Table()
    for name in ("org", "system", "core", "bench"):
        table.add_column(name, no_wrap=name in ("core", "bench"))
    for name in ("published ms", f"simulated ms\n({UNVERIFIED})", "error", "vectors"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("remarks")
    for row in rows:
        remarks = "; ".join(text for text in (row.reason, row.note) if text)
        if row.system is None:
            remarks = f"{row.image}: {remarks}"
        cells = (
            row.org,
            row.system or "",
            (row.core or "").removeprefix("cortex-"),
            row.benchmark or "",
            _milliseconds(row.published_ms),
            _milliseconds(row.simulated_ms),
            _percent(row.error_percent),
            _vectors(row),
            remarks,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def describe_groups(rows: Sequence[Row]) -> list[str]:
    """Return a line for each group of cores, and one for the vectors, as far as there are any."""
    lines = [
        f"{_cores(group)}: {group.images} image{'s' if group.images > 1 else ''}, error median "
        f"{group.median_percent:.2f} %, "
        f"worst {group.worst_percent:.2f} %"
        for group in group_errors(rows)
    ]
    equal, total = vector_totals(rows)
    if total:
        lines.append(f"result vectors equal to published ones: {equal} of {total}")
    return lines


def to_csv(rows: Sequence[Row]) -> str:
    """Return the rows as CSV (RFC 4180).

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    names = [each.name for each in fields(Row)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_csv_cell(getattr(row, name)) for name in names])
    return text.getvalue()


def to_json(rows: Sequence[Row]) -> str:
    """Return the rows as a JSON list of objects."""
    return json.dumps([row.as_json() for row in rows], indent=4) + "\n"


def to_markdown(rows: Sequence[Row], command: str) -> str:
    """Return every row as a Markdown table, good or bad, and how far off each group of cores is.

    `command` is what a person types to make it again.
    """
    lines = [f"Made by `{command}`.", ""]
    titles = ("round", "org", "system", "core", "benchmark", "published ms", "simulated ms "
                                                                             f"({UNVERIFIED})", "error %",
              "vectors equal", "remarks")  # fmt: skip
    lines += [_markdown_line(titles), "|---|---|---|---|---|---:|---:|---:|---:|---|"]
    for row in rows:
        remarks = "; ".join(text for text in (row.reason, row.vectors_reason, row.note) if text)
        if row.system is None:
            remarks = f"{row.image}: {remarks}"
        lines.append(
            _markdown_line(
                (
                    row.round or "",
                    row.org,
                    row.system or "",
                    row.core or "",
                    row.benchmark or "",
                    _milliseconds(row.published_ms),
                    _milliseconds(row.simulated_ms),
                    "" if row.error_percent is None else f"{row.error_percent:+.2f}",
                    _vectors(row),
                    remarks,
                )
            )
        )
    groups = group_errors(rows)
    if groups:
        lines += ["", "| cores | images | median error % | worst error % | worst image |"]
        lines.append("|---|---:|---:|---:|---|")
        for group in groups:
            lines.append(
                _markdown_line(
                    (
                        _cores(group),
                        str(group.images),
                        f"{group.median_percent:.2f}",
                        f"{group.worst_percent:.2f}",
                        f"{group.worst.system or group.worst.image} {group.worst.benchmark or ''}",
                    )
                )
            )
    equal, total = vector_totals(rows)
    if total:
        lines += ["", f"Result vectors equal to the published ones: {equal} of {total}."]
    return "\n".join(lines) + "\n"


def _csv_cell(value: object) -> object:
    if isinstance(value, tuple):
        value = "; ".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def _markdown_line(cells: Sequence[str]) -> str:
    escaped = ("".join(f"\\{char}" if char in _MARKDOWN_SPECIAL else char for char in cell) for cell in cells)
    return "| " + " | ".join(cell.replace("\n", " ") for cell in escaped) + " |"


def _cores(group: GroupErrors) -> str:
    return " and ".join(group.cores)


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 10 else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f} %"


def _vectors(row: Row) -> str:
    return "" if row.vectors_total is None else f"{row.vectors_equal} of {row.vectors_total}"
