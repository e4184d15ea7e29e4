"""Front-end of Go. Pointers are what they point to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Lowering, Node
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Class,
    Const,
    Evaluate,
    Expression,
    Function,
    Import,
    Index,
    Leave,
    Loop,
    Mapping,
    Member,
    Module,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Return,
    Sequence,
    Spread,
    Statement,
    Typed,
    Unary,
)

Arms = list[tuple[Expression | None, list[Statement]]]

_OPERATORS = {name: name for name in ("+", "-", "*", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=")}
_OPERATORS |= {"/": "//", "&&": "and", "||": "or"}
_UNARY = {"!": "not", "-": "-", "^": "~"}
_CONVERSIONS = frozenset(
    {"string", "byte", "rune", "int", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64"}
)
_NAMED_TYPES = frozenset({"type_identifier", "qualified_type", "generic_type"})
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}
_VERSION = re.compile(r"/v\d+$|\.v\d+$")
_MAX_LITERAL = 100_000
_HIGHEST_CHARACTER = 0x10FFFF


class GoLowering(Lowering):
    """Go's syntax tree (tree-sitter-go)."""

    containers = frozenset(
        {
            "source_file",
            "block",
            "statement_list",
            "expression_statement",
            "import_declaration",
            "import_spec_list",
            "var_declaration",
            "var_spec_list",
            "type_declaration",
            "defer_statement",
            "go_statement",
        }
    )

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self._iota = 0
        self._results: list[list[str]] = []

    def module(self, root: Node) -> Module:
        """The file, with its package."""
        found = super().module(root)
        for child in root.named_children:
            if child.type == "package_clause":
                found.package = self.text(child.named_children[-1])
                break
        return found

    # Expressions

    def identifier(self, node: Node) -> Expression:
        return Name(self.text(node))

    def selector(self, node: Node) -> Expression:
        return Member(
            self.expression(node.child_by_field_name("operand")), self.text(node.child_by_field_name("field"))
        )

    def qualified(self, node: Node) -> Expression:
        return Member(Name(self.text(node.child_by_field_name("package"))), self.text(node.child_by_field_name("name")))

    def first(self, node: Node) -> Expression:
        return self.expression(node.named_children[0]) if node.named_children else Opaque([])

    def nothing(self, node: Node) -> Expression:
        return Opaque([])

    def element(self, node: Node) -> Expression:
        operand, index = node.child_by_field_name("operand"), node.child_by_field_name("index")
        return Index(self.expression(operand), self.expression(index))

    def slice_node(self, node: Node) -> Expression:
        operand = self.expression(node.child_by_field_name("operand"))
        bounds = [bound for name in ("start", "end") if (bound := node.child_by_field_name(name)) is not None]
        return Index(operand, Opaque([self.expression(bound) for bound in bounds])) if bounds else operand

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        arguments = [child for child in node.child_by_field_name("arguments").named_children if child.type != "comment"]
        if function.type == "identifier":
            built = self._built_in(node, self.text(function), arguments)
            if built is not None:
                return built
        named = function.child_by_field_name("field") if function.type == "selector_expression" else function
        return self.call(node, self.expression(function), named, [self.expression(child) for child in arguments])

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
                other = self.expression(child)
                result = Binary("+", result, other.value if isinstance(other, Spread) else Sequence([other]))
            return result
        return None

    def conversion(self, node: Node) -> Expression:
        value = self.expression(node.child_by_field_name("operand"))
        kind = node.child_by_field_name("type")
        return Typed(value, self.expression(kind)) if kind.type in _NAMED_TYPES else value

    def assertion(self, node: Node) -> Expression:
        value = self.expression(node.child_by_field_name("operand"))
        declared = self._declared(node)
        return value if declared is None else Typed(value, declared)

    def _declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        kind = node.child_by_field_name("type")
        while kind is not None and kind.type in ("pointer_type", "parenthesized_type"):
            kind = kind.named_children[0]
        return self.expression(kind) if kind is not None and kind.type in _NAMED_TYPES else None

    def composite(self, node: Node) -> Expression:
        return self._literal(node, node.child_by_field_name("type"), node.child_by_field_name("body"))

    def _literal(self, node: Node, kind: Node, body: Node) -> Expression:
        """A literal of the type ``kind`` that begins at ``node``."""
        if kind.type == "pointer_type":
            kind = kind.named_children[0]
        elements = [child for child in body.named_children if child.type != "comment"]
        if kind.type == "map_type":
            keyed = [child for child in elements if child.type == "keyed_element"]
            inner = kind.child_by_field_name("value")
            return Mapping([(self._part(each, "key", None), self._part(each, "value", inner)) for each in keyed])
        if kind.type in ("slice_type", "array_type", "implicit_length_array_type"):
            length = kind.child_by_field_name("length")
            if not elements and length is not None:
                return NewArray(self.expression(length))
            inner = kind.child_by_field_name("element")
            return Sequence([self._element(each, inner) for each in elements])
        args: list[Expression] = []
        keywords: dict[str, Expression] = {}
        for each in elements:
            if each.type == "keyed_element":
                keywords[self.text(each.child_by_field_name("key"))] = self._part(each, "value", None)
            else:
                args.append(self._element(each, None))
        if kind.type not in _NAMED_TYPES:
            return Opaque([*args, *keywords.values()])
        named = kind.child_by_field_name("name") if kind.type == "qualified_type" else kind
        return self.call(node, self.expression(kind), named, args, keywords, creates=True)

    def _part(self, keyed: Node, field: str, kind: Node | None) -> Expression:
        return self._element(keyed.child_by_field_name(field), kind)

    def _element(self, node: Node, kind: Node | None) -> Expression:
        """An element of a literal; a literal in it may leave out its type where that is ``kind``."""
        if node.type == "keyed_element":
            node = node.child_by_field_name("value")
        inner = node.named_children[0] if node.type == "literal_element" and node.named_children else node
        if inner.type == "literal_value":
            return self._literal(inner, kind, inner) if kind is not None else Opaque([])
        return self.expression(inner)

    def string(self, node: Node) -> Expression:
        if node.end_byte - node.start_byte > _MAX_LITERAL:
            return Opaque([])
        text = self.text(node)[1:-1]
        escaped = "\\" in text and node.type != "raw_string_literal"
        return Const(_ESCAPE.sub(_unescaped, text) if escaped else text)

    def rune(self, node: Node) -> Expression:
        text = _ESCAPE.sub(_unescaped, self.text(node)[1:-1])
        return Const(ord(text)) if len(text) == 1 else Opaque([])

    def integer(self, node: Node) -> Expression:
        text = self.text(node).replace("_", "")
        try:
            octal = len(text) > 1 and text[0] == "0" and text[1].isdigit()
            return Const(int(text, 8) if octal else int(text, 0))
        except ValueError:
            return Opaque([])

    def word(self, node: Node) -> Expression:
        return Const({"true": True, "false": False}.get(node.type))

    def iota(self, node: Node) -> Expression:
        return Const(self._iota)

    def binary(self, node: Node) -> Expression:
        return self.binary_chain(node, node.type, _OPERATORS)

    def unary(self, node: Node) -> Expression:
        operator = self.text(node.child_by_field_name("operator"))
        operand = self.expression(node.child_by_field_name("operand"))
        if operator in ("&", "*", "+"):
            return operand
        return Unary(_UNARY[operator], operand) if operator in _UNARY else Opaque([operand])

    def function_literal(self, node: Node) -> Expression:
        return self._function(node, "", [])

    def several(self, node: Node) -> Expression:
        items = [self.expression(child) for child in node.named_children if child.type != "comment"]
        return items[0] if len(items) == 1 else Sequence(items)

    # Statements

    def assignment(self, node: Node) -> Iterator[Statement]:
        target = self.several(node.child_by_field_name("left"))
        value = self.several(node.child_by_field_name("right"))
        operator = self.text(node.child_by_field_name("operator"))[:-1] if node.type == "assignment_statement" else ""
        if operator:
            value = Binary(_OPERATORS[operator], target, value) if operator in _OPERATORS else Opaque([value])
        yield Assign(target, value, node.start_point[0] + 1, local=node.type == "short_var_declaration")

    def update(self, node: Node) -> Iterator[Statement]:
        target = self.expression(node.named_children[0])
        operator = "+" if node.type == "inc_statement" else "-"
        yield Assign(target, Binary(operator, target, Const(1)), node.start_point[0] + 1)

    def variable(self, node: Node) -> Iterator[Statement]:
        names: list[Expression] = [Name(self.text(name)) for name in node.children_by_field_name("name")]
        value, kind = node.child_by_field_name("value"), node.child_by_field_name("type")
        declared = self._declared(node)
        line = node.start_point[0] + 1
        if value is not None:
            target = names[0] if len(names) == 1 else Sequence(names)
            yield Assign(target, self.several(value), line, declared, local=True)
            return
        length = kind.child_by_field_name("length") if kind is not None and kind.type == "array_type" else None
        zeros = None if length is None else NewArray(self.expression(length))
        for name in names:
            yield Assign(name, zeros, line, declared, local=True)

    def constants(self, node: Node) -> Iterator[Statement]:
        """Constants; one without a value repeats the expression before it, with the next ``iota``."""
        value: Node | None = None
        specs = [child for child in node.named_children if child.type == "const_spec"]
        for number, spec in enumerate(specs):
            self._iota = number
            value = spec.child_by_field_name("value") or value
            names: list[Expression] = [
                Name(self.text(name)) for name in spec.children_by_field_name("name") if name.is_named
            ]
            target = names[0] if len(names) == 1 else Sequence(names)
            yield Assign(target, None if value is None else self.several(value), spec.start_point[0] + 1, local=True)

    def return_node(self, node: Node) -> Iterator[Statement]:
        if node.named_children:
            yield Return(self.expression(node.named_children[0]))
            return
        names: list[Expression] = [Name(name) for name in (self._results[-1] if self._results else [])]
        yield Return(names[0] if len(names) == 1 else Sequence(names) if names else None)

    def leave(self, node: Node) -> Iterator[Statement]:
        yield Leave()

    def labeled(self, node: Node) -> Iterator[Statement]:
        if len(node.named_children) > 1:
            yield from self.one(node.named_children[-1])

    def call_statement(self, node: Node) -> Iterator[Statement]:
        """A call; ``copy`` is an assignment of its target, if that is a whole variable."""
        arguments = node.child_by_field_name("arguments").named_children
        if len(arguments) == 2 and self.text(node.child_by_field_name("function")) == "copy":
            target = self.expression(arguments[0])
            if isinstance(target, Name | Member):
                yield Assign(target, self.expression(arguments[1]), node.start_point[0] + 1)
                return
        yield Evaluate(self.expression(node))

    def if_node(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        test = self.expression(node.child_by_field_name("condition"))
        arms: Arms = [(test, self.block(node.child_by_field_name("consequence")))]
        other = node.child_by_field_name("alternative")
        while other is not None and other.type == "if_statement" and other.child_by_field_name("initializer") is None:
            test = self.expression(other.child_by_field_name("condition"))
            arms.append((test, self.block(other.child_by_field_name("consequence"))))
            other = other.child_by_field_name("alternative")
        if other is not None:
            arms.append((None, self.one(other)))
        yield Branch(arms)

    def _initializer(self, node: Node) -> list[Statement]:
        return self.one(node.child_by_field_name("initializer"))

    def for_node(self, node: Node) -> Iterator[Statement]:
        body = self.block(node.child_by_field_name("body"))
        clause = node.named_children[0]
        if clause.type == "for_clause":
            yield from self._initializer(clause)
            test = clause.child_by_field_name("condition")
            body += self.one(clause.child_by_field_name("update"))
            yield Loop(None if test is None else self.expression(test), body)
        elif clause.type == "range_clause":
            yield Loop(None, [*self._range(clause), *body])
        else:
            yield Loop(None if clause.type == "block" else self.expression(clause), body)

    def _range(self, clause: Node) -> Iterator[Statement]:
        items = self.expression(clause.child_by_field_name("right"))
        yield Evaluate(items)
        left = clause.child_by_field_name("left")
        for number, name in enumerate([] if left is None else left.named_children):
            value = Index(items, Opaque([])) if number else Opaque([])
            yield Assign(self.expression(name), value, clause.start_point[0] + 1, local=True)

    def switch_node(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        value = node.child_by_field_name("value")
        subject = None if value is None else self.expression(value)
        arms: Arms = []
        default: Arms = []
        for case in node.named_children:
            if case.type == "default_case":
                default.append((None, self._case_body(case)))
            elif case.type == "expression_case":
                tests = [self.expression(each) for each in case.child_by_field_name("value").named_children]
                if subject is not None:
                    tests = [Binary("==", subject, test) for test in tests]
                arms.append((tests[0] if len(tests) == 1 else Opaque(tests), self._case_body(case)))
        yield Branch([*arms, *default])

    def _case_body(self, case: Node) -> list[Statement]:
        lists = [child for child in case.named_children if child.type == "statement_list"]
        return [statement for child in lists for statement in self.block(child)]

    def type_switch(self, node: Node) -> Iterator[Statement]:
        yield from self._initializer(node)
        value = self.expression(node.child_by_field_name("value"))
        alias = node.child_by_field_name("alias")
        arms: Arms = []
        for case in node.named_children:
            if case.type not in ("type_case", "default_case"):
                continue
            body: list[Statement] = []
            if alias is not None:
                declared = self._declared(case)
                typed = value if declared is None else Typed(value, declared)
                body.append(Assign(self.first(alias), typed, case.start_point[0] + 1, local=True))
            arms.append((None if case.type == "default_case" else Opaque([]), [*body, *self._case_body(case)]))
        yield Branch(sorted(arms, key=lambda arm: arm[0] is None))

    def select_node(self, node: Node) -> Iterator[Statement]:
        arms: Arms = []
        for case in node.named_children:
            arms.append((Opaque([]), [*self.one(case.child_by_field_name("communication")), *self._case_body(case)]))
        yield Branch(arms)

    def receive(self, node: Node) -> Iterator[Statement]:
        left = node.child_by_field_name("left")
        right = self.expression(node.child_by_field_name("right"))
        line = node.start_point[0] + 1
        yield Evaluate(right) if left is None else Assign(self.several(left), right, line, local=True)

    def function(self, node: Node) -> Iterator[Statement]:
        yield self._function(node, self.text(node.child_by_field_name("name")), [])

    def _function(self, node: Node, name: str, receiver: list[Parameter]) -> Function:
        parameters = self._parameters(node.child_by_field_name("parameters"))
        result = node.child_by_field_name("result")
        results = self._parameters(result) if result is not None and result.type == "parameter_list" else []
        named = [each for each in results if each.name]
        line = node.start_point[0] + 1
        self._results.append([each.name for each in named])
        body = self.block(node.child_by_field_name("body"))
        self._results.pop()
        begun: list[Statement] = [Assign(Name(each.name), None, line, each.declared, local=True) for each in named]
        return Function(name, [*receiver, *parameters], [*begun, *body], line, static=not receiver)

    def method(self, node: Node) -> Iterator[Statement]:
        receiver = self._parameters(node.child_by_field_name("receiver"))[:1]
        declared = receiver[0].declared if receiver else None
        made = self._function(node, self.text(node.child_by_field_name("name")), receiver)
        yield Class(declared.name, [], [made], made.line) if isinstance(declared, Name) else made

    def _parameters(self, node: Node | None) -> list[Parameter]:
        found: list[Parameter] = []
        for child in [] if node is None else node.named_children:
            names = [self.text(name) for name in child.children_by_field_name("name")] or [""]
            if child.type == "parameter_declaration":
                found += [Parameter(name, None, self._declared(child)) for name in names]
            elif child.type == "variadic_parameter_declaration":
                found.append(Parameter(names[0], kind="*"))
        return found

    def type_node(self, node: Node) -> Iterator[Statement]:
        name = self.text(node.child_by_field_name("name"))
        kind = node.child_by_field_name("type")
        line = node.start_point[0] + 1
        if kind.type == "struct_type":
            yield self._struct(name, kind, line)
        elif kind.type in _NAMED_TYPES:
            declared = self.expression(kind)
            yield Assign(Name(name), declared, line) if node.type == "type_alias" else Class(name, [declared], [], line)

    def _struct(self, name: str, node: Node, line: int) -> Class:
        bases: list[Expression] = []
        members: list[Statement] = []
        for field in node.named_children[0].named_children if node.named_children else ():
            declared = self._declared(field)
            names = field.children_by_field_name("name")
            if names and declared is not None:
                members += [Assign(Name(self.text(each)), None, line, declared) for each in names]
            elif declared is not None:
                bases.append(declared)
        return Class(name, bases, members, line)

    def import_node(self, node: Node) -> Iterator[Statement]:
        line = node.start_point[0] + 1
        path = self.text(node.child_by_field_name("path"))[1:-1]
        named = node.child_by_field_name("name")
        if named is None:
            for name in _package_names(path):
                yield Import(name, path, "", line)
        elif named.type == "dot":
            yield Import("*", path, "", line)
        elif named.type == "package_identifier":
            yield Import(self.text(named), path, "", line)

    def skip(self, node: Node) -> Iterator[Statement]:
        yield from ()

    expressions = {
        "identifier": identifier,
        "type_identifier": identifier,
        "field_identifier": identifier,
        "selector_expression": selector,
        "qualified_type": qualified,
        "generic_type": first,
        "parenthesized_expression": first,
        "literal_element": first,
        "type_elem": first,
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
        "true": word,
        "false": word,
        "nil": word,
        "iota": iota,
        "binary_expression": binary,
        "unary_expression": unary,
        "func_literal": function_literal,
        "expression_list": several,
        "slice_type": nothing,
        "array_type": nothing,
        "map_type": nothing,
        "pointer_type": nothing,
        "function_type": nothing,
        "interface_type": nothing,
        "struct_type": nothing,
        "channel_type": nothing,
    }
    statements = {
        "assignment_statement": assignment,
        "short_var_declaration": assignment,
        "inc_statement": update,
        "dec_statement": update,
        "var_spec": variable,
        "const_declaration": constants,
        "return_statement": return_node,
        "break_statement": leave,
        "continue_statement": leave,
        "goto_statement": leave,
        "fallthrough_statement": skip,
        "labeled_statement": labeled,
        "call_expression": call_statement,
        "if_statement": if_node,
        "for_statement": for_node,
        "expression_switch_statement": switch_node,
        "type_switch_statement": type_switch,
        "select_statement": select_node,
        "receive_statement": receive,
        "function_declaration": function,
        "method_declaration": method,
        "type_spec": type_node,
        "type_alias": type_node,
        "import_spec": import_node,
        "package_clause": skip,
    }


def _package_names(path: str) -> list[str]:
    """Names that the package at ``path`` may have: its last part, without a version and the words that mean Go."""
    last = _VERSION.sub("", path).rpartition("/")[2]
    return list(dict.fromkeys([last, last.removeprefix("go-"), last.removesuffix("-go"), last.removesuffix(".go")]))


def _unescaped(match: re.Match[str]) -> str:
    *numbers, letter = match.groups()
    if letter is not None:
        return _ESCAPES.get(letter, letter)
    digits = next(number for number in numbers if number is not None)
    code = int(digits, 8 if match[4] else 16)
    return chr(code) if code <= _HIGHEST_CHARACTER else "\ufffd"
