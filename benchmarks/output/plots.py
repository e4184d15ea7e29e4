"""Growth curves as PNG, by matplotlib, which only the benchmarks need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_INCHES = (7.0, 3.2)
_DOTS_PER_INCH = 120
_COLOURS = {"cryptoserve": "#0b6e4f", "openbao": "#c1666b"}
_OTHER_COLOUR = "#555555"


class NoPlots(Exception):
    """matplotlib isn't installed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One server's values over sizes."""

    label: str
    sizes: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the diagrams beside each other."""

    label: str
    """Of the axis of values."""
    lines: Sequence[Line]


def check_plots() -> None:
    """Raises ``NoPlots`` if ``draw`` would."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise NoPlots("matplotlib is not installed: `make bench-curves` installs it") from None


def draw(path: Path, title: str, size_label: str, panels: Sequence[Panel]) -> None:
    """Write a picture of ``panels`` beside each other, over the same sizes. Raises ``NoPlots``."""
    check_plots()
    # Agg draws into memory, so no display is needed.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    for place, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for line in panel.lines:
            colour = _COLOURS.get(line.label, _OTHER_COLOUR)
            place.plot(line.sizes, line.values, marker="o", markersize=4, label=line.label, color=colour)
        place.set_xscale("log")
        place.set_ylim(bottom=0)
        place.set_xlabel(size_label)
        place.set_ylabel(panel.label)
        place.grid(visible=True, alpha=0.3)
        if any(line.label for line in panel.lines):
            place.legend(frameon=False)
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the version of matplotlib in it, the same figures give the same picture.
    figure.savefig(path, metadata={"Software": None})
