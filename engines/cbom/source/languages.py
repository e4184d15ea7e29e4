"""Languages: suffixes, grammar, front-end, and where each finds the files that another file speaks of."""

from __future__ import annotations

import importlib
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from engines.cbom.source.frontends.base import Lowering
from engines.cbom.source.frontends.c.conditions import without_cuts
from engines.cbom.source.frontends.c.preprocessor import without_attributes
from engines.cbom.source.frontends.c.statements import CLowering
from engines.cbom.source.frontends.go import GoLowering
from engines.cbom.source.frontends.java import JavaLowering
from engines.cbom.source.frontends.javascript.components import script_of
from engines.cbom.source.frontends.javascript.statements import JavaScriptLowering
from engines.cbom.source.frontends.python import PythonLowering, without_long_comments
from engines.cbom.source.frontends.rust.statements import RustLowering
from engines.cbom.source.locating import (
    Locate,
    Visible,
    c_files,
    c_siblings,
    go_files,
    go_siblings,
    java_files,
    java_siblings,
    javascript_files,
    no_siblings,
    python_files,
    rust_files,
)


class MissingGrammar(Exception):
    """The grammar of a language isn't installed; the text says what to install."""


class SyntaxTooComplex(Exception):
    """A text that a grammar takes too long for, or too much memory."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language, or a dialect of one."""

    name: str
    suffixes: tuple[str, ...]
    grammar: str
    """The module of the grammar."""

    lowering: type[Lowering]
    locate: Locate
    """The files that an import may mean."""

    knowledge: str = ""
    """The folder of its knowledge files; "" if it is called like the language."""

    entry: str = "language"
    """The function of the grammar's module."""

    visible: Visible = no_siblings
    """The files whose names it sees without an import."""

    code: Callable[[bytes], bytes] = bytes
    """The code in the content of a file, in the same lines and columns."""

    mended: Callable[[bytes], bytes] | None = None
    """Code with syntax errors without what the grammar can't know, in the same lines and columns."""

    asks_types: re.Pattern[bytes] | None = None
    """Text of a file in which calls of libraries get members of objects: ``getInstance(config.algorithm())``."""

    implicit_self: bool = False
    """Whether methods see the members of their class as plain names."""

    open_names: bool = False
    """Whether a name that isn't defined may be a library's without an import."""

    @property
    def family(self) -> str:
        """What its dialects have in common: the folder of knowledge."""
        return self.knowledge or self.name


_ASKS_TYPES = re.compile(
    rb"(?:getInstance|initialize|init|KeySpec|ParameterSpec|hmacShaKeyFor|PasswordEncoder)"
    rb"\((?:[^()\n]{0,80},)?\s*(?!this\.)[a-z]\w{0,60}\.(?!getBytes|length|toCharArray|getEncoded|get\()[a-z]"
)

LANGUAGES: tuple[Language, ...] = (
    Language(
        "python",
        (".py", ".pyi", ".pyw"),
        "tree_sitter_python",
        PythonLowering,
        python_files,
        code=without_long_comments,
    ),
    Language(
        "java",
        (".java",),
        "tree_sitter_java",
        JavaLowering,
        java_files,
        visible=java_siblings,
        asks_types=_ASKS_TYPES,
        implicit_self=True,
    ),
    Language(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        "tree_sitter_javascript",
        JavaScriptLowering,
        javascript_files,
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "tree_sitter_typescript",
        JavaScriptLowering,
        javascript_files,
        knowledge="javascript",
        entry="language_typescript",
    ),
    Language(
        "tsx",
        (".tsx",),
        "tree_sitter_typescript",
        JavaScriptLowering,
        javascript_files,
        knowledge="javascript",
        entry="language_tsx",
    ),
    Language(
        "vue",
        (".vue", ".svelte"),
        "tree_sitter_typescript",
        JavaScriptLowering,
        javascript_files,
        knowledge="javascript",
        entry="language_typescript",
        code=script_of,
    ),
    Language(
        "c",
        (".c", ".h"),
        "tree_sitter_c",
        CLowering,
        c_files,
        visible=c_siblings,
        code=without_attributes,
        mended=without_cuts,
        implicit_self=True,
        open_names=True,
    ),
    Language(
        "cpp",
        (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".ipp", ".inl", ".tpp", ".ino", ".mm"),
        "tree_sitter_cpp",
        CLowering,
        c_files,
        knowledge="c",
        visible=c_siblings,
        code=without_attributes,
        mended=without_cuts,
        implicit_self=True,
        open_names=True,
    ),
    Language("go", (".go",), "tree_sitter_go", GoLowering, go_files, visible=go_siblings),
    Language("rust", (".rs",), "tree_sitter_rust", RustLowering, rust_files, open_names=True),
)
"""Every language. A new one is a front-end, a row and a folder of knowledge."""


