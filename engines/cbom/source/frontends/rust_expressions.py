"""Front-end of Rust: expressions. References are what they refer to, and results and options what is in them."""

from __future__ import annotations

import re
from abc import abstractmethod

from engines.cbom.source.frontends.base import Node, character, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax
from engines.cbom.source.program import (
    Body,
    Const,
    Expression,
    Function,
    Index,
    Member,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Sequence,
    Statement,
    Typed,
    Unary,
)

_WRAPPING = frozenset({"Ok", "Some"})
_SAME = frozenset(
    {"unwrap", "clone", "to_vec", "to_owned", "to_string", "as_ref", "as_mut", "as_slice", "as_mut_slice", "as_bytes"}
    | {"as_str", "into", "into_boxed_slice", "into_bytes", "try_into", "unwrap_or_default", "ok", "copied", "cloned"}
)
"""Methods without arguments that give their object, or a copy or a view of it."""

_SAME_OR_ERROR = frozenset({"expect", "map_err", "context", "with_context", "ok_or", "ok_or_else"})
"""Methods that give their object, and whose argument tells of an error."""

_NUMBER = re.compile(r"(0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9]+)(?:[iu](?:8|16|32|64|128|size))?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}


class RustExpressions(CommonSyntax):
    """Expressions of Rust, and what statements share with them."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.own_type = ""
        """The type whose methods are being read: ``Self``."""

    @abstractmethod
    def valued(self, node: Node) -> list[Statement]:
        """The statements of a block or branch whose value is returned."""

    def identifier(self, node: Node) -> Expression:
        name = self.text(node)
        return Name(self.own_type if name == "Self" and self.own_type else name)

    def scoped(self, node: Node) -> Expression:
        path, name = node.child_by_field_name("path"), self.text(node.child_by_field_name("name"))
        return Name(name) if path is None else Member(self.expression(path), name)

    def generic(self, node: Node) -> Expression:
        """A type with arguments: what knowledge says of its ``of``, else the type."""
        kind = self.part(node, "type")
        types = self._types(node)
        return Typed(self.call(node, Member(kind, "of"), None, types), kind) if types else kind

    def _types(self, node: Node) -> list[Expression]:
        """The type arguments of ``node``, without lifetimes."""
        arguments = node.child_by_field_name("type_arguments")
        kinds = [] if arguments is None else arguments.named_children
        return [self.expression(kind) for kind in kinds if kind.type not in ("lifetime", "line_comment")]

    def typed(self, node: Node) -> Expression:
        return self.part(node, "type")

    def field(self, node: Node) -> Expression:
        base, name = self.value(node), self.text(node.child_by_field_name("field"))
        return Index(base, Const(int(name))) if name.isdecimal() and len(name) < 5 else Member(base, name)

    def element(self, node: Node) -> Expression:
        base, key = node.named_children[0], node.named_children[-1]
        operand = self.expression(base)
        if key.type != "range_expression":
            return Index(operand, self.expression(key))
        bounds: list[Expression] = [Const(None), Const(None)]
        behind = 0
        for child in key.children:
            if child.is_named:
                bounds[behind] = self.expression(child)
            elif child.type == "..":
                behind = 1
            else:
                return Index(operand, Opaque([]))
        return Index(operand, Sequence(bounds)) if key.named_children else operand

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        args = self.all_of(node.child_by_field_name("arguments"))
        types = self._types(function) if function.type == "generic_function" else []
        if function.type == "generic_function":
            function = function.child_by_field_name("function")
        if function.type == "identifier" and len(args) == 1 and self.text(function) in _WRAPPING:
            return args[0]
        named = function.child_by_field_name("field") or function.child_by_field_name("name") or function
        if function.type == "field_expression":
            name = self.text(named)
            if (name in _SAME and not args) or (name in _SAME_OR_ERROR and len(args) == 1):
                return self.value(function)
        return self.call(node, self.expression(function), named, args, {"type": types[0]} if types else None)

    def structure(self, node: Node) -> Expression:
        named = node.child_by_field_name("name")
        fields: dict[str, Expression] = {}
        for each in node.child_by_field_name("body").named_children:
            if each.type == "shorthand_field_initializer":
                fields[self.text(each)] = self.last(each)
            elif each.type == "field_initializer":
                fields[self.text(each.child_by_field_name("field"))] = self.value(each)
            elif each.type == "base_field_initializer":
                fields["**"] = self.first(each)
        return self.call(node, self.expression(named), named, [], fields, creates=True)

    def array(self, node: Node) -> Expression:
        length = node.child_by_field_name("length")
        if length is not None:
            return NewArray(self.expression(length))
        return self.sequence(node)

    def string(self, node: Node) -> Expression:
        if self.too_long(node):
            return Opaque([])
        text = "".join(self.text(child) for child in node.named_children)
        if node.type == "string_literal" and "\\" in text:
            text = _ESCAPE.sub(_unescaped, text)
        octets = self.source[node.start_byte : node.start_byte + 1] == b"b"
        return Const(text.encode("latin-1", "replace") if octets else text)

    def character(self, node: Node) -> Expression:
        text = _ESCAPE.sub(_unescaped, self.text(node).removeprefix("b")[1:-1])
        return Const(ord(text)) if len(text) == 1 else Opaque([])

    def integer(self, node: Node) -> Expression:
        match = _NUMBER.fullmatch(self.text(node).replace("_", ""))
        return (
            Opaque([])
            if match is None or len(match[1]) > 100
            else Const(int(match[1], 0 if match[1][1:2].isalpha() else 10))
        )

    def boolean(self, node: Node) -> Expression:
        return Const(self.text(node) == "true")

    def unary(self, node: Node) -> Expression:
        operator, operand = node.children[0].type, self.first(node)
        return operand if operator == "*" else Unary("not" if operator == "!" else operator, operand)

    def run(self, node: Node) -> Expression:
        """A block or branch as a value: a function that is called at once."""
        made = Function("", [], Body(lambda: self.valued(node)), line_of(node))
        return self.call(node, made, None, [])

    def lambda_node(self, node: Node) -> Expression:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        return Function("", parameters, Body(lambda: self.valued(node.child_by_field_name("body"))), line_of(node))

    def parameters(self, node: Node | None) -> list[Parameter]:
        found: list[Parameter] = []
        for child in [] if node is None else node.named_children:
            if child.type == "self_parameter":
                found.append(Parameter("self"))
            elif child.type == "parameter":
                target = self.pattern(child.child_by_field_name("pattern"))
                name = target.name if isinstance(target, Name) else ""
                found.append(Parameter(name, None, self.declared(child.child_by_field_name("type"))))
            elif child.type == "identifier":
                found.append(Parameter(self.text(child)))
        return found

    def declared(self, kind: Node | None) -> Expression | None:
        """The named type that ``kind`` is or refers to; None for others."""
        while kind is not None and kind.type == "reference_type":
            kind = kind.child_by_field_name("type")
        named = ("type_identifier", "scoped_type_identifier", "generic_type")
        return self.expression(kind) if kind is not None and kind.type in named else None

    def pattern(self, node: Node | None) -> Expression:
        """What a pattern binds, as the target of an assignment."""
        if node is None:
            return Opaque([])
        if node.type in ("identifier", "self"):
            return Name(self.text(node))
        if node.type in ("mut_pattern", "ref_pattern", "reference_pattern", "captured_pattern", "match_pattern"):
            inner = [child for child in node.named_children if child.type != "mutable_specifier"]
            return self.pattern(inner[0]) if inner else Opaque([])
        if node.type in ("tuple_pattern", "slice_pattern"):
            return Sequence([self.pattern(child) for child in node.named_children])
        if node.type == "tuple_struct_pattern" and len(node.named_children) == 2:
            return self.pattern(node.named_children[1])
        return Opaque([])

    # Macros: their arguments are tokens

    def macro(self, node: Node) -> Expression:
        tokens = node.named_children[-1]
        pieces = self._pieces(tokens)
        name = node.child_by_field_name("macro")
        if self.text(name) != "vec":
            return Opaque([item for items, _ in pieces for item in items])
        if len(pieces) == 2 and pieces[0][1] == ";":
            return NewArray(pieces[1][0][0])
        return Sequence([items[0] if len(items) == 1 else Opaque(items) for items, _ in pieces])

    def _pieces(self, tree: Node) -> list[tuple[list[Expression], str]]:
        """The arguments in a tree of tokens: the values in each, and the sign behind it."""
        found: list[tuple[list[Expression], str]] = []
        values: list[Expression] = []
        member = False
        for token in tree.children[1:-1]:
            kind = token.type
            if kind in (",", ";"):
                found.append((values, kind))
                values, member = [], False
            elif kind in ("::", "."):
                member = bool(values)
            elif kind == "identifier" and member:
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
            if self._depth > 60:
                self.truncated = True
                return values
            inner = [items[0] if len(items) == 1 else Opaque(items) for items, _ in self._pieces(tree)]
        finally:
            self._depth -= 1
        if values and tree.children[0].type == "(" and isinstance(values[-1], Name | Member):
            return [*values[:-1], self.call(tree, values[-1], tree.prev_sibling, inner)]
        return [*values, *inner]

    expressions = {
        **CommonSyntax.expressions,
        "identifier": identifier,
        "type_identifier": identifier,
        "self": identifier,
        "crate": identifier,
        "super": identifier,
        "scoped_identifier": scoped,
        "scoped_type_identifier": scoped,
        "generic_type": generic,
        "generic_type_with_turbofish": generic,
        "bracketed_type": CommonSyntax.first,
        "qualified_type": typed,
        "reference_type": typed,
        "field_expression": field,
        "index_expression": element,
        "call_expression": call_node,
        "struct_expression": structure,
        "array_expression": array,
        "tuple_expression": CommonSyntax.sequence,
        "string_literal": string,
        "raw_string_literal": string,
        "char_literal": character,
        "integer_literal": integer,
        "boolean_literal": boolean,
        "unary_expression": unary,
        "reference_expression": CommonSyntax.value,
        "type_cast_expression": CommonSyntax.value,
        "try_expression": CommonSyntax.first,
        "let_condition": CommonSyntax.value,
        "closure_expression": lambda_node,
        "macro_invocation": macro,
        "if_expression": run,
        "match_expression": run,
        "block": run,
        "unsafe_block": run,
        "async_block": run,
        "loop_expression": run,
        "while_expression": run,
        "for_expression": run,
        "return_expression": run,
        "primitive_type": CommonSyntax.nothing,
        "array_type": CommonSyntax.nothing,
        "tuple_type": CommonSyntax.nothing,
        "unit_type": CommonSyntax.nothing,
    }


def _unescaped(match: re.Match[str]) -> str:
    octet, point, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    code = int(octet or point, 16)
    return character(code)
