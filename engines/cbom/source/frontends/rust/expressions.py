"""Front-end of Rust: expressions. References are what they refer to, and results and options what is in them."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable

from engines.cbom.source.frontends.base import Node, character, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax
from engines.cbom.source.frontends.rust.generics import generic_types_in, owner_parameter, type_parameter
from engines.cbom.source.frontends.rust.standard import (
    APPLIED,
    LAZY,
    MAKING,
    OR_CALL,
    OR_ELSE,
    SAME,
    SAME_OR_ERROR,
    TRAITS,
    WRAPPING,
)
from engines.cbom.source.program import (
    Body,
    Call,
    Conditional,
    Const,
    Expression,
    Function,
    Index,
    Mapping,
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

_MAX_TYPES = 4
"""The most type arguments of a call that are told."""

_MAX_PATTERN = 60
_NO_PARAMETERS = frozenset({"attribute_item", "variadic_parameter", "line_comment", "block_comment"})

_NUMBER = re.compile(r"(0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9]+)(?:[iu](?:8|16|32|64|128|size))?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}


class RustExpressions(CommonSyntax):
    """Expressions of Rust, and what statements share with them."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.own_type = ""
        """The type whose methods are being read: ``Self``."""

        self.inside = 0
        """The number of modules of this file around the place that is being read."""

        self.generic_types: frozenset[bytes] | None = None
        """The types of this file with type parameters, once they are asked for."""

        self.imported_types: set[str] = set()
        """The names that the file imports, but those of Rust's own library."""

        self.numbered: set[tuple[str, str]] = set()
        """The structures of this file with numbered fields of named types, and those fields."""

        self.testing = False
        """Whether that place is a test."""

    @abstractmethod
    def valued(self, node: Node) -> list[Statement]:
        """The statements of a block or branch whose value is returned."""

    def identifier(self, node: Node) -> Expression:
        name = self.text(node)
        return Name(self.own_type if name == "Self" and self.own_type else name)

    def scoped(self, node: Node) -> Expression:
        path, name = node.child_by_field_name("path"), self.text(node.child_by_field_name("name"))
        if path is None or (path.type in ("super", "self") and self.inside >= (path.type == "super")):
            return Name(name)  # A module of this file sees the names around it.
        if name == "default" and path.type.startswith(("generic_type", "bracketed_type")):
            held = self.declared(path.named_children[0] if path.type == "bracketed_type" else path)  # Box::<Sha256>
            if held is not None:
                return Member(held, name)
        return Member(self.expression(path), name, path=True)

    def generic(self, node: Node) -> Expression:
        """A type with arguments: what knowledge says of its ``of``, else the type."""
        kind = self.part(node, "type")
        types = self._types(node)
        return Typed(self.call(node, Member(kind, "of"), None, types), kind) if types else kind

    def _types(self, node: Node) -> list[Expression]:
        """The type arguments of ``node``, without lifetimes."""
        return [self.expression(kind) for kind in self._type_nodes(node)]

    def _type_nodes(self, node: Node) -> list[Node]:
        arguments = node.child_by_field_name("type_arguments")
        return [] if arguments is None else [kind for kind in self.children(arguments) if kind.type != "lifetime"]

    def typed(self, node: Node) -> Expression:
        return self.part(node, "type")

    def field(self, node: Node) -> Expression:
        base, name = self.value(node), self.text(node.child_by_field_name("field"))
        if (self.own_type, name) in self.numbered and isinstance(base, Name) and base.name == "self":
            return Member(base, name)
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
        types: list[Expression] = []
        if function.type == "generic_function":
            types = self._types(function)[:_MAX_TYPES]
            function = function.child_by_field_name("function")
        if function.type == "identifier" and len(args) == 1 and self.text(function) in ("Ok", "Some"):
            return args[0]
        named = function.child_by_field_name("field") or function.child_by_field_name("name") or function
        callee = self.expression(function)
        if function.type == "field_expression" and type(callee) is Member:
            if callee.name == "parse" and types and not args:
                return self.call(node, Member(types[0], "from_str"), named, [callee.base])
            passed = self.passed(function, callee, args)
            if passed is not None:
                return passed
        if type(callee) is Member and len(args) == 1 and _calls_it(callee):
            return self.call(node, args[0], named, [])
        keywords = {type_parameter(position): kind for position, kind in enumerate(types)}
        keywords |= self._types_of_owner(function)
        return self.call(node, callee, named, args, keywords)

    def _types_of_owner(self, function: Node) -> dict[str, Expression]:
        """The types that are given to a type of the program whose function is called: ``Signer::<Sha1>::new()``."""
        owner = function.child_by_field_name("path") if function.type == "scoped_identifier" else None
        if owner is None or not owner.type.startswith("generic_type"):
            return {}
        if self.generic_types is None:
            self.generic_types = generic_types_in(self.source)
        name = self.text(owner.child_by_field_name("type"))
        if name not in self.imported_types and name.encode() not in self.generic_types:
            return {}
        return {owner_parameter(position): kind for position, kind in enumerate(self._types(owner)[:_MAX_TYPES])}

    def passed(self, node: Node, method: Member, args: list[Expression]) -> Expression | None:
        """What a method gives that passes its object on; None for others."""
        given, name = method.base, method.name
        if not args:
            return given if name in SAME else None
        if len(args) > 1:
            return None
        if name in SAME_OR_ERROR:
            return given
        function = args[0] if isinstance(args[0], Function) else None
        if name in APPLIED and (function is not None or isinstance(args[0], Name | Member)):
            if function is None or function.parameters:
                return self.call(node, args[0], None, [given])
            return Index(Sequence([given, self.call(node, function, None, [])]), Const(1))  # |_| and ||
        if name in OR_ELSE:
            calls = function is not None or (name in OR_CALL and isinstance(args[0], Name | Member))
            other = self.call(node, args[0], None, []) if calls else args[0]
            return Conditional(Opaque([]), given, other)
        return None

    def of_trait(self, node: Node, declared: Expression | None) -> Expression:
        """``node`` as a value of a declared type: ``Digest::new()`` is the function of that type."""
        made = self.expression(node)
        if declared is None or type(made) is not Call or type(made.callee) is not Member:
            return made
        base = made.callee.base
        if not isinstance(base, Name | Member) or (made.args and made.callee.name not in MAKING):
            return made
        kind = declared.declared if isinstance(declared, Typed) else None
        same = isinstance(kind, Name | Member) and kind.name == base.name  # Hmac::new() of an Hmac<Sha256>
        if same or (type(base) is Name and base.name in TRAITS):
            made.callee = Member(declared, made.callee.name)
        return made

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
        made = Function("", [], self.within(lambda: self.valued(node)), line_of(node), test=self.testing)
        return self.call(node, made, None, [])

    def lambda_node(self, node: Node) -> Expression:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        body = self.within(lambda: self.valued(node.child_by_field_name("body")))
        return Function("", parameters, body, line_of(node), test=self.testing)

    def within(self, make: Callable[[], list[Statement]]) -> Body:
        """A body that is read later as it would be here."""
        here = self.own_type, self.inside, self.testing

        def made() -> list[Statement]:
            before = self.own_type, self.inside, self.testing
            self.own_type, self.inside, self.testing = here
            try:
                return make()
            finally:
                self.own_type, self.inside, self.testing = before

        return Body(made)

    def parameters(self, node: Node | None) -> list[Parameter]:
        found: list[Parameter] = []
        for child in [] if node is None else node.named_children:
            if child.type == "self_parameter":
                found.append(Parameter("self"))
            elif child.type == "parameter":
                target = self.pattern(child.child_by_field_name("pattern"))
                name = target.name if isinstance(target, Name) else ""
                found.append(Parameter(name, None, self.declared(child.child_by_field_name("type"))))
            elif child.type not in _NO_PARAMETERS:  # Of a closure: a pattern without a type.
                target = self.pattern(child)
                found.append(Parameter(target.name if isinstance(target, Name) else ""))
        return found

    def declared(self, kind: Node | None) -> Expression | None:
        """The named type that ``kind`` is, refers to or holds (``&Arc<Aes256Gcm>``); None for others."""
        for _ in range(_MAX_TYPES):
            while kind is not None and kind.type in ("reference_type", "pointer_type"):
                kind = kind.child_by_field_name("type")
            if kind is None or kind.type != "generic_type":
                break
            arguments = self._type_nodes(kind)
            name = self.text(kind.child_by_field_name("type")).rpartition("::")[2]
            if name not in WRAPPING or not arguments:
                break
            kind = arguments[0]
        named = ("type_identifier", "scoped_type_identifier", "generic_type")
        if kind is None or kind.type not in named or self.text(kind).rpartition("::")[2].startswith("NonZero"):
            return None  # Numbers of Rust's own library tell as little as primitive ones.
        return self.expression(kind)

    def pattern(self, node: Node | None, depth: int = 0) -> Expression:
        """What a pattern binds, as the target of an assignment."""
        if node is None or depth > _MAX_PATTERN:
            return Opaque([])
        if node.type in ("identifier", "self"):
            return Name(self.text(node))
        inner = [child for child in self.children(node) if child.type != "mutable_specifier"]
        if node.type in ("mut_pattern", "ref_pattern", "reference_pattern", "captured_pattern", "match_pattern"):
            return self.pattern(inner[0], depth + 1) if inner else Opaque([])
        if node.type in ("tuple_pattern", "slice_pattern"):
            return Sequence([self.pattern(child, depth + 1) for child in inner])
        if node.type == "tuple_struct_pattern":
            if len(inner) == 2:
                return self.pattern(inner[1], depth + 1)
            return Sequence([self.pattern(child, depth + 1) for child in inner[1:]])
        if node.type == "struct_pattern":
            return Mapping([self._field_pattern(child, depth) for child in inner if child.type == "field_pattern"])
        return Opaque([])

    def _field_pattern(self, node: Node, depth: int) -> tuple[Expression | None, Expression]:
        name, inner = self.text(node.child_by_field_name("name")), node.child_by_field_name("pattern")
        return Const(name), Name(name) if inner is None else self.pattern(inner, depth + 1)

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


def _calls_it(callee: Member) -> bool:
    """Whether the result is what the argument returns: ``Lazy::new(|| key())``, ``std::iter::repeat_with(random)``."""
    owner = callee.base.name if isinstance(callee.base, Name | Member) else ""
    return callee.name in ("repeat_with", "from_fn") if owner == "iter" else callee.name == "new" and owner in LAZY


def _unescaped(match: re.Match[str]) -> str:
    octet, point, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    code = int(octet or point, 16)
    return character(code)
