"""Front-end of Rust: statements and items. Modules within a file are read as part of it."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.common_syntax import Arms, CommonSyntax
from engines.cbom.source.frontends.rust_expressions import RustExpressions
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Branch,
    Class,
    Evaluate,
    Expression,
    Function,
    Import,
    Index,
    Leave,
    Loop,
    Name,
    Opaque,
    Return,
    Statement,
)

_LITERALS = frozenset({"integer_literal", "string_literal", "boolean_literal", "char_literal"})


class RustLowering(RustExpressions):
    """Rust's syntax tree (tree-sitter-rust)."""

    containers = frozenset({"source_file", "block", "unsafe_block", "async_block", "declaration_list", "label"})

    # Values of blocks

    def valued(self, node: Node) -> list[Statement]:
        self._depth += 1
        try:
            if self._depth > 60:
                self.truncated = True
                return []
            return self._valued(node)
        finally:
            self._depth -= 1

    def _valued(self, node: Node) -> list[Statement]:
        kind = node.type
        if kind == "expression_statement" and node.children[-1].type != ";":
            return self.valued(node.named_children[0])
        if kind in ("unsafe_block", "async_block"):
            return self.valued(node.named_children[-1])
        if kind == "block":
            children = self.children(node)
            found = [statement for child in children[:-1] for statement in self.one(child)]
            return found + (self.valued(children[-1]) if children else [])
        if kind == "if_expression":
            return list(self.if_node(node, valued=True))
        if kind == "match_expression":
            return list(self.match_node(node, valued=True))
        if kind in self.statements:
            return self.one(node)
        return [Return(self.expression(node))]

    def _arm(self, node: Node | None, *, valued: bool) -> list[Statement]:
        if node is None:
            return []
        return self.valued(node) if valued else self.block(node) if node.type == "block" else self.one(node)

    # Statements

    def expression_statement(self, node: Node) -> Iterator[Statement]:
        for child in node.named_children:
            yield from self.one(child)

    def let(self, node: Node) -> Iterator[Statement]:
        target = self.pattern(node.child_by_field_name("pattern"))
        value, line = node.child_by_field_name("value"), line_of(node)
        declared = self.declared(node.child_by_field_name("type"))
        yield Assign(target, None if value is None else self.expression(value), line, declared, local=True)
        other = node.child_by_field_name("alternative")
        if other is not None:
            yield Branch([(Opaque([]), self.block(other))])

    def constant(self, node: Node) -> Iterator[Statement]:
        value = node.child_by_field_name("value")
        name = Name(self.text(node.child_by_field_name("name")))
        declared = self.declared(node.child_by_field_name("type"))
        yield Assign(name, None if value is None else self.expression(value), line_of(node), declared)

    def leave(self, node: Node) -> Iterator[Statement]:
        values = [child for child in node.named_children if child.type != "label"]
        yield Leave(self.expression(values[0]) if values else None)

    def _binding(self, condition: Node | None) -> list[Statement]:
        """What ``if let`` and ``while let`` bind."""
        if condition is None or condition.type != "let_condition":
            return []
        target = self.pattern(condition.child_by_field_name("pattern"))
        return [Assign(target, self.value(condition), line_of(condition), local=True)]

    def _test(self, condition: Node | None) -> Expression:
        """A condition; one that binds may hold or not."""
        tested = self.expression(condition)
        return Opaque([tested]) if condition is not None and condition.type == "let_condition" else tested

    def if_node(self, node: Node, *, valued: bool = False) -> Iterator[Statement]:
        condition = node.child_by_field_name("condition")
        body = self._arm(node.child_by_field_name("consequence"), valued=valued)
        arms: Arms = [(self._test(condition), [*self._binding(condition), *body])]
        other = node.child_by_field_name("alternative")
        if other is not None:
            arms.append((None, self._arm(other.named_children[-1], valued=valued)))
        yield Branch(arms)

    def match_node(self, node: Node, *, valued: bool = False) -> Iterator[Statement]:
        subject = self.value(node)
        yield Evaluate(subject)
        arms: Arms = []
        for arm in node.child_by_field_name("body").named_children:
            if arm.type != "match_arm":
                continue
            pattern = arm.child_by_field_name("pattern")
            inner = pattern.named_children[0] if pattern.named_children else None
            bound = Assign(self.pattern(inner), subject, line_of(arm), local=True)
            guarded = pattern.child_by_field_name("condition") is not None
            test: Expression | None = Opaque([])
            if inner is None and not guarded:
                test = None
            elif inner is not None and inner.type in _LITERALS and not guarded:
                test = Binary("==", subject, self.expression(inner))
            arms.append((test, [bound, *self._arm(arm.child_by_field_name("value"), valued=valued)]))
        yield Branch(arms)

    def loop(self, node: Node) -> Iterator[Statement]:
        condition = node.child_by_field_name("condition")
        body = [*self._binding(condition), *self.block(node.child_by_field_name("body"))]
        if node.type == "for_expression":
            target, items = self.pattern(node.child_by_field_name("pattern")), self.value(node)
            body = [Assign(target, Index(items, Opaque([])), line_of(node), local=True), *body]
        yield Loop(None if condition is None else self._test(condition), body)

    # Items

    def function(self, node: Node) -> Iterator[Statement]:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        own_type, body = self.own_type, node.child_by_field_name("body")

        def made() -> list[Statement]:
            before, self.own_type = self.own_type, own_type
            try:
                return [] if body is None else self.valued(body)
            finally:
                self.own_type = before

        static = not parameters or parameters[0].name != "self"
        returns = self.declared(node.child_by_field_name("return_type"))
        name, line = self.text(node.child_by_field_name("name")), line_of(node)
        yield Function(name, parameters, Body(made), line, static, returns=returns)

    def type_node(self, node: Node) -> Iterator[Statement]:
        """A structure, enumeration or trait."""
        name, body = self.text(node.child_by_field_name("name")), node.child_by_field_name("body")
        members: list[Statement] = []
        before, self.own_type = self.own_type, name
        for child in [] if body is None else body.named_children:
            if child.type == "field_declaration":
                declared = self.declared(child.child_by_field_name("type"))
                field = Name(self.text(child.child_by_field_name("name")))
                members += [Assign(field, None, line_of(child), declared)] if declared is not None else []
            elif child.type == "function_item":
                members += self.one(child)
        self.own_type = before
        yield Class(name, [], members, line_of(node))

    def implementation(self, node: Node) -> Iterator[Statement]:
        kind = node.child_by_field_name("type")
        if kind.type == "generic_type":
            kind = kind.child_by_field_name("type")
        before, self.own_type = self.own_type, self.text(kind) if kind.type == "type_identifier" else ""
        body = self.block(node.child_by_field_name("body"))
        name, self.own_type = self.own_type, before
        yield Class(name, [], body, line_of(node))

    def alias(self, node: Node) -> Iterator[Statement]:
        name = Name(self.text(node.child_by_field_name("name")))
        yield Assign(name, self.part(node, "type"), line_of(node))

    def module_node(self, node: Node) -> Iterator[Statement]:
        name, body = self.text(node.child_by_field_name("name")), node.child_by_field_name("body")
        if body is None:
            yield Import(name, "self", name, line_of(node))
        else:
            yield from self.block(body)

    def use(self, node: Node) -> Iterator[Statement]:
        yield from self._used(node.child_by_field_name("argument"), [])

    def _used(self, node: Node, before: list[str]) -> Iterator[Statement]:
        """The names that a tree of paths imports."""
        line = line_of(node)
        if node.type == "scoped_use_list":
            inner = [*before, *self._path(node.child_by_field_name("path"))]
            for child in node.child_by_field_name("list").named_children:
                yield from self._used(child, inner)
        elif node.type == "use_list":
            for child in node.named_children:
                yield from self._used(child, before)
        elif node.type == "use_wildcard":
            parts = [*before, *(self._path(node.named_children[0]) if node.named_children else [])]
            yield Import("*", ".".join(parts), "", line)
        else:
            renamed = node.type == "use_as_clause"
            own = self._path(node.child_by_field_name("path") if renamed else node)
            parts = before if own == ["self"] and before else [*before, *own]
            local = self.text(node.child_by_field_name("alias")) if renamed else parts[-1]
            module = ".".join(parts[:-1]) or parts[0]
            yield Import(local, module, parts[-1] if len(parts) > 1 else "", line)

    def _path(self, node: Node | None) -> list[str]:
        return [part for part in self.text(node).replace(" ", "").split("::") if part]

    statements = {
        **CommonSyntax.statements,
        "expression_statement": expression_statement,
        "let_declaration": let,
        "const_item": constant,
        "static_item": constant,
        "compound_assignment_expr": CommonSyntax.assignment,
        "return_expression": CommonSyntax.return_node,
        "break_expression": leave,
        "continue_expression": leave,
        "if_expression": if_node,
        "match_expression": match_node,
        "loop_expression": loop,
        "while_expression": loop,
        "for_expression": loop,
        "function_item": function,
        "struct_item": type_node,
        "enum_item": type_node,
        "trait_item": type_node,
        "union_item": type_node,
        "impl_item": implementation,
        "type_item": alias,
        "mod_item": module_node,
        "use_declaration": use,
        "attribute_item": CommonSyntax.skip,
        "inner_attribute_item": CommonSyntax.skip,
        "macro_definition": CommonSyntax.skip,
        "empty_statement": CommonSyntax.skip,
    }
