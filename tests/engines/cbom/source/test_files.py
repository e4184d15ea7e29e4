"""Files that are found and read: what is ignored, bounded and named."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.cbom.source.files import discovery
from engines.cbom.source.files.discovery import CannotScan, Discovered, Problem, discover
from engines.cbom.source.files.ignoring import MAX_TRIED, bytes_of, is_ignored, read_patterns
from engines.cbom.source.files.reading import MAX_BYTES, NotSource, read_source
from engines.cbom.source.files.suppressions import reason_for, suppressions_in
from engines.cbom.source.locating import Tree, rust_files


def found_in(root: Path, *exclude: str) -> list[str]:
    found = discover([str(root)], exclude, is_python)
    return [path.removeprefix(f"{root}/") for path in found.paths]


def is_python(name: str) -> bool:
    return name.endswith(".py")


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("pass\n")


def test_source_is_found_without_tools_folders_and_archives(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b/c.py", "node_modules/d.py", ".venv/e.py", "f.txt", "g.zip")
    found = discover([str(tmp_path)], (), is_python)
    assert found_in(tmp_path) == ["a.py", "b/c.py"]
    assert found.archives == 1


def test_what_yarn_keeps_in_a_repository_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, ".pnp.cjs", ".yarn/releases/yarn-4.0.0.cjs", "a.cjs")
    found = discover([str(tmp_path)], (), lambda name: name.endswith(".cjs"))
    assert found.paths == [f"{tmp_path}/a.cjs"]


def test_ignored_files_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.py",
        "build/b.py",
        "src/build/c.py",
        "src/gen_d.py",
        "src/e.py",
        "src/deep/f.py",
        "src/deep/keep.py",
    )
    (tmp_path / ".gitignore").write_text("# comment\n/build/\ngen_*.py\n**/deep/*.py\n!keep.py\n")
    (tmp_path / "src/.gitignore").write_text("e.py\n")
    assert found_in(tmp_path) == ["a.py", "src/build/c.py", "src/deep/keep.py"]
    assert found_in(tmp_path, "src/**") == ["a.py"]
    assert found_in(tmp_path, "a.py", "build") == ["src/deep/keep.py"]


def test_patterns_of_the_repository_around_hold(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/app/gen/\n")
    write(tmp_path, "app/a.py", "app/gen/b.py")
    assert found_in(tmp_path / "app") == ["a.py"]


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("*.py", "a/b.py", True),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**", "a/b/c.py", True),
        ("a/**/c.py", "a/c.py", True),
        ("**/b", "a/b", True),
        ("/b", "a/b", False),
        ("[a-c]?.py", "bx.py", True),
        ("[!a-c]?.py", "bx.py", False),
        ("\\#a", "#a", True),
        ("\\!a", "!a", True),
        ("a[", "a[", False),
        ("a\\", "a\\", False),
        ("a\\[", "a[", True),
        ("[]a]", "]", True),
        ("[a/]b", "ab", True),
        ("[a/]b/c", "ab/c", True),
        ("[[:upper:]]x", "Ax", True),
        ("[[:none:]]", "n", False),
        ("[z-a]", "b", False),
        ("[a-]", "-", True),
        ("??.py", "\u00fc.py", True),
        ("***/a", "b/c/a", True),
        ("a//", "a", False),
        ("a\\  ", "a ", True),
        ("a ", "a", True),
        ("a\r", "a", True),
        ("folder/", "folder", False),
        ("*a*a*a*a*a*a*a*a*b", "a" * 60, False),
        ("**/a/**/a/**/b", "a/" * 60 + "a", False),
    ],
)
def test_patterns_mean_what_git_says(pattern: str, path: str, ignored: bool) -> None:
    layers = [(0, read_patterns([pattern]))]
    assert is_ignored(layers, [bytes_of(name) for name in path.split("/")], is_folder=False) is ignored


def test_patterns_that_have_to_be_tried_are_bounded(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "7.py", "b/c.py", "b/keep.py")
    (tmp_path / ".gitignore").write_text("".join(f"{number}.py\n*.{number}\n" for number in range(2_000)) + "?.py\n")
    (tmp_path / "b/.gitignore").write_text("keep.py\n" + "*x*\n" * MAX_TRIED)
    found = discover([str(tmp_path)], (), is_python)
    assert [path.removeprefix(f"{tmp_path}/") for path in found.paths] == ["b/keep.py"]
    assert [problem.path.removeprefix(f"{tmp_path}/") for problem in found.problems] == ["b/.gitignore"]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("other"), Path.mkdir])
def test_a_gitignore_that_is_no_file_is_none(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write(tmp_path, "a.py")
    (tmp_path / "other").write_text("a.py")
    make(tmp_path / ".gitignore")
    assert found_in(tmp_path) == ["a.py"]


def test_a_gitignore_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    write(tmp_path, "a.py")
    (tmp_path / ".gitignore").write_text("a.py")
    # Not by its mode: an administrator may read it all the same.
    monkeypatch.setattr(discovery, "open", refuse, raising=False)
    found = discover([str(tmp_path)], (), is_python)
    assert found.paths == [f"{tmp_path}/a.py"]
    assert found.problems == [Problem(f"{tmp_path}/.gitignore", "Permission denied")]


def test_links_out_of_the_tree_are_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.py", "tree/a.py")
    (tmp_path / "tree/link.py").symlink_to(tmp_path / "outside/secret.py")
    (tmp_path / "tree/same.py").symlink_to("a.py")
    (tmp_path / "tree/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "tree/loop").symlink_to(tmp_path / "tree")
    found = discover([str(tmp_path / "tree")], (), is_python)
    assert found.paths == [f"{tmp_path}/tree/a.py"]
    assert {problem.path.rpartition("/")[2] for problem in found.problems} == {"link.py", "folder"}


def test_what_is_no_regular_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    found: Discovered = discover([str(tmp_path)], (), is_python)
    assert [problem.text for problem in found.problems] == ["not a regular file"]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotScan, match="no such file"):
        discover([str(tmp_path / "none")], (), is_python)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a = 1\n" + b"#" * MAX_BYTES, "larger than"),
        (b"a\0b", "binary"),
        (b"var a=1;" * 2_000, "minified"),
        (b'<?xml version="1.0"?>\n<TS></TS>\n', "XML"),
    ],
)
def test_what_is_no_source_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.js").write_bytes(content)
    with pytest.raises(NotSource, match=reason):
        read_source(str(tmp_path / "a.js"))


@pytest.mark.parametrize("line", [b"/*\n", b"\t% *  # a\n", b"//*\r\n"])
def test_operators_without_operands_are_not_python(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "a.py").write_bytes(line * 301)
    with pytest.raises(NotSource, match="not Python"):
        read_source(str(tmp_path / "a.py"))
    (tmp_path / "a.c").write_bytes(line * 301)
    assert read_source(str(tmp_path / "a.c"))


def test_utf_16_is_source(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes("import hashlib".encode("utf-16"))
    assert b"import hashlib" in read_source(str(tmp_path / "a.py"))


def test_suppressions_need_a_reason_and_cover_a_line() -> None:
    found = suppressions_in(
        b"a()  # cryptoserve: ignore[weak-hash] an etag\n"
        b"b()  // cryptoserve: ignore[weak-hash]\n"
        b"  # cryptoserve: ignore[ecb-mode, static-iv] a test vector\n"
        b"c()\n"
        b"d('cryptoserve: ignore[weak-hash] no comment')\n"
        b"# cryptoserve: ignore[weak-hash] one reason\n"
        b"# cryptoserve: ignore[static-salt] another one\n"
        b"e()  # cryptoserve: ignore[weak-kdf] a third\n"
    )
    assert [each.line for each in found if each.reason] == [1, 3, 6, 7, 8]
    assert [reason_for(found, finding, 8) for finding in ("weak-hash", "static-salt", "weak-kdf")] == [
        "one reason",
        "another one",
        "a third",
    ]
    assert reason_for(found, "weak-hash", 1) == "an etag"
    assert reason_for(found, "ecb-mode", 1) == ""
    assert reason_for(found, "weak-hash", 2) == ""
    assert reason_for(found, "static-iv", 4) == "a test vector"


def test_files_of_rust_are_found_below_any_root() -> None:
    for root in ("", "/work/app/"):
        tree = Tree.of(
            [f"{root}src/lib.rs", f"{root}src/a/mod.rs", f"{root}src/a/b.rs", f"{root}other-crate/src/lib.rs"]
        )
        found = [
            next(rust_files(tree, f"{root}src/a/b.rs", module, member))
            for module, member in (("crate", "KEY"), ("crate.a", "f"), ("super", "f"), ("other_crate", "f"))
        ]
        assert found == [
            (f"{root}src/lib.rs", "KEY"),
            (f"{root}src/a/mod.rs", "f"),
            (f"{root}src/a/mod.rs", "f"),
            (f"{root}other-crate/src/lib.rs", "f"),
        ]
