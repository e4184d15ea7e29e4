"""Front-end of Go: expressions. Pointers are what they point to."""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Node, character, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Const,
    Expression,
    Function,
    Index,
    Mapping,
    Member,
    Mentioned,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Sequence,
    Spread,
    Statement,
    Typed,
    Unary,
)

MAX_LISTED = 64
"""The most elements of a list, and the longest texts among them, whose places are kept: suites of ciphers."""

_UNARY = {"!": "not", "-": "-", "^": "~"}
_CONVERSIONS = frozenset(
    {"string", "byte", "rune", "int", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64"}
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}


class GoExpressions(CommonSyntax):
    """Expressions of Go, and what statements share with them."""

    named_types = frozenset({"type_identifier", "qualified_type", "generic_type"})

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self._iota = 0
        self.packages: set[str] = set()
        """The names of imported packages."""

        self._results: list[list[str]] = []

    # Expressions

    def selector(self, node: Node) -> Expression:
        return Member(self.part(node, "operand"), self.text(node.child_by_field_name("field")))

    def qualified(self, node: Node) -> Expression:
        return Member(Name(self.text(node.child_by_field_name("package"))), self.text(node.child_by_field_name("name")))

    def element(self, node: Node) -> Expression:
        operand, index = node.child_by_field_name("operand"), node.child_by_field_name("index")
        return Index(self.expression(operand), self.expression(index))

    def slice_node(self, node: Node) -> Expression:
        operand = self.part(node, "operand")
        bounds = [node.child_by_field_name(name) for name in ("start", "end")]
        if bounds == [None, None]:
            return operand
        return Index(operand, Sequence([Const(None) if each is None else self.expression(each) for each in bounds]))

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        arguments = self.children(node.child_by_field_name("arguments"))
        if function.type == "identifier":
            built = self._built_in(node, self.text(function), arguments)
            if built is not None:
                return built
        named = function.child_by_field_name("field") if function.type == "selector_expression" else function
        return self.call(node, self.expression(function), named, [self.mention(child) for child in arguments])

    def mention(self, node: Node) -> Expression:
        """An argument, element or result: with its place where it is a member of a package."""
        value = self.expression(node)
        of_package = type(value) is Member and type(value.base) is Name and value.base.name in self.packages
        return Mentioned(value, self.place_of(node)) if of_package else value

    def spread(self, node: Node) -> Expression:
        return Spread(self.first(node))

    def _built_in(self, node: Node, name: str, arguments: list[Node]) -> Expression | None:
        """A call of one of the language's own functions, or None if ``name`` is none."""
        if name in _CONVERSIONS and len(arguments) == 1:
            return self.expression(arguments[0])
        if name == "make" and len(arguments) > 1:
            return NewArray(self.expression(arguments[1]))
        if name == "new" and len(arguments) == 1:
            return self.call(node, self.expression(arguments[0]), arguments[0], [], creates=True)
        if name == "append" and arguments:
            result = self.expression(arguments[0])
            for child in arguments[1:]:
                other = self._listed(child)
                result = Binary("append", result, other.value if isinstance(other, Spread) else Sequence([other]))
            return result
        return None

    def conversion(self, node: Node) -> Expression:
        value = self.part(node, "operand")
        kind = node.child_by_field_name("type")
        if kind.type == "slice_type":
            return Unary("bytes", value) if self.text(kind) == "[]byte" else value
        return Typed(value, self.expression(kind)) if kind.type in self.named_types else value

    def assertion(self, node: Node) -> Expression:
        value = self.part(node, "operand")
        declared = self.declared(node)
        return value if declared is None else Typed(value, declared)

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        kind = node.child_by_field_name("type")
        while kind is not None and kind.type in ("pointer_type", "parenthesized_type"):
            kind = kind.named_children[0]
        return self.expression(kind) if kind is not None and kind.type in self.named_types else None

    def composite(self, node: Node) -> Expression:
        return self._literal(node, node.child_by_field_name("type"), node.child_by_field_name("body"))

    def _literal(self, node: Node, kind: Node, body: Node) -> Expression:
        """A literal of the type ``kind`` that begins at ``node``."""
        if kind.type == "pointer_type":
            kind = kind.named_children[0]
        elements = self.children(body)
        if kind.type == "map_type":
            keyed = [child for child in elements if child.type == "keyed_element"]
            inner = kind.child_by_field_name("value")
            return Mapping([(self._part(each, "key", None), self._part(each, "value", inner)) for each in keyed])
        if kind.type in ("slice_type", "array_type", "implicit_length_array_type"):
            length = kind.child_by_field_name("length")
            if not elements and length is not None:
                return NewArray(self.expression(length))
            inner = kind.child_by_field_name("element")
            listed = len(elements) <= MAX_LISTED
            return Sequence([self._element(each, inner, listed=listed) for each in elements])
        args: list[Expression] = []
        keywords: dict[str, Expression] = {}
        places: dict[str, tuple[int, int, int, int]] = {}
        for each in elements:
            if each.type == "keyed_element":
                name = self.text(each.child_by_field_name("key"))
                keywords[name] = self._part(each, "value", None)
                places[name] = self.place_of(each)
            else:
                args.append(self._element(each, None))
        if kind.type not in self.named_types:
            return Opaque([*args, *keywords.values()])
        named = kind.child_by_field_name("name") if kind.type == "qualified_type" else kind
        made = self.call(node, self.expression(kind), named, args, keywords, creates=True)
        made.places = places
        return made

    def _part(self, keyed: Node, field: str, kind: Node | None) -> Expression:
        return self._element(keyed.child_by_field_name(field), kind)

    def _listed(self, node: Node) -> Expression:
        """An element of a list: with its place where it is a member of a package or a short text."""
        value = self.mention(node)
        is_text = type(value) is Const and isinstance(value.value, str) and len(value.value) <= MAX_LISTED
        return Mentioned(value, self.place_of(node)) if is_text else value

    def _element(self, node: Node, kind: Node | None, *, listed: bool = False) -> Expression:
        """An element of a literal; a literal in it may leave out its type where that is ``kind``."""
        if node.type == "keyed_element":
            node = node.child_by_field_name("value")
        inner = node.named_children[0] if node.type == "literal_element" and node.named_children else node
        if inner.type == "literal_value":
            if kind is None:
                return Opaque([self._element(each, None) for each in self.children(inner)])
            return self._literal(inner, kind, inner)
        return self._listed(inner) if listed else self.mention(inner)

    def string(self, node: Node) -> Expression:
        if self.too_long(node):
            return Opaque([])
        text = self.text(node)[1:-1]
        escaped = "\\" in text and node.type != "raw_string_literal"
        return Const(_ESCAPE.sub(_unescaped, text) if escaped else text)

    def rune(self, node: Node) -> Expression:
        text = _ESCAPE.sub(_unescaped, self.text(node)[1:-1])
        return Const(ord(text)) if len(text) == 1 else Opaque([])

    def integer(self, node: Node) -> Expression:
        return self.integer_of(self.text(node).replace("_", ""))

    def iota(self, node: Node) -> Expression:
        return Const(self._iota)

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.part(node, "operand")
        if operator in ("&", "*", "+"):
            return operand
        return Unary(_UNARY[operator], operand) if operator in _UNARY else Opaque([operand])

    def function_literal(self, node: Node) -> Expression:
        return self.made_function(node, "", [])

    def got(self, node: Node) -> Expression:
        """What a variable gets, or several."""
        value = self.several(node)
        if type(value) is Member and type(value.base) is Name and value.base.name in self.packages:
            return Mentioned(value, self.place_of(node), assigned=True)
        return value

    def several(self, node: Node) -> Expression:
        items = self.all_of(node)
        return items[0] if len(items) == 1 else Sequence(items)

    # Shared with statements

    def made_function(self, node: Node, name: str, receiver: list[Parameter]) -> Function:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        result = node.child_by_field_name("result")
        results = self.parameters(result) if result is not None and result.type == "parameter_list" else []
        named = [each for each in results if each.name]
        line = line_of(node)
        begun: list[Statement] = [Assign(Name(each.name), None, line, each.declared, local=True) for each in named]
        names = [each.name for each in named]

        def made() -> list[Statement]:
            self._results.append(names)
            try:
                return [*begun, *self.block(node.child_by_field_name("body"))]
            finally:
                self._results.pop()

        return Function(
            name, [*receiver, *parameters], Body(made), line, static=not receiver, internal=name[:1].islower()
        )

    def parameters(self, node: Node | None) -> list[Parameter]:
        found: list[Parameter] = []
        for child in [] if node is None else node.named_children:
            names = [self.text(name) for name in child.children_by_field_name("name")] or [""]
            if child.type == "parameter_declaration":
                found += [Parameter(name, None, self.declared(child)) for name in names]
            elif child.type == "variadic_parameter_declaration":
                found.append(Parameter(names[0], kind="*"))
        return found

    expressions = {
        **CommonSyntax.expressions,
        "selector_expression": selector,
        "qualified_type": qualified,
        "generic_type": CommonSyntax.first,
        "literal_element": CommonSyntax.first,
        "type_elem": CommonSyntax.first,
        "variadic_argument": spread,
        "index_expression": element,
        "slice_expression": slice_node,
        "call_expression": call_node,
        "type_conversion_expression": conversion,
        "type_assertion_expression": assertion,
        "composite_literal": composite,
        "interpreted_string_literal": string,
        "raw_string_literal": string,
        "rune_literal": rune,
        "int_literal": integer,
        "nil": CommonSyntax.word,
        "iota": iota,
        "unary_expression": unary,
        "func_literal": function_literal,
        "expression_list": several,
        "slice_type": CommonSyntax.nothing,
        "array_type": CommonSyntax.nothing,
        "map_type": CommonSyntax.nothing,
        "pointer_type": CommonSyntax.nothing,
        "function_type": CommonSyntax.nothing,
        "interface_type": CommonSyntax.nothing,
        "struct_type": CommonSyntax.nothing,
        "channel_type": CommonSyntax.nothing,
    }


def _unescaped(match: re.Match[str]) -> str:
    *numbers, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    digits = next(number for number in numbers if number is not None)
    code = int(digits, 8 if match[4] else 16)
    return character(code)
