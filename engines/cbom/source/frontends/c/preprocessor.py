"""Front-end of C and C++: the preprocessor. Macros are functions that stand for their text where they are used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.c.expressions import VARIABLE, CExpressions
from engines.cbom.source.program import (
    Assign,
    Branch,
    Const,
    Expression,
    Function,
    Import,
    Mentioned,
    Name,
    Opaque,
    Parameter,
    Return,
    Statement,
)

_MAX_MACRO = 2000
_WORD = re.compile(r"[A-Za-z_]\w*")
_CALLED = re.compile(r"[\w)\]]\s*\(")
"""What may be a call in the text of a macro."""

_STRINGIFIED = re.compile(r"(?<!#)#\s*\w+")
"""A parameter of a macro as text."""

_NUMBER = re.compile(r"\(?(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\)?")
"""Most macros are words or numbers, which needn't be parsed."""


_QT = re.compile(
    rb"^[ \t]*(?:Q_OBJECT|Q_GADGET|Q_NAMESPACE|QT_BEGIN_NAMESPACE|QT_END_NAMESPACE)\b|\b(?:slots|Q_SLOTS)(?=:)",
    re.MULTILINE,
)
"""Macros of Qt that stand for nothing, where the grammar expects none."""

_NOT_ITS = ("name", "condition", "alternative")
"""Fields of a condition that aren't the statements of its first part."""

_SIGNALS = re.compile(rb"^[ \t]*(?:signals|Q_SIGNALS):", re.MULTILINE)
_UNUSED = re.compile(rb"\bQ_UNUSED\(\w{1,100}\)")
"""A statement of Qt, often without the semicolon behind it."""

_ATTRIBUTE = re.compile(rb"\b(class|struct) [A-Z][A-Z0-9_]{1,60}(?= (?!final\b)[A-Za-z_])")
"""A macro that says how a class is exported, before the class's name."""


def without_attributes(source: bytes) -> bytes:
    """A file without macros in declarations that its grammar doesn't know, in the same lines and columns."""
    plain = _ATTRIBUTE.sub(lambda match: match[1].ljust(len(match[0])), source)
    if b"Q_UNUSED" in plain:
        plain = _UNUSED.sub(lambda match: b";".ljust(len(match[0])), plain)
    if b"Q_OBJECT" not in plain and b"Q_GADGET" not in plain:
        return plain
    plain = _QT.sub(lambda match: b" " * len(match[0]), plain)
    return _SIGNALS.sub(lambda match: b"public:".rjust(len(match[0])), plain)


class CPreprocessor(CExpressions):
    """Directives of the preprocessor."""

    def include(self, node: Node) -> Iterator[Statement]:
        path = node.child_by_field_name("path")
        if path is not None and path.type == "string_literal":
            yield Import("*", self.text(path).strip('"'), "", line_of(node))

    def conditional_part(self, node: Node) -> Iterator[Statement]:
        """All parts of a condition, one behind the other; in a function they are branches: one of them is compiled."""
        if _is_in_function(node):
            yield Branch(self._parts(node))
            return
        skipped = {each.id for name in ("name", "condition") for each in node.children_by_field_name(name)}
        for child in node.named_children:
            if child.id not in skipped:
                yield from self.one(child)

    def _parts(self, node: Node) -> list[tuple[Expression | None, list[Statement]]]:
        """The parts of a condition with their tests, of which only the absence is known."""
        arms: list[tuple[Expression | None, list[Statement]]] = []
        current: Node | None = node
        while current is not None:
            named = {each.id for name in _NOT_ITS for each in current.children_by_field_name(name)}
            body: list[Statement] = []
            for child in current.named_children:
                if child.id not in named:
                    self._statement(child, body)
            arms.append((None if current.type == "preproc_else" else Opaque([]), body))
            current = current.child_by_field_name("alternative")
        return arms

    def macro(self, node: Node) -> Iterator[Statement]:
        value = self._macro_value(node.child_by_field_name("value"))
        name = self.text(node.child_by_field_name("name"))
        if value is None:
            return
        if _CALLED.search(self.text(node.child_by_field_name("value"))) and not isinstance(value, Const):
            self.macros.add(name)
            yield Function(name, [], [Return(value)], line_of(node), static=True, macro=True)
        else:
            yield Assign(Name(name), value, line_of(node), local=True)

    def macro_function(self, node: Node) -> Iterator[Statement]:
        value = node.child_by_field_name("value")
        made = self._macro_value(value)
        body: list[Statement] = [] if made is None else [Return(made)]
        if made is None and value is not None and _CALLED.search(self.text(value)):
            body = self._macro_body(value)
        if not body:
            return
        named = node.child_by_field_name("parameters").named_children
        parameters = [Parameter(self.text(child)) for child in named]
        if any(self.text(child) == "..." for child in node.child_by_field_name("parameters").children):
            parameters.append(Parameter(VARIABLE, kind="*"))
        line = line_of(node)
        name = self.text(node.child_by_field_name("name"))
        yield Function(name, parameters, body, line, static=True, macro=True)

    def _macro_body(self, node: Node) -> list[Statement]:
        """The text of a macro as statements; none if it is none."""
        text = self._macro_text(node)
        if not text or len(text) > _MAX_MACRO:
            return []
        source = f"void f(){{{text};}}".encode()
        root = _parser()(source).root_node
        function = root.named_children[0] if len(root.named_children) == 1 else None
        if root.has_error or function is None or function.type != "function_definition":
            return []
        return list(type(self)(source, node.start_point[0]).block(function.child_by_field_name("body")))

    def _macro_text(self, node: Node | None) -> str:
        """The text of a macro without comments; what it takes for a text (``#name``) is one."""
        text = _without_comments(self.text(node).replace("\\\n", " ")).strip()
        return _STRINGIFIED.sub('""', text) if "#" in text else text

    def _macro_value(self, node: Node | None) -> Expression | None:
        """The text of a macro as an expression; None if it is none."""
        text = self._macro_text(node)
        if node is None or not text or len(text) > _MAX_MACRO:
            return None
        if _WORD.fullmatch(text):
            return Name(text)
        number = _NUMBER.fullmatch(text)
        if number is not None:
            return self.integer_of(number[1])
        source = f"x={text};".encode()
        root = _parser()(source).root_node
        statement = root.named_children[0] if len(root.named_children) == 1 else None
        if root.has_error or statement is None or not statement.named_children:
            return None
        assigned = statement.named_children[0]
        value = type(self)(source, node.start_point[0]).expression(assigned.child_by_field_name("right"))
        return value.value if type(value) is Mentioned else value  # Where it is used, it is told of.


def _is_in_function(node: Node) -> bool:
    """Whether a condition stands among statements."""
    around = node.parent
    while around is not None and around.type.startswith("preproc"):
        around = around.parent
    return around is not None and around.type in ("compound_statement", "case_statement")


@cache
def _parser() -> Callable[[bytes], Any]:
    bindings = importlib.import_module("tree_sitter")
    grammar = importlib.import_module("tree_sitter_c")
    parse: Callable[[bytes], Any] = bindings.Parser(bindings.Language(grammar.language())).parse
    return parse


def _without_comments(text: str) -> str:
    """The text of a macro without comments, each of which stands for a space."""
    first, *rest = text.split("/*")
    return " ".join([first, *(part.partition("*/")[2] for part in rest)]).partition("//")[0]
