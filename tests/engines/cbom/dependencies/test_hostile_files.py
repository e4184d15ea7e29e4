"""Lock files that are malformed, huge or made to cost much: named, in bounded time, and never a crash."""

from __future__ import annotations

import time

import pytest

from engines.cbom.dependencies.locks import reading, shapes, yaml_text
from engines.cbom.dependencies.locks.reading import read_dependencies
from engines.cbom.source.files.manifests import Manifests
from engines.cbom.source.locating import Tree
from engines.cbom.source.settings.text_files import read_toml
from engines.cbom.source.values import NOTHING
from engines.cbom.toml_text import MAX_KEY_PARTS

EVERY = (
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "Pipfile.lock", "poetry.lock", "pdm.lock",
    "uv.lock", "pylock.toml", "Cargo.lock", "requirements.txt",
)  # fmt: skip
DEEP = 20_000
MAX_SECONDS = 2.0
"""Processor time for one of these files, on a machine that does other work."""


def problem(path: str, content: str | bytes) -> str:
    """The problem of a file, found in bounded time."""
    start = time.process_time()
    found = read_dependencies(path, content if isinstance(content, bytes) else content.encode())
    assert time.process_time() - start < MAX_SECONDS
    return "; ".join(found.problems)


MALFORMED = (
    b"",
    b"\x00\x01",
    b"\xff\xfe",
    b"[1, 2]",
    b"null",
    b'{"packages": 3, "dependencies": [], "default": 1}',
    b'{"packages": {"a/node_modules/b": 3, "c": ["d"]}, "workspaces": {"": 3}}',
    b"package = 3\npackages = [3]\n",
    b"[[package]]\nname = 3\n[[packages]]\nname = []\n",
    b"packages:\n  - 3\n",
    b"__metadata:\n  version: 8\nb: 3\n",
    b"lockfileVersion: 9\npackages:\n  /\n",
    b'lockfileVersion: "6.0"\nimporters: {".": {dependencies: {a: [b]}}}\n',
)


def test_what_is_malformed_never_raises() -> None:
    for path in EVERY:
        for content in MALFORMED:
            read_dependencies(path, content)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("package-lock.json", '{"packages": []}', "packages is not an object"),
        ("package-lock.json", "{", "not JSON"),
        ("package-lock.json", '{"packages": {"node_modules/a": {"version": 3}}}', "a version is not a text"),
        ("bun.lock", '{"packages": {"a": "b"}}', "a package is not a list"),
        ("poetry.lock", "[[package]\n", "not TOML"),
        ("Cargo.lock", "[package]\n", "package is not a list"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: [a]\n", "packages is not an object"),
        ("pnpm-lock.yaml", "lockfileVersion: '7.0'\n", "a lockfileVersion other than 5, 6 and 9"),
        ("pnpm-lock.yaml", "a: [", "not YAML"),
        ("yarn.lock", "what is this\n", "line 1 is no entry"),
        ("requirements.txt", b"\xff", "not UTF-8"),
        ("notes.txt", "", "no lock file"),
    ],
)
def test_what_is_wrong_is_named(path: str, content: str | bytes, expected: str) -> None:
    assert problem(path, content) == expected


@pytest.mark.parametrize(
    "content",
    [
        "[" + ".".join("a" * DEEP) + "]",
        "a" + ' . "b"' * DEEP + " = 1",
        "x." * DEEP + "y = 1",
        "a = {" + '"! \\" .".' * DEEP + "b = 1}",
        "' .!'." * DEEP + "b = 1",
    ],
)
def test_keys_of_toml_have_few_parts(content: str) -> None:
    assert problem("uv.lock", content) == f"a key of more than {MAX_KEY_PARTS} parts"
    assert read_toml(content.encode()) is NOTHING
    assert Manifests(Tree.of(["Cargo.toml"]), lambda _path: content.encode()).package("a.rs", "md_5") == "md_5"


def test_values_with_dots_are_no_keys() -> None:
    assert problem("uv.lock", f'a = "{"1.2.3, " * 100}"\nb = [{"1.5, " * 100}]\nc = "{"x." * 100}"\n') == ""


def test_numbers_that_are_too_long_are_no_toml() -> None:
    content = b"[dependencies]\na = " + b"1" * 5000
    assert problem("uv.lock", content) == "not TOML"
    assert Manifests(Tree.of(["Cargo.toml"]), lambda _path: content).package("a.rs", "md_5") == "md_5"


def test_large_files_of_toml_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MAX_TOML_BYTES", 10)
    assert problem("poetry.lock", "# A comment") == "more than 10 bytes"


def test_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    assert problem("yarn.lock", " " * 101) == "more than 100 bytes"


