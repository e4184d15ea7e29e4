"""Profile of a server under one workload, by part of the program and by function.

py-spy looks at all processes of the server from outside, some hundred times a second, and costs them next to nothing.
Where it isn't installed, or may not look, cProfile watches a development server from within: that is a single process,
in memory, and every call costs it extra, so its shares are rougher and lean towards code with many small calls.

Time is a function's own, with what it calls in C: compiled code is part of the function that called it.
"""

from __future__ import annotations

import os
import pstats
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks import load
from benchmarks.housekeeping import set_up
from benchmarks.workloads.base import Target, Task, Workload
from tests.support import processes
from tests.support.products import HOST, Product
from tests.support.servers import CHECKOUT, Server

_WARM_SECONDS = 1.0
_SAMPLES_PER_SECOND = 500
_LEAVE_SECONDS = 60.0

_AREAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "sockets and HTTP",
        ("uvicorn/", "httptools/", "hypercorn/", "h2/", "server/listeners/", "server/pipeline/app.py"),
    ),
    ("event loop", ("asyncio/", "uvloop/", "contextlib.py", "threading.py")),
    (
        "reading requests, writing answers",
        (
            "compat/",
            "server/access/request_context.py",
            "server/pipeline/respon",
            "server/listeners/security_headers.py",
        ),
    ),
    (
        "tokens and policies",
        ("server/tenants/tokens/", "server/tenants/policies/", "server/pipeline/authorize.py", "auth_methods/"),
    ),
    ("audit", ("server/audit/",)),
    (
        "quotas and metrics",
        (
            "server/runtime/metrics.py",
            "server/tenants/limits/rate_limits.py",
            "server/access/quotas.py",
            "server/access/guards.py",
        ),
    ),
    ("dispatch", ("server/",)),
    ("cryptography", ("engines/algorithms/", "cryptography/")),
    ("engine", ("engines/",)),
    ("storage", ("storage/",)),
)
"""Parts of the program, and how the paths of their files begin; the first that fits counts."""

_REST = "everything else"

_NOT_WORK = ("<frozen importlib", "aiosqlite/core.py", "concurrent/futures/thread.py", "selectors.py")
"""Starting up, which only cProfile sees, and threads and a supervisor that wait, which py-spy takes for busy."""

Spot: TypeAlias = tuple[str, str]
"""A file, from the package on, and a function in it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The samples of a profile."""

    workload: Workload
    method: str
    per_second: float
    server_seconds: float
    """Processor time of the server for each request, while it was watched."""
    weights: dict[Spot, float]
    """Each function's own time, in whatever unit."""

    def areas(self) -> list[tuple[str, float]]:
        """The share of each part of the program, the largest first."""
        sums: dict[str, float] = defaultdict(float)
        for (file, _), share in self.spots():
            sums[area_of(file)] += share
        return sorted(sums.items(), key=lambda entry: -entry[1])

    def spots(self) -> list[tuple[Spot, float]]:
        """The share of each function, the largest first."""
        work = {spot: weight for spot, weight in self.weights.items() if not spot[0].startswith(_NOT_WORK)}
        total = sum(work.values()) or 1.0
        return sorted(((spot, weight / total) for spot, weight in work.items()), key=lambda entry: -entry[1])


def area_of(file: str) -> str:
    """The part of the program that a file belongs to, whose path starts at its package."""
    return next((area for area, beginnings in _AREAS if file.startswith(beginnings)), _REST)


