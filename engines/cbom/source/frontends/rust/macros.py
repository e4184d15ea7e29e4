"""Front-end of Rust: macros. The arguments of a macro are tokens, of which names, calls and literals are read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, joined, line_of
from engines.cbom.source.frontends.rust.attributes import RustAttributes
from engines.cbom.source.frontends.rust.own_macros import CONDITIONS
from engines.cbom.source.program import (
    Assign,
    Const,
    Evaluate,
    Expression,
    Member,
    Name,
    NewArray,
    Opaque,
    Sequence,
    Statement,
)

_MAX_DEPTH = 60
_CAPTURED = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_CALLED = {name: f"{name}!" for name in ("include_bytes", "include_str", "new_magic_crypt")}
"""Macros that are calls of functions, which knowledge has under their names with the sign."""

_STATICS = frozenset({"lazy_static", "thread_local"})


class RustMacros(RustAttributes):
    """Macros of Rust's own library, and of crates that everyone uses."""

    def macro(self, node: Node) -> Expression:
        tokens, named = node.named_children[-1], node.child_by_field_name("macro")
        name = self.text(named).rpartition("::")[2]
        own = self.expanded(node, name) if self.definitions else None
        if own is not None:
            return own[0].run(own[1])
        pieces = self._pieces(tokens.children[1:-1])
        args = [items[0] if len(items) == 1 else Opaque(items) for items, _ in pieces]
        if name == "vec" and len(pieces) == 2 and pieces[0][1] == ";":
            return NewArray(args[1])
        if name == "vec":
            return Sequence(args)
        if name == "hex":
            return self.call(node, Member(Name("hex_literal"), "hex"), named, args)
        if name == "cfg" and self.text(tokens) == "(test)":
            return Const(False)  # The program itself, not its tests.
        if name in _CALLED:
            return self.call(node, Name(_CALLED[name]), named, args)
        if name == "concat":
            return joined(args)
        if name == "format" and args:
            return self._formatted(node, named, args)
        return Opaque([item for items, _ in pieces for item in items])

    def _formatted(self, node: Node, named: Node, args: list[Expression]) -> Expression:
        """``format!`` as the method of its template, with the names that the template captures."""
        template = args[0]
        if type(template) is not Const or not isinstance(template.value, str):
            return Opaque(args)
        captured: dict[str, Expression] = {name: Name(name) for name in _CAPTURED.findall(template.value)[:16]}
        return self.call(node, Member(template, "format"), named, args[1:], captured)

    def macro_statement(self, node: Node) -> Iterator[Statement]:
        name = self.text(node.child_by_field_name("macro")).rpartition("::")[2]
        if name in _STATICS:
            yield from self._statics(node.named_children[-1].children[1:-1])
        elif name in CONDITIONS:
            yield from self.conditions(node)
        elif self.definitions and (own := self.expanded(node, name)) is not None:
            yield from own[0].block(own[1])
        else:
            yield Evaluate(self.macro(node))

    def _statics(self, tokens: list[Node]) -> Iterator[Statement]:
        """``static ref NAME: Type = value;``, which is lazy."""
        target: Name | None = None
        value: list[Node] | None = None
        for token in tokens:
            if token.type == ";":
                if target is not None and value:
                    pieces = self._pieces(value)
                    yield Assign(target, pieces[0][0][-1] if pieces else None, line_of(value[0]))
                target, value = None, None
            elif value is not None:
                value.append(token)
            elif token.type == "=":
                value = []
            elif token.type == "identifier" and target is None and self.text(token) != "ref":
                target = Name(self.text(token))

    def _pieces(self, tokens: list[Node]) -> list[tuple[list[Expression], str]]:
        """The arguments among tokens: the values in each, and the sign behind it."""
        found: list[tuple[list[Expression], str]] = []
        values: list[Expression] = []
        member = False
        for token in tokens:
            kind = token.type
            if kind in (",", ";"):
                found.append((values, kind))
                values, member = [], False
            elif kind in ("::", "."):
                member = bool(values)
            elif kind in ("identifier", "primitive_type") and member:
                values[-1], member = Member(values[-1], self.text(token)), False
            elif kind == "token_tree":
                values = self._with_tree(values, token)
            elif token.is_named and kind != "mutable_specifier":
                values.append(self.expression(token))
        if values:
            found.append((values, ""))
        return [piece for piece in found if piece[0]]

    def _with_tree(self, values: list[Expression], tree: Node) -> list[Expression]:
        """The values with those of a tree of tokens behind them: it is the arguments of a call of the last."""
        self._depth += 1
        try:
            if self._depth > _MAX_DEPTH:
                self.truncated = True
                return values
            inner = [items[0] if len(items) == 1 else Opaque(items) for items, _ in self._pieces(tree.children[1:-1])]
        finally:
            self._depth -= 1
        if values and tree.children[0].type == "(" and isinstance(values[-1], Name | Member):
            called = values[-1]
            passed = self.passed(tree, called, inner) if isinstance(called, Member) else None
            return [*values[:-1], passed or self.call(tree, called, tree.prev_sibling, inner)]
        if tree.children[0].type == "[" and all(type(each) is Const for each in inner):
            return [*values, Sequence(inner)]
        return [*values, *inner]

    expressions = {**RustAttributes.expressions, "macro_invocation": macro}
