"""Simulated against published latency, as a picture."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from tinysim.cache import cache_folder, user_cache
from tinysim.errors import UserError
from tinysim.replicate.rows import Row
from tinysim.simulation.standing import UNVERIFIED

FORMATS = ("png", "svg", "pdf")

_COLOURS = {
    "cortex-m0+": "tab:green",
    "cortex-m4": "tab:blue",
    "cortex-m33": "tab:orange",
    "cortex-m7": "tab:red",
}
_OTHER_COLOUR = "tab:gray"


def plot_format(path: Path) -> str:
    """Return the format that a file's suffix names. Raises UserError where it is none of FORMATS."""
    suffix = path.suffix.casefold().removeprefix(".")
    if suffix not in FORMATS:
        raise UserError(f"cannot plot to {path}: its name has to end in .{', .'.join(FORMATS)}")
    return suffix


def draw(rows: Sequence[Row], file_format: str) -> bytes:
    """Return the picture: latencies on logarithmic axes, and below them the error of each image.

    The same rows give the same bytes.
    """
    with contextlib.suppress(UserError):
        if cache_folder() != user_cache():
            # matplotlib keeps a list of the fonts, and would warn that it cannot.
            os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    # Here, since it takes longer to load than most commands run.
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = [row for row in rows if row.error_percent is not None]
    cores = sorted({row.core or "other" for row in points})
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "tinysim"}):
        warnings.simplefilter("ignore")  # characters that the font lacks
        figure = Figure(figsize=(max(7.0, 0.28 * len(points) + 2), 10), layout="constrained")
        FigureCanvasAgg(figure)
        above, below = figure.subplots(2, 1, height_ratios=(3, 2))
        for core in cores:
            own = [row for row in points if (row.core or "other") == core]
            above.scatter(
                [row.published_ms for row in own],
                [row.simulated_ms for row in own],
                s=22,
                color=_COLOURS.get(core, _OTHER_COLOUR),
                label=core,
            )
            places = [place for place, row in enumerate(points) if (row.core or "other") == core]
            below.bar(
                places,
                [points[place].error_percent for place in places],
                color=_COLOURS.get(core, _OTHER_COLOUR),
            )
        if points:
            above.set_xscale("log")
            above.set_yscale("log")
            ends = [value for row in points for value in (row.published_ms, row.simulated_ms) if value]
            line = (min(ends) / 1.5, max(ends) * 1.5)
            above.plot(line, line, color="black", linewidth=0.8)
            above.legend()
        above.set_xlabel("published latency, ms")
        above.set_ylabel(f"simulated latency, ms ({UNVERIFIED})")
        below.axhline(0, color="black", linewidth=0.8)
        below.set_ylabel("error, % of published")
        labels = [f"{row.system or row.image[-30:]} {row.benchmark or ''}" for row in points]
        # Names are the clone's: no formulas in them.
        below.set_xticks(range(len(points)), labels, rotation=90, fontsize=7, parse_math=False)
        content = io.BytesIO()
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(content, format=file_format, dpi=120, metadata=dates.get(file_format))
        return content.getvalue()
