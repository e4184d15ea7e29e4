"""Front-end of Go: statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.common_syntax import Arms, CommonSyntax
from engines.cbom.source.frontends.go_expressions import GoExpressions
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Class,
    Evaluate,
    Expression,
    Import,
    Index,
    Loop,
    Member,
    Name,
    NewArray,
    Opaque,
    Return,
    Sequence,
    Statement,
    Typed,
)

_EMBED = re.compile(r"//go:embed (?!.*(?:pub|cert|\.crt|\bca\b))")
"""What makes a variable the content of a file, but for one that is public by its name."""

_EMBEDDED = frozenset({"[]byte", "string"})
"""Types of variables that get a file's content."""

_VERSION = re.compile(r"/v\d+$|\.v\d+$")


class GoLowering(GoExpressions):
    """Go's syntax tree (tree-sitter-go)."""

    package_clause = "package_clause"
    containers = frozenset(
        {
            "source_file",
            "block",
            "statement_list",
            "expression_statement",
            "import_declaration",
            "import_spec_list",
            "var_declaration",
            "var_spec_list",
            "type_declaration",
            "defer_statement",
            "go_statement",
        }
    )

    # Statements

    def sides(self, node: Node) -> tuple[Expression, Expression]:
        return self.several(node.child_by_field_name("left")), self.got(node.child_by_field_name("right"))

    def short_variable(self, node: Node) -> Iterator[Statement]:
        target, value = self.sides(node)
        yield Assign(target, value, line_of(node), local=True)

    def if_node(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        yield from super().if_node(node)

    def variable(self, node: Node) -> Iterator[Statement]:
        names: list[Expression] = [Name(self.text(name)) for name in node.children_by_field_name("name")]
        value, kind = node.child_by_field_name("value"), node.child_by_field_name("type")
        declared = self.declared(node)
        line = line_of(node)
        if value is not None:
            target = names[0] if len(names) == 1 else Sequence(names)
            yield Assign(target, self.got(value), line, declared, local=True)
            return
        if kind is not None and self.text(kind) in _EMBEDDED and self._is_embedded(node):
            yield Assign(names[0], self.call(node, Name("go:embed"), None, []), line, declared, local=True)
            return
        length = kind.child_by_field_name("length") if kind is not None and kind.type == "array_type" else None
        zeros = None if length is None else NewArray(self.expression(length))
        for name in names:
            yield Assign(name, zeros, line, declared, local=True)

    def _is_embedded(self, node: Node) -> bool:
        """Whether a file of the program becomes the value of a variable: ``//go:embed private.pem``."""
        above = node.prev_named_sibling or (node.parent and node.parent.prev_named_sibling)
        return above is not None and above.type == "comment" and _EMBED.match(self.text(above)) is not None

    def constants(self, node: Node) -> Iterator[Statement]:
        """Constants; one without a value repeats the expression before it, with the next ``iota``."""
        value: Node | None = None
        specs = [child for child in node.named_children if child.type == "const_spec"]
        for number, spec in enumerate(specs):
            self._iota = number
            value = spec.child_by_field_name("value") or value
            names: list[Expression] = [
                Name(self.text(name)) for name in spec.children_by_field_name("name") if name.is_named
            ]
            target = names[0] if len(names) == 1 else Sequence(names)
            yield Assign(target, None if value is None else self.several(value), line_of(spec), local=True)

    def return_node(self, node: Node) -> Iterator[Statement]:
        if node.named_children:
            yield Return(self._results_of(node.named_children[0]))
            return
        names: list[Expression] = [Name(name) for name in (self._results[-1] if self._results else [])]
        yield Return(names[0] if len(names) == 1 else Sequence(names) if names else None)

    def _results_of(self, node: Node) -> Expression:
        items = [self.mention(child) for child in self.children(node)]
        return items[0] if len(items) == 1 else Sequence(items)

    def call_statement(self, node: Node) -> Iterator[Statement]:
        """A call; ``copy`` is an assignment of its target, if that is a whole variable."""
        arguments = node.child_by_field_name("arguments").named_children
        if len(arguments) == 2 and self.text(node.child_by_field_name("function")) == "copy":
            target = self.expression(arguments[0])
            if isinstance(target, Name | Member):
                yield Assign(target, self.expression(arguments[1]), line_of(node))
                return
        yield Evaluate(self.expression(node))

    def _initializer(self, node: Node) -> list[Statement]:
        return self.one(node.child_by_field_name("initializer"))

    def for_node(self, node: Node) -> Iterator[Statement]:
        body = self.block(node.child_by_field_name("body"))
        clause = node.named_children[0]
        if clause.type == "for_clause":
            yield from self._initializer(clause)
            test = clause.child_by_field_name("condition")
            body += self.one(clause.child_by_field_name("update"))
            yield Loop(None if test is None else self.expression(test), body)
        elif clause.type == "range_clause":
            yield Loop(None, [*self._range(clause), *body])
        else:
            yield Loop(None if clause.type == "block" else self.expression(clause), body)

    def _range(self, clause: Node) -> Iterator[Statement]:
        items = self.part(clause, "right")
        yield Evaluate(items)
        left = clause.child_by_field_name("left")
        for number, name in enumerate([] if left is None else left.named_children):
            value = Index(items, Opaque([])) if number else Opaque([])
            yield Assign(self.expression(name), value, line_of(clause), local=True)

    def switch_node(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        value = node.child_by_field_name("value")
        subject = None if value is None else self.expression(value)
        arms: Arms = []
        default: Arms = []
        for case in node.named_children:
            if case.type == "default_case":
                default.append((None, self._case_body(case)))
            elif case.type == "expression_case":
                tests = [self.expression(each) for each in case.child_by_field_name("value").named_children]
                if subject is not None:
                    tests = [Binary("==", subject, test) for test in tests]
                arms.append((tests[0] if len(tests) == 1 else Opaque(tests), self._case_body(case)))
        yield Branch([*arms, *default])

    def _case_body(self, case: Node) -> list[Statement]:
        lists = [child for child in case.named_children if child.type == "statement_list"]
        return [statement for child in lists for statement in self.block(child)]

    def type_switch(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        value = self.part(node, "value")
        alias = node.child_by_field_name("alias")
        arms: Arms = []
        for case in node.named_children:
            if case.type not in ("type_case", "default_case"):
                continue
            body: list[Statement] = []
            if alias is not None:
                declared = self.declared(case)
                typed = value if declared is None else Typed(value, declared)
                body.append(Assign(self.first(alias), typed, line_of(case), local=True))
            arms.append((None if case.type == "default_case" else Opaque([]), [*body, *self._case_body(case)]))
        yield Branch(sorted(arms, key=lambda arm: arm[0] is None))

    def select_node(self, node: Node) -> Iterator[Statement]:
        arms: Arms = []
        for case in node.named_children:
            arms.append((Opaque([]), [*self.one(case.child_by_field_name("communication")), *self._case_body(case)]))
        yield Branch(arms)

    def receive(self, node: Node) -> Iterator[Statement]:
        left = node.child_by_field_name("left")
        right = self.part(node, "right")
        line = line_of(node)
        yield Evaluate(right) if left is None else Assign(self.several(left), right, line, local=True)

    def function(self, node: Node) -> Iterator[Statement]:
        yield self.made_function(node, self.text(node.child_by_field_name("name")), [])

    def method(self, node: Node) -> Iterator[Statement]:
        receiver = self.parameters(node.child_by_field_name("receiver"))[:1]
        declared = receiver[0].declared if receiver else None
        made = self.made_function(node, self.text(node.child_by_field_name("name")), receiver)
        yield Class(declared.name, [], [made], made.line) if isinstance(declared, Name) else made

    def type_node(self, node: Node) -> Iterator[Statement]:
        name = self.text(node.child_by_field_name("name"))
        kind = node.child_by_field_name("type")
        line = line_of(node)
        if kind.type == "struct_type":
            yield self._struct(name, kind, line)
        elif kind.type in self.named_types:
            declared = self.expression(kind)
            yield Assign(Name(name), declared, line) if node.type == "type_alias" else Class(name, [declared], [], line)

    def _struct(self, name: str, node: Node, line: int) -> Class:
        bases: list[Expression] = []
        members: list[Statement] = []
        for field in node.named_children[0].named_children if node.named_children else ():
            declared = self.declared(field)
            names = field.children_by_field_name("name")
            if names and declared is not None:
                members += [Assign(Name(self.text(each)), None, line, declared) for each in names]
            elif declared is not None:
                bases.append(declared)
        return Class(name, bases, members, line)

    def import_node(self, node: Node) -> Iterator[Statement]:
        line = line_of(node)
        path = self.text(node.child_by_field_name("path"))[1:-1]
        named = node.child_by_field_name("name")
        if named is None:
            for name in _package_names(path):
                self.packages.add(name)
                yield Import(name, path, "", line)
        elif named.type == "dot":
            yield Import("*", path, "", line)
        elif named.type == "package_identifier":
            self.packages.add(self.text(named))
            yield Import(self.text(named), path, "", line)

    statements = {
        **CommonSyntax.statements,
        "assignment_statement": CommonSyntax.assignment,
        "short_var_declaration": short_variable,
        "inc_statement": CommonSyntax.update,
        "dec_statement": CommonSyntax.update,
        "var_spec": variable,
        "const_declaration": constants,
        "return_statement": return_node,
        "goto_statement": CommonSyntax.leave,
        "fallthrough_statement": CommonSyntax.skip,
        "call_expression": call_statement,
        "if_statement": if_node,
        "for_statement": for_node,
        "expression_switch_statement": switch_node,
        "type_switch_statement": type_switch,
        "select_statement": select_node,
        "receive_statement": receive,
        "function_declaration": function,
        "method_declaration": method,
        "type_spec": type_node,
        "type_alias": type_node,
        "import_spec": import_node,
        "package_clause": CommonSyntax.skip,
    }


def _package_names(path: str) -> list[str]:
    """Names that the package at ``path`` may have: its last part, without a version and the words that mean Go.

    A hyphen can't stand in one: ``sha256-simd`` is ``sha256``, ``echo-jwt`` is ``echojwt``.
    """
    last = _VERSION.sub("", path).rpartition("/")[2]
    names = [last, last.removeprefix("go-"), last.removesuffix("-go"), last.removesuffix(".go")]
    return list(dict.fromkeys([*names, last.partition("-")[0], last.replace("-", "")]))
