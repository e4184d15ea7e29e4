"""Changed lines: additions and edits in the work tree since a revision, by ``git diff``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from cryptoserve_cli.command import CommandFailed

EVERY_LINE = range(1, 1 << 31)

_HUNK = re.compile(rb"@@ -[0-9]{1,10}(?:,([0-9]{1,10}))? \+([0-9]{1,10})(?:,([0-9]{1,10}))? @@")
_SECONDS = 120
_MODULE = "160000 "
"""The mode of a submodule in listings of git, which link its commit."""

_DIFF = (
    *("diff", "--unified=0", "--inter-hunk-context=0", "--no-color", "--no-prefix", "--find-renames"),
    *("--no-ext-diff", "--no-textconv", "--text", "--ignore-submodules=all"),
)
"""Attributes of the repository (``binary``, ``diff=...``) hide no lines."""

_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF")
"""Variables that hooks of git set for one repository, or that change what is written."""


def changed_lines(revision: str, operands: Iterable[str], paths: Iterable[str]) -> Mapping[str, Collection[int]]:
    """The changed lines of ``paths``, whole files if git doesn't track them; without those that haven't changed.

    A submodule has changed since the commit that ``revision`` links. Raises ``CommandFailed``, also if one of
    ``operands`` is in no repository that has the revision.
    """
    if revision.startswith("-"):
        raise CommandFailed(f"-diff: no revision: {revision}")
    bases = {root: _base(root, revision) for root in map(_repository, operands)}
    found: dict[str, Collection[int]] = {}
    changes: dict[str, _Changes] = {}
    for path in paths:
        root = _repository(path)
        if root not in bases:
            bases[root] = _base(root, revision)
        if root not in changes:
            changes[root] = _Changes(root, bases[root])
        found[path] = changes[root].of(os.path.relpath(os.path.realpath(path), root))
    return found


class _Changes:
    """The changes in one repository since a commit, everything if there is none."""

    def __init__(self, root: str, base: str) -> None:
        tracked = _git(root, "ls-files", "-z").split(b"\0") if base else []
        self._tracked = frozenset(map(os.fsdecode, tracked))
        self._lines: defaultdict[str, set[int]] = defaultdict(set)
        for path, lines in _hunks(_git(root, *_DIFF, base, "--")) if base else ():
            self._lines[path].update(lines)

    def of(self, path: str) -> Collection[int]:
        """The changed lines of a file."""
        return self._lines.get(path, ()) if path in self._tracked else EVERY_LINE


def _hunks(diff: bytes) -> Iterator[tuple[str, range]]:
    """The files of a diff, and the lines that each hunk adds. Lines of files are counted, and never looked at."""
    path, old, new = "", 0, 0
    for line in diff.split(b"\n"):
        if old > 0 or new > 0:
            old -= line[:1] in (b"-", b" ")
            new -= line[:1] in (b"+", b" ")
        elif line.startswith(b"+++ "):
            path = _unquoted(line[4:])
        elif match := _HUNK.match(line):
            old, new = int(match[1] or 1), int(match[3] or 1)
            yield path, range(int(match[2]), int(match[2]) + new)


def _unquoted(path: bytes) -> str:
    """Git quotes names with unusual characters, and puts a tab behind those with blanks."""
    path = path.removesuffix(b"\t")
    if path.startswith(b'"') and path.endswith(b'"'):
        return os.fsdecode(path[1:-1].decode("unicode_escape").encode("latin-1"))
    return os.fsdecode(path)


def _repository(path: str) -> str:
    """The root of the repository that has ``path``. Raises ``CommandFailed``."""
    root = _root_around(os.path.realpath(path if os.path.isdir(path) else os.path.dirname(os.path.realpath(path))))
    if not root:
        raise CommandFailed(f"-diff: {path} is in no git repository")
    return root


@cache
def _root_around(folder: str) -> str:
    """The nearest folder with a ``.git``, from ``folder`` upwards; "" without one."""
    return next((str(each) for each in (Path(folder), *Path(folder).parents) if (each / ".git").exists()), "")


def _base(root: str, revision: str) -> str:
    """The commit of a repository to compare with; "" for a submodule that ``revision`` doesn't have.

    A revision is one of the repository around the working folder, or of one that is no submodule.
    """
    outer = "" if root == _root_around(os.path.realpath(".")) else _root_around(os.path.dirname(root))
    path = os.path.relpath(root, outer) if outer else ""
    if path and _git(outer, "ls-files", "--stage", "-z", "--", path).startswith(_MODULE.encode()):
        base = _base(outer, revision)
        listed = _git(outer, "ls-tree", "-z", base, "--", path).decode("utf-8", "replace") if base else ""
        return listed.partition("\t")[0].rpartition(" ")[2] if listed.startswith(_MODULE) else ""
    try:
        return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except CommandFailed as error:
        if str(error) != _NO_WORDS:
            raise
        raise CommandFailed(f"-diff: {root} has no commit {revision}; a shallow clone lacks older ones") from None


_NO_WORDS = "-diff: git failed"


def _git(root: str, *arguments: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise CommandFailed("-diff: git isn't installed")
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    options = ("--literal-pathspecs", "-c", "core.quotepath=on", "-c", "diff.relative=false")
    try:
        ended = subprocess.run(  # noqa: S603
            [program, "-C", root, *options, *arguments],
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            env=environment,
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip()[:300]
        raise CommandFailed(f"-diff: {words}" if words else _NO_WORDS) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(f"-diff: git: {type(error).__name__}") from None
    return ended.stdout
