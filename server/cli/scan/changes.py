"""Changed lines: additions and edits since a revision, by ``git diff``."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping

from cryptoserve_cli.command import CommandFailed

_HUNK = re.compile(r"@@ -[0-9,]{1,30} \+([0-9]{1,10})(?:,([0-9]{1,10}))? @@")
_SECONDS = 120


def changed_lines(revision: str) -> Mapping[str, set[int]]:
    """The changed lines of the files below the working folder, untracked files whole. Raises ``CommandFailed``."""
    if revision.startswith("-"):
        raise CommandFailed(f"no revision: {revision}")
    found: defaultdict[str, set[int]] = defaultdict(set)
    path = ""
    arguments = ["diff", "--unified=0", "--no-color", "--no-ext-diff", "--relative", "--no-prefix", "--no-renames"]
    for line in _git([*arguments, revision, "--"]).splitlines():
        if line.startswith("+++ "):
            path = _unquoted(line[4:])
        elif match := _HUNK.match(line):
            first, count = int(match[1]), int(match[2] or 1)
            found[path].update(range(first, first + count))
    for path in _git(["ls-files", "--others", "--exclude-standard", "-z"]).split("\0"):
        if path:
            found[path].update(range(1, 1_000_000))
    return found


def _unquoted(path: str) -> str:
    """Git quotes names with unusual characters, and puts a tab behind those with blanks."""
    path = path.rstrip("\t")
    if path.startswith('"') and path.endswith('"'):
        return path[1:-1].encode().decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")
    return path


def _git(arguments: list[str]) -> str:
    program = shutil.which("git")
    if program is None:
        raise CommandFailed("-diff: git isn't installed")
    try:
        ended = subprocess.run(  # noqa: S603
            [program, "-c", "core.quotepath=on", *arguments], capture_output=True, check=True, timeout=_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise CommandFailed(f"-diff: {error.stderr.decode(errors='replace').strip()[:300]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(f"-diff: git: {type(error).__name__}") from None
    return ended.stdout.decode("utf-8", "replace")
