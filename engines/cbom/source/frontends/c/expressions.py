"""Front-end of C and C++: expressions. Pointers, references and casts are what they point to.

An assignment within an expression is put before the statement that it stands in.
"""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Node, joined, line_of
from engines.cbom.source.frontends.c.literals import unescaped
from engines.cbom.source.frontends.c.types import CTypes
from engines.cbom.source.frontends.common_syntax import C_OPERATORS, CommonSyntax, HoistingSyntax
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Const,
    Evaluate,
    Expression,
    Function,
    Global,
    Index,
    Mapping,
    Member,
    Mentioned,
    Name,
    NewArray,
    Opaque,
    Sequence,
    Spread,
    Statement,
    Typed,
    Unary,
)

RECEIVER = "this"
VARIABLE = "__VA_ARGS__"
"""The rest of the arguments of a macro."""

_ZEROS = frozenset({"0", "0x0", "0x00", "'\\0'", "NULL", "false"})
CASTS = frozenset({"static_cast", "reinterpret_cast", "const_cast", "dynamic_cast"})
"""Words of C++ that read like functions of a template."""

_MAKERS = frozenset({"make_unique", "make_shared"})
_POINTERS = frozenset({"pointer_expression", "cast_expression"})
_POINTER = re.compile(r"\((?:L?PC?[A-Z]+|[a-z]\w{0,60}_t)\)")
"""Names of types of pointers, as Windows has them, and of the standard's types."""


