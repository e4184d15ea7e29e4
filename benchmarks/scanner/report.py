"""The page of an evaluation: precision and recall by language and class, for each use of the corpora."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.scanner.cases import USE
from benchmarks.scanner.corpora import Corpus, Purpose
from benchmarks.scanner.scoring import Score, Scores, add_scores


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The outcome for one corpus."""

    corpus: Corpus
    scores: Scores
    seconds: float


def render(evaluated: Sequence[Evaluated], missing: Sequence[Corpus]) -> str:
    """The page, as Markdown."""
    lines = [*_corpora(evaluated, missing)]
    for purpose in (Purpose.REPORTING, Purpose.TUNING):
        parts = [each.scores for each in evaluated if each.corpus.purpose is purpose]
        if parts:
            lines += ["", f"Corpora for {purpose.value}:", "", *_table(add_scores(parts))]
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


def _table(scores: Scores) -> Iterator[str]:
    yield "| language | class | weak places | recall | precision | missed | wrong |"
    yield "| --- | --- | --: | --: | --: | --: | --: |"
    languages = sorted({language for language, _ in scores})
    for language in languages:
        rows = {finding: row for (spoken, finding), row in scores.items() if spoken == language}
        for finding, row in sorted(rows.items()):
            yield _row(language, finding, row)
        weaknesses = Score()
        for finding, row in rows.items():
            if finding != USE:
                weaknesses.add(row)
        yield _row(language, "**all weaknesses**", weaknesses)


def _row(language: str, finding: str, row: Score) -> str:
    figures = f"{_percent(row.recall)} | {_percent(row.precision)} | {len(row.missed)} | {len(row.wrong)}"
    return f"| {language} | {finding} | {row.weak} | {figures} |"


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.0f} %"
