"""Examples: real source whose comments say what is to be found at their line, ``finds: use:MD5 weak-hash``.

Everything else must not be found: lines without such a comment are the negative examples. ``quantum-vulnerable``, which
goes with each use of classical public-key cryptography, may be left out, as may the use that a weakness implies where
the call names no algorithm (``use:TLS`` beside ``disabled-certificate-check``). A folder of files is one program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engines.cbom.source.judging.judge import Judge
from engines.cbom.source.judging.results import Result
from engines.cbom.source.locating import Tree
from engines.cbom.source.program_files import ProgramFiles

EXAMPLES = Path(__file__).parent / "examples"
_MARK = re.compile(r"(?:#|//|/\*)\s*finds: ([^\n*]+)")


def programs() -> list[Path]:
    """The files and folders directly below each language's folder."""
    return sorted(path for language in EXAMPLES.iterdir() for path in language.iterdir() if path.name[0] not in "._")


def files_of(program: Path) -> dict[str, bytes]:
    """The contents of a program's files, by path."""
    if program.is_file():
        return {program.name: program.read_bytes()}
    return {
        str(path.relative_to(program)): path.read_bytes() for path in sorted(program.rglob("*.*")) if path.is_file()
    }


def results_of(files: dict[str, bytes]) -> list[Result]:
    """What is found in a program."""
    judge = Judge()
    program = ProgramFiles(Tree.of(files), files.get, judge)
    program.prepare(list(files))
    for path in files:
        program.scan(path)
    return judge.results()


def expected(files: dict[str, bytes]) -> set[tuple[str, int, str]]:
    """What the comments say: path, line, and finding or ``use:ALGORITHM``."""
    found: set[tuple[str, int, str]] = set()
    for path, content in files.items():
        for number, line in enumerate(content.decode().splitlines(), 1):
            mark = _MARK.search(line)
            if mark is not None:
                found.update((path, number, word) for word in mark.group(1).split())
    return found


def told(results: list[Result], marked: set[tuple[str, int, str]]) -> Iterator[tuple[str, int, str]]:
    """``results`` in the form of ``expected``, with as much as was marked there."""
    implied = {(each.place, each.kind.use) for each in results}
    implied |= {(each.place, each.algorithm) for each in results if each.finding != "use"}
    for result in results:
        place, exact = result.place, f"{result.finding}:{result.algorithm}".replace(" ", "_")
        words = [exact] if result.finding == "use" else [exact, result.finding]
        word = next((each for each in words if (place.path, place.line, each) in marked), words[-1])
        optional = result.finding == "quantum-vulnerable" or (
            result.finding == "use" and (place, result.algorithm) in implied
        )
        if not optional or (place.path, place.line, word) in marked:
            yield place.path, place.line, word
