"""Front-end of JavaScript and TypeScript, whose trees have the same nodes but for types.

What a file exports is bound to the exported name at the top of the file (``default`` for the only or default export),
whether by ``export`` or by ``module.exports``: so another file finds it like any name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax
from engines.cbom.source.frontends.javascript.expressions import FUNCTIONS, JavaScriptExpressions, exported
from engines.cbom.source.frontends.javascript.prototypes import with_classes
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Call,
    Class,
    Const,
    Evaluate,
    Expression,
    Function,
    Import,
    Mapping,
    Member,
    Module,
    Name,
    Opaque,
    Parameter,
    Return,
    Statement,
)

_MAKER = re.compile(rb"function\s+[A-Z]\w*\s*\(|\b[A-Z]\w*\s*=\s*function")
"""A function that is named like a class."""

_TESTS = re.compile(
    rb"^(?:(?:describe|it|suite|test)(?:\.\w+)*\(\s*['\"`]|(?:describe|it|test)(?:\.\w+)*\.each\b|Deno\.test\()"
    rb"|\bfrom\s*['\"](?:@playwright/test|vitest|@jest/globals|node:test|bun:test)['\"]",
    re.MULTILINE,
)
"""A test at the top of a file, for Jest, Vitest, Mocha, Node, Playwright, Bun or Deno, or what is imported for one."""

_INJECT = "Inject("
"""How the annotation of a field begins that a container gives a value by its name."""

_DEFINING = 3
"""The arguments of ``Object.defineProperty``."""


class JavaScriptLowering(JavaScriptExpressions):
    """Syntax trees of tree-sitter-javascript and tree-sitter-typescript."""

    containers = frozenset({"program", "statement_block", "module"})

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.reassigned = set()
        self._exports: set[str] = set()
        self.testing = _TESTS.search(source) is not None
        self._has_prototypes = b".prototype" in source or _MAKER.search(source) is not None

    def module(self, root: Node) -> Module:
        made = super().module(root)
        made.reassigned = frozenset(self.reassigned)
        self._mark_internal(made.body)
        made.test = self.testing
        return made

    def _mark_internal(self, body: list[Statement]) -> None:
        """Mark the functions that a module keeps to itself, if it exports anything."""
        names = set(self._exports)
        own: dict[str, Function] = {}
        for each in body:
            if isinstance(each, Function):
                own[each.name] = each
            elif isinstance(each, Assign) and isinstance(each.target, Name):
                if each.local and isinstance(each.value, Function):
                    own[each.target.name] = each.value
                elif not each.local and isinstance(each.value, Name):
                    names.add(each.value.name)
        for name in own if names else ():
            own[name].internal = name not in names

    def block(self, node: Node | None) -> list[Statement]:
        """The statements in ``node``; functions are there from the beginning of their block."""
        found = super().block(node)
        if self._has_prototypes:
            found = with_classes(found)
        hoisted = [each for each in found if isinstance(each, Function)]
        return [*hoisted, *(each for each in found if not isinstance(each, Function))] if hoisted else found

    def class_expression(self, node: Node) -> Expression:
        return Opaque([each for each in self._class(node).body if isinstance(each, Function)])

    def declaration(self, node: Node) -> Iterator[Statement]:
        for child in node.named_children:
            if child.type != "variable_declarator":
                continue
            target, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            kind = child.child_by_field_name("type")
            stated = self.expression(kind.named_children[0]) if kind is not None and kind.named_children else None
            if value is not None and value.type == "class":
                made = self._class(value)
                made.name = self.text(target)
                yield made
                continue
            given = None if value is None else self.expression(value)
            if isinstance(given, Function) and not given.name:
                given.name = self.text(target)
            yield Assign(self.expression(target), given, line_of(child), stated, local=True)

    def expression_statement(self, node: Node) -> Iterator[Statement]:
        inner = node.named_children[0] if node.named_children else None
        if inner is None:
            return
        if inner.type == "internal_module":
            yield from self.namespace(inner)
        elif inner.type == "assignment_expression":
            yield from self._assignment(inner)
        elif inner.type == "augmented_assignment_expression":
            self.note_counted(inner.child_by_field_name("left"))
            changed = self.assigned_to(inner)
            # What is mixed into other data by ^= doesn't make these worse.
            if isinstance(changed.value, Binary) and changed.value.operator == "^":
                changed = replace(changed, value=Opaque([changed.value]))
            yield changed
        elif inner.type == "update_expression":
            self.note_counted(inner.child_by_field_name("argument"))
            yield from self.update(inner)
        else:
            made = self.expression(inner)
            yield _defined(made, line_of(inner)) or Evaluate(made)

    def _assignment(self, node: Node) -> Iterator[Statement]:
        targets = []
        while node.type == "assignment_expression":
            targets.append(node.child_by_field_name("left"))
            node = node.child_by_field_name("right")
        last = self.text(targets[-1]).rpartition(".")[2]
        member = targets[-1].type == "member_expression" and last != "exports"
        value = self.member_value(node, Const(last)) if member else self.expression(node)
        line = line_of(targets[0])
        if isinstance(value, Function) and not value.name and targets[-1].type == "identifier":
            value.name = last
        for target in targets:
            self.note(target)
            name = self.text(target)
            if name in ("module.exports", "exports"):
                yield Assign(Name("default"), value, line)
                yield from _exported_pairs(value, line)
            elif name.startswith(("exports.", "module.exports.")):
                yield Assign(Name(exported(name.rpartition(".")[2])), value, line)
            else:
                yield Assign(self.expression(target), value, line)

    def condition(self, node: Node) -> Expression:
        return self.part(node, "value" if node.type == "switch_statement" else "condition")

    def switch(self, node: Node) -> Iterator[Statement]:
        cases = self.children(node.child_by_field_name("body"))
        yield Branch(self.arms_of(self.condition(node), map(self._case, cases)))

    def _case(self, case: Node) -> tuple[list[Expression] | None, list[Statement]]:
        body: list[Statement] = []
        for child in case.children_by_field_name("body"):
            self._statement(child, body)
        return None if case.type == "switch_default" else [self.part(case, "value")], body

    def for_in(self, node: Node) -> Iterator[Statement]:
        yield from self.loop_over(node, self.part(node, "left"), self.part(node, "right"))

    def function(self, node: Node) -> Iterator[Statement]:
        yield self._function(node, self.text(node.child_by_field_name("name")))

    def class_node(self, node: Node) -> Iterator[Statement]:
        yield from self._decorators(node)
        yield self._class(node)

    def _decorators(self, node: Node) -> Iterator[Statement]:
        yield from (Evaluate(self.first(child)) for child in node.named_children if child.type == "decorator")

    def _class(self, node: Node) -> Class:
        bases = [
            self.first(inner if inner.type == "extends_clause" else child)
            for child in node.named_children
            if child.type == "class_heritage"
            for inner in child.named_children[:1]
        ]
        inside = node.child_by_field_name("body")
        body: list[Statement] = [*self._decorators(inside)]
        for child in inside.named_children:
            body.extend(self._decorators(child))
            if child.type == "method_definition":
                body.append(self._method(child))
            elif child.type in ("field_definition", "public_field_definition"):
                name = child.child_by_field_name("property") or child.child_by_field_name("name")
                value = child.child_by_field_name("value")
                if value is not None and value.type in FUNCTIONS:
                    body.append(self._method(value, self.text(name)))
                elif value is not None:
                    body.append(Assign(Name(self.text(name)), self._field(value), line_of(child), local=True))
                elif (injected := self.injected(child)) is not None and self.text(injected).startswith(_INJECT):
                    given: list[Statement] = [
                        Return(self.expression(injected))
                    ]  # It is asked for once all modules have told theirs.
                    body.append(Function(self.text(name), [Parameter("this")], given, line_of(child), getter=True))
                elif (kind := self.annotated(child)) is not None:
                    body.append(Assign(Name(self.text(name)), None, line_of(child), kind, local=True))
            elif child.type == "class_static_block":
                body.extend(self.block(child.child_by_field_name("body")))
        return Class(self.text(node.child_by_field_name("name")), bases, body, line_of(node))

    def _field(self, node: Node) -> Expression:
        """The value of a field, in which ``this.name`` is another field: a name of the class."""
        outer, self.in_field = self.in_field, True
        try:
            return self.expression(node)
        finally:
            self.in_field = outer

    def enum(self, node: Node) -> Iterator[Statement]:
        pairs: list[tuple[Expression | None, Expression]] = [
            (self._key(child.child_by_field_name("name")), self.part(child, "value"))
            for child in node.child_by_field_name("body").named_children
            if child.type == "enum_assignment"
        ]
        name = Name(self.text(node.child_by_field_name("name")))
        yield Assign(name, Mapping(pairs), line_of(node), local=True)

    def namespace(self, node: Node) -> Iterator[Statement]:
        """A namespace of TypeScript: its statements, and an object of the names in it."""
        body = self.block(node.child_by_field_name("body"))
        yield from body
        names = [each.name for each in body if isinstance(each, Function | Class)]
        names += [each.target.name for each in body if isinstance(each, Assign) and isinstance(each.target, Name)]
        pairs: list[tuple[Expression | None, Expression]] = [(Const(name), Name(name)) for name in names]
        yield Assign(self.part(node, "name"), Mapping(pairs), line_of(node), local=True)

    def import_node(self, node: Node) -> Iterator[Statement]:
        line, module = line_of(node), self._module(node)
        for clause in node.named_children:
            if clause.type == "import_require_clause":
                yield Import(self.text(clause.named_children[0]), self._module(clause), "", line)
            for child in clause.named_children if clause.type == "import_clause" else ():
                if child.type == "identifier":
                    yield Import(self.text(child), module, "default", line)
                elif child.type == "namespace_import":
                    yield Import(self.text(child.named_children[-1]), module, "", line)
                else:
                    for each in child.named_children:
                        name, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
                        yield Import(self.text(alias or name), module, self.text(name).strip("'\""), line)

    def _module(self, node: Node) -> str:
        source = node.child_by_field_name("source")
        return self.text(source)[1:-1]

    def export(self, node: Node) -> Iterator[Statement]:
        line = line_of(node)
        declaration, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        if declaration is not None:
            made = self.one(declaration)
            self._exports.update(_declared(made))
            yield from self._decorators(node)
            yield from made
            if any(child.type == "default" for child in node.children):
                yield from (
                    Assign(Name("default"), Name(each.name), line)
                    for each in made
                    if isinstance(each, Function | Class)
                )
        elif value is not None:
            yield Assign(Name("default"), self.expression(value), line)
            yield from _exported_pairs(self.expression(value), line)
        elif node.child_by_field_name("source") is not None:
            yield from self._passed_on(node, line)
        else:
            for name, alias in self._specifiers(node):
                self._exports.add(name)
                if alias != name:
                    yield Assign(Name(alias), Name(name), line)

    def _passed_on(self, node: Node, line: int) -> Iterator[Statement]:
        module, names = self._module(node), list(self._specifiers(node))
        spaces = [child for child in node.named_children if child.type == "namespace_export"]
        yield from (Import(alias, module, name, line) for name, alias in names)
        yield from (Import(self.text(each.named_children[-1]), module, "", line) for each in spaces)
        if not names and not spaces:
            yield Import("*", module, "", line)

    def _specifiers(self, node: Node) -> Iterator[tuple[str, str]]:
        for clause in node.named_children:
            for each in clause.named_children if clause.type == "export_clause" else ():
                name = self.text(each.child_by_field_name("name"))
                yield name, self.text(each.child_by_field_name("alias")) or name

    expressions = {**JavaScriptExpressions.expressions, "class": class_expression}
    statements = {
        **CommonSyntax.statements,
        "lexical_declaration": declaration,
        "variable_declaration": declaration,
        "expression_statement": expression_statement,
        "switch_statement": switch,
        "for_in_statement": for_in,
        "function_declaration": function,
        "generator_function_declaration": function,
        "class_declaration": class_node,
        "abstract_class_declaration": class_node,
        "enum_declaration": enum,
        "internal_module": namespace,
        "import_statement": import_node,
        "export_statement": export,
        "interface_declaration": CommonSyntax.skip,
        "type_alias_declaration": CommonSyntax.skip,
        "ambient_declaration": CommonSyntax.skip,
        "function_signature": CommonSyntax.skip,
    }


def _declared(made: list[Statement]) -> Iterator[str]:
    """The names of functions and variables that statements declare."""
    for each in made:
        if isinstance(each, Function):
            yield each.name
        elif isinstance(each, Assign) and isinstance(each.target, Name):
            yield each.target.name


def _exported_pairs(value: Expression, line: int) -> Iterator[Statement]:
    """The names of an object that is exported."""
    for key, each in value.pairs if isinstance(value, Mapping) else ():
        if isinstance(key, Const):
            yield Assign(Name(exported(str(key.value))), each, line)


def _defined(made: Expression, line: int) -> Statement | None:
    """``Object.defineProperty(exports, "name", { get: function () { return value; } })``: how compilers pass names on.

    None for any other call.
    """
    if not isinstance(made, Call) or len(made.args) != _DEFINING or not isinstance(made.callee, Member):
        return None
    target, name, descriptor = made.args
    defines = made.callee.name == "defineProperty" and isinstance(target, Name) and target.name == "exports"
    if not defines or not isinstance(name, Const) or not isinstance(descriptor, Mapping):
        return None
    parts = {key.value: value for key, value in descriptor.pairs if isinstance(key, Const)}
    if "get" in parts:
        given: Expression = replace(made, callee=parts["get"], args=[])
    elif "value" in parts:
        given = parts["value"]
    else:
        return None
    return Assign(Name(exported(str(name.value))), given, line)
