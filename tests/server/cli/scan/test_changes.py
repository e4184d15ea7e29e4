"""``cryptoserve scan -diff``: what has changed since a revision, in repositories of every kind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cryptoserve_cli.dispatch import run_command

WEAK = "import hashlib\nhashlib.md5(b'')\n"
SHA1 = "hashlib.sha1(b'')\n"

Changed = Callable[..., set[tuple[str, str]]]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path) -> str:
    """The name of a commit of all of a folder."""
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "m")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, the working folder, with a commit of ``a.py``."""
    made = tmp_path / "a repository"
    (made / "src").mkdir(parents=True)
    (made / "src/a.py").write_text(WEAK)
    git(made, "init", "-q")
    commit(made)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def changed(capfd: pytest.CaptureFixture[str]) -> Changed:
    """The paths and algorithms of what is found on lines changed since a revision."""

    def scan(*paths: str, since: str = "HEAD") -> set[tuple[str, str]]:
        assert run_command(["scan", "-jobs=1", "-format=json", f"-diff={since}", *paths], {}) != 2
        return {(each["path"], each["algorithm"]) for each in json.loads(capfd.readouterr().out)["results"]}

    return scan


@pytest.mark.parametrize("where", [".", "src", "./src/../src", "{}", "../link", "../a repository/src/a.py"])
def test_paths_in_any_spelling(folder: Path, changed: Changed, where: str) -> None:
    (folder.parent / "link").symlink_to(folder / "src")
    where = where.format(folder)
    assert changed(where) == set()
    (folder / "src/a.py").write_text(WEAK + SHA1)
    assert {algorithm for _, algorithm in changed(where)} == {"SHA-1"}


def test_untracked_renamed_and_ignored_files(folder: Path, changed: Changed) -> None:
    git(folder, "mv", "src/a.py", "src/b ü.py")
    (folder / "src/new\tname.py").write_text(WEAK)
    assert changed(".") == {("src/new\tname.py", "MD5")}
    (folder / "src/b ü.py").write_text(WEAK + SHA1)
    assert changed("src/b ü.py") == {("src/b ü.py", "SHA-1")}


@pytest.mark.parametrize("before", ["++ /dev/null\n", "@@ -1 +1 @@\n", "\f\n", "++ other.c\n-- other.c\n@@ -9 +9 @@\n"])
def test_lines_that_look_like_a_diff_hide_nothing(folder: Path, changed: Changed, before: str) -> None:
    (folder / ".gitattributes").write_text("*.c binary\n*.py diff=none\n")
    (folder / "b.c").write_text("#include <openssl/md5.h>\n")
    since = commit(folder)
    (folder / "b.c").write_text(f"#include <openssl/md5.h>\n/*\n{before}*/\nvoid f(void) {{ EVP_md5(); }}\n")
    assert changed(".", since=since) == {("b.c", "MD5")}


def test_calls_and_entries_of_several_lines(folder: Path, changed: Changed) -> None:
    lock = '[[package]]\nname = "rsa"\nversion = "{}"\n\n[[package]]\nname = "pyjwt"\nversion = "99.0"\n'
    (folder / "poetry.lock").write_text(lock.format("99.0"))
    (folder / "src/a.py").write_text("import hashlib\nhashlib.new(\n    'sha256',\n)\n")
    commit(folder)
    (folder / "poetry.lock").write_text(lock.format("3.0"))
    (folder / "src/a.py").write_text("import hashlib\nhashlib.new(\n    'md5',\n)\n")
    assert changed(".") == {("src/a.py", "MD5"), ("poetry.lock", "RSA")}


def test_submodules_have_changed_since_their_commit(folder: Path, changed: Changed) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "b.py").write_text(WEAK)
    git(other, "init", "-q")
    commit(other)
    before = git(folder, "rev-parse", "HEAD")
    git(folder, "submodule", "add", "-q", str(other), "sub")
    commit(folder)
    assert changed(".") == set()
    assert changed(".", since=before) == {("sub/b.py", "MD5")}
    (folder / "sub/b.py").write_text(WEAK + SHA1)
    (folder / "sub/c.py").write_text(WEAK)
    assert changed(".") == {("sub/b.py", "SHA-1"), ("sub/c.py", "MD5")}
    os.chdir(folder / "sub")
    assert changed(".") == {("b.py", "SHA-1"), ("c.py", "MD5")}


def test_what_has_no_such_revision(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    old = git(folder, "rev-parse", "HEAD")
    (folder / "src/a.py").write_text(WEAK + SHA1)
    commit(folder)
    git(folder, "clone", "-q", "--depth=1", folder.as_uri(), str(folder.parent / "shallow"))
    (folder.parent / "none").mkdir()
    for where, revision, words in (
        (".", "none", "has no commit none"),
        (".", "HEAD..HEAD", "has no commit"),
        (".", "HEAD:src/a.py", "has no commit"),
        ("../shallow", old, "a shallow clone lacks older ones"),
        ("../none", "HEAD", "is in no git repository"),
    ):
        assert run_command(["scan", f"-diff={revision}", where], {}) == 2
        assert words in capfd.readouterr().err
