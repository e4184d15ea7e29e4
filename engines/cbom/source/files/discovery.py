"""Discovery of the files to scan: below the given paths, without what is ignored, and without leaving them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engines.cbom.source.files.ignoring import MAX_TRIED, Patterns, bytes_of, is_ignored, read_patterns

MAX_FILES = 500_000
"""The most files of one scan."""

MAX_DEPTH = 100
"""The most folders in one another."""

_MAX_IGNORE_FILE = 1 << 20
_NEVER = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".venv", "venv", ".mypy_cache", ".yarn"}
)
"""Folders of tools and of fetched packages, whatever ``.gitignore`` says."""

_GENERATED = frozenset({".pnp.cjs", ".pnp.loader.mjs", ".pnp.js"})
"""Files of Yarn's Plug'n'Play, which are its own code."""

_ARCHIVES = frozenset({".zip", ".jar", ".war", ".ear", ".whl", ".egg", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z"})


class CannotScan(Exception):
    """A path that was asked for can't be scanned; the text names it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, or a part of one, that wasn't scanned."""

    path: str
    text: str


@dataclass(slots=True)
class Discovered:
    """Paths to scan as they are told in results, with slashes, and what was left out."""

    paths: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    archives: int = 0


def discover(arguments: Sequence[str], exclude: Sequence[str], wanted: Callable[[str], bool]) -> Discovered:
    """The files at and below ``arguments`` whose names are ``wanted``. Raises ``CannotScan``."""
    found = Discovered()
    excluded = read_patterns(exclude)
    for argument in arguments:
        path = Path(argument)
        mode = _mode_of(argument)
        if stat.S_ISDIR(mode):
            _Walk(found, excluded, wanted, path).run()
        elif wanted(path.name) and not _is_excluded(excluded, path):
            found.paths.append(path.as_posix())
    found.paths = _once(found.paths) if len(arguments) > 1 else sorted(found.paths)
    return found


def _mode_of(argument: str) -> int:
    """The mode of a file or folder that can be read. Raises ``CannotScan``."""
    try:
        mode = os.stat(argument).st_mode
    except FileNotFoundError:
        raise CannotScan(f"{argument or repr(argument)}: no such file or folder") from None
    except OSError as error:
        raise CannotScan(f"{argument}: {error.strerror}") from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise CannotScan(f"{argument}: not a regular file")
    if not os.access(argument, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise CannotScan(f"{argument}: Permission denied")
    return mode


def _is_excluded(excluded: Patterns, path: Path) -> bool:
    """Whether a file that was asked for, or a folder that it names, is excluded."""
    below = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    segments = [bytes_of(part) for part in below.parts if part not in ("/", "..")]
    return any(
        is_ignored(((0, excluded),), segments[:size], is_folder=size < len(segments))
        for size in range(1, len(segments) + 1)
    )


def _once(paths: Sequence[str]) -> list[str]:
    """Each file once, as it was told first."""
    told: dict[str, str] = {}
    for path in paths:
        told.setdefault(os.path.abspath(path), path)
    return sorted(told.values())


class _Walk:
    """The walk through one folder. Its ``.gitignore`` files, and those of the repository around it, hold."""

    def __init__(self, found: Discovered, excluded: Patterns, wanted: Callable[[str], bool], root: Path) -> None:
        self._found = found
        self._excluded = excluded
        self._wanted = wanted
        self._root = root
        self._real = Path(os.path.realpath(root))

    def run(self) -> None:
        prefix, layers = self._layers_above()
        name = self._root.as_posix()
        start = "" if name == "." else f"{name.rstrip('/')}/"
        pending = [(start, str(self._root), prefix, layers)]
        while pending:
            told, folder, segments, above = pending.pop()
            if len(segments) - len(prefix) > MAX_DEPTH:
                self._problem(told, f"more than {MAX_DEPTH} folders in one another")
                continue
            here = self._with_patterns_of(folder, told, len(segments), above)
            for entry in self._entries(told, folder):
                path = [*segments, bytes_of(entry.name)]
                is_folder = entry.is_dir(follow_symlinks=False)
                if self._left_out(entry, path, len(prefix), is_folder, here):
                    continue
                if is_folder:
                    pending.append((f"{told}{entry.name}/", entry.path, path, here))
                elif len(self._found.paths) >= MAX_FILES:
                    self._problem(told, f"more than {MAX_FILES} files: the rest isn't scanned")
                    return
                else:
                    self._file(entry, f"{told}{entry.name}")

    def _with_patterns_of(
        self, folder: str, told: str, depth: int, above: list[tuple[int, Patterns]]
    ) -> list[tuple[int, Patterns]]:
        """``above`` and the layer of a folder, as long as that leaves few patterns to try for each name."""
        own = self._patterns_in(folder, told)
        if not own.patterns:
            return above
        if sum(len(layer.tried) for _, layer in above) + len(own.tried) > MAX_TRIED:
            self._problem(f"{told}.gitignore", f"more than {MAX_TRIED} patterns with wildcards hold there")
            return above
        return [*above, (depth, own)]

    def _entries(self, told: str, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._problem(told or ".", error.strerror or type(error).__name__)
            return []

    def _left_out(
        self,
        entry: os.DirEntry[str],
        path: list[str],
        depth: int,
        is_folder: bool,
        layers: Sequence[tuple[int, Patterns]],
    ) -> bool:
        if is_folder and entry.name in _NEVER:
            return True
        excluded = ((depth, self._excluded),)
        return is_ignored(layers, path, is_folder=is_folder) or is_ignored(excluded, path, is_folder=is_folder)

    def _file(self, entry: os.DirEntry[str], told: str) -> None:
        if entry.is_symlink():
            target = Path(os.path.realpath(entry.path))
            if not target.is_relative_to(self._real):
                self._problem(told, "a symbolic link that leads out of the tree")
        elif entry.name in _GENERATED or not self._wanted(entry.name):
            self._found.archives += os.path.splitext(entry.name)[1].lower() in _ARCHIVES
        elif entry.is_file(follow_symlinks=False):
            self._found.paths.append(told)
        else:
            self._problem(told, "not a regular file")

    def _layers_above(self) -> tuple[list[str], list[tuple[int, Patterns]]]:
        """The segments of the root below the repository that it is in, and the patterns of the folders between."""
        root = self._real
        repository = next((folder for folder in _with_parents(root) if (folder / ".git").exists()), root)
        folders = root.relative_to(repository).parts
        layers: list[tuple[int, Patterns]] = []
        for depth in range(len(folders)):
            folder = str(repository.joinpath(*folders[:depth]))
            own = self._patterns_in(folder, f"{folder}/")
            if own.patterns:
                layers.append((depth, own))
        return [bytes_of(folder) for folder in folders], layers

    def _patterns_in(self, folder: str, told: str) -> Patterns:
        """The patterns of a folder; as for git, none where its file can't be read, and a link is no such file."""
        try:
            return _read_patterns(os.path.join(folder, ".gitignore"))
        except OSError as error:
            self._problem(f"{told}.gitignore", error.strerror or type(error).__name__)
            return Patterns()

    def _problem(self, path: str, text: str) -> None:
        self._found.problems.append(Problem(path, text))


def _read_patterns(path: str) -> Patterns:
    """The patterns of a file; none if it is missing or no regular file: a pipe or a device would block.

    Raises ``OSError``.
    """
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return Patterns()
    except FileNotFoundError:
        return Patterns()
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        return read_patterns(file.read(_MAX_IGNORE_FILE).split("\n"))


def _with_parents(path: Path) -> Iterator[Path]:
    yield path
    yield from path.parents
