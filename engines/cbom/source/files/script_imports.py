"""Imports of JavaScript and TypeScript, found by a text search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from engines.cbom.source.files.followers import DEFAULT, EVERYTHING, Imported
from engines.cbom.source.knowledge.loading import knowledge_of, shortest

_PATH = re.compile(rb"(from|import|require)[ \t(]*['\"`]([^'\"`\n]{1,300})['\"`]")
"""The path of a module, and what stands before it."""

_LONGEST_CLAUSE = 4000
"""The most bytes before a path in which the names are that are imported."""

_LISTING = (b"define(", b"requirejs", b"require([")
"""Calls of loaders that get a list of modules."""

_IMPORT, _EXPORT = b"import", b"export"


@cache
def _signs() -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Texts of libraries that need no import, and names of packages."""
    knowledge = knowledge_of("javascript")
    roots = {name.partition(".")[0] for name in (*knowledge.prefixes, *knowledge.aliases)}
    texts: list[str] = []
    packages: list[str] = []
    for sign in knowledge.modules:
        is_global = any(sign in name or name in sign for name in knowledge.globals)
        named = any(sign in root for root in roots) and not is_global
        (packages if named or sign[0] in "'\"`" else texts).append(sign)
    return shortest(texts), tuple(packages)


def names_library(content: bytes, imports: Iterable[Imported]) -> bool:
    """Whether a file imports a library that knowledge has, or has another text that tells of one."""
    texts, packages = _signs()
    if any(text in content for text in texts):
        return True
    modules = "\n".join({f'"{each.module}"' for each in imports})
    return any(package in modules for package in packages)


def imports_lists(content: bytes) -> bool:
    """Whether a file may import lists of modules (AMD)."""
    return any(call in content for call in _LISTING)


def imports_in(content: bytes) -> list[Imported]:
    """What a file imports, and what it passes on from others."""
    found: list[Imported] = []
    for match in _PATH.finditer(content):
        word, module = match[1], match[2].decode("utf-8", "replace")
        begin, end = max(0, match.start() - _LONGEST_CLAUSE), match.start()
        if word == b"from":
            start, passes_on = max((content.rfind(each, begin, end), each == _EXPORT) for each in (_IMPORT, _EXPORT))
            if start >= 0:
                found += _named(module, content[start + len(_IMPORT) : end], passes_on=passes_on)
        else:
            line = content.rfind(b"\n", begin, end) + 1
            found.append(Imported(module, "", "", passed_on=b"exports" in content[max(begin, line) : end]))
    return found


def _named(module: str, clause: bytes, *, passes_on: bool) -> Iterator[Imported]:
    """The names of a clause: ``a, { b as c }``, ``* as d``."""
    outside, _, inside = clause.decode("utf-8", "replace").partition("{")
    for part in inside.partition("}")[0].split(","):
        words = part.removeprefix(" type ").split()
        if words:
            yield Imported(module, words[0], words[-1], passes_on)
    for part in outside.split(","):
        words = part.split()
        if words[:1] == [EVERYTHING]:
            whole = passes_on and len(words) == 1
            yield Imported(module, EVERYTHING if whole else "", EVERYTHING if whole else words[-1], passes_on)
        elif words and words != ["type"]:
            yield Imported(module, DEFAULT, words[-1], passes_on)
