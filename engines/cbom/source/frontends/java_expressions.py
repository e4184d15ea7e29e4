"""Front-end of Java: expressions.

Expressions can't hold statements, so an anonymous class and an assignment within an expression are put before the
statement that they stand in.
"""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Node, end_line_of, line_of
from engines.cbom.source.frontends.common_syntax import C_OPERATORS, CommonSyntax, HoistingSyntax, functions_first
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Class,
    Conditional,
    Const,
    Expression,
    Function,
    Index,
    Member,
    Mentioned,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Return,
    Statement,
    Typed,
    Unary,
)

CONSTRUCTOR = "<init>"
"""The name of constructors, as in class files (JVMS 2.9)."""

RECEIVER = "this"
_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|([0-7]{1,3})|(\n)|(.))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "s": " "}


class JavaExpressions(HoistingSyntax):
    """Expressions of Java, and what statements share with them."""

    operators = C_OPERATORS | {">>>": ">>"}
    testing = False
    """Whether the file is a test."""

    named_types = frozenset({"type_identifier", "scoped_type_identifier", "generic_type"})

    # Expressions

    def injected(self, node: Node) -> Expression | None:
        """The value that an annotation of a field or parameter tells; None if there is no such annotation."""
        raise NotImplementedError

    def superclass(self, _node: Node) -> Expression:
        return Name("super")

    def field(self, node: Node) -> Expression:
        return Member(self.part(node, "object"), self.text(node.child_by_field_name("field")))

    def scoped(self, node: Node) -> Expression:
        first, *rest = [child for child in node.named_children if not child.type.endswith("annotation")]
        result = self.expression(first)
        for child in rest:
            result = Member(result, self.text(child))
        return result

    def generic_type(self, node: Node) -> Expression:
        return self.expression(node.named_children[0])

    def element(self, node: Node) -> Expression:
        return Index(self.part(node, "array"), self.part(node, "index"))

    def invocation(self, node: Node) -> Expression:
        named = node.child_by_field_name("name")
        receiver = node.child_by_field_name("object")
        name = self.text(named)
        callee = Name(name) if receiver is None else Member(self.expression(receiver), name)
        return self.call(node, callee, named, self.arguments(node))

    def arguments(self, node: Node) -> list[Expression]:
        return self.all_of(node.child_by_field_name("arguments"))

    def creation(self, node: Node) -> Expression:
        kind = node.child_by_field_name("type")
        made = self.expression(kind)
        args = self.arguments(node)
        body = node.named_children[-1]
        if body.type == "class_body":
            line, column = node.start_point
            name = f"{self.text(kind)}${line + 1}_{column}"
            self._before.append(self.class_of(body, name, [made], line + 1, []))
            made = Name(name)
        return self.call(node, made, kind, args, creates=True)

    def array_creation(self, node: Node) -> Expression:
        value = node.child_by_field_name("value")
        if value is not None:
            return self.expression(value)
        sizes = [child for child in node.children_by_field_name("dimensions") if child.type == "dimensions_expr"]
        return NewArray(self.expression(sizes[0].named_children[0])) if len(sizes) == 1 else Opaque([])

    def string(self, node: Node) -> Expression:
        if self.too_long(node):
            return Opaque([])
        text = self.text(node)
        text = _stripped(text[3:-3].partition("\n")[2]) if text.startswith('"""') else text[1:-1]
        return Const(_ESCAPE.sub(_unescaped, text) if "\\" in text else text)

    def integer(self, node: Node) -> Expression:
        return self.integer_of(self.text(node).replace("_", "").rstrip("lL"))

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.part(node, "operand")
        return operand if operator == "+" else Unary("not" if operator == "!" else operator, operand)

    def cast(self, node: Node) -> Expression:
        value = self.part(node, "value")
        declared = self.declared(node)
        return value if declared is None else Typed(value, declared)

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        return None if self.text(node.child_by_field_name("type")) == "var" else super().declared(node)

    def instance_test(self, node: Node) -> Expression:
        """A test of a type, which may give the object a name: ``value instanceof String text``."""
        value, named = self.part(node, "left"), node.child_by_field_name("name")
        if named is not None:
            declared = None if node.child_by_field_name("right") is None else self.part(node, "right")
            self._before.append(Assign(Name(self.text(named)), value, line_of(node), declared, local=True))
        return Opaque([value])

    def lambda_node(self, node: Node) -> Expression:
        parameters = node.child_by_field_name("parameters")
        if parameters.type == "formal_parameters":
            named = self.parameters(parameters)
        else:
            each = [parameters] if parameters.type == "identifier" else parameters.named_children
            named = [Parameter(self.text(child)) for child in each]
        line = line_of(node)
        body = node.child_by_field_name("body")
        if body.type == "block":
            end = end_line_of(node)
            return Function("", named, self.block(body), line, static=True, test=self.testing, end_line=end)
        outer, self._before = self._before, []
        value = self.expression(body)
        statements = [*self._before, Return(value)]
        self._before = outer
        return Function("", named, statements, line, static=True, test=self.testing)

    def method_reference(self, node: Node) -> Expression:
        children = node.named_children
        base = self.expression(children[0])
        if len(children) == 1:
            return base
        value = Member(base, self.text(children[-1]))
        of_type = isinstance(base, Name | Member) and base.name[:1].isupper()
        return Mentioned(value, self.place_of(node)) if of_type else value

    def switch_value(self, node: Node) -> Expression:
        subject = self.part(node, "condition")
        result: Expression = Opaque([])
        rules = self.children(node.child_by_field_name("body"))
        if any(rule.type != "switch_rule" for rule in rules):
            made = Function("", [], Body(lambda: self.one(node)), line_of(node), static=True, test=self.testing)
            return self.call(node, made, None, [])
        for rule in reversed(rules):
            body = rule.named_children[-1]
            if body.type == "block":
                made = Function("", [], self.block(body), line_of(body), static=True, test=self.testing)
                value: Expression = self.call(body, made, None, [])
            else:
                value = self.first(body)
            values = self.values_of([rule.named_children[0]])
            tests: list[Expression] = [Binary("==", subject, each) for each in values or ()]
            test = tests[0] if len(tests) == 1 else Opaque(tests)
            result = value if values is None else Conditional(test, value, result)
        return result

    # Shared with statements

    def values_of(self, labels: list[Node]) -> list[Expression] | None:
        """The values of a case's labels; None if the default is among them."""
        if not all(label.named_children for label in labels):
            return None
        return [value for label in labels for value in self.all_of(label)]

    def parameters(self, node: Node | None) -> list[Parameter]:
        found = []
        for child in [] if node is None else node.named_children:
            if child.type == "formal_parameter":
                name = self.text(child.child_by_field_name("name"))
                found.append(Parameter(name, self.injected(child), self.declared(child)))
            elif child.type == "spread_parameter":
                found.append(Parameter(self.text(child.named_children[-1].child_by_field_name("name")), kind="*"))
        return found

    def class_of(self, body: Node, name: str, bases: list[Expression], line: int, extra: list[Statement]) -> Class:
        """A class with the members in ``body`` and those in ``extra``."""
        outer, self._before = self._before, []
        members = functions_first([*extra, *self.block(body)])
        self._before = outer
        return Class(name, bases, members, line, settable=self._settable(body))

    def _settable(self, body: Node) -> frozenset[str]:
        """The fields that other classes may set: those that are neither private nor final."""
        found: set[str] = set()
        for field in self.children(body):
            if field.type == "field_declaration":
                first = field.named_children[0]
                modifiers = self.text(first).split() if first.type == "modifiers" else []
                if "private" not in modifiers and "final" not in modifiers:
                    names = (each.child_by_field_name("name") for each in field.children_by_field_name("declarator"))
                    found.update(map(self.text, names))
        return frozenset(found)

    expressions = {
        **CommonSyntax.expressions,
        "super": superclass,
        "field_access": field,
        "scoped_identifier": scoped,
        "scoped_type_identifier": scoped,
        "generic_type": generic_type,
        "array_type": CommonSyntax.nothing,
        "class_literal": CommonSyntax.nothing,
        "array_access": element,
        "method_invocation": invocation,
        "object_creation_expression": creation,
        "array_creation_expression": array_creation,
        "array_initializer": CommonSyntax.sequence,
        "element_value_array_initializer": CommonSyntax.sequence,
        "string_literal": string,
        "character_literal": string,
        "decimal_integer_literal": integer,
        "hex_integer_literal": integer,
        "octal_integer_literal": integer,
        "binary_integer_literal": integer,
        "null_literal": CommonSyntax.word,
        "unary_expression": unary,
        "ternary_expression": CommonSyntax.ternary,
        "cast_expression": cast,
        "instanceof_expression": instance_test,
        "assignment_expression": HoistingSyntax.assigned,
        "update_expression": CommonSyntax.first,
        "lambda_expression": lambda_node,
        "method_reference": method_reference,
        "switch_expression": switch_value,
    }


def _unescaped(match: re.Match[str]) -> str:
    unicode, octal, newline, letter = match.groups()
    if newline:
        return ""
    if letter:
        return _ESCAPES.get(letter, letter)
    return chr(int(unicode, 16) if unicode else int(octal, 8))


def _stripped(text: str) -> str:
    """A text block without the indentation that its lines share (JLS 3.10.6)."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    common = min(indents, default=0)
    return "\n".join(line[common:].rstrip() for line in lines)
