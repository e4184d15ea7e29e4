"""Front-end of C and C++: expressions. Pointers, references and casts are what they point to.

An assignment within an expression is put before the statement that it stands in.
"""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Lowering, Node, joined
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Call,
    Conditional,
    Const,
    Evaluate,
    Expression,
    Function,
    Index,
    Mapping,
    Member,
    Name,
    Opaque,
    Parameter,
    Sequence,
    Statement,
    Unary,
)

RECEIVER = "this"
NAMED_TYPES = frozenset({"type_identifier", "qualified_identifier", "template_type", "struct_specifier"})
OPERATORS = {name: name for name in ("+", "-", "*", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=")}
OPERATORS |= {"/": "//", "&&": "and", "||": "or", "and": "and", "or": "or"}
_CASTS = frozenset({"static_cast", "reinterpret_cast", "const_cast", "dynamic_cast"})
_MAKERS = frozenset({"make_unique", "make_shared"})
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|\n|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}
_MAX_LITERAL = 100_000
_HIGHEST_CHARACTER = 0x10FFFF


class CExpressions(Lowering):
    """Expressions of C and C++, and what statements share with them."""

    def __init__(self, source: bytes, first_line: int = 0) -> None:
        super().__init__(source)
        self._first_line = first_line
        self._before: list[Statement] = []
        self.namespaces: set[str] = set()

    def _statement(self, node: Node, found: list[Statement]) -> None:
        outer, self._before = self._before, []
        own: list[Statement] = []
        super()._statement(node, own)
        found.extend(self._before)
        found.extend(own)
        self._before = outer

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
        """A call; one in a macro is where the macro is defined."""
        made = super().call(node, callee, named, args, keywords, creates=creates)
        made.line += self._first_line
        made.end_line += self._first_line
        return made

    def identifier(self, node: Node) -> Expression:
        return Name(self.text(node))

    def qualified(self, node: Node) -> Expression:
        scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
        if scope is None or self.text(scope) in self.namespaces:
            return self.expression(name)
        return self._below(self.expression(scope), name)

    def _below(self, base: Expression, name: Node) -> Expression:
        while name.type == "qualified_identifier":
            base = Member(base, self._plain(name.child_by_field_name("scope")))
            name = name.child_by_field_name("name")
        return Member(base, self._plain(name))

    def _plain(self, node: Node) -> str:
        """A name without its template arguments."""
        return self.text(node.child_by_field_name("name") if node.type.startswith("template") else node)

    def template(self, node: Node) -> Expression:
        return self.expression(node.child_by_field_name("name"))

    def struct_type(self, node: Node) -> Expression:
        return Name(self.text(node.child_by_field_name("name")))

    def field(self, node: Node) -> Expression:
        named = node.child_by_field_name("field")
        return Member(self.expression(node.child_by_field_name("argument")), self._plain(named))

    def argument(self, node: Node) -> Expression:
        return self.expression(node.child_by_field_name("argument"))

    def first(self, node: Node) -> Expression:
        inner = [child for child in node.named_children if child.type != "comment"]
        return self.expression(inner[0]) if inner else Opaque([])

    def element(self, node: Node) -> Expression:
        index = node.child_by_field_name("index") or node.child_by_field_name("indices")
        key = (
            self.first(index)
            if index is not None and index.type == "subscript_argument_list"
            else self.expression(index)
        )
        return Index(self.expression(node.child_by_field_name("argument")), key)

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        args = self.arguments(node.child_by_field_name("arguments"))
        inner = function
        while inner.type == "qualified_identifier":
            inner = inner.child_by_field_name("name")
        if inner.type == "template_function":
            name = self.text(inner.child_by_field_name("name"))
            if name in _CASTS and args:
                return args[0]
            made = self.template_argument(inner)
            if name in _MAKERS and made is not None:
                return self.call(node, made, function, args, creates=True)
        named = function.child_by_field_name("field") if function.type == "field_expression" else function
        return self.call(node, self.expression(function), named, args)

    def arguments(self, node: Node | None) -> list[Expression]:
        found = [] if node is None else [child for child in node.named_children if child.type != "comment"]
        return [self.expression(child) for child in found]

    def template_argument(self, node: Node) -> Expression | None:
        """The first argument of the first template in a type's or function's name."""
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if each.type == "template_argument_list":
                inner = each.named_children[0] if each.named_children else None
                kind = (
                    inner.child_by_field_name("type")
                    if inner is not None and inner.type == "type_descriptor"
                    else inner
                )
                return None if kind is None else self.expression(kind)
            if each.type in NAMED_TYPES or each.type == "template_function":
                waiting.extend(reversed(each.named_children))
        return None

    def construction(self, node: Node, kind: Node, args: list[Expression]) -> Call:
        """An object of the type ``kind``; the argument of its template is the keyword ``template``."""
        template = self.template_argument(kind)
        keywords = {} if template is None else {"template": template}
        return self.call(node, self.expression(kind), kind, args, keywords, creates=True)

    def new_node(self, node: Node) -> Expression:
        kind = node.child_by_field_name("type")
        return self.construction(node, kind, self.arguments(node.child_by_field_name("arguments")))

    def initializer(self, node: Node) -> Expression:
        """``{a, b}`` is an array, ``{.a = b}`` a table."""
        parts = [child for child in node.named_children if child.type != "comment"]
        if parts and all(part.type == "initializer_pair" for part in parts):
            return Mapping([(Const(name), value) for name, value in self.designated(parts).items()])
        return Sequence([self.expression(part) for part in parts])

    def designated(self, parts: list[Node]) -> dict[str, Expression]:
        """The fields of an initializer by name."""
        found = {}
        for part in parts:
            if part.type == "initializer_pair":
                name = self.text(part.child_by_field_name("designator")).lstrip(".")
                found[name] = self.expression(part.child_by_field_name("value"))
        return found

    def pair(self, node: Node) -> Expression:
        return self.expression(node.child_by_field_name("value"))

    def string(self, node: Node) -> Expression:
        if node.end_byte - node.start_byte > _MAX_LITERAL:
            return Opaque([])
        parts = [child for child in node.named_children if child.type != "string_delimiter"]
        text = "".join(self.text(part) for part in parts)
        return Const(_ESCAPE.sub(_unescaped, text) if "\\" in text and node.type == "string_literal" else text)

    def concatenated(self, node: Node) -> Expression:
        return joined([self.expression(child) for child in node.named_children if child.type != "comment"])

    def character(self, node: Node) -> Expression:
        text = _ESCAPE.sub(_unescaped, "".join(self.text(child) for child in node.named_children))
        return Const(ord(text)) if len(text) == 1 else Opaque([])

    def number(self, node: Node) -> Expression:
        text = self.text(node).replace("'", "").rstrip("uUlLzZ")
        try:
            octal = len(text) > 1 and text[0] == "0" and text.isdigit()
            return Const(int(text, 8) if octal else int(text, 0))
        except ValueError:
            return Opaque([])

    def word(self, node: Node) -> Expression:
        return Const({"true": True, "false": False}.get(node.type))

    def binary(self, node: Node) -> Expression:
        return self.binary_chain(node, node.type, OPERATORS)

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.argument(node)
        return operand if operator == "+" else Unary("not" if operator in ("!", "not") else operator, operand)

    def conditional(self, node: Node) -> Expression:
        names = ("condition", "consequence", "alternative")
        return Conditional(*(self.expression(node.child_by_field_name(name)) for name in names))

    def cast(self, node: Node) -> Expression:
        return self.expression(node.child_by_field_name("value"))

    def size(self, node: Node) -> Expression:
        value = node.child_by_field_name("value")
        return Opaque([]) if value is None else self.call(node, Name("sizeof"), node, [self.expression(value)])

    def comma(self, node: Node) -> Expression:
        self._before.append(Evaluate(self.expression(node.child_by_field_name("left"))))
        return self.expression(node.child_by_field_name("right"))

    def assigned(self, node: Node) -> Expression:
        self._before.append(self.assigned_to(node))
        return self.expression(node.child_by_field_name("left"))

    def assigned_to(self, node: Node) -> Assign:
        """An assignment as a statement."""
        target = self.expression(node.child_by_field_name("left"))
        value = self.expression(node.child_by_field_name("right"))
        operator = self.text(node.child_by_field_name("operator"))[:-1]
        if operator:
            value = Binary(OPERATORS[operator], target, value) if operator in OPERATORS else Opaque([value])
        return Assign(target, value, node.start_point[0] + 1)

    def lambda_node(self, node: Node) -> Expression:
        declarator = node.child_by_field_name("declarator")
        listed = None if declarator is None else declarator.child_by_field_name("parameters")
        body = self.deferred(node.child_by_field_name("body"))
        return Function("", self.parameters(listed), body, node.start_point[0] + 1, static=True)

    def parameters(self, node: Node | None) -> list[Parameter]:
        """The parameters of a function."""
        found = []
        for child in [] if node is None else node.named_children:
            if child.type.endswith("parameter_declaration"):
                default = child.child_by_field_name("default_value")
                name = self.declared_name(child.child_by_field_name("declarator"))
                value = None if default is None else self.expression(default)
                found.append(Parameter(name, value, self.declared(child)))
            elif child.type == "variadic_parameter":
                found.append(Parameter("...", kind="*"))
        return found

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        kind = node.child_by_field_name("type")
        return self.expression(kind) if kind is not None and kind.type in NAMED_TYPES else None

    def declared_name(self, node: Node | None) -> str:
        """The name in a declarator, below its pointers, arrays and parameters; "" if there is none."""
        while node is not None and not node.type.endswith("identifier"):
            inner = node.child_by_field_name("declarator")
            node = inner if inner is not None else (node.named_children[-1] if node.named_children else None)
        return "" if node is None else self.text(node)

    def nothing(self, node: Node) -> Expression:
        return Opaque([])

    expressions = {
        "identifier": identifier,
        "type_identifier": identifier,
        "namespace_identifier": identifier,
        "field_identifier": identifier,
        "this": identifier,
        "qualified_identifier": qualified,
        "template_type": template,
        "template_function": template,
        "struct_specifier": struct_type,
        "field_expression": field,
        "pointer_expression": argument,
        "update_expression": argument,
        "parenthesized_expression": first,
        "subscript_expression": element,
        "call_expression": call_node,
        "new_expression": new_node,
        "initializer_list": initializer,
        "initializer_pair": pair,
        "compound_literal_expression": cast,
        "string_literal": string,
        "raw_string_literal": string,
        "concatenated_string": concatenated,
        "char_literal": character,
        "number_literal": number,
        "true": word,
        "false": word,
        "null": word,
        "binary_expression": binary,
        "unary_expression": unary,
        "conditional_expression": conditional,
        "cast_expression": cast,
        "sizeof_expression": size,
        "comma_expression": comma,
        "assignment_expression": assigned,
        "lambda_expression": lambda_node,
        "primitive_type": nothing,
        "sized_type_specifier": nothing,
    }


def body_of(lowering: CExpressions, node: Node, begun: list[Statement]) -> Body:
    """The body of a function with the statements that come before it, lowered when it is first looked at."""
    return Body(lambda: [*begun, *lowering.block(node)])


def _unescaped(match: re.Match[str]) -> str:
    hexadecimal, octal, short, long, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    digits = hexadecimal or short or long
    code = int(digits, 16) if digits else int(octal, 8) if octal else 0
    return chr(code) if code <= _HIGHEST_CHARACTER else "\ufffd"
