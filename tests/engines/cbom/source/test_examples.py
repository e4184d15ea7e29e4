"""Knowledge files are tested with the examples beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.cbom.source.languages import LANGUAGES
from tests.engines.cbom.source.examples import EXAMPLES, expected, files_of, programs, results_of, told

KNOWLEDGE = Path(__file__).parents[4] / "engines/cbom/source/knowledge/data"


@pytest.mark.parametrize("program", programs(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_found_is_what_the_comments_say(program: Path) -> None:
    files = files_of(program)
    marked = expected(files)
    assert set(told(results_of(files), marked)) == marked


@pytest.mark.parametrize("file", sorted(KNOWLEDGE.rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_knowledge_file_has_examples(file: Path) -> None:
    there = {path.name.partition(".")[0] for path in (EXAMPLES / file.parent.name).iterdir()}
    assert file.stem in there


def test_every_language_has_knowledge() -> None:
    assert {language.family for language in LANGUAGES} == {path.name for path in KNOWLEDGE.iterdir()}
