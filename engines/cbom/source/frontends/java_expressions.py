"""Front-end of Java: expressions.

Expressions can't hold statements, so an anonymous class and an assignment within an expression are put before the
statement that they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Lowering, Node
from engines.cbom.source.program import (
    Assign,
    Binary,
    Class,
    Conditional,
    Const,
    Expression,
    Function,
    Index,
    Member,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Return,
    Sequence,
    Statement,
    Typed,
    Unary,
)

CONSTRUCTOR = "<init>"
"""The name of constructors, as in class files (JVMS 2.9)."""

RECEIVER = "this"
_OPERATORS = {name: name for name in ("+", "-", "*", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=")}
_OPERATORS |= {"/": "//", ">>>": ">>", "&&": "and", "||": "or"}
_NAMED_TYPES = frozenset({"type_identifier", "scoped_type_identifier", "generic_type"})
_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|([0-7]{1,3})|(\n)|(.))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "s": " "}
_MAX_LITERAL = 100_000

Arms = list[tuple[Expression | None, list[Statement]]]


class JavaExpressions(Lowering):
    """Expressions of Java, and what statements share with them."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self._before: list[Statement] = []
        self._bases: list[Expression] = []

    def _statement(self, node: Node, found: list[Statement]) -> None:
        outer, self._before = self._before, []
        own: list[Statement] = []
        super()._statement(node, own)
        found.extend(self._before)
        found.extend(own)
        self._before = outer

    # Expressions

    def identifier(self, node: Node) -> Expression:
        return Name(self.text(node))

    def superclass(self, node: Node) -> Expression:
        return Typed(None, self._bases[-1]) if self._bases else Opaque([])

    def field(self, node: Node) -> Expression:
        return Member(self.expression(node.child_by_field_name("object")), self.text(node.child_by_field_name("field")))

    def scoped(self, node: Node) -> Expression:
        first, *rest = [child for child in node.named_children if not child.type.endswith("annotation")]
        result = self.expression(first)
        for child in rest:
            result = Member(result, self.text(child))
        return result

    def generic_type(self, node: Node) -> Expression:
        return self.expression(node.named_children[0])

    def nothing(self, node: Node) -> Expression:
        return Opaque([])

    def element(self, node: Node) -> Expression:
        return Index(
            self.expression(node.child_by_field_name("array")), self.expression(node.child_by_field_name("index"))
        )

    def invocation(self, node: Node) -> Expression:
        named = node.child_by_field_name("name")
        receiver = node.child_by_field_name("object")
        name = self.text(named)
        callee = Name(name) if receiver is None else Member(self.expression(receiver), name)
        return self.call(node, callee, named, self.arguments(node))

    def arguments(self, node: Node) -> list[Expression]:
        arguments = node.child_by_field_name("arguments")
        if arguments is None:
            return []
        return [self.expression(child) for child in arguments.named_children if not child.type.endswith("comment")]

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

    def sequence(self, node: Node) -> Expression:
        return Sequence([self.expression(child) for child in node.named_children if not child.type.endswith("comment")])

    def string(self, node: Node) -> Expression:
        if node.end_byte - node.start_byte > _MAX_LITERAL:
            return Opaque([])
        text = self.text(node)
        text = _stripped(text[3:-3].partition("\n")[2]) if text.startswith('"""') else text[1:-1]
        return Const(_ESCAPE.sub(_unescaped, text) if "\\" in text else text)

    def integer(self, node: Node) -> Expression:
        text = self.text(node).replace("_", "").rstrip("lL")
        try:
            octal = len(text) > 1 and text[0] == "0" and text[1].isdigit()
            return Const(int(text, 8) if octal else int(text, 0))
        except ValueError:
            return Opaque([])

    def word(self, node: Node) -> Expression:
        return Const({"true": True, "false": False}.get(node.type))

    def binary(self, node: Node) -> Expression:
        return self.binary_chain(node, node.type, _OPERATORS)

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.expression(node.child_by_field_name("operand"))
        return operand if operator == "+" else Unary("not" if operator == "!" else operator, operand)

    def ternary(self, node: Node) -> Expression:
        names = ("condition", "consequence", "alternative")
        return Conditional(*(self.expression(node.child_by_field_name(name)) for name in names))

    def first(self, node: Node) -> Expression:
        inner = [child for child in node.named_children if not child.type.endswith("comment")]
        return self.expression(inner[0]) if inner else Opaque([])

    def cast(self, node: Node) -> Expression:
        value = self.expression(node.child_by_field_name("value"))
        declared = self.declared(node)
        return value if declared is None else Typed(value, declared)

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        kind = node.child_by_field_name("type")
        if kind is None or kind.type not in _NAMED_TYPES:
            return None
        return None if self.text(kind) == "var" else self.expression(kind)

    def instance_test(self, node: Node) -> Expression:
        return Opaque([self.expression(node.child_by_field_name("left"))])

    def assigned(self, node: Node) -> Expression:
        self._before.extend(self.assignment(node))
        return self.expression(node.child_by_field_name("left"))

    def lambda_node(self, node: Node) -> Expression:
        parameters = node.child_by_field_name("parameters")
        if parameters.type == "formal_parameters":
            named = self.parameters(parameters)
        else:
            each = [parameters] if parameters.type == "identifier" else parameters.named_children
            named = [Parameter(self.text(child)) for child in each]
        line = node.start_point[0] + 1
        body = node.child_by_field_name("body")
        if body.type == "block":
            return Function("", named, self.block(body), line, static=True)
        outer, self._before = self._before, []
        value = self.expression(body)
        statements = [*self._before, Return(value)]
        self._before = outer
        return Function("", named, statements, line, static=True)

    def method_reference(self, node: Node) -> Expression:
        children = node.named_children
        base = self.expression(children[0])
        return Member(base, self.text(children[-1])) if len(children) > 1 else base

    def switch_value(self, node: Node) -> Expression:
        subject = self.expression(node.child_by_field_name("condition"))
        result: Expression = Opaque([])
        rules = [child for child in node.child_by_field_name("body").named_children if child.type == "switch_rule"]
        for rule in reversed(rules):
            body = rule.named_children[-1]
            if body.type == "block":
                made = Function("", [], self.block(body), body.start_point[0] + 1, static=True)
                value: Expression = self.call(body, made, None, [])
            else:
                value = self.first(body)
            test = self.test(subject, [rule.named_children[0]])
            result = value if test is None else Conditional(test, value, result)
        return result

    # Shared with statements

    def test(self, subject: Expression, labels: list[Node]) -> Expression | None:
        """The test for one of ``labels``; None if the default is among them."""
        tests: list[Expression] = []
        for label in labels:
            if not label.named_children:
                return None
            tests += [Binary("==", subject, self.expression(value)) for value in label.named_children]
        return tests[0] if len(tests) == 1 else Opaque(tests)

    def parameters(self, node: Node | None) -> list[Parameter]:
        found = []
        for child in [] if node is None else node.named_children:
            if child.type == "formal_parameter":
                found.append(Parameter(self.text(child.child_by_field_name("name")), None, self.declared(child)))
            elif child.type == "spread_parameter":
                found.append(Parameter(self.text(child.named_children[-1].child_by_field_name("name")), kind="*"))
        return found

    def class_of(self, body: Node, name: str, bases: list[Expression], line: int, extra: list[Statement]) -> Class:
        """A class, its methods first: constants and initializers may call those that stand below them."""
        self._bases.append(bases[0] if bases else Opaque([]))
        outer, self._before = self._before, []
        members = [*extra, *self.block(body)]
        members.sort(key=lambda member: not isinstance(member, Function | Class))
        self._before = outer
        self._bases.pop()
        return Class(name, bases, members, line)

    def assignment(self, node: Node) -> Iterator[Statement]:
        target = self.expression(node.child_by_field_name("left"))
        value = self.expression(node.child_by_field_name("right"))
        operator = self.text(node.child_by_field_name("operator"))[:-1]
        if operator:
            value = Binary(_OPERATORS[operator], target, value)
        yield Assign(target, value, node.start_point[0] + 1)

    expressions = {
        "identifier": identifier,
        "type_identifier": identifier,
        "this": identifier,
        "super": superclass,
        "field_access": field,
        "scoped_identifier": scoped,
        "scoped_type_identifier": scoped,
        "generic_type": generic_type,
        "array_type": nothing,
        "class_literal": nothing,
        "array_access": element,
        "method_invocation": invocation,
        "object_creation_expression": creation,
        "array_creation_expression": array_creation,
        "array_initializer": sequence,
        "element_value_array_initializer": sequence,
        "string_literal": string,
        "character_literal": string,
        "decimal_integer_literal": integer,
        "hex_integer_literal": integer,
        "octal_integer_literal": integer,
        "binary_integer_literal": integer,
        "true": word,
        "false": word,
        "null_literal": word,
        "binary_expression": binary,
        "unary_expression": unary,
        "ternary_expression": ternary,
        "parenthesized_expression": first,
        "cast_expression": cast,
        "instanceof_expression": instance_test,
        "assignment_expression": assigned,
        "update_expression": first,
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
