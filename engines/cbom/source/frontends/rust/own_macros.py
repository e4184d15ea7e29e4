"""Front-end of Rust: macros that the file defines, which are read as the text that each invocation stands for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Self

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.rust import macro_rules
from engines.cbom.source.frontends.rust.macro_rules import Definition, Expansion, Token
from engines.cbom.source.frontends.rust.variants import RustVariants
from engines.cbom.source.program import Branch, Call, Expression, Function, Opaque, Statement

_MACRO_RULES = b"macro_rules!"
CONDITIONS = frozenset({"cfg_if"})
_MAX_MODULES = 60


class OwnMacros(RustVariants):
    """Macros of the file, and ``cfg_if!``, whose text is the program's.

    What an invocation gives as a function or type, or as the path of an algorithm that a call gets, is told at the
    invocation, all else where it stands in the macro.
    """

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.definitions: dict[str, Definition] = {}
        self.expansions = [0]
        """The number of expansions in all that is read of this file."""

        self.expansion: Expansion | None = None
        """The text that is being read, if it is a macro's."""

        self.invocation: tuple[OwnMacros, Node] | None = None
        """The invocation that it stands for, and what reads that."""

    def define_macros(self, root: Node) -> None:
        """Note the macros of a file."""
        if _MACRO_RULES in self.source:
            for node in _definitions(root, 0):
                name = self.text(node.child_by_field_name("name"))
                self.definitions[name] = macro_rules.definition_of(node, self.source)

    def macro_definition(self, node: Node) -> Iterator[Statement]:
        """A macro that this file doesn't use: others do, with fragments of which nothing is known here."""
        name = self.text(node.child_by_field_name("name"))
        if name in self.definitions and f"{name}!".encode() not in self.source:
            for expansion in macro_rules.alone(self.definitions[name]):
                inner, block = self._reading(expansion, None)
                if block is not None:
                    yield Function("", [], inner.within(lambda: inner.valued(block)), line_of(node))  # noqa: B023

    def expanded(self, node: Node, name: str) -> tuple[Self, Node] | None:
        """The block that an invocation of a macro of the file stands for, and what reads it."""
        definition = self.definitions.get(name)
        if definition is None:
            return None
        tokens = macro_rules.tokens_in(self.source, node.named_children[-1])
        expansion = macro_rules.expand(definition, tokens)
        if expansion is None:
            return None
        inner, block = self._reading(expansion, node)
        return None if block is None else (inner, block)

    def conditions(self, node: Node) -> Iterator[Statement]:
        """``cfg_if! { if #[cfg(...)] { ... } else { ... } }``: which of the arms is compiled isn't known."""
        arms: list[tuple[Expression | None, list[Statement]]] = []
        for child in node.named_children[-1].named_children:
            if child.type == "token_tree" and self.text(child.children[0]) == "{":
                text = bytearray(self.source[child.start_byte : child.end_byte])
                inner, block = self._reading(Expansion(child.start_point[0], text), None)
                if block is not None:
                    arms.append((Opaque([]), inner.block(block)))
        if arms:
            arms[-1] = (None, arms[-1][1])
            yield Branch(arms)

    def _reading(self, expansion: Expansion, invocation: Node | None) -> tuple[Self, Node | None]:
        """What reads a text, and the block that the text is; None if it isn't one, or if there were too many."""
        source = bytes(expansion.text)
        inner = type(self)(source)
        inner.definitions, inner.expansions, inner.held = self.definitions, self.expansions, self.held
        inner.own_type, inner.inside, inner.testing = self.own_type, self.inside, self.testing
        inner.lines_before = expansion.first_line
        if invocation is None:
            inner.lines_before += self.lines_before
        else:
            inner.expansion, inner.invocation = expansion, (self, invocation)
        self.expansions[0] += 1
        if self.expansions[0] > macro_rules.MAX_EXPANSIONS:
            self.truncated = True
            return inner, None
        root = _parser()(source).root_node
        whole = root.named_children[0] if len(root.named_children) == 1 and not root.has_error else None
        block = whole.named_children[0] if whole is not None and whole.type == "expression_statement" else whole
        return inner, block if block is not None and block.type == "block" else None

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
        made = super().call(node, callee, named, args, keywords, creates=creates)
        if self.expansion is not None and self.invocation is not None:
            token = self.expansion.given_in(node.start_byte, (named or node).end_byte)
            token = token or self.expansion.given_in(node.start_byte, node.end_byte, paths=True)
            if token is not None:
                self._tell_there(made, token)
        return made

    def _tell_there(self, made: Call, token: Token) -> None:
        """Give a call the place of what an invocation gave; that of the invocation itself within other macros."""
        assert self.invocation is not None  # Texts of macros have one.
        reader, invocation = self.invocation
        if reader.expansion is None:
            first = reader.lines_before + 1
            (line, column), (end_line, end_column) = token.start, token.end
            made.line, made.column = line + first, column + 1
            made.end_line, made.end_column = end_line + first, end_column + 1
        else:
            site = reader.call(invocation, made.callee, None, [])
            made.line, made.column = site.line, site.column
            made.end_line, made.end_column = site.end_line, site.end_column


@cache
def _parser() -> Callable[[bytes], Any]:
    bindings = importlib.import_module("tree_sitter")
    grammar = importlib.import_module("tree_sitter_rust")
    parse: Callable[[bytes], Any] = bindings.Parser(bindings.Language(grammar.language())).parse
    return parse


def _definitions(node: Node, depth: int) -> Iterator[Node]:
    """The macros of a file and of the modules in it."""
    for child in node.named_children:
        if child.type == "macro_definition":
            yield child
        elif child.type in ("mod_item", "declaration_list", "function_item", "block") and depth < _MAX_MODULES:
            yield from _definitions(child, depth + 1)