class CExpressions(CTypes):
    """Expressions of C and C++, and what statements share with them."""

    operators = C_OPERATORS | {"and": "and", "or": "or"}

    def identifier(self, node: Node) -> Expression:
        name = self.text(node)
        if name in self.macros:
            return self.call(node, Name(name), node, [])
        return Mentioned(Name(name), self.place_of(node)) if _is_function(name) else Name(name)

    def qualified(self, node: Node) -> Expression:
        scope, name = node.child_by_field_name("scope"), node.child_by_field_name("name")
        if scope is None or self.text(scope) in self.namespaces:
            return self.expression(name)
        return self._below(self.expression(scope), name)

    def _below(self, base: Expression, name: Node) -> Expression:
        while name.type == "qualified_identifier":
            base = Member(base, self.plain(name.child_by_field_name("scope")), path=True)
            name = name.child_by_field_name("name")
        return Member(base, self.plain(name), path=True)

    def template(self, node: Node) -> Expression:
        return self.part(node, "name")

    def dependent(self, node: Node) -> Expression:
        """``typename Scope::Type``"""
        return self.first(node)

    def struct_type(self, node: Node) -> Expression:
        return Name(self.text(node.child_by_field_name("name")))

    def field(self, node: Node) -> Expression:
        named = node.child_by_field_name("field")
        return Member(self.part(node, "argument"), self.plain(named))

    def argument(self, node: Node) -> Expression:
        return self.part(node, "argument")

    def counted(self, node: Node) -> Expression:
        """``++value``; an element that is counted, as of a nonce, isn't what it was: ``nonce[0]++``."""
        target = self.argument(node)
        if type(target) is Index:
            self._before.append(Assign(target, Binary("+", target, Const(1)), line_of(node)))
        return target

    def element(self, node: Node) -> Expression:
        index = node.child_by_field_name("index") or node.child_by_field_name("indices")
        key = (
            self.first(index)
            if index is not None and index.type == "subscript_argument_list"
            else self.expression(index)
        )
        return Index(self.part(node, "argument"), key)

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        listed = self.children(node.child_by_field_name("arguments"))
        args = [self.expression(each) for each in listed]
        if args and type(args[-1]) is Name and args[-1].name == VARIABLE:
            args[-1] = Spread(args[-1])
        if function.type in ("primitive_type", "sized_type_specifier") and args:
            return args[0]  # A cast: ``char(x)``.
        inner = function
        while inner.type == "qualified_identifier":
            inner = inner.child_by_field_name("name")
        keywords: dict[str, Expression] = {}
        if inner.type == "template_function":
            name = self.text(inner.child_by_field_name("name"))
            if name in CASTS and args:
                return args[0]
            listed = self.children(inner.child_by_field_name("arguments"))
            kind = listed[0].child_by_field_name("type") if name in _MAKERS and listed else None
            if kind is not None:
                return self.construction(node, kind, args, function)
            keywords = self.template_arguments(inner.child_by_field_name("arguments"))
            keywords |= self.types_of(inner)
        elif function.type == "qualified_identifier" or (
            function.type == "identifier" and self.text(function) in self.aliases
        ):
            keywords = self.types_of(function)
        named = function.child_by_field_name("field") if function.type == "field_expression" else function
        callee = self._global(function) or self.expression(function)
        if type(callee) is Mentioned:
            callee = callee.value
        made = self.call(node, callee, named, args, keywords)
        pointers = [position for position, each in enumerate(listed) if each.type in _POINTERS]
        if pointers:
            made.addresses = tuple(position for position in pointers if self._is_address(listed[position]))
        return made

    def _global(self, function: Node) -> Global | None:
        """A function that is called as ``::name``."""
        if function.type != "qualified_identifier" or function.child_by_field_name("scope") is not None:
            return None
        name = function.child_by_field_name("name")
        return Global(self.text(name)) if name.type == "identifier" and self.text(name) not in self.macros else None

    def _is_address(self, node: Node) -> bool:
        """Whether an argument is the address of a variable: ``&key``, ``(char *)&key``."""
        while node.type == "cast_expression":
            node = node.child_by_field_name("value")
        if node.type != "pointer_expression":
            return False
        return self.text(node)[:1] == "&" and node.child_by_field_name("argument").type == "identifier"

    def compound(self, node: Node) -> Expression:
        """``Type{a, b}`` makes an object, C's ``(Type){a, b}`` is its list."""
        kind = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if kind is None or kind.type not in self.named_types or value is None:
            return self.value(node)
        keywords = self.designated(self.children(value))
        if not keywords:
            return self.construction(node, kind, self.all_of(value))
        return self.call(node, self.expression(kind), kind, [], keywords, creates=True)

    def new_node(self, node: Node) -> Expression:
        kind = node.child_by_field_name("type")
        return self.construction(node, kind, self.all_of(node.child_by_field_name("arguments")))

    def initializer(self, node: Node) -> Expression:
        """``{a, b}`` is an array, ``{.a = b}`` a table."""
        parts = self.children(node)
        if parts and all(part.type == "initializer_pair" and _is_field(part) for part in parts):
            return Mapping([(Const(name), value) for name, value in self.designated(parts).items()])
        return Sequence([self.expression(part) for part in parts])

    def array(self, declarator: Node, value: Node | None, kind: Expression | None = None) -> Expression:
        """An array as it is declared, of elements of the type ``kind``: one of zeros may be filled later."""
        size = self.part(declarator, "size")
        if value is None or value.type != "initializer_list":
            return NewArray(size) if value is None else self.expression(value)
        items = self.children(value)
        if all(self.text(item) in _ZEROS for item in items):
            return NewArray(size if declarator.child_by_field_name("size") is not None else Const(len(items)))
        if kind is None:
            return self.initializer(value)
        return Sequence(
            [
                Typed(self.expression(item), kind) if item.type == "initializer_list" else self.expression(item)
                for item in items
            ]
        )

    def designated(self, parts: list[Node]) -> dict[str, Expression]:
        """The fields of an initializer by name."""
        found = {}
        for part in parts:
            if part.type == "initializer_pair":
                name = self.text(part.child_by_field_name("designator")).lstrip(".")
                found[name] = self.part(part, "value")
        return found

    def string(self, node: Node) -> Expression:
        if self.too_long(node):
            return Opaque([])
        parts = [child for child in node.named_children if child.type != "string_delimiter"]
        text = "".join(self.text(part) for part in parts)
        return Const(unescaped(text) if "\\" in text and node.type == "string_literal" else text)

    def binary(self, node: Node) -> Expression:
        """An operation, which ``(PBYTE)&value`` is to the grammar too: it can't know that this is a cast."""
        left = node.child_by_field_name("left")
        if left.type == "parenthesized_expression" and node.child_by_field_name("operator").type == "&":
            if _POINTER.fullmatch(self.text(left)):
                return self.part(node, "right")
        made = super().binary(node)
        if type(made) is Binary and made.operator in ("and", "or"):
            made.line = line_of(node)
        return made

    def concatenated(self, node: Node) -> Expression:
        return joined(self.all_of(node))

    def character(self, node: Node) -> Expression:
        text = unescaped("".join(self.text(child) for child in node.named_children))
        return Const(ord(text)) if len(text) == 1 else Opaque([])

    def number(self, node: Node) -> Expression:
        return self.integer_of(self.text(node).replace("'", "").rstrip("uUlLzZ"))

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.argument(node)
        return operand if operator == "+" else Unary("not" if operator in ("!", "not") else operator, operand)

    def size(self, node: Node) -> Expression:
        """``sizeof``; what a pointer points to is no more than the pointer here, and of no known size."""
        value = node.child_by_field_name("value")
        if value is None or self.text(value).lstrip("( ")[:1] == "*":
            return Opaque([])
        return self.call(node, Name("sizeof"), node, [self.expression(value)])

    def comma(self, node: Node) -> Expression:
        self._before.append(Evaluate(self.part(node, "left")))
        return self.part(node, "right")

    def lambda_node(self, node: Node) -> Expression:
        declarator = node.child_by_field_name("declarator")
        listed = None if declarator is None else declarator.child_by_field_name("parameters")
        body = self.deferred(node.child_by_field_name("body"))
        return Function("", self.parameters(listed), body, line_of(node), static=True, test=self.testing)

    expressions = {
        **CommonSyntax.expressions,
        "identifier": identifier,
        "type_identifier": identifier,
        "namespace_identifier": CommonSyntax.identifier,
        "qualified_identifier": qualified,
        "dependent_type": dependent,
        "template_type": template,
        "template_function": template,
        "struct_specifier": struct_type,
        "union_specifier": struct_type,
        "field_expression": field,
        "pointer_expression": argument,
        "update_expression": counted,
        "subscript_expression": element,
        "call_expression": call_node,
        "new_expression": new_node,
        "initializer_list": initializer,
        "initializer_pair": CommonSyntax.value,
        "compound_literal_expression": compound,
        "binary_expression": binary,
        "string_literal": string,
        "raw_string_literal": string,
        "concatenated_string": concatenated,
        "char_literal": character,
        "number_literal": number,
        "unary_expression": unary,
        "conditional_expression": CommonSyntax.ternary,
        "cast_expression": CommonSyntax.value,
        "sizeof_expression": size,
        "comma_expression": comma,
        "assignment_expression": HoistingSyntax.assigned,
        "lambda_expression": lambda_node,
        "primitive_type": CommonSyntax.nothing,
        "sized_type_specifier": CommonSyntax.nothing,
    }


def _is_function(name: str) -> bool:
    """Whether a name is written as a library of C names its functions: ``EVP_sha256``."""
    prefix, _, rest = name.partition("_")
    return prefix.isupper() and rest[:1].islower()


def _is_field(pair: Node) -> bool:
    designator = pair.child_by_field_name("designator")
    return designator is not None and designator.type == "field_designator"


def body_of(lowering: CExpressions, node: Node, begun: list[Statement]) -> Body:
    """The body of a function with the statements that come before it, lowered when it is first looked at."""
    return Body(lambda: [*begun, *lowering.block(node)])
