"""Front-end of Java: statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, end_line_of, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax, bases_first, import_of
from engines.cbom.source.frontends.java_expressions import CONSTRUCTOR, RECEIVER
from engines.cbom.source.frontends.java_members import JavaMembers
from engines.cbom.source.program import (
    ENUM_NAME,
    Assign,
    Attempt,
    Branch,
    Const,
    Evaluate,
    Expression,
    Function,
    Import,
    Leave,
    Member,
    Module,
    Name,
    Parameter,
    Return,
    Statement,
)

_APPEND = "append"
_TESTS = re.compile(rb"^\s*import (?:static )?(?:org\.junit|org\.testng|spock)\.", re.MULTILINE)
"""An import by which a file is a test."""


class JavaLowering(JavaMembers):
    """Java's syntax tree (tree-sitter-java)."""

    package_clause = "package_declaration"
    containers = frozenset(
        {"program", "block", "expression_statement", "static_initializer", "constructor_body", "enum_body_declarations"}
    )

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.testing = _TESTS.search(source) is not None

    def module(self, root: Node) -> Module:
        """The file, with what every file imports."""
        found = super().module(root)
        found.test = self.testing
        found.body = [Import("*", "java.lang", "", 1), *bases_first(found.body)]
        return found

    # Statements

    def invoked(self, node: Node) -> Iterator[Statement]:
        """A call; one that appends to a variable is an assignment too, whose value is the text so far."""
        made = self.expression(node)
        receiver: Node | None = node
        while receiver is not None and self.text(receiver.child_by_field_name("name")) == _APPEND:
            receiver = receiver.child_by_field_name("object")
        if receiver is not None and receiver is not node and receiver.type == "identifier":
            yield Assign(Name(self.text(receiver)), made, line_of(node))
        else:
            yield Evaluate(made)

    def declaration(self, node: Node) -> Iterator[Statement]:
        declared = self.declared(node)
        is_field = node.type == "field_declaration"
        injected = self.injected(node) if is_field else None
        for declarator in node.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value")
            name = self.text(declarator.child_by_field_name("name"))
            own = None if value is None else self.expression(value)
            if is_field:
                own = injected or self.setting(node, name, own) or own
            yield Assign(Name(name), own, line_of(declarator), declared, local=True)

    def switch_node(self, node: Node) -> Iterator[Statement]:
        groups = [
            group
            for group in node.child_by_field_name("body").named_children
            if group.type in ("switch_block_statement_group", "switch_rule")
        ]
        yield Branch(self.arms_of(self.condition(node), map(self._case, groups)))

    def _case(self, group: Node) -> tuple[list[Expression] | None, list[Statement]]:
        body: list[Statement] = []
        for child in group.named_children:
            if child.type != "switch_label":
                self._statement(child, body)
        labels = [child for child in group.named_children if child.type == "switch_label"]
        if group.type == "switch_rule":
            body.append(Leave())  # It never goes on to the next case.
        return self.values_of(labels), body

    def for_each(self, node: Node) -> Iterator[Statement]:
        items = self.part(node, "value")
        target = Name(self.text(node.child_by_field_name("name")))
        yield from self.loop_over(node, target, items, self.declared(node))

    def try_node(self, node: Node) -> Iterator[Statement]:
        resources = node.child_by_field_name("resources")
        for resource in [] if resources is None else resources.named_children:
            name, value = resource.child_by_field_name("name"), resource.child_by_field_name("value")
            if name is not None and value is not None:
                line = line_of(resource)
                opened = self.expression(value)
                yield Assign(Name(self.text(name)), opened, line, self.declared(resource), local=True)
        for made in super().try_node(node):
            if type(made) is Attempt:
                made.caught = [self._caught(child) for child in node.named_children if child.type == "catch_clause"]
            yield made

    def _caught(self, handler: Node) -> list[str]:
        """The types that a handler catches: ``catch (A | B e)``."""
        types = [part for child in handler.named_children[:1] for part in child.named_children]
        listed = [kind for part in types if part.type == "catch_type" for kind in part.named_children]
        return [self.text(kind).rpartition(".")[2] for kind in listed]

    def synchronized(self, node: Node) -> Iterator[Statement]:
        yield from self.block(node.child_by_field_name("body"))

    def constructor_call(self, node: Node) -> Iterator[Statement]:
        """``this(...)`` and ``super(...)``."""
        constructor = node.child_by_field_name("constructor")
        receiver = Name(RECEIVER) if constructor.type == "this" else self.superclass(constructor)
        yield Evaluate(self.call(node, Member(receiver, CONSTRUCTOR), constructor, self.arguments(node)))

    def method(self, node: Node) -> Iterator[Statement]:
        modifiers = [
            word for child in node.children[:1] if child.type == "modifiers" for word in self.text(child).split()
        ]
        static = "static" in modifiers
        constructs = node.type != "method_declaration"
        parameters = self.parameters(node.child_by_field_name("parameters"))
        named = node.child_by_field_name("name")
        yield Function(
            CONSTRUCTOR if constructs else self.text(named),
            parameters if static else [Parameter(RECEIVER), *parameters],
            self.deferred(node.child_by_field_name("body")),
            line_of(named),
            static,
            returns=None if constructs else self.declared(node),
            internal="private" in modifiers,
            test=self.testing,
            end_line=end_line_of(node),
        )

    def class_node(self, node: Node) -> Iterator[Statement]:
        bases = []
        extended = [child for child in node.named_children if child.type == "extends_interfaces"]
        for listed in (*map(node.child_by_field_name, ("superclass", "interfaces")), *extended):
            for child in [] if listed is None else listed.named_children:
                each = child.named_children if child.type == "type_list" else [child]
                bases += [self.expression(kind) for kind in each]
        name = self.text(node.child_by_field_name("name"))
        self.enter_class(node, name)
        extra = self.record_members(node) if node.type == "record_declaration" else self.lombok_members(node, name)
        if node.type == "enum_declaration":
            extra = [*extra, *self._names_of_constants(node)]
        made = self.class_of(node.child_by_field_name("body"), name, bases, line_of(node), extra)
        self.leave_class()
        first = node.named_children[0]
        made.abstract = node.type == "interface_declaration" or (
            first.type == "modifiers" and "abstract" in self.text(first).split()
        )
        yield made

    def enum_constant(self, node: Node) -> Iterator[Statement]:
        named = node.child_by_field_name("name")
        owner = Name(self.text(node.parent.parent.child_by_field_name("name")))
        args = self.arguments(node)
        body = node.child_by_field_name("body")
        if body is not None:  # A class of its own, below the enum.
            name = f"{self.text(named)}${line_of(node)}"
            yield self.class_of(body, name, [owner], line_of(node), [])
            owner = Name(name)
        made = self.call(node, owner, named, args, creates=True)
        yield Assign(Name(self.text(named)), made, line_of(node), local=True)
        yield Assign(Member(Name(self.text(named)), ENUM_NAME), Const(self.text(named)), line_of(node))

    def _names_of_constants(self, node: Node) -> Iterator[Statement]:
        """``name()`` and, unless the enumeration has one, ``toString()``."""
        declared = self.methods_of(node)
        for name in ("name", "toString"):
            if name not in declared:
                yield Function(name, [Parameter(RECEIVER)], [Return(Member(Name(RECEIVER), ENUM_NAME))], line_of(node))

    def import_node(self, node: Node) -> Iterator[Statement]:
        everything = any(child.type == "asterisk" for child in node.named_children)
        yield import_of(self.text(node.named_children[0]), node, everything=everything)

    statements = {
        **CommonSyntax.statements,
        "method_invocation": invoked,
        "local_variable_declaration": declaration,
        "field_declaration": declaration,
        "constant_declaration": declaration,
        "yield_statement": CommonSyntax.return_node,
        "switch_expression": switch_node,
        "enhanced_for_statement": for_each,
        "try_statement": try_node,
        "try_with_resources_statement": try_node,
        "synchronized_statement": synchronized,
        "explicit_constructor_invocation": constructor_call,
        "method_declaration": method,
        "constructor_declaration": method,
        "class_declaration": class_node,
        "interface_declaration": class_node,
        "enum_declaration": class_node,
        "record_declaration": class_node,
        "annotation_type_declaration": CommonSyntax.skip,
        "enum_constant": enum_constant,
        "import_declaration": import_node,
        "package_declaration": CommonSyntax.skip,
    }
