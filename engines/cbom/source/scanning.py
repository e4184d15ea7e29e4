"""Scan of many files: selection of the relevant ones, and analysis in several processes.

A file matters if it names a library that knowledge has, or imports a file that does: so calls of wrappers are seen
where they are. All others are only read when a file that matters imports them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self, TypeVar

from engines.cbom.source.files.discovery import Problem
from engines.cbom.source.files.followers import Imported
from engines.cbom.source.files.reading import NotSource, Reads, read_source
from engines.cbom.source.files.relevance import Importers, followers_among, sift
from engines.cbom.source.files.suppressions import Suppression, reason_for, suppressions_in
from engines.cbom.source.judging.conditions import Conditions
from engines.cbom.source.judging.judge import Judge
from engines.cbom.source.judging.results import Result
from engines.cbom.source.languages import language_of
from engines.cbom.source.locating import Tree
from engines.cbom.source.own_tests import is_caller
from engines.cbom.source.program_files import ProgramFiles

if TYPE_CHECKING:
    from concurrent.futures import Executor

_Group = TypeVar("_Group")
_Made = TypeVar("_Made")

Progress = Callable[[int, int], None]
"""Told how many files are done, and of how many."""

_GROUP = 48
"""Files that a process takes at a time: neighbours, which import each other."""

_LARGEST_GROUP = 256

_MAX_KEPT = 2100
"""The most files that a process keeps from one group to the next."""

_MAX_TEXT = 300

_MEMORY_BYTES = 4 << 30
"""The most memory that a process may take while it scans (Linux). A million lines take a few hundred MiB."""


class ScanningEnded(Exception):
    """A process that scans has ended before its work was done."""


@dataclass(slots=True)
class Scanned:
    """Results of a scan, and what there is to say beside them."""

    results: list[Result] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    suppressions: dict[str, list[Suppression]] = field(default_factory=dict)
    files: int = 0
    """Files that were looked at."""

    size: int = 0
    """Their bytes."""

    conditions: Conditions = field(default_factory=Conditions)
    """What is decided once all files are done."""


@dataclass(slots=True)
class _Sifted:
    """Signs of a group of files that a text search found."""

    hot: list[str] = field(default_factory=list)
    """Those that matter."""

    imports: dict[str, list[Imported]] = field(default_factory=dict)
    """What others import, by their paths, where that tells which files these are."""

    problems: list[Problem] = field(default_factory=list)
    size: int = 0


def scan(paths: Sequence[str], jobs: int, progress: Progress) -> Scanned:
    """Scan source files; files of settings among ``paths`` are read where a program asks for them.

    Raises ``MissingGrammar``, ``KnowledgeError`` and ``ScanningEnded``. Takes less time with garbage collection off:
    what is dropped between groups is collected by itself.
    """
    found = Scanned(files=sum(language_of(path) is not None for path in paths))
    groups = [paths[start : start + _GROUP] for start in range(0, len(paths), _GROUP)]
    judge = Judge()
    with _Pool(jobs, paths) as pool:
        hot: list[str] = []
        imports: dict[str, list[Imported]] = {}
        for sifted in pool.map(_sift, groups):
            hot += sifted.hot
            imports |= sifted.imports
            found.problems += sifted.problems
            found.size += sifted.size
        importers = Importers(hot)
        cold = sorted(set(paths) - set(hot) - imports.keys())
        rest = [(cold[start : start + _GROUP], importers) for start in range(0, len(cold), _GROUP)]
        followers = list(followers_among(imports, _tree, _read, hot))
        for more in pool.map(_sift_importers, rest) if hot else ():
            hot += more
        hot += followers
        hot.sort(key=lambda path: (is_caller(path), path))  # Tests call others with what these have seen nowhere else.
        size = min(_LARGEST_GROUP, max(_GROUP, -(-len(hot) // (3 * jobs))))
        work = [hot[start : start + size] for start in range(0, len(hot), size)]
        done = 0
        for part, group in zip(pool.map_apart(_scan_group, work, list(map(_bytes_in, work))), work, strict=True):
            done += len(group)
            progress(done, len(hot))
            found.problems += part.problems
            found.suppressions |= part.suppressions
            found.conditions.add(part.conditions)
            for result in part.results:
                judge.add(result)
    for result in found.conditions.remaining():
        judge.add(result)
    found.results = judge.results()
    return found


class _Pool:
    """Runs functions over groups of files: in this process for one job, in others for more."""

    def __init__(self, jobs: int, paths: Sequence[str]) -> None:
        self._jobs = jobs
        self._paths = paths
        self._executors: list[Executor] = []
        self._limit: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        _begin(self._paths)
        if self._jobs < 2 or len(self._paths) <= _GROUP:
            self._limit = _bound_memory()
            return self
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
        self._executors = [ProcessPoolExecutor(1, context, _begin_process, (self._paths,)) for _ in range(self._jobs)]
        return self

    def map(self, function: Callable[[_Group], _Made], groups: Sequence[_Group]) -> Iterator[_Made]:
        """The results of groups, in their order.

        Each process takes a share of neighbours, which have files in common, and then the last of another's.
        """
        return self._run(function, groups, _shares([1] * len(groups), self._jobs), steals=True)

    def map_apart(
        self, function: Callable[[_Group], _Made], groups: Sequence[_Group], sizes: Sequence[int]
    ) -> Iterator[_Made]:
        """As ``map``, but no process takes another's groups; ``sizes`` says how large they are.

        For results that depend on what the process has done before: so they don't depend on time.
        """
        return self._run(function, groups, _shares(sizes, self._jobs), steals=False)

    def _run(
        self, function: Callable[[_Group], _Made], groups: Sequence[_Group], shares: list[deque[int]], *, steals: bool
    ) -> Iterator[_Made]:
        if not self._executors:
            yield from map(function, groups)
            return
        from concurrent.futures import FIRST_COMPLETED, Future, wait

        running: dict[Future[_Made], tuple[int, int]] = {}
        made: dict[int, _Made] = {}

        def begin(process: int) -> None:
            own, most = shares[process], max(shares, key=len)
            if own or (most and steals):
                number = own.popleft() if own else most.pop()
                running[self._executors[process].submit(function, groups[number])] = process, number

        for process in range(len(shares)):
            begin(process)
        for number in range(len(groups)):
            while number not in made:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    process, finished = running.pop(done)
                    made[finished] = done.result()
                    begin(process)
            yield made.pop(number)

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        _begin(())
        if self._limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, self._limit)
        for executor in self._executors:
            executor.shutdown(cancel_futures=True)
        if self._executors:
            from concurrent.futures.process import BrokenProcessPool

            if isinstance(error, BrokenProcessPool):
                raise ScanningEnded from error


def _shares(sizes: Sequence[int], count: int) -> list[deque[int]]:
    """The numbers of groups of these sizes, as ``count`` shares of neighbours that are about equally large."""
    shares: list[deque[int]] = [deque() for _ in range(count)]
    before, total = 0, sum(sizes)
    for number, size in enumerate(sizes):
        shares[min(count - 1, (2 * before + size) * count // max(1, 2 * total))].append(number)
        before += size
    return shares


def _bytes_in(paths: Sequence[str]) -> int:
    found = 0
    for path in paths:
        with contextlib.suppress(OSError):
            found += os.stat(path).st_size
    return found


_tree = Tree(())
_files: ProgramFiles | None = None
"""The files that the groups before have read: groups have headers, modules and helpers in common."""

_hot: dict[str, bool] = {}
"""Whether files that this process has sifted name a library."""

_reads = Reads()


def _begin(paths: Sequence[str]) -> None:
    global _tree, _files, _hot, _reads
    _tree, _files, _hot, _reads = Tree.of(paths), None, {}, Reads()


def _begin_process(paths: Sequence[str]) -> None:
    """As ``_begin``, in a process of the pool."""
    gc.disable()  # What a group makes lives longer than it: collecting before would find nothing.
    _bound_memory()
    _begin(paths)


def _bound_memory() -> tuple[int, int] | None:
    """Let this process take ``_MEMORY_BYTES`` more; the limits before, or None where there is no such limit.

    Steps bound what a file costs; this is for what they miss. A file that takes all is reported, and the scan goes on.
    """
    if sys.platform != "linux":
        return None
    with open("/proc/self/statm", "rb") as file:
        present = int(file.read().split()[0]) * resource.getpagesize()
    before = soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = min(each for each in (present + _MEMORY_BYTES, soft, hard) if each != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    return before


def _sift(paths: Sequence[str]) -> _Sifted:
    found = _Sifted()
    for path in paths:
        if language_of(path) is None:
            continue
        try:
            content = read_source(path)
        except NotSource as problem:
            found.problems.append(Problem(path, str(problem)))
            continue
        found.size += len(content)
        told = sift(path, content)
        _hot[path] = told.names_library
        if told.names_library:
            found.hot.append(path)
        if told.imports is not None:
            found.imports[path] = told.imports
    return found


def _sift_importers(group: tuple[Sequence[str], Importers]) -> list[str]:
    paths, importers = group
    return [path for path in paths if importers.have(path, _read(path) or b"")]


def _read(path: str) -> bytes | None:
    try:
        return read_source(path)
    except NotSource:
        return None


def _scan_group(paths: Sequence[str]) -> Scanned:
    """What is found in a group of files."""
    global _files
    judge, found = Judge(), Scanned()
    if _files is not None and _files.loaded > _MAX_KEPT:
        _files = None  # Before others are read: both at once would take twice the memory.
        gc.collect()
    if _files is None:
        _files = ProgramFiles(_tree, _read, judge, hot=_hot, reads=_reads)
    files = _files
    files.report_to(judge)
    files.prepare(paths)
    for path in paths:
        loaded = files.scan(path)
        if loaded is not None and loaded.truncated:
            found.problems.append(Problem(path, "too deeply nested, or too complex, to be followed to the end"))
    for path, kind in files.failures.items():
        found.problems.append(Problem(path, f"the scanner failed on it: {kind}"))
    files.failures.clear()
    found.conditions = judge.conditions()
    lines = _Lines(found.suppressions)
    found.results = [lines.finished(result) for result in judge.results()]
    for each in found.conditions.undecided:
        each.result = lines.finished(each.result)
    return found


@dataclass(slots=True)
class _Lines:
    """The lines of files of which there are results, and their suppressions, which are noted."""

    suppressions: dict[str, list[Suppression]]
    contents: dict[str, list[bytes]] = field(default_factory=dict)

    def finished(self, result: Result) -> Result:
        """The result as ``_finished`` makes it of its file."""
        path = result.place.path
        if path not in self.contents:
            content = _read(path) or b""
            self.contents[path] = content.split(b"\n")
            self.suppressions[path] = suppressions_in(content)
        return _finished(result, self.contents[path], self.suppressions[path])


def _finished(result: Result, lines: list[bytes], suppressions: list[Suppression]) -> Result:
    """The result with its line's text and the reason why it is suppressed."""
    place = result.place
    line = _line(lines, place.line)
    start, end = _characters(line, place.column), _characters(_line(lines, place.end_line), place.end_column)
    return replace(
        result,
        place=replace(place, column=start, end_column=end),
        text=line.strip()[:_MAX_TEXT].decode("utf-8", "replace"),
        suppressed=reason_for(suppressions, result.finding, place.line),
    )


def _line(lines: list[bytes], number: int) -> bytes:
    return lines[number - 1] if number <= len(lines) else b""


def _characters(line: bytes, column: int) -> int:
    """A column that counts bytes as one that counts characters."""
    return len(line[: column - 1].decode("utf-8", "replace")) + 1
