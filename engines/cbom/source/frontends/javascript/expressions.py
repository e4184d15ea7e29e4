"""Front-end of JavaScript and TypeScript: expressions and functions."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, joined, line_of
from engines.cbom.source.frontends.common_syntax import C_OPERATORS, CommonSyntax
from engines.cbom.source.program import (
    Assign,
    Binary,
    Const,
    Expression,
    Function,
    Index,
    Mapping,
    Member,
    Name,
    Opaque,
    Parameter,
    Return,
    Spread,
    Statement,
    Typed,
    Unary,
)

_UNARY = {"!": "not", "-": "-", "~": "~"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}
_EXPORTS = ("exports", "module.exports")
_THIS = b"this"
_NAMED_TYPES = frozenset({"type_identifier", "nested_type_identifier", "generic_type"})
_HELD = frozenset({"identifier", "member_expression"})
FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function", "function"})


class JavaScriptExpressions(CommonSyntax):
    """Expressions of tree-sitter-javascript and tree-sitter-typescript."""

    operators = C_OPERATORS | {"/": "/", "===": "==", "!==": "!=", "??": "or"}

    testing = False
    """Whether the file is a test of Mocha, Jest or the like."""

    def dynamic_import(self, _node: Node) -> Expression:
        return Name("require")

    in_field = False
    """Whether the value of a class's field is read."""

    def member(self, node: Node) -> Expression:
        base = node.child_by_field_name("object")
        if base.end_byte - base.start_byte <= len(_EXPORTS[-1]) and self.text(base) in _EXPORTS:
            return Name(exported(self.text(node.child_by_field_name("property"))))
        if self.in_field and base.type == "this":
            return Name(self.text(node.child_by_field_name("property")))
        return Member(self.part(node, "object"), self.text(node.child_by_field_name("property")))

    def subscript(self, node: Node) -> Expression:
        base, key = (
            self.part(node, "object"),
            self.part(node, "index"),
        )
        if isinstance(key, Const) and isinstance(key.value, str):
            return Member(base, key.value)
        return Index(base, key)

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        return self._call(node, function, creates=False)

    def new(self, node: Node) -> Expression:
        return self._call(node, node.child_by_field_name("constructor"), creates=True)

    def _call(self, node: Node, function: Node, *, creates: bool) -> Expression:
        arguments = node.child_by_field_name("arguments")
        if arguments is None:
            args = []
        elif arguments.type == "template_string":
            args = [self.expression(arguments)]
        else:
            args = self.all_of(arguments)
        named = function.child_by_field_name("property") if function.type == "member_expression" else function
        return self.call(node, self.expression(function), named, args, creates=creates)

    def string(self, node: Node) -> Expression:
        parts: list[Expression] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                parts.append(self.expression(child.named_children[0]) if child.named_children else Opaque([]))
            elif self.too_long(child):
                parts.append(Opaque([]))
            else:
                parts.append(
                    Const(_unescaped(self.text(child)) if child.type == "escape_sequence" else self.text(child))
                )
        return joined(parts)

    def binary(self, node: Node) -> Expression:
        """``!given || false`` is ``!given``: a switch is off because of what is given, not by default."""
        made = super().binary(node)
        if isinstance(made, Binary) and isinstance(made.right, Const) and made.right.value is False:
            return made.left if isinstance(made.left, Unary) and made.left.operator == "not" else made
        return made

    def number(self, node: Node) -> Expression:
        text = self.text(node).replace("_", "").rstrip("n")
        try:
            return Const(int(text, 0))
        except ValueError:
            pass
        try:
            value = float(text)
        except ValueError:
            return Opaque([])
        return Const(int(value) if value.is_integer() and "." not in text else value)

    def unary(self, node: Node) -> Expression:
        operator = _UNARY.get(self.text(node.child_by_field_name("operator")))
        operand = self.part(node, "argument")
        return Unary(operator, operand) if operator else Opaque([operand])

    def element(self, node: Node) -> Expression:
        """The opening of an element of JSX: its attributes. Its name would only have the component's file read."""
        return Opaque([self.expression(child) for child in self.children(node)[1:]])

    def nested_type(self, node: Node) -> Expression:
        """A type of a module: ``crypto.KeyObject``."""
        first, *rest = self.text(node).split(".")
        made: Expression = Name(first)
        for name in rest:
            made = Member(made, name)
        return made

    def cast(self, node: Node) -> Expression:
        """``value as Type``. The type of a variable or a field may tell what nothing else does."""
        value, *kinds = self.children(node)
        if kinds and kinds[0].type in _NAMED_TYPES and value.type in _HELD:
            return Typed(self.expression(value), self.expression(kinds[0]))
        return self.expression(value)

    def spread(self, node: Node) -> Expression:
        return Spread(self.first(node))

    reassigned: set[str]
    """Names of variables that get another value than their first one."""

    def note(self, target: Node) -> None:
        """Note that a variable gets another value."""
        if target is not None and target.type == "identifier":
            self.reassigned.add(self.text(target))

    def note_counted(self, target: Node) -> None:
        """Note that a variable, or a field (``this.count++``), is counted or grows."""
        self.note(target)
        if target is not None and target.type == "member_expression" and target.named_children[0].type == "this":
            self.reassigned.add(self.text(target))

    def assigned(self, node: Node) -> Expression:
        self.note(node.child_by_field_name("left"))
        return self.part(node, "right")

    def updated(self, node: Node) -> Expression:
        self.note_counted(node.child_by_field_name("argument"))
        return self.opaque(node)

    def object(self, node: Node) -> Expression:
        pairs: list[tuple[Expression | None, Expression]] = []
        lines: list[int] = []
        for child in node.named_children:
            kind = child.type
            if kind == "pair":
                key = self._key(child.child_by_field_name("key"))
                pairs.append((key, self.member_value(child.child_by_field_name("value"), key)))
            elif kind == "shorthand_property_identifier":
                pairs.append((Const(self.text(child)), Name(self.text(child))))
            elif kind == "spread_element":
                pairs.append((None, self.first(child)))
            elif kind == "method_definition":
                pairs.append((self._key(child.child_by_field_name("name")), self._method(child)))
            lines += [line_of(child)] * (len(pairs) - len(lines))
        return Mapping(pairs, lines)

    def member_value(self, node: Node, key: Expression) -> Expression:
        """The value of a member ``key``: a function gets its name, and its object if it speaks of ``this``."""
        name = key.value if isinstance(key, Const) and isinstance(key.value, str) else ""
        if node.type in ("function_expression", "function") and _THIS in self.source[node.start_byte : node.end_byte]:
            return self._method(node, name)
        made = self.expression(node)
        if isinstance(made, Function) and not made.name:
            made.name = name
        return made

    def object_pattern(self, node: Node) -> Expression:
        pairs: list[tuple[Expression | None, Expression]] = []
        for child in node.named_children:
            if child.type == "shorthand_property_identifier_pattern":
                pairs.append((Const(self.text(child)), Name(self.text(child))))
            elif child.type == "pair_pattern":
                key = self._key(child.child_by_field_name("key"))
                pairs.append((key, self._pattern(child.child_by_field_name("value"))))
            elif child.type == "object_assignment_pattern":
                pairs.append((Const(self.text(child.child_by_field_name("left"))), self.defaulted(child)))
        return Mapping(pairs)

    def _pattern(self, node: Node) -> Expression:
        return self.defaulted(node) if node.type == "assignment_pattern" else self.expression(node)

    def defaulted(self, node: Node) -> Expression:
        """A target with a default: ``a = 1`` in a pattern."""
        left = node.child_by_field_name("left")
        target = Name(self.text(left)) if left.type.startswith("shorthand") else self.expression(left)
        return Binary("or", target, self.part(node, "right"))

    def _key(self, node: Node) -> Expression:
        if node.type in ("property_identifier", "private_property_identifier"):
            return Const(self.text(node))
        return self.first(node) if node.type == "computed_property_name" else self.expression(node)

    def function_expression(self, node: Node) -> Expression:
        return self._function(node, self.text(node.child_by_field_name("name")))

    def _function(self, node: Node, name: str) -> Function:
        single = node.child_by_field_name("parameter")
        parameters = [Parameter(self.text(single))] if single is not None else self._parameters(node)
        body = node.child_by_field_name("body")
        statements = (
            self.block(body) if body is None or body.type == "statement_block" else [Return(self.expression(body))]
        )
        return Function(name, parameters, [*self._unpacked(node), *statements], line_of(node), test=self.testing)

    def _method(self, node: Node, name: str = "") -> Function:
        made = self._function(node, name or self.text(node.child_by_field_name("name")))
        made.of_class = any(child.type == "static" for child in node.children)
        made.internal = made.name.startswith("#") or any(
            child.type == "accessibility_modifier" and self.text(child) == "private" for child in node.children
        )
        made.getter = any(child.type == "get" for child in node.children)
        if any(child.type == "set" for child in node.children):
            made.name = f"set {made.name}"  # Its getter has the name.
        made.parameters.insert(0, Parameter("this"))
        return made

    def _parameters(self, node: Node) -> list[Parameter]:
        found = []
        declared = node.child_by_field_name("parameters")
        for position, child in enumerate(self.children(declared)):
            if child.type in ("required_parameter", "optional_parameter"):
                pattern, default = child.child_by_field_name("pattern"), child.child_by_field_name("value")
                kind = child.child_by_field_name("type")
                default = default or self.injected(child)
            elif child.type == "assignment_pattern":
                pattern, default, kind = child.child_by_field_name("left"), child.child_by_field_name("right"), None
            else:
                pattern, default, kind = child, None, None
            if pattern is None:
                continue
            rest = pattern.type == "rest_pattern"
            inner = pattern.named_children[0] if rest and pattern.named_children else pattern
            name = self.text(inner) if inner.type == "identifier" else f"\0{position}"
            value = self.expression(default) if default is not None else None
            stated = self.expression(kind.named_children[0]) if kind is not None and kind.named_children else None
            found.append(Parameter(name, value, stated, "*" if rest else ""))
        return found

    def injected(self, node: Node) -> Node | None:
        """The call by which a container gives a parameter or a field its value: ``@Inject("KEY")``."""
        calls = (child.named_children[0] for child in node.children if child.type == "decorator")
        return next((call for call in calls if call.type == "call_expression"), None)

    def _unpacked(self, node: Node) -> Iterator[Statement]:
        """Parameters that are patterns, taken apart, and those of a constructor of TypeScript that are fields."""
        declared = node.child_by_field_name("parameters")
        line = line_of(node)
        for position, child in enumerate(self.children(declared)):
            pattern = child.child_by_field_name("pattern") or child.child_by_field_name("left") or child
            if pattern.type in ("object_pattern", "array_pattern"):
                yield Assign(self.expression(pattern), Name(f"\0{position}"), line, local=True)
            elif any(each.type in ("accessibility_modifier", "readonly") for each in child.children):
                name = self.text(pattern)
                yield Assign(Member(Name("this"), name), Name(name), line)

    expressions = {
        **CommonSyntax.expressions,
        "binary_expression": binary,
        "property_identifier": CommonSyntax.identifier,
        "super": CommonSyntax.identifier,
        "import": dynamic_import,
        "member_expression": member,
        "nested_type_identifier": nested_type,
        "generic_type": CommonSyntax.first,
        "subscript_expression": subscript,
        "call_expression": call_node,
        "new_expression": new,
        "string": string,
        "template_string": string,
        "number": number,
        "undefined": CommonSyntax.word,
        "unary_expression": unary,
        "ternary_expression": CommonSyntax.ternary,
        "array": CommonSyntax.sequence,
        "array_pattern": CommonSyntax.sequence,
        "object": object,
        "object_pattern": object_pattern,
        "assignment_pattern": defaulted,
        "yield_expression": CommonSyntax.first,
        "non_null_expression": CommonSyntax.first,
        "as_expression": cast,
        "satisfies_expression": CommonSyntax.first,
        "type_assertion": CommonSyntax.last,
        "sequence_expression": CommonSyntax.last,
        "spread_element": spread,
        "jsx_opening_element": element,
        "jsx_self_closing_element": element,
        "jsx_closing_element": CommonSyntax.nothing,
        "assignment_expression": assigned,
        "augmented_assignment_expression": assigned,
        "update_expression": updated,
        "arrow_function": function_expression,
        "function_expression": function_expression,
        "generator_function": function_expression,
    }


def exported(name: str) -> str:
    """The name by which a file has what CommonJS exports as ``name``; a variable of its own may have that name too."""
    return f"exports.{name}"


def _unescaped(text: str) -> str:
    """The character of an escape sequence."""
    kind = text[1:2]
    digits = text[2:].strip("{}") if kind in ("x", "u") else ""
    try:
        return chr(int(digits, 16)) if digits else _ESCAPES.get(kind, text[1:])
    except (ValueError, OverflowError):
        return ""
