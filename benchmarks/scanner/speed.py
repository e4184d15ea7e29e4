"""Speed of the scanner beside others: the same million lines of Python, each in a process of its own, in turn.

The lines are those of the packages in this environment. Others are installed for the measurement, in environments of
their own; what can't be installed is named.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine
from benchmarks.compare import Plan, Progress
from benchmarks.output.report import NONE
from benchmarks.scanner.running import COMMAND, COULD_NOT_SCAN

LINES = 1_000_000
_LONGEST_SECONDS = 600
_MEGA = 1e6
_JOBS = str(os.cpu_count() or 1)
_PATTERNS = Path(__file__).with_name("semgrep.yaml")


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner: ``requirement`` is what pip installs for it, empty for what is in this environment."""

    name: str
    requirement: str
    command: tuple[str, ...]
    """Its words; the first is a program in its environment, and ``{}`` stands for the tree."""

    remark: str = ""


OURS = Scanner("cryptoserve scan", "", (*COMMAND, "-format=sarif", f"-jobs={_JOBS}", "{}"))
OTHERS = (
    Scanner("bandit", "bandit==1.9.4", ("bandit", "-q", "-r", "-f", "json", "{}"), "one process"),
    Scanner(
        "semgrep",
        "semgrep==1.185.0",
        (
            *("semgrep", "scan", "--config", str(_PATTERNS), "--json", "--quiet", "--metrics=off"),
            *("--disable-version-check", f"--jobs={_JOBS}", "--no-git-ignore", "{}"),
        ),
        "with five rules of ours; its own are on a registry",
    ),
    Scanner(
        "cbomscanner",
        "cbomscanner==0.2.0",
        ("cbomscanner", "scan", "-f", "sarif", "--fail-on", "never", "{}"),
        "one process",
    ),
    Scanner(
        "quantumsafe-scan",
        "quantumsafe-scan==0.3.0",
        ("quantumsafe", "scan", "--no-sync", "--no-deps", "--path", "{}"),
        "one process",
    ),
)


class NotInstalled(Exception):
    """A scanner that can't be had here; the message is pip's last line."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Source to scan."""

    path: Path
    files: int
    lines: int
    size: int
    """In bytes."""


@dataclass(slots=True)
class Measured:
    """A scanner's results, a value for each round; none where ``problem`` says why."""

    scanner: Scanner
    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All scanners on a tree."""

    tree: Tree
    measured: Sequence[Measured]


def compare_scanners(directory: Path, lines: int, plan: Plan, progress: Progress) -> Comparison:
    """Measure our scanner and the others on ``lines`` of Python, with all files below ``directory``."""
    tree = gather(directory / "source", lines)
    programs: dict[str, Path] = {}
    measured = [Measured(scanner) for scanner in (OURS, *OTHERS)]
    for figures in measured:
        progress(f"{figures.scanner.name}: installing")
        try:
            programs[figures.scanner.name] = _installed(directory, figures.scanner)
        except NotInstalled as fault:
            figures.problem = str(fault)
    for number in range(plan.rounds):
        for figures in measured:
            if not figures.problem:
                progress(f"round {number + 1} of {plan.rounds}: {figures.scanner.name}")
                _measure(figures, programs[figures.scanner.name], tree, directory / "output")
    return Comparison(tree, measured)


def gather(target: Path, lines: int) -> Tree:
    """Copy Python source of the packages in this environment, in the order of their paths, until it has ``lines``."""
    origin = Path(sysconfig.get_path("purelib"))
    files = found = size = 0
    for path in sorted(origin.rglob("*.py")):
        content = path.read_bytes()
        copy = target / path.relative_to(origin)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
        files, found, size = files + 1, found + content.count(b"\n"), size + len(content)
        if found >= lines:
            break
    return Tree(target, files, found, size)


def render(comparison: Comparison, activity: machine.Activity, plan: Plan) -> str:
    """The page's part."""
    tree = comparison.tree
    rows = [
        *machine.describe(),
        ("Source", f"{tree.files:,} files of Python, {tree.lines:,} lines, {tree.size / _MEGA:.1f} MB"),
        ("Rounds", f"{plan.rounds}, the scanners in turn; figures are medians"),
        ("Before the run", str(activity)),
    ]
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows), ""]
    if activity.warning:
        lines += [f"**{activity.warning}**", ""]
    lines += [
        "| Scanner | seconds | processor time, s | MB a second and core | |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    lines += [_row(figures, tree) for figures in comparison.measured]
    return "\n".join(lines)


def _row(figures: Measured, tree: Tree) -> str:
    scanner = figures.scanner
    name = scanner.requirement.replace("==", " ") or scanner.name
    if figures.problem:
        return f"| {name} | {NONE} | {NONE} | {NONE} | {figures.problem} |"
    processor = statistics.median(figures.processor_seconds)
    return (
        f"| {name} | {statistics.median(figures.seconds):.1f} | {processor:.1f} | {tree.size / _MEGA / processor:.2f} "
        f"| {scanner.remark} |"
    )


def _installed(directory: Path, scanner: Scanner) -> Path:
    """The folder of a scanner's programs. Raises ``NotInstalled``."""
    if not scanner.requirement:
        return Path(sys.executable).parent
    environment = directory / scanner.name
    for command in (
        (sys.executable, "-m", "venv", "--without-pip", str(environment)),
        (sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", scanner.requirement),
    ):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            said = ended.stderr.strip().splitlines() or [f"status {ended.returncode}"]
            raise NotInstalled(f"not installed: {said[-1]}")
    return environment / "bin"


def _measure(figures: Measured, programs: Path, tree: Tree, output: Path) -> None:
    """Run a scanner once. Where it fails, or takes longer than ``_LONGEST_SECONDS``, the problem says so."""
    program, *words = (str(tree.path) if word == "{}" else word for word in figures.scanner.command)
    resolved = shutil.which(program, path=str(programs)) or program
    started = time.perf_counter()
    with output.open("w+b") as written:
        process = subprocess.Popen(
            [resolved, *words], cwd=programs, stdout=subprocess.DEVNULL, stderr=written, start_new_session=True
        )
        overdue = threading.Timer(_LONGEST_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        overdue.start()
        # wait4 tells the times of the process with those of its children that it has waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        elapsed = time.perf_counter() - started
        overdue.cancel()
        if process.returncode == -signal.SIGKILL:
            figures.problem = f"ended after {elapsed:.0f} seconds without an answer"
            return
        if not 0 <= process.returncode < COULD_NOT_SCAN:
            written.seek(0)
            said = written.read().decode(errors="replace").strip().splitlines() or [""]
            figures.problem = f"ended with {process.returncode}: {said[-1][:200]}"
            return
    figures.seconds.append(elapsed)
    figures.processor_seconds.append(usage.ru_utime + usage.ru_stime)
