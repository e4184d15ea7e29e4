"""The page of an evaluation: precision and recall by language and class, for each use of the corpora."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.scanner.cases import USE
from benchmarks.scanner.corpora import Corpus, Purpose
from benchmarks.scanner.scoring import Score, Scores, add_scores
from benchmarks.scanner.unkept import Unkept


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The outcome for one corpus."""

    corpus: Corpus
    scores: Scores
    kept: Scores
    """Without labels of weak generators from which no secret comes (``unkept``)."""

    left_out: Mapping[Unkept, int]
    """How many labels were left out there."""

    seconds: float


def render(evaluated: Sequence[Evaluated], missing: Sequence[Corpus]) -> str:
    """The page, as Markdown."""
    lines = [*_corpora(evaluated, missing)]
    for purpose in (Purpose.REPORTING, Purpose.TUNING):
        chosen = [each for each in evaluated if each.corpus.purpose is purpose]
        if chosen:
            table = _table(add_scores([each.scores for each in chosen]), add_scores([each.kept for each in chosen]))
            lines += ["", f"Corpora for {purpose.value}:", "", *table]
    lines += _left_out(evaluated)
    return "\n".join(lines)


def _corpora(evaluated: Sequence[Evaluated], missing: Sequence[Corpus]) -> Iterator[str]:
    yield "| corpus | commit | for | weak places | found | wrong | seconds |"
    yield "| --- | --- | --- | --: | --: | --: | --: |"
    for each in evaluated:
        rows = each.scores.values()
        weak, found, wrong = sum(r.weak for r in rows), sum(r.found for r in rows), sum(len(r.wrong) for r in rows)
        yield f"| {_named(each.corpus)} | {weak} | {found} | {wrong} | {each.seconds:.1f} |"
    for corpus in missing:
        yield f"| {_named(corpus)} | missing | | | |"


def _named(corpus: Corpus) -> str:
    return f"{corpus.repository} | `{corpus.commit[:12]}` | {corpus.purpose.value}"


def _left_out(evaluated: Sequence[Evaluated]) -> Iterator[str]:
    if any(each.left_out for each in evaluated):
        yield from ("", "Labels that the second totals leave out:", "")
        yield from ("| corpus | files | labels | what becomes of the number |", "| --- | --- | --: | --- |")
    for each in evaluated:
        for group, labels in each.left_out.items():
            yield f"| {each.corpus.repository} | `{group.files.pattern}` | {labels} | {group.reason} |"


def _table(scores: Scores, kept: Scores) -> Iterator[str]:
    yield "| language | class | weak places | recall | precision | missed | wrong |"
    yield "| --- | --- | --: | --: | --: | --: | --: |"
    languages = sorted({language for language, _ in scores})
    for language in languages:
        rows = {finding: row for (spoken, finding), row in scores.items() if spoken == language}
        for finding, row in sorted(rows.items()):
            yield _row(language, finding, row)
        weaknesses = _weaknesses(scores, language)
        yield _row(language, "**all weaknesses**", weaknesses)
        without = _weaknesses(kept, language)
        if without.weak != weaknesses.weak:
            yield _row(language, "**all but weak-random without a secret**", without)


def _weaknesses(scores: Scores, language: str) -> Score:
    """All of a language's classes but uses."""
    total = Score()
    for (spoken, finding), row in scores.items():
        if spoken == language and finding != USE:
            total.add(row)
    return total


def _row(language: str, finding: str, row: Score) -> str:
    figures = f"{_percent(row.recall)} | {_percent(row.precision)} | {len(row.missed)} | {len(row.wrong)}"
    return f"| {language} | {finding} | {row.weak} | {figures} |"


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.0f} %"
