"""Imports of Python's files, found by a text search.

Python's libraries have names of common words (``random``, ``requests``, ``ssl``), which mean them only where they are
imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from engines.cbom.source.files.followers import EVERYTHING, Imported, Locate
from engines.cbom.source.knowledge.loading import knowledge_of, shortest
from engines.cbom.source.locating import Found, Tree, python_files

_IMPORT = b"import"

_BY_NAME = (b"import_module", b"__import__")
"""Functions that import a module whose name is a text."""

_COMMENT = re.compile(rb"#[^\n]*")


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
    return any(function in content for function in _BY_NAME)


@cache
def _signs() -> tuple[tuple[bytes, ...], tuple[str, ...], frozenset[str]]:
    """Texts that tell of a library, names of libraries' modules, and all names in them that knowledge has."""
    knowledge = knowledge_of("python")
    signs = knowledge.modules
    modules = tuple(sign for sign in signs if sign in knowledge.prefixes or sign in knowledge.alias_roots)
    names = {*knowledge.prefixes, *knowledge.bases}
    for alias in knowledge.aliases:
        parts = alias.split(".")
        names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    known = frozenset(name for name in names if any(module in name for module in modules))
    return shortest(sign for sign in signs if sign not in modules), modules, known


def names_library(content: bytes, imports: Iterable[Imported]) -> bool:
    """Whether a file imports a library that knowledge has, or has another text that tells of one."""
    texts, modules, known = _signs()
    if any(text in content for text in texts):
        return True
    if imports_by_name(content):
        return any(module.encode() in content for module in modules)
    listed = [*imports]
    if not listed:  # A fragment, in which well-known modules stand without their imports.
        return any(name in content for name in _fragments())
    return any(_is_known(known, each) for each in listed)


@cache
def _fragments() -> tuple[bytes, ...]:
    """Beginnings of the names of libraries' modules that may stand without an import."""
    knowledge = knowledge_of("python")
    modules = knowledge.globals & (knowledge.modules | knowledge.alias_roots)
    return tuple(f"{module}.".encode() for module in sorted(modules))


def _is_known(known: frozenset[str], imported: Imported) -> bool:
    whole = imported.member in ("", EVERYTHING)
    path = imported.module if whole else f"{imported.module}.{imported.member}"
    if path in known:
        return True
    aliases, parts = knowledge_of("python").aliases, path.split(".")
    return any(".".join(parts[:length]) in aliases for length in range(1, len(parts)))


def locator(tree: Tree) -> Locate:
    """The function that finds the files of the program that an import means."""
    folders = {folder.rpartition("/")[2] for folder in tree.by_folder}
    names = folders | {name.removesuffix(".py") for name in tree.by_name}  # What its modules' names begin with.

    def locate(path: str, module: str, member: str) -> Found:
        first = module.partition(".")[0]
        return python_files(tree, path, module, member) if not first or first in names else iter(())

    return locate


def passes_on(path: str) -> bool:
    """Whether a file is a package's own, which passes on what it imports."""
    return path.endswith("/__init__.py")