def test_packages_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PACKAGES", 10)
    found = read_dependencies("requirements.txt", b"a==1\n" * 11)
    assert (len(found.packages), found.problems) == (10, ("more than 10 packages: the others are left out",))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package-lock.json", '{"dependencies":' + '{"a":{"dependencies":' * DEEP + "{}" + "}}" * DEEP + "}"),
        ("package-lock.json", "[" * DEEP),
        ("bun.lock", '{"packages":' + "[" * DEEP),
        ("Pipfile.lock", '{"default":' * DEEP),
        ("poetry.lock", "a = " + "[" * DEEP),
        ("Cargo.lock", "a = " + "{a = " * DEEP),
        ("pnpm-lock.yaml", "[" * DEEP),
        ("pnpm-lock.yaml", "{a: " * DEEP),
        ("yarn.lock", "__metadata:\n" + "".join(f"{' ' * depth}a:\n" for depth in range(1, 1500))),
        ("requirements.txt", "a ; " + "(" * 4000),
    ],
)
def test_deep_nesting(path: str, content: str) -> None:
    problem(path, content)


def test_aliases_of_yaml_are_refused() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n or ''}, *a{n or ''}]\n" for n in range(1))
    assert problem("pnpm-lock.yaml", bomb.replace("*a,", "*a ,")) == "an alias"
    assert problem("pnpm-lock.yaml", "base: &b {a: 1}\nother: {<<: *b}\n") == "an alias"
    assert problem("pnpm-lock.yaml", "a: 1\na: 2\n") == "a key that stands twice"
    assert problem("pnpm-lock.yaml", "? [a]\n: 2\n") == "a key that is no text"
    assert (
        problem("pnpm-lock.yaml", "a: !!python/object/apply:os.system [id]\n")
        == "a lockfileVersion other than 5, 6 and 9"
    )


def test_yaml_has_bounds_of_depth_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem("pnpm-lock.yaml", "[" * 33) == "nested more than 32 deep"
    monkeypatch.setattr(yaml_text, "MAX_VALUES", 50)
    assert problem("pnpm-lock.yaml", f"[{'a, ' * 60}]") == "more than 50 values"


LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package-lock.json", '{"packages": {"node_modules/' + LONG + '": {"version": "1.0.0"}}}'),
        ("package-lock.json", '{"packages": {"node_modules/a": {"version": "' + LONG + '"}}}'),
        ("yarn.lock", f'{LONG}@1:\n  version "1.0.0"\n'),
        ("pnpm-lock.yaml", f"lockfileVersion: '9.0'\npackages:\n  ? {LONG}@1.0.0\n  : {{}}\n"),
        ("bun.lock", '{"packages": {"a": ["' + LONG + '@1.0.0"]}}'),
        ("Cargo.lock", f'[[package]]\nname = "{LONG}"\nversion = "1.0.0"\nsource = "a"\n'),
        ("poetry.lock", f'[[package]]\nname = "{LONG}"\nversion = "1.0.0"\n'),
    ],
)
def test_names_and_versions_have_a_bound(path: str, content: str) -> None:
    limit = shapes.MAX_PLACE if path in ("pnpm-lock.yaml", "bun.lock") else shapes.MAX_TEXT
    assert f"has more than {limit} characters" in problem(path, content)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("yarn.lock", "a" + " " * 300_000 + "b\n"),
        ("yarn.lock", "a@1:\n  version " + " " * 300_000 + "x y\n"),
        ("requirements.txt", "a" + " \t" * 300_000 + "#\n"),
        ("requirements.txt", "a \\\n" * 100_000),
        ("requirements.txt", "a==1" + " --hash=x" * 100_000),
        ("bun.lock", '{"a": "' + '\\"' * 300_000),
        ("bun.lock", ", " * 300_000),
        ("package-lock.json", ' "' + "\\" * 300_000 + "\n"),
        ("requirements.txt", f"./a-1-{'a.' * 600}a-{'b.' * 600}b-{'c.' * 600}c.whl\n" * 20),
        ("requirements.txt", ("-e " + "#" * 4000 + "\n") * 100),
        ("requirements.txt", "-e" + " \t" * 300_000 + "\n"),
        ("bun.lock", '{"packages": {' + ",".join(f'"a{n}": ["a{n}@git:a{n}-1.2.3.tgz"]' for n in range(5000)) + "}}"),
        ("bun.lock", '{"packages": {"a": ["a@b:' + "a-1.2.3-" * 500 + '"]}}'),
    ],
)
def test_texts_cost_time_in_proportion(path: str, content: str) -> None:
    problem(path, content)
