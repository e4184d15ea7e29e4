"""Imports of Python's files, found by a text search, and the files of the program that they lead to.

Python's libraries have names of common words (``random``, ``requests``, ``ssl``), which mean them only where they are
imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from engines.cbom.source.knowledge.loading import knowledge_of, signs_of
from engines.cbom.source.locating import Tree, python_files

_IMPORT = b"import"
_EVERYTHING = "*"
_PACKAGE = "/__init__.py"

_BY_NAME = re.compile(rb"import_module|__import__")
"""Functions that import a module whose name is a text."""

_COMMENT = re.compile(rb"#[^\n]*")

MAX_PASSES = 8
"""The most packages through which a name is followed to the file that has it."""


class Imported(NamedTuple):
    """A name that a file imports: ``from module import member as name``. ``member`` is "" for the module itself."""

    module: str
    member: str
    name: str


def imports_in(content: bytes) -> list[Imported]:
    """What a file imports, wherever the statement stands."""
    found: list[Imported] = []
    for before, after in pairwise(content.split(_IMPORT)):
        begin, line = before.rpartition(b"\n")[2].split(), after.partition(b"\n")[0]
        if after[:1].isalnum() or after[:1] == b"_" or (begin and begin[0].startswith(b"#")):
            continue  # Another word, or a comment.
        listed = after.partition(b")")[0] if b"(" in line else line
        module = begin[-1].decode("utf-8", "replace") if b"from" in begin[:-1] else ""
        for part in _COMMENT.sub(b"", listed).translate(None, b"(\\;").split(b","):
            words = part.decode("utf-8", "replace").split()
            if words:
                name = words[2] if words[1:2] == ["as"] and len(words) > 2 else words[0]
                found.append(Imported(module, words[0], name) if module else Imported(words[0], "", name))
    return found


def imports_by_name(content: bytes) -> bool:
    """Whether a file may import modules whose names are texts."""
    return _BY_NAME.search(content) is not None


@cache
def _signs() -> tuple[tuple[bytes, ...], tuple[str, ...], frozenset[str]]:
    """Texts that tell of a library, names of libraries' modules, and all names in them that knowledge has."""
    knowledge = knowledge_of("python")
    signs = [sign.decode() for sign in signs_of("python")]
    modules = tuple(sign for sign in signs if sign in knowledge.prefixes or sign in knowledge.alias_roots)
    names = {*knowledge.prefixes, *knowledge.bases}
    for alias in knowledge.aliases:
        parts = alias.split(".")
        names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    known = frozenset(name for name in names if any(module in name for module in modules))
    return tuple(sign.encode() for sign in signs if sign not in modules), modules, known


def names_library(content: bytes, imports: Iterable[Imported]) -> bool:
    """Whether a file imports a library that knowledge has, or has another text that tells of one."""
    texts, modules, known = _signs()
    if any(text in content for text in texts):
        return True
    if imports_by_name(content):
        return any(module.encode() in content for module in modules)
    return any(_is_known(known, each) for each in imports)


def _is_known(known: frozenset[str], imported: Imported) -> bool:
    whole = imported.member in ("", _EVERYTHING)
    path = imported.module if whole else f"{imported.module}.{imported.member}"
    if path in known:
        return True
    aliases, parts = knowledge_of("python").aliases, path.split(".")
    return any(".".join(parts[:length]) in aliases for length in range(1, len(parts)))


class Followers:
    """Files that import from one of ``hot``, be it through packages that only pass names on."""

    def __init__(self, tree: Tree, imports: Mapping[str, Sequence[Imported]], hot: Iterable[str]) -> None:
        self._tree, self._imports, self._hot = tree, imports, frozenset(hot)
        self._seen: dict[tuple[str, str], bool] = {}
        folders = {folder.rpartition("/")[2] for folder in tree.by_folder}
        self._names = folders | {name.removesuffix(".py") for name in tree.by_name}
        """The names that a module of the program may begin with."""

    def has(self, path: str) -> bool:
        """Whether the file at ``path`` is one."""
        return any(self._leads(path, each, each.member, 0) for each in self._imports[path])

    def _leads(self, path: str, imported: Imported, member: str, passes: int) -> bool:
        first = imported.module.partition(".")[0]
        if first and first not in self._names:
            return False
        wanted = "" if member == _EVERYTHING else member
        found = python_files(self._tree, path, imported.module, wanted)
        return any(self._passes_on(file, name, passes) for file, name in found)

    def _passes_on(self, path: str, name: str, passes: int) -> bool:
        """Whether a file names a library, or is a package that has ``name``, "" for any, from one that does."""
        if path in self._hot:
            return True
        if not path.endswith(_PACKAGE) or passes >= MAX_PASSES:
            return False
        key = path, name
        if key not in self._seen:
            self._seen[key] = False  # A package may import itself.
            self._seen[key] = any(
                self._leads(path, each, name if each.member == _EVERYTHING else each.member, passes + 1)
                for each in self._imports.get(path, ())
                if name in ("", each.name) or each.member == _EVERYTHING
            )
        return self._seen[key]
