"""Lowering of syntax trees: the part that all front-ends share, and the contract of a front-end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

from engines.cbom.source.program import (
    Binary,
    Body,
    Call,
    Const,
    Evaluate,
    Expression,
    Module,
    Opaque,
    Statement,
)

Node: TypeAlias = Any
"""A node of tree-sitter, an extra that may not be installed."""

MAX_DEPTH = 150
"""The deepest nesting that is read: people write up to 60. A level takes up to 4 of Python's 1000 frames."""

MAX_OPERANDS = 2000
"""The most operands of one chain of operators, such as a text in pieces."""

MAX_LITERAL = 100_000
"""The longest literal that is read, in bytes."""

COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_SKIPPED = COMMENTS | {"ERROR"}
_HIGHEST_CHARACTER = 0x10FFFF


class Lowering:
    """A file's syntax tree on its way to a ``Module``. A front-end is a subclass with tables of handlers by node type.

    A type of node that no table has is read as an ``Opaque`` expression of its named children, or, as a statement, as
    its children one after the other: so what a front-end doesn't know is never lost.
    """

    expressions: ClassVar[Mapping[str, Callable[[Any, Node], Expression]]] = {}
    statements: ClassVar[Mapping[str, Callable[[Any, Node], Iterable[Statement]]]] = {}
    containers: ClassVar[frozenset[str]] = frozenset()
    """Types of nodes that hold statements and do nothing by themselves: blocks, declarations of several."""

    package_clause: ClassVar[str] = ""
    """The type of the node that tells a file's package; "" if the language has none."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._depth = 0
        self.truncated = False
        self.lines_before = 0
        """How many lines of the file stand before ``source``, as before the text of a macro."""

    def module(self, root: Node) -> Module:
        """The file whose tree has the root ``root``."""
        body = self.block(root)
        clauses = [child for child in root.named_children if child.type == self.package_clause]
        package = self.text(clauses[0].named_children[-1]) if clauses else ""
        return Module(body, package, truncated=self.truncated, broken=root.has_error)

    def text(self, node: Node | None) -> str:
        """The source of ``node``; "" for None."""
        return "" if node is None else self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def expression(self, node: Node | None) -> Expression:
        """``node`` as an expression."""
        if node is None:
            return Opaque([])
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                self.truncated = True
                return Opaque([])
            handler = self.expressions.get(node.type)
            return handler(self, node) if handler is not None else self.opaque(node)
        finally:
            self._depth -= 1

    def part(self, node: Node, field: str) -> Expression:
        """The child in ``field`` as an expression."""
        return self.expression(node.child_by_field_name(field))

    def children(self, node: Node | None) -> list[Node]:
        """The named children of ``node`` without comments; none of None."""
        return [] if node is None else [child for child in node.named_children if child.type not in COMMENTS]

    def too_long(self, node: Node) -> bool:
        """Whether a literal is longer than what is read."""
        return bool(node.end_byte - node.start_byte > MAX_LITERAL)

    def opaque(self, node: Node) -> Expression:
        """An expression that isn't followed, with what is in it."""
        return Opaque([self.expression(child) for child in node.named_children if child.type not in _SKIPPED])

    def block(self, node: Node | None) -> list[Statement]:
        """The statements in ``node``: one, or a block of them."""
        found: list[Statement] = []
        if node is None:
            return found
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                self.truncated = True
                return found
            for child in node.named_children:
                self._statement(child, found)
        finally:
            self._depth -= 1
        return found

    def deferred(self, node: Node | None) -> Body:
        """The statements in ``node``, the body of a function, lowered when they are first looked at."""
        return Body(lambda: self.block(node))

    def one(self, node: Node | None) -> list[Statement]:
        """The statements of ``node`` itself, such as the body of an ``if`` without braces."""
        found: list[Statement] = []
        if node is not None:
            self._statement(node, found)
        return found

    def _statement(self, node: Node, found: list[Statement]) -> None:
        kind = node.type
        if kind in _SKIPPED and kind != "ERROR":
            return
        handler = self.statements.get(kind)
        if handler is not None:
            self._depth += 1
            if self._depth > MAX_DEPTH:
                self.truncated = True
            else:
                found.extend(handler(self, node))
            self._depth -= 1
        elif kind in self.containers or kind == "ERROR":
            found.extend(self.block(node))
        else:
            found.append(Evaluate(self.expression(node)))

    def call(
        self,
        node: Node,
        callee: Expression,
        named: Node | None,
        args: list[Expression],
        keywords: dict[str, Expression] | None = None,
        *,
        creates: bool = False,
    ) -> Call:
        """A call at the place of ``named``, the node of the called name, up to the end of ``node``."""
        line, column = (named or node).start_point
        end_line, end_column = node.end_point
        first = self.lines_before + 1
        return Call(callee, args, keywords or {}, line + first, column + 1, end_line + first, end_column + 1, creates)

    def place_of(self, node: Node) -> tuple[int, int, int, int]:
        """The line, column, last line and end of ``node``, from 1."""
        (line, column), (end_line, end_column) = node.start_point, node.end_point
        first = self.lines_before + 1
        return line + first, column + 1, end_line + first, end_column + 1

    def binary_chain(self, node: Node, kind: str, operators: Mapping[str, str]) -> Expression:
        """``a + b + c + ...``, which is nested to the left as deeply as it is long, without recursion.

        ``kind`` is the type of such nodes; they have the fields ``left``, ``operator`` and ``right``.
        """
        rights: list[tuple[str, Expression]] = []
        while node is not None and node.type == kind:
            operator = node.child_by_field_name("operator")
            name = operators.get(operator.type if operator is not None else "", "?")
            if len(rights) < MAX_OPERANDS:
                rights.append((name, self.expression(node.child_by_field_name("right"))))
            else:
                self.truncated = True
            node = node.child_by_field_name("left")
        result = self.expression(node)
        for name, right in reversed(rights):
            result = Binary(name, result, right) if name != "?" else Opaque([result, right])
        return result


def line_of(node: Node) -> int:
    """The line where ``node`` begins, from 1."""
    return int(node.start_point[0]) + 1


def end_line_of(node: Node) -> int:
    """The line where ``node`` ends, from 1."""
    return int(node.end_point[0]) + 1


def character(code: int) -> str:
    """The character of an escape sequence; U+FFFD where Unicode has none."""
    return chr(code) if code <= _HIGHEST_CHARACTER else "\ufffd"


def joined(parts: list[Expression]) -> Expression:
    """Parts of a text, one behind the other."""
    if not parts:
        return Const("")
    result = parts[0]
    for part in parts[1:]:
        result = Binary("+", result, part)
    return result
