"""Labels of weak generators whose number becomes no secret, as the labelled source shows.

The scanner looks at weak generators only where a secret comes of them: dice and jitter are no weakness. These corpora
label every call. The labels count in all figures; a second total leaves them out. They were chosen by reading each
labelled place, whether the scanner tells of it or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.scanner.cases import Case

_FINDING = "weak-random"


@dataclass(frozen=True, slots=True)
class Unkept:
    """Labels in the files of a corpus whose paths match, and what becomes of the number there."""

    folder: str
    files: re.Pattern[str]
    reason: str


UNKEPT = (
    Unkept("PyCryptoBench", re.compile(r"/rule_0[05]_[^/]*\.py$"), "prints or drops a number up to 100, or a state"),
    Unkept("juliet-test-suite", re.compile(r"/CWE338_Weak_PRNG__\w+\.java$"), "prints the number"),
    Unkept("juliet-test-suite-c", re.compile(r"/CWE338_Weak_PRNG__\w+\.c$"), "prints the number"),
    Unkept("gosec", re.compile(r"/g404/\d+/sample\d+\.go$"), "prints or drops the number"),
    Unkept("CryptoAnalysis", re.compile(r"/UsingRandom\d\.java$"), "makes no number"),
    Unkept("semgrep-rules", re.compile(r"/math_random\.go$"), "the label is on an import"),
    Unkept("codeql", re.compile(r"/library-tests/Security/CWE-338/tst\.js$"), "drops the number"),
)


def unkept(folder: str, case: Case) -> Unkept | None:
    """What ``case`` of the corpus ``folder`` is among; None if a secret may come of its number."""
    if not case.expected or case.finding != _FINDING:
        return None
    path = case.places[0].path.as_posix()
    return next((each for each in UNKEPT if each.folder == folder and each.files.search(path)), None)
