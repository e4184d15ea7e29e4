"""Knowledge files are tested with the examples beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.cbom.source.languages import LANGUAGES
from engines.cbom.source.words import PRIMITIVES, USE
from tests.engines.cbom.source.examples import EXAMPLES, expected, files_of, programs, results_of, told

KNOWLEDGE = Path(__file__).parents[4] / "engines/cbom/source/knowledge/data"


@pytest.mark.parametrize("program", programs(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_is_found_is_what_the_comments_say(program: Path) -> None:
    files = files_of(program)
    marked = expected(files)
    results = results_of(files)
    assert set(told(results, marked)) == marked
    used = {(each.place.path, each.place.line) for each in results if each.finding == USE}
    assert {(each.place.path, each.place.line) for each in results} == used
    assert {each.primitive for each in results} <= PRIMITIVES
    assert [each.reason for each in results if " ()" in each.reason or "{" in each.reason] == []


@pytest.mark.parametrize(
    "program", [path for path in programs() if path.is_dir()], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_program_with_an_absolute_path_has_the_same_results(program: Path) -> None:
    files = files_of(program)
    below = {f"/source/{path}": content for path, content in files.items()}
    there = [(each.place.path.removeprefix("/source/"), each.place.line, each.finding) for each in results_of(below)]
    assert there == [(each.place.path, each.place.line, each.finding) for each in results_of(files)]


@pytest.mark.parametrize("file", sorted(KNOWLEDGE.rglob("*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_knowledge_file_has_examples(file: Path) -> None:
    there = {path.name.partition(".")[0] for path in (EXAMPLES / file.relative_to(KNOWLEDGE).parts[0]).iterdir()}
    assert file.stem in there


def test_each_of_several_libraries_in_a_file_has_its_name() -> None:
    source = b"import httpx, secrets\nhttpx.get('https://example.org', verify=False)\nsecrets.token_hex(16)\n"
    assert {(each.place.line, each.library) for each in results_of({"a.py": source})} == {(2, "httpx"), (3, "secrets")}


def test_every_language_has_knowledge() -> None:
    assert {language.family for language in LANGUAGES} == {path.name for path in KNOWLEDGE.iterdir()}


@pytest.mark.parametrize(
    ("line", "library"),
    [
        ("import b from 'bcrypt'; b.hashSync(p, 12);", "bcrypt"),
        ("import b from 'bcryptjs'; b.hashSync(p, 12);", "bcryptjs"),
        ("import { hash } from '@node-rs/argon2'; hash(p);", "@node-rs/argon2"),
        ("const random = require('randombytes'); random(16);", "randombytes"),
        ("import { sign } from 'hono/jwt'; sign({}, key);", "hono"),
        ("import { createHash } from 'node:crypto'; createHash('sha256');", "node:crypto"),
    ],
)
def test_a_library_is_the_one_that_is_imported(line: str, library: str) -> None:
    assert {each.library for each in results_of({"a.js": line.encode()})} == {library}
