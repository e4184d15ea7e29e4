"""Raw results as JSON, for plotting and comparing runs: every round of every row, and the machine."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from benchmarks import machine


def write_results(path: Path, command: str, activity: machine.Activity, results: object) -> None:
    """Write ``results`` (dataclasses, lists and mappings of them) with the facts of the machine to ``path``."""
    document = {
        "command": command,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": dict(machine.describe()),
        "before": asdict(activity),
        "results": results,
    }
    path.write_text(json.dumps(document, indent=2, default=_plain) + "\n", encoding="utf-8")


def _plain(value: object) -> object:
    """What JSON can hold instead of ``value``: of functions, which rows are made of, only the name."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    raise TypeError(f"results hold a {type(value).__name__}")
