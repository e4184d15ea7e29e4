"""Relevant files: those that name a library, and those that import such a file.

A text search tells them before anything is parsed. It may take another word for an import, but misses none that is
written out. Of Python and JavaScript it tells which files of the program are imported, of others only their names.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engines.cbom.source.files import python_imports, script_imports, script_packages
from engines.cbom.source.files.followers import Followers, Imported
from engines.cbom.source.knowledge.loading import signs_of
from engines.cbom.source.languages import language_of
from engines.cbom.source.locating import Tree
from engines.cbom.source.own_tests import is_caller

_SHORT = 3
"""The length up to which a file's name isn't told from other words."""

_GENERAL = frozenset({"index", "main", "__init__"})
"""Names of files that are imported by the name of their folder."""

_WORD_BYTES = bytes(range(48, 58)) + bytes(range(65, 91)) + b"_" + bytes(range(97, 123))
_WORDS = bytes(each if each in _WORD_BYTES else 32 for each in range(256))
"""The table that makes spaces of all that isn't part of a word."""

_WORDS_AND_COLONS = bytes(each if each in _WORD_BYTES + b":" else 32 for each in range(256))

_GO_CODE = re.compile(rb"^(?:func|type|var|const)\b", re.MULTILINE)
"""What stands behind the imports."""

_GO_IMPORT = re.compile(rb"[/\"]([\w.-]+)\"")


@dataclass(slots=True)
class Sifted:
    """Signs of a file that a text search found."""

    names_library: bool
    imports: list[Imported] | None = None
    """What it imports, if that tells which files of the program these are (Python, JavaScript)."""


@dataclass(frozen=True, slots=True)
class _Named:
    """The names by which files of one language are imported, and their folders."""

    names: set[bytes] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def add(self, path: str) -> None:
        self.names.add(_name_of(path))
        self.folders.add(path.rpartition("/")[0])


class Importers:
    """Files that import one of those that name a library, ``paths``.

    Tests and examples count if they import others: what they give to the program isn't reported.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._named: defaultdict[tuple[str, bool], _Named] = defaultdict(_Named)
        """By language, and by whether it is tests and examples that import them."""

        for path in paths:
            language = language_of(path)
            if language is not None:
                self._named[language.family, False].add(path)
                if is_caller(path):
                    self._named[language.family, True].add(path)

    def have(self, path: str, content: bytes) -> bool:
        """Whether the file at ``path`` seems to be one."""
        language = language_of(path)
        family = "" if language is None else language.family
        named = self._named.get((family, is_caller(path)))
        if named is None:
            return False
        if family == "go" and path.rpartition("/")[0] in named.folders:
            return True
        return not named.names.isdisjoint(_NAMES_IN.get(family, words_in)(content))


def _name_of(path: str) -> bytes:
    """The name by which other files speak of the one at ``path``: in Go that of the package."""
    folder, _, name = path.rpartition("/")
    stem, _, suffix = name.partition(".")
    by_name = suffix == "java" or (len(stem) > _SHORT and stem not in _GENERAL and suffix != "go")
    return os.fsencode(stem if by_name else folder.rpartition("/")[2])


def words_in(content: bytes) -> list[bytes]:
    """The words of a text, numbers too."""
    return content.translate(_WORDS).split()


def _go_imports(content: bytes) -> Iterable[bytes]:
    code = _GO_CODE.search(content)
    return _GO_IMPORT.findall(content[: code.start()] if code else content)


def _rust_paths(content: bytes) -> Iterable[bytes]:
    """Words before ``::``: what tells that one is a module or a type."""
    words = content.translate(_WORDS_AND_COLONS).replace(b"::", b"\n ").replace(b":", b" ").split(b" ")
    return (word[:-1] for word in words if word.endswith(b"\n"))


def _c_words(content: bytes) -> Iterable[bytes]:
    """Words and their beginnings: a module's name begins those of its functions, ``hash_update`` is in hash.c."""
    words = set(words_in(content))
    return words | {word.rpartition(b"_")[0] for word in words}


_NAMES_IN: Mapping[str, Callable[[bytes], Iterable[bytes]]] = {
    "go": _go_imports,
    "rust": _rust_paths,
    "c": _c_words,
}
"""The words by which a file may import others, by its language; all words without it."""


def sift(path: str, content: bytes) -> Sifted:
    """Search a file for texts that tell of a library, and for imports."""
    language = language_of(path)
    family = "" if language is None else language.family
    if family == "python":
        imports = python_imports.imports_in(content)
        followed = None if python_imports.imports_by_name(content) else imports
        return Sifted(python_imports.names_library(content, imports), followed)
    if family == "javascript" and not script_imports.imports_lists(content):
        imports = script_imports.imports_in(content)
        return Sifted(script_imports.names_library(content, imports), imports)
    return Sifted(bool(family) and any(sign in content for sign in signs_of(family)))


def followers_among(
    imports: Mapping[str, list[Imported]], tree: Tree, read: Callable[[str], bytes | None], hot: Sequence[str]
) -> Iterator[str]:
    """Files, by what they import, that import from one of ``hot``; tests and examples if that is one, too."""
    python, scripts = python_imports.locator(tree), script_packages.locator(tree, read)
    kinds = {True: (python, python_imports.passes_on), False: (scripts, lambda _path: True)}
    followers = {
        (is_python, is_calling): Followers(imports, *kind, filter(is_caller, hot) if is_calling else hot)
        for is_python, kind in kinds.items()
        for is_calling in (True, False)
    }
    told = set(hot)
    for path in imports.keys() - told:
        language = language_of(path)
        if followers[language is not None and language.family == "python", is_caller(path)].has(path):
            yield path
