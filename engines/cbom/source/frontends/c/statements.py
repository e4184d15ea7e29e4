"""Front-end of C and C++: declarations, statements and the preprocessor."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.c.classes import CClasses
from engines.cbom.source.frontends.c.expressions import CASTS
from engines.cbom.source.frontends.c.filled import Filled
from engines.cbom.source.frontends.c.jumps import Jumps
from engines.cbom.source.frontends.c.preprocessor import CPreprocessor
from engines.cbom.source.frontends.common_syntax import CommonSyntax, functions_first, import_of
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Call,
    Class,
    Const,
    Evaluate,
    Expression,
    Index,
    Loop,
    Member,
    Module,
    Name,
    Opaque,
    Pointed,
    Return,
    Sequence,
    Statement,
)

_COPIES = (
    "memcpy",
    "memmove",
    "strcpy",
    "strncpy",
    "strlcpy",
    "wcscpy",
    "wcsncpy",
    "copymemory",
    "movememory",
    "lstrcpya",
)
_APPENDS = ("strcat", "strncat", "strlcat", "wcscat")
"""The ends of names of functions that copy and append, in small letters: libraries have others of their own."""

_NOTHING_YET = ("_INIT", "_INITIALIZER", "_initializer")
"""The ends of names of macros by which an object begins as if it had no value: ``PSA_KEY_ATTRIBUTES_INIT``."""

_WHOLE = frozenset({"data", "begin"})
_LONGEST = 24
_MAX_POINTERS = 64
_MAX_NESTED = 16
"""The deepest nesting of calls in what reads like a function's declaration."""


