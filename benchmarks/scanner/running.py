"""The scanner as a user runs it: the command in a process of its own, its SARIF read back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from benchmarks.scanner.cases import Place
from benchmarks.scanner.scoring import Finding

_ENTRY = "import sys; from cryptoserve_cli.entry import main; sys.exit(main())"
COMMAND = (sys.executable, "-c", _ENTRY, "scan")
COULD_NOT_SCAN = 2
"""The least exit code of a scanner that couldn't scan; below, it says whether something was found."""

_LONGEST_SECONDS = 3600


class ScanFailed(Exception):
    """The scanner gave no answer; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Findings of a scan, and its duration."""

    findings: tuple[Finding, ...]
    seconds: float


def scan(paths: Sequence[Path], command: Sequence[str] = COMMAND) -> Scanned:
    """Scan ``paths``. Raises ``ScanFailed``."""
    started = time.perf_counter()
    asked = [*command, "--format", "sarif", "--jobs", str(os.cpu_count() or 1), *map(str, paths)]
    try:
        ended = subprocess.run(asked, capture_output=True, check=False, timeout=_LONGEST_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise ScanFailed(str(fault)) from fault
    if ended.returncode >= COULD_NOT_SCAN or ended.returncode < 0:
        raise ScanFailed(ended.stderr.decode(errors="replace").strip()[-2000:] or f"status {ended.returncode}")
    seconds = time.perf_counter() - started
    try:
        report = msgspec.json.decode(ended.stdout)
        return Scanned(tuple(read_findings(report)), seconds)
    except (msgspec.DecodeError, KeyError, TypeError) as fault:
        raise ScanFailed(f"the report is no SARIF: {fault!r}") from fault


def read_findings(report: Mapping[str, Any]) -> Iterator[Finding]:
    """The findings of a SARIF log whose results have a property ``finding``; relative paths are of this process."""
    for run in report["runs"]:
        bases = {name: base["uri"] for name, base in run.get("originalUriBaseIds", {}).items() if "uri" in base}
        for result in run.get("results", ()):
            properties = result["properties"]
            for place in _places(result.get("locations", ()), bases):
                yield Finding(properties["finding"], place, properties.get("algorithm"))


def _places(locations: Iterable[Mapping[str, Any]], bases: Mapping[str, str]) -> Iterator[Place]:
    for location in locations:
        physical = location["physicalLocation"]
        artifact, region = physical["artifactLocation"], physical.get("region", {})
        base = _path(bases.get(artifact.get("uriBaseId", ""), ""))
        path = Path(os.path.abspath(Path(base) / _path(artifact["uri"])))
        first = region.get("startLine", 1)
        yield Place(path, first, region.get("endLine", first))


def _path(uri: str) -> str:
    return unquote(urlsplit(uri).path)