@cache
def _by_suffix() -> dict[str, Language]:
    return {suffix: language for language in LANGUAGES for suffix in language.suffixes}


@lru_cache(maxsize=16384)
def language_of(path: str) -> Language | None:
    """The language of a file by its suffix; None if it is none of ours."""
    name = path.rpartition("/")[2]
    return _by_suffix().get(f".{name.rpartition('.')[2].lower()}") if "." in name else None


_CPP = re.compile(
    rb"^[ \t]*(?:(?:inline )?namespace\b|class [A-Za-z_]|template ?<|using [A-Za-z_]|(?:public|private|protected) ?:)"
    rb"|\bstd::",
    re.MULTILINE,
)
"""What only C++ has. Headers of both languages are called ``.h``."""


def dialect_of(language: Language, path: str, content: bytes) -> Language:
    """The language of a file by its content too."""
    if language.name == "c" and path.endswith(".h") and _CPP.search(content):
        return _by_suffix()[".hpp"]
    return language


def suffixes() -> Iterator[str]:
    """All suffixes."""
    yield from _by_suffix()


_SECONDS, _SECONDS_PER_BYTE = 0.5, 4e-6
"""What parsing may take: source takes a twentieth."""

_MEMORY_BYTES, _MEMORY_PER_BYTE = 64 << 20, 512
"""What a syntax tree may take: source of short statements takes 150 bytes for each of its own."""

_AT_ONCE = 0.02
"""The seconds, by a clock that costs nothing, before which none of the two is looked at."""

_CALLS = 4
"""Calls of the parser between looks at the two."""

_PIECE = 1 << 16

_MAX_EDITS = 256
"""The most lines that are edited in a syntax tree: each edit costs as much as the tree is deep there."""


@cache
def parser_of(language: Language) -> Callable[..., Any]:
    """The function that makes the syntax tree of a text in UTF-8, and may get that of an earlier one, edited.

    Raises ``MissingGrammar``.
    """
    try:
        bindings = importlib.import_module("tree_sitter")
        grammar = importlib.import_module(language.grammar)
    except ImportError as error:
        raise MissingGrammar(
            f"{error.name} isn't installed: install the extra [scan], as in pip install 'cryptoserve-server[scan]'"
        ) from None
    return _bounded(bindings.Parser(bindings.Language(getattr(grammar, language.entry)())))


def parsed(language: Language, content: bytes) -> tuple[bytes, Any]:
    """The code in the content of a file, and the root of its syntax tree. Raises ``MissingGrammar``."""
    parse, code = parser_of(language), language.code(content)
    tree = parse(code)
    if language.mended is not None and tree.root_node.has_error:
        mended = language.mended(code)
        if mended != code:
            return mended, parse(mended, *_edited(tree, code, mended)).root_node
    return code, tree.root_node


def _edited(tree: Any, before: bytes, after: bytes) -> Iterator[Any]:
    """The tree with what it has to know of lines that are others ``after``, of the same lengths, unless they are many.

    A parser takes over what they leave of it.
    """
    edits = []
    start = 0
    for row, (old, new) in enumerate(zip(before.split(b"\n"), after.split(b"\n"), strict=True)):
        end = start + len(old)
        if old != new:
            edits.append((start, end, end, (row, 0), (row, len(old)), (row, len(old))))
        start = end + 1
    if len(edits) <= _MAX_EDITS:
        for edit in edits:
            tree.edit(*edit)
        yield tree


def _bounded(parser: Any) -> Callable[..., Any]:
    """The function that parses, and raises ``SyntaxTooComplex`` where that takes far more than source does.

    A grammar follows all readings of what is none of its language: 16 KB of open comments take seconds, which grow with
    the square of the size, and other texts as much memory.
    """

    def parse(content: bytes, *edited: Any) -> Any:
        begun = time.perf_counter()
        until = time.thread_time() + _SECONDS + _SECONDS_PER_BYTE * len(content)
        most = _peak_bytes() + _MEMORY_BYTES + _MEMORY_PER_BYTE * len(content)
        calls = 0

        def read(offset: int, _point: object) -> bytes:
            return content[offset : offset + _PIECE]

        def ends(_offset: int, _has_error: bool) -> bool:
            nonlocal calls
            calls += 1
            if calls % _CALLS or time.perf_counter() - begun < _AT_ONCE:
                return False
            return time.thread_time() > until or _peak_bytes() > most

        try:
            return parser.parse(read, *edited, progress_callback=ends)
        except ValueError:
            parser.reset()
            raise SyntaxTooComplex from None

    return parse


def _peak_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