class CLowering(CClasses):
    """The syntax trees of tree-sitter-c and tree-sitter-cpp, which extends it."""

    def __init__(self, source: bytes, first_line: int = 0) -> None:
        super().__init__(source, first_line)
        self._array_types: dict[str, Node] = {}
        """The declarators of arrays that ``typedef`` names."""

        self._jumps = Jumps(source)
        self._filled = Filled(source)

    def module(self, root: Node) -> Module:
        made = super().module(root)
        made.test = self.testing
        return made

    containers = frozenset(
        {
            "translation_unit",
            "compound_statement",
            "expression_statement",
            "declaration_list",
            "field_declaration_list",
            "linkage_specification",
            "preproc_else",
        }
    )

    def declaration(self, node: Node) -> Iterator[Statement]:
        kind = node.child_by_field_name("type")
        if kind is not None and kind.child_by_field_name("body") is not None:
            yield from self.one(kind)
        if any(self.text(child) == "extern" for child in node.children[:1]):
            return  # Another file has it.
        declared = self.declared(node)
        line = line_of(node)
        for declarator in node.children_by_field_name("declarator"):
            if not declarator.is_named:
                continue
            name = self.declared_name(declarator)
            if declarator.type == "function_declarator":
                value = self._constructed(declarator, kind)
                if value is None:
                    continue
            else:
                value = self._initial(declarator, kind, node)
            if name:
                yield Assign(Name(name), value, line, declared, local=True)

    def _constructed(self, declarator: Node, kind: Node | None) -> Expression | None:
        """The object of ``Type name(Scope::VALUE);`` in a function, which reads like a function's declaration."""
        around = declarator.parent.parent
        listed = self.children(declarator.child_by_field_name("parameters"))
        if around is None or around.type != "compound_statement" or not listed or kind is None:
            return None
        values = [self._argument(each) for each in listed]
        given = [value for value in values if value is not None]
        if kind.type not in self.named_types or len(given) < len(values):
            return None
        return self.construction(declarator, kind, given)

    def _argument(self, parameter: Node, depth: int = 0) -> Expression | None:
        """What reads like a parameter without a name as a value; None if it can be none."""
        kind = parameter.child_by_field_name("type")
        declarator = parameter.child_by_field_name("declarator")
        if parameter.type != "parameter_declaration" or kind is None:
            return None
        if kind.type not in ("qualified_identifier", "type_identifier", "template_type"):
            return None
        if declarator is None:
            return self.expression(kind)
        if self.text(kind) == "sizeof":
            return Opaque([])
        if declarator.type != "abstract_function_declarator" or depth > _MAX_NESTED:
            return None
        listed = [
            self._argument(each, depth + 1) for each in self.children(declarator.child_by_field_name("parameters"))
        ]
        args = [value for value in listed if value is not None]
        if kind.type == "template_type" and self.plain(kind) in CASTS:
            return args[0] if len(args) == len(listed) == 1 else None
        return self.call(parameter, self.expression(kind), kind, args) if len(args) == len(listed) else None

    def sides(self, node: Node) -> tuple[Expression, Expression]:
        target, value = super().sides(node)
        left = node.child_by_field_name("left")
        pointed = left.type == "pointer_expression" and self.text(left)[:1] == "*" and isinstance(target, Name)
        return Pointed(target) if pointed else target, value

    def _initial(self, declarator: Node, kind: Node | None, node: Node) -> Expression | None:
        """The value that a declaration gives."""
        value = declarator.child_by_field_name("value") or node.child_by_field_name("default_value")
        value = value or node.child_by_field_name("value")  # That of a condition: ``if (auto key = load())``.
        inner = declarator.child_by_field_name("declarator") if declarator.type == "init_declarator" else declarator
        named = kind is not None and kind.type in self.named_types
        while inner is not None and inner.type == "array_declarator" and _is_array(inner, "declarator"):
            inner = inner.child_by_field_name("declarator")
        if inner is not None and inner.type == "array_declarator":
            if value is None and self._filled.has(node, self.declared_name(inner)):
                return Opaque([])
            element = self.declared(node)
            return None if value is None and node.type == "field_declaration" else self.array(inner, value, element)
        if named and (length := self._array_types.get(self.text(kind))) is not None:
            return self.array(length, value)
        if value is not None and named and value.type == "identifier" and self.text(value).endswith(_NOTHING_YET):
            return self.construction(declarator, kind, [])
        if value is None:
            if inner is not None and inner.type == "pointer_declarator":
                return self._pointers(inner)
            return self.construction(declarator, self.made_with(kind), []) if named and kind is not None else None
        if value.type == "initializer_list" and not named and len(self.children(value)) == 1:
            return self.first(value)
        if value.type == "argument_list":
            args = self.all_of(value)
            return self.construction(value, kind, args) if named else (args[0] if args else None)
        if value.type == "initializer_list" and named:
            parts = self.children(value)
            keywords = self.designated(parts)
            if not keywords:
                return self.construction(node, kind, self.all_of(value))
            made = self.call(node, self.expression(kind), kind, [], keywords, creates=True)
            named_parts = [part for part in parts if part.type == "initializer_pair"]
            made.places = {name: self.place_of(part) for name, part in zip(keywords, named_parts, strict=False)}
            return made
        return self.expression(value)

    def _pointers(self, declarator: Node) -> Expression | None:
        """An array of pointers, which get their values later; None for a single one."""
        inner = declarator.child_by_field_name("declarator")
        size = self.part(inner, "size") if inner is not None and inner.type == "array_declarator" else None
        number = size.value if isinstance(size, Const) and isinstance(size.value, int) else 0
        return Sequence([Opaque([]) for _ in range(number)]) if 0 < number <= _MAX_POINTERS else None

    def comma_statement(self, node: Node) -> Iterator[Statement]:
        for side in ("left", "right"):
            yield from self.one(node.child_by_field_name(side))

    def call_statement(self, node: Node) -> Iterator[Statement]:
        """A call; one that copies is an assignment of its target."""
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments").named_children
        name = self.text(function)[-_LONGEST:].lower()
        if len(arguments) >= 2 and name.endswith((*_COPIES, *_APPENDS)):
            target = _buffer(self.expression(arguments[0]))
            if isinstance(target, Name | Member):
                value = self.expression(arguments[1])
                copied = Binary("+", target, value) if name.endswith(_APPENDS) else value
                yield Assign(Pointed(target) if isinstance(target, Name) else target, copied, line_of(node))
                return
            if isinstance(target, Binary) and target.operator == "+" and isinstance(target.left, Name):
                yield Assign(Index(target.left, target.right), self.expression(arguments[1]), line_of(node))
                return
        yield Evaluate(self.expression(node))

    def condition(self, node: Node) -> Expression:
        """The test of a statement, behind what it declares: ``if (auto key = load(); key.valid())``."""
        condition = node.child_by_field_name("condition")
        if condition is not None and condition.type == "condition_clause":
            self._before.extend(self.block(condition.child_by_field_name("initializer")))
            condition = condition.child_by_field_name("value")
        if condition is not None and condition.type == "declaration":
            self._before.extend(self.one(condition))
            return Name(self.declared_name(condition.child_by_field_name("declarator")))
        return self.expression(condition)

    def switch_node(self, node: Node) -> Iterator[Statement]:
        cases = self._cases(node.child_by_field_name("body"))
        yield Branch(self.arms_of(self.condition(node), map(self._case, cases)))

    def _cases(self, body: Node) -> list[tuple[Node, list[Node]]]:
        """The cases of a switch, those too that stand in a condition of the preprocessor, each with the statements that
        the grammar puts behind it: those from such a condition on."""
        found: list[tuple[Node, list[Node]]] = []
        for each in self.children(body):
            inner = self._cases(each) if each.type.startswith("preproc_") else []
            if each.type == "case_statement":
                found.append((each, []))
            elif inner:
                found += inner
            elif found:
                found[-1][1].append(each)
        return found

    def _case(self, found: tuple[Node, list[Node]]) -> tuple[list[Expression] | None, list[Statement]]:
        case, rest = found
        value = case.child_by_field_name("value")
        body: list[Statement] = []
        for child in (*case.named_children, *rest):
            if child != value:
                self._statement(child, body)
        return None if value is None else [self.expression(value)], body

    def jump(self, node: Node) -> Iterator[Statement]:
        """A ``goto``, as a way on which the function may return what it does behind the label.

        No object is none of what the function makes. What stands between them is read all the same.
        """
        end = self._jumps.end(node)
        for made in () if end is None else self.return_node(end):
            given = made.value if isinstance(made, Return) else None
            if isinstance(given, Name):
                made = Branch([(Binary("!=", given, Const(None)), [made])])
            if given is not None and not (isinstance(given, Const) and given.value is None):
                yield Branch([(Opaque([]), [made])])

    def for_each(self, node: Node) -> Iterator[Statement]:
        items = self.part(node, "right")
        declarator = node.child_by_field_name("declarator")
        target = Name(self.declared_name(declarator))
        for made in self.loop_over(node, target, items, self.declared(node)):
            if isinstance(made, Loop) and declarator is not None and declarator.type == "reference_declarator":
                if any(isinstance(each, Assign) and _is_named(each.target, target.name) for each in made.body[1:]):
                    made.body.append(Assign(Index(items, Opaque([])), target, line_of(node)))
            yield made

    def appended(self, node: Node) -> Iterator[Statement]:
        """``stream << a << b``, by which the stream gets them; other operators only have operands."""
        value = self.expression(node)
        first = value
        while isinstance(first, Binary) and first.operator == "<<":
            first = first.left
        streams = first is not value and isinstance(first, Name | Member) and isinstance(value, Binary)
        yield Assign(first, value, line_of(node)) if streams else Evaluate(value)

    # Namespaces and names of types

    def namespace(self, node: Node) -> Iterator[Statement]:
        name = node.child_by_field_name("name")
        if name is not None:
            self.namespaces.add(self.text(name))
        yield from self.block(node.child_by_field_name("body"))

    def type_alias(self, node: Node) -> Iterator[Statement]:
        """``typedef`` and ``using Alias = Type``."""
        kind = node.child_by_field_name("type")
        if kind is not None and kind.type == "type_descriptor":
            kind = kind.child_by_field_name("type")
        if kind is None:
            return
        name = node.child_by_field_name("name") or node.child_by_field_name("declarator")
        if kind.child_by_field_name("body") is not None:
            yield from self._named_body(kind, self.declared_name(name), line_of(node))
            yield from self._also_named(node, self.declared_name(name))
            return
        if name is not None and name.type == "array_declarator":
            self._array_types[self.declared_name(name)] = name
            return
        if kind.type in self.named_types and kind.child_by_field_name("body") is None:
            if b"<" in kind.text:
                self.aliases[self.declared_name(name)] = kind
            yield Assign(Name(self.declared_name(name)), self.expression(kind), line_of(node))
            yield from self._also_named(node, self.declared_name(name))

    def _also_named(self, node: Node, first: str) -> Iterator[Statement]:
        """The other names of a type that ``typedef`` gives several: ``typedef struct {...} Context, *PContext;``."""
        for declarator in node.children_by_field_name("declarator")[1:]:
            yield Assign(Name(self.declared_name(declarator)), Name(first), line_of(node))

    def _named_body(self, kind: Node, alias: str, line: int) -> Iterator[Statement]:
        """A struct or enum that ``typedef`` names, which may have no other name."""
        if kind.type in ("struct_specifier", "union_specifier") and kind.child_by_field_name("name") is None:
            members = functions_first(self.block(kind.child_by_field_name("body")))
            yield Class(alias, [], members, line, shared=kind.type == "union_specifier")
            return
        yield from self.one(kind)
        if kind.child_by_field_name("name") is not None and kind.type in self.named_types:
            yield Assign(Name(alias), Name(self.text(kind.child_by_field_name("name"))), line)

    def namespace_alias(self, node: Node) -> Iterator[Statement]:
        """``namespace ssl = boost::asio::ssl;``"""
        names = self.children(node)
        if len(names) == 2:
            first, *rest = self.text(names[1]).strip(":").split("::")
            path: Expression = Name(first)
            for each in rest:
                path = Member(path, each)
            yield Assign(Name(self.text(names[0])), path, line_of(node))

    def using(self, node: Node) -> Iterator[Statement]:
        path = self.text(node.named_children[-1]).replace("::", ".")
        yield import_of(path, node, everything=any(child.type == "namespace" for child in node.children))

    statements = {
        **CommonSyntax.statements,
        "declaration": declaration,
        "field_declaration": declaration,
        "comma_expression": comma_statement,
        "call_expression": call_statement,
        "binary_expression": appended,
        "goto_statement": jump,
        "switch_statement": switch_node,
        "for_range_loop": for_each,
        "function_definition": CClasses.function,
        "class_specifier": CClasses.class_node,
        "struct_specifier": CClasses.class_node,
        "union_specifier": CClasses.class_node,
        "template_declaration": CClasses.template_declaration,
        "enum_specifier": CClasses.enum_node,
        "namespace_definition": namespace,
        "namespace_alias_definition": namespace_alias,
        "type_definition": type_alias,
        "alias_declaration": type_alias,
        "using_declaration": using,
        "preproc_include": CPreprocessor.include,
        "preproc_ifdef": CPreprocessor.conditional_part,
        "preproc_if": CPreprocessor.conditional_part,
        "preproc_elif": CPreprocessor.conditional_part,
        "preproc_def": CPreprocessor.macro,
        "preproc_function_def": CPreprocessor.macro_function,
        "preproc_call": CommonSyntax.skip,
        "access_specifier": CommonSyntax.skip,
        "friend_declaration": CommonSyntax.skip,
        "static_assert_declaration": CommonSyntax.skip,
    }


def _is_named(target: Expression, name: str) -> bool:
    return isinstance(target, Name) and target.name == name


def _buffer(target: Expression) -> Expression:
    """The container whose elements a function copies to: ``key`` of ``key.data()`` and ``&key[0]``."""
    if isinstance(target, Call) and isinstance(target.callee, Member) and target.callee.name in _WHOLE:
        return target.callee.base
    if isinstance(target, Index) and isinstance(target.key, Const) and target.key.value == 0:
        return target.base
    return target


def _is_array(declarator: Node, field: str) -> bool:
    inner = declarator.child_by_field_name(field)
    return inner is not None and inner.type == "array_declarator"
