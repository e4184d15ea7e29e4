"""Results of lock files: packages that do cryptography, and versions with known vulnerabilities."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from engines.cbom.dependencies.advisories.bundle import NoAdvisories, read_advisories, shipped_advisories
from engines.cbom.dependencies.advisories.model import Severity
from engines.cbom.dependencies.judging import Result as Judged
from engines.cbom.dependencies.judging import judge
from engines.cbom.dependencies.locks.reading import is_lock_file, read_dependencies
from engines.cbom.dependencies.locks.shapes import MAX_BYTES
from engines.cbom.source.evaluation.sightings import Place
from engines.cbom.source.files.discovery import Problem
from engines.cbom.source.files.suppressions import Suppression, reason_for, suppressions_in
from engines.cbom.source.judging.results import Dependency, Result

__all__ = ["LockFiles", "NoAdvisories"]

_SEVERITIES = {Severity.MODERATE: "medium", Severity.NOTICE: "info"}
"""CycloneDX's words, where they differ."""


class LockFiles:
    """Lock files judged by the advisories that ship, or by those of ``directory``. Raises ``NoAdvisories``."""

    def __init__(self, directory: str) -> None:
        self._advisories = read_advisories(Path(directory)) if directory else shipped_advisories()
        self.problems = [Problem(directory, text) for text in self._advisories.problems]
        self.files = 0
        self.suppressions: dict[str, list[Suppression]] = {}

    def described(self, today: date) -> str:
        """Sources and age of the advisories; "" if no file was judged."""
        return self._advisories.described(today) if self.files else ""

    def reads(self, path: str) -> bool:
        """Whether the file at ``path`` is a lock file."""
        return is_lock_file(path)

    def judge(self, path: str) -> Iterator[Result]:
        """The results of the file at ``path``; what can't be read of it is added to ``problems``."""
        self.files += 1
        try:
            with open(path, "rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            self.problems.append(Problem(path, error.strerror or type(error).__name__))
            return
        found = read_dependencies(path, content)
        self.problems += [Problem(path, text) for text in found.problems]
        if not path.endswith(".json"):  # JSON has no comments.
            self.suppressions[path] = suppressions_in(content)
        starts = [*sorted({package.line for package in found.packages}), content.count(b"\n") + 2]
        for judged in judge(found.packages, self._advisories):
            next_start = starts[bisect_right(starts, judged.package.line)]
            result = _result(path, judged, next_start - 1)
            reason = reason_for(self.suppressions.get(path, []), result.finding, result.place.line)
            yield replace(result, suppressed=reason)


def _result(path: str, judged: Judged, last_line: int) -> Result:
    package, named = judged.package, f"{judged.package.name} {judged.package.version}".rstrip()
    return Result(
        Place(path, package.line, 1, package.line, 1),
        judged.finding,
        judged.primitive,
        judged.algorithm,
        judged.library,
        reason=judged.message,
        text=named,
        dependency=Dependency(
            package.purl,
            package.direct,
            judged.level,
            last_line,
            tuple(each.id for each in judged.advisories),
            tuple(_SEVERITIES.get(each.severity, each.severity.value) for each in judged.advisories),
            judged.fixed,
        ),
    )
