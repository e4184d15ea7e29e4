"""The evaluation as a command: scan the copies that are there, score them, name those that are missing."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.scanner.cases import UnreadableCorpus
from benchmarks.scanner.corpora import CORPORA, Corpus
from benchmarks.scanner.report import Evaluated
from benchmarks.scanner.running import ScanFailed, scan
from benchmarks.scanner.scoring import Score, score
from benchmarks.scanner.unkept import unkept
from benchmarks.workloads.base import UnknownName

Progress = Callable[[str], None]


def evaluate(
    folder: Path, names: Iterable[str], progress: Progress, details: Path | None = None
) -> tuple[list[Evaluated], list[Corpus]]:
    """The corpora below ``folder``, all or those of ``names``, and those that are missing.

    What was missed and what was wrong is listed in the file ``details``. Raises ``ScanFailed``,
    ``UnreadableCorpus`` and ``UnknownName``.
    """
    wanted = set(names)
    if unknown := wanted - {corpus.folder for corpus in CORPORA}:
        raise UnknownName(f"there is no corpus {', '.join(sorted(unknown))}")
    chosen = [corpus for corpus in CORPORA if not wanted or corpus.folder in wanted]
    evaluated: list[Evaluated] = []
    missing: list[Corpus] = []
    listed: list[str] = []
    for corpus in chosen:
        copy = (folder / corpus.folder).resolve()
        if not copy.is_dir():
            missing.append(corpus)
            progress(f"{corpus.folder}: missing, a checkout of {corpus.repository} at {corpus.commit}")
            continue
        progress(f"{corpus.folder}: {corpus.purpose.value}")
        outcome = _evaluate(corpus, copy)
        evaluated.append(outcome)
        listed += _details(outcome)
    if details is not None:
        details.write_text("".join(f"{line}\n" for line in listed), encoding="utf-8")
    return evaluated, missing


def figures(evaluated: Iterable[Evaluated]) -> list[dict[str, object]]:
    """One row for each corpus, language and class."""
    return [
        {
            "corpus": each.corpus.folder,
            "purpose": each.corpus.purpose.value,
            "language": language,
            "finding": finding,
            "found": row.found,
            "missed": len(row.missed),
            "wrong": len(row.wrong),
        }
        for each in evaluated
        for (language, finding), row in sorted(each.scores.items())
    ]


def _evaluate(corpus: Corpus, copy: Path) -> Evaluated:
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
        labelled = corpus.read(copy, Path(scratch).resolve())
        scanned = scan(labelled.scanned)
        groups = {case: group for case in labelled.cases if (group := unkept(corpus.folder, case))}
        kept = [case for case in labelled.cases if case not in groups]
        scores = score(labelled.cases, scanned.findings), score(kept, scanned.findings)
        return Evaluated(corpus, *scores, Counter(groups.values()), scanned.seconds)


def _details(outcome: Evaluated) -> Iterable[str]:
    for (language, finding), row in sorted(outcome.scores.items()):
        yield from _lines(f"{outcome.corpus.folder} {language} {finding}", row)


def _lines(prefix: str, row: Score) -> Iterable[str]:
    for kind, cases in (("missed", row.missed), ("wrong", row.wrong)):
        for case in cases:
            place = case.places[0]
            algorithm = f" {case.algorithm}" if case.algorithm else ""
            yield f"{kind} {prefix} {place.path}:{place.first}{algorithm}"


__all__ = ["ScanFailed", "UnreadableCorpus", "evaluate", "figures"]