def profile(workload: Workload, directory: Path, seconds: float, keep: Path | None = None) -> Profile:
    """Load our server with ``workload`` and watch it; ``keep`` is where the raw profile stays."""
    spy = shutil.which("py-spy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    raw = keep or directory / "profile"
    if spy is None or not _may_watch(spy):
        return _with_cprofile(workload, directory, seconds, raw)
    return _with_py_spy(spy, workload, directory, seconds, raw)


def _may_watch(spy: str) -> bool:
    """Whether the system lets py-spy look into other processes, which containers often forbid."""
    waiting = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as watched:
        assert watched.stdin is not None, "it is a pipe"
        assert watched.stdout is not None, "it is a pipe"
        watched.stdout.readline()
        command = [spy, "dump", "--pid", str(watched.pid)]
        allowed = subprocess.run(command, capture_output=True, timeout=_LEAVE_SECONDS).returncode == 0
        watched.communicate(b"\n", _LEAVE_SECONDS)
    return allowed


def _with_py_spy(spy: str, workload: Workload, directory: Path, seconds: float, raw: Path) -> Profile:
    with Server(Product.CRYPTOSERVE, directory / "server") as server:
        set_up(server)
        task = workload.prepare(server)
        command = [spy, "record", "--pid", str(server.group), "--subprocesses", "--format", "raw", "--full-filenames"]
        command += ["--rate", str(_SAMPLES_PER_SECOND), "--duration", f"{seconds:.0f}", "--output", str(raw)]
        _load(server, task, _WARM_SECONDS)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watching:
            done, used = _load(server, task, seconds)
            watching.wait(_LEAVE_SECONDS)
    method = f"py-spy, {_SAMPLES_PER_SECOND} samples a second of all processes"
    return Profile(workload, method, done.per_second, used, read_stacks(raw.read_text(encoding="utf-8").splitlines()))


def _with_cprofile(workload: Workload, directory: Path, seconds: float, raw: Path) -> Profile:
    launcher = directory / "launcher.py"
    launcher.write_text("import sys\nfrom cryptoserve_cli.entry import main\nsys.exit(main())\n", encoding="utf-8")
    command = [sys.executable, "-m", "cProfile", "-o", str(raw.resolve()), str(launcher)]
    with Server(Product.CRYPTOSERVE, directory / "server", development=True, command=command) as server:
        done, used = _load(server, workload.prepare(server), seconds)
        server.stop()
    method = "cProfile, in a development server of one process (py-spy is not installed, or may not look)"
    return Profile(workload, method, done.per_second, used, read_statistics(raw))


def _load(server: Server, task: Task, seconds: float) -> tuple[load.Load, float]:
    used = processes.processor_seconds(server.group)
    done = load.run(HOST, server.port, task.requests(Target.of(server)), seconds)
    used = processes.processor_seconds(server.group) - used
    return done, used / max(1, len(done.latencies_seconds))


def read_stacks(lines: Iterable[str]) -> dict[Spot, float]:
    """Own times in the form that flame graphs are made of: ``outer (file:line);inner (file:line) count``."""
    weights: dict[Spot, float] = defaultdict(float)
    for line in lines:
        stack, _, count = line.rpartition(" ")
        function, _, place = stack.rpartition(";")[2].partition(" (")
        weights[_from_package(place.rstrip(")").rpartition(":")[0] or place.rstrip(")")), function] += int(count)
    return weights


def read_statistics(path: Path) -> dict[Spot, float]:
    """Own times in cProfile's file; those of compiled functions are added to their callers."""
    weights: dict[Spot, float] = defaultdict(float)
    statistics = pstats.Stats(str(path))
    for (file, _, function), (_, _, own, _, callers) in statistics.stats.items():  # type: ignore[attr-defined]
        if file != "~":
            weights[_from_package(file), function] += own
            continue
        for (caller_file, _, caller), timing in callers.items():
            # A compiled function called by another one has no Python caller.
            place = ("compiled", function) if caller_file == "~" else (_from_package(caller_file), caller)
            weights[place] += timing[2]
    return weights


def _from_package(file: str) -> str:
    """A path from the package on, which is how the parts of the program are told."""
    if file.startswith(f"{CHECKOUT}/") and "/.venv" not in file:
        return file.removeprefix(f"{CHECKOUT}/")
    for folder in ("/site-packages/", f"/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        if folder in file:
            return file.rpartition(folder)[2]
    return file


def render(seen: Profile, shown: int = 20) -> str:
    """Markdown: the parts of the program, then the functions."""
    used = seen.server_seconds * 1e6
    lines = [
        f"{seen.workload.what}: {seen.per_second:,.0f} requests a second while watched, {used:,.0f} us of the server's",
        f"processor time each. By {seen.method}.",
        "",
        "| Part | share | us |",
        "| --- | ---: | ---: |",
        *(f"| {area} | {share:.1%} | {share * used:,.1f} |" for area, share in seen.areas()),
        "",
        "| Function | share | us |",
        "| --- | ---: | ---: |",
        *(f"| `{file}` {name} | {share:.1%} | {share * used:,.1f} |" for (file, name), share in seen.spots()[:shown]),
    ]
    return "\n".join(lines) + "\n"
