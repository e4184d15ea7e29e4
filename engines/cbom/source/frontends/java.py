"""Front-end of Java: statements."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node
from engines.cbom.source.frontends.java_expressions import CONSTRUCTOR, RECEIVER, Arms, JavaExpressions
from engines.cbom.source.program import (
    Assign,
    Attempt,
    Binary,
    Body,
    Branch,
    Const,
    Evaluate,
    Function,
    Import,
    Index,
    Leave,
    Loop,
    Member,
    Module,
    Name,
    Opaque,
    Parameter,
    Return,
    Statement,
)

_APPEND = "append"


class JavaLowering(JavaExpressions):
    """Java's syntax tree (tree-sitter-java)."""

    containers = frozenset(
        {"program", "block", "expression_statement", "static_initializer", "constructor_body", "enum_body_declarations"}
    )

    def module(self, root: Node) -> Module:
        """The file, with its package."""
        found = super().module(root)
        found.body.insert(0, Import("*", "java.lang", "", 1))
        for child in root.named_children:
            if child.type == "package_declaration":
                found.package = self.text(child.named_children[-1])
                break
        return found

    # Statements

    def invoked(self, node: Node) -> Iterator[Statement]:
        """A call; one that appends to a variable is an assignment too, whose value is the text so far."""
        made = self.expression(node)
        receiver, name = node.child_by_field_name("object"), self.text(node.child_by_field_name("name"))
        if name == _APPEND and receiver is not None and receiver.type == "identifier":
            yield Assign(Name(self.text(receiver)), made, node.start_point[0] + 1)
        else:
            yield Evaluate(made)

    def declaration(self, node: Node) -> Iterator[Statement]:
        declared = self.declared(node)
        for declarator in node.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value")
            name = Name(self.text(declarator.child_by_field_name("name")))
            line = declarator.start_point[0] + 1
            yield Assign(name, None if value is None else self.expression(value), line, declared, local=True)

    def update(self, node: Node) -> Iterator[Statement]:
        target = self.expression(node.named_children[0])
        operator = "-" if any(child.type == "--" for child in node.children) else "+"
        yield Assign(target, Binary(operator, target, Const(1)), node.start_point[0] + 1)

    def return_node(self, node: Node) -> Iterator[Statement]:
        yield Return(self.first(node) if node.named_children else None)

    def leave(self, node: Node) -> Iterator[Statement]:
        yield Leave(self.opaque(node) if node.type == "throw_statement" else None)

    def labeled(self, node: Node) -> Iterator[Statement]:
        yield from self.one(node.named_children[-1])

    def if_node(self, node: Node) -> Iterator[Statement]:
        arms: Arms = []
        current: Node | None = node
        while current is not None and current.type == "if_statement":
            test = self.expression(current.child_by_field_name("condition"))
            arms.append((test, self.one(current.child_by_field_name("consequence"))))
            current = current.child_by_field_name("alternative")
        if current is not None:
            arms.append((None, self.one(current)))
        yield Branch(arms)

    def switch_node(self, node: Node) -> Iterator[Statement]:
        subject = self.expression(node.child_by_field_name("condition"))
        arms: Arms = []
        default: Arms = []
        labels: list[Node] = []
        for group in node.child_by_field_name("body").named_children:
            if group.type not in ("switch_block_statement_group", "switch_rule"):
                continue
            labels += [child for child in group.named_children if child.type == "switch_label"]
            own = [child for child in group.named_children if child.type != "switch_label"]
            if not own:
                continue
            body: list[Statement] = []
            for child in own:
                if child.type != "break_statement":
                    self._statement(child, body)
            test = self.test(subject, labels)
            (default if test is None else arms).append((test, _without_break(body)))
            labels = []
        yield Branch([*arms, *default])

    def while_node(self, node: Node) -> Iterator[Statement]:
        test = self.expression(node.child_by_field_name("condition"))
        yield Loop(test, self.one(node.child_by_field_name("body")))

    def do_node(self, node: Node) -> Iterator[Statement]:
        yield from self.one(node.child_by_field_name("body"))
        yield Evaluate(self.expression(node.child_by_field_name("condition")))

    def for_node(self, node: Node) -> Iterator[Statement]:
        for child in node.children_by_field_name("init"):
            yield from self.one(child)
        test = node.child_by_field_name("condition")
        body = self.one(node.child_by_field_name("body"))
        for child in node.children_by_field_name("update"):
            body.extend(self.one(child))
        yield Loop(None if test is None else self.expression(test), body)

    def for_each(self, node: Node) -> Iterator[Statement]:
        items = self.expression(node.child_by_field_name("value"))
        target = Name(self.text(node.child_by_field_name("name")))
        element = Assign(target, Index(items, Opaque([])), node.start_point[0] + 1, self.declared(node), local=True)
        yield Loop(None, [element, *self.one(node.child_by_field_name("body"))])

    def try_node(self, node: Node) -> Iterator[Statement]:
        resources = node.child_by_field_name("resources")
        for resource in [] if resources is None else resources.named_children:
            name, value = resource.child_by_field_name("name"), resource.child_by_field_name("value")
            if name is not None and value is not None:
                line = resource.start_point[0] + 1
                opened = self.expression(value)
                yield Assign(Name(self.text(name)), opened, line, self.declared(resource), local=True)
        body = self.block(node.child_by_field_name("body"))
        handlers, last = [], []
        for child in node.named_children:
            if child.type == "catch_clause":
                handlers.append(self.block(child.child_by_field_name("body")))
            elif child.type == "finally_clause":
                last = self.block(child.named_children[-1])
        yield Attempt(body, handlers, last)

    def synchronized(self, node: Node) -> Iterator[Statement]:
        yield from self.block(node.child_by_field_name("body"))

    def constructor_call(self, node: Node) -> Iterator[Statement]:
        """``this(...)`` and ``super(...)``."""
        constructor = node.child_by_field_name("constructor")
        receiver = Name(RECEIVER) if constructor.type == "this" else self.superclass(constructor)
        yield Evaluate(self.call(node, Member(receiver, CONSTRUCTOR), constructor, self.arguments(node)))

    def method(self, node: Node) -> Iterator[Statement]:
        static = any(child.type == "modifiers" and "static" in self.text(child).split() for child in node.children[:1])
        constructs = node.type != "method_declaration"
        parameters = self.parameters(node.child_by_field_name("parameters"))
        named = node.child_by_field_name("name")
        yield Function(
            CONSTRUCTOR if constructs else self.text(named),
            parameters if static else [Parameter(RECEIVER), *parameters],
            self._body(node.child_by_field_name("body")),
            named.start_point[0] + 1,
            static,
            returns=None if constructs else self.declared(node),
        )

    def _body(self, node: Node | None) -> Body:
        """The body of a method, lowered when it is first looked at, with what it needs to know of its class."""
        bases = list(self._bases)

        def made() -> list[Statement]:
            outer, self._bases = self._bases, bases
            try:
                return self.block(node)
            finally:
                self._bases = outer

        return Body(made)

    def class_node(self, node: Node) -> Iterator[Statement]:
        bases = []
        for field in ("superclass", "interfaces"):
            listed = node.child_by_field_name(field)
            for child in [] if listed is None else listed.named_children:
                each = child.named_children if child.type == "type_list" else [child]
                bases += [self.expression(kind) for kind in each]
        name = self.text(node.child_by_field_name("name"))
        extra = [self._record_constructor(node)] if node.type == "record_declaration" else []
        yield self.class_of(node.child_by_field_name("body"), name, bases, node.start_point[0] + 1, extra)

    def _record_constructor(self, node: Node) -> Statement:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        line = node.start_point[0] + 1
        body: list[Statement] = [
            Assign(Member(Name(RECEIVER), each.name), Name(each.name), line) for each in parameters
        ]
        return Function(CONSTRUCTOR, [Parameter(RECEIVER), *parameters], body, line)

    def enum_constant(self, node: Node) -> Iterator[Statement]:
        named = node.child_by_field_name("name")
        owner = Name(self.text(node.parent.parent.child_by_field_name("name")))
        made = self.call(node, owner, named, self.arguments(node), creates=True)
        yield Assign(Name(self.text(named)), made, node.start_point[0] + 1)

    def import_node(self, node: Node) -> Iterator[Statement]:
        line = node.start_point[0] + 1
        path = self.text(node.named_children[0])
        if any(child.type == "asterisk" for child in node.named_children):
            yield Import("*", path, "", line)
        else:
            module, _, name = path.rpartition(".")
            yield Import(name, module, name, line)

    def skip(self, node: Node) -> Iterator[Statement]:
        yield from ()

    statements = {
        "method_invocation": invoked,
        "local_variable_declaration": declaration,
        "field_declaration": declaration,
        "constant_declaration": declaration,
        "assignment_expression": JavaExpressions.assignment,
        "update_expression": update,
        "return_statement": return_node,
        "yield_statement": return_node,
        "throw_statement": leave,
        "break_statement": leave,
        "continue_statement": leave,
        "labeled_statement": labeled,
        "if_statement": if_node,
        "switch_expression": switch_node,
        "while_statement": while_node,
        "do_statement": do_node,
        "for_statement": for_node,
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
        "annotation_type_declaration": skip,
        "enum_constant": enum_constant,
        "import_declaration": import_node,
        "package_declaration": skip,
    }


def _without_break(body: list[Statement]) -> list[Statement]:
    """``body`` without the ``break`` that ends its case, which leaves the switch and no loop."""
    return body[:-1] if body and isinstance(body[-1], Leave) and body[-1].value is None else body
