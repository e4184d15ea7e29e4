"""Front-end of C and C++: what declarations and templates say of types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engines.cbom.source.frontends.base import Node
from engines.cbom.source.frontends.common_syntax import HoistingSyntax
from engines.cbom.source.program import Call, Expression, Parameter

_SMART_POINTERS = frozenset(
    {"unique_ptr", "shared_ptr", "weak_ptr", "scoped_ptr", "intrusive_ptr", "optional", "reference_wrapper"}
    | {"QScopedPointer", "QSharedPointer", "QPointer", "SharedPtr", "AutoPtr", "ComPtr", "CComPtr", "not_null"}
)
_OPTIONAL = frozenset({"optional"})
_MAX_POINTERS = 4
_NAMING = frozenset({"identifier", "pointer_expression"})
_MAX_TEMPLATE = 8
TEMPLATE = ("template", "template_2")
"""The keywords for the first arguments of the template of an object's type."""

_TESTS = re.compile(
    rb"^[ \t]*\#[ \t]*include[ \t]*(?:<check\.h>|[<\"](?:gtest|gmock|[Cc]atch2?|doctest|boost/test|cppunit)[/.]"
    rb"|[<\"](?:CppUTest|QtTest|QTest|cmocka|CUnit|criterion|unity)[/.>\"])"
    rb"|^(?:TEST(?:_F|_P|_CASE|_CASE_METHOD)?|TYPED_TEST|BOOST_(?:AUTO|FIXTURE)_TEST_(?:CASE|SUITE)|QTEST_\w*MAIN)\("
    rb"|^(?:extern[ \t]+\"C\"[ \t]+)?int[ \t\r\n]+LLVMFuzzerTestOneInput\(",
    re.MULTILINE,
)
"""What marks a file as a test: Google Test, Catch2, doctest, Boost.Test, Qt Test, CppUnit, Check, cmocka and others, or
a target of libFuzzer."""


class CTypes(HoistingSyntax):
    """Declared types, parameters, and objects that are made of types."""

    named_types = frozenset(
        {"type_identifier", "qualified_identifier", "template_type", "struct_specifier", "union_specifier"}
        | {"dependent_type"}
    )

    def __init__(self, source: bytes, first_line: int = 0) -> None:
        super().__init__(source)
        self.lines_before = first_line
        self.testing = _TESTS.search(source) is not None
        self.namespaces: set[str] = set()
        self.aliases: dict[str, Node] = {}
        """Types with template arguments by the names that the file gives them."""

        self.macros: set[str] = set()
        """Macros without parameters that call something."""

    def plain(self, node: Node) -> str:
        """A name without its template arguments."""
        return self.text(node.child_by_field_name("name") if node.type.startswith("template") else node)

    def template_arguments(self, listed: Node) -> dict[str, Expression]:
        """The arguments of a function's template that name something, as keywords."""
        found = {}
        for position, each in enumerate(self.children(listed)[:_MAX_TEMPLATE]):
            kind = each.child_by_field_name("type") if each.type == "type_descriptor" else each
            if kind is not None and (kind.type in self.named_types or kind.type in _NAMING):
                found[template_parameter(position)] = self.expression(kind)
        return found

    def _of_templates(self, node: Node) -> Iterator[Expression | None]:
        """The arguments of the first template in a type's or function's name; None for each that names no type."""
        waiting, resolved = [node], set()
        while waiting:
            each = waiting.pop()
            if each.type == "template_argument_list":
                for inner in each.named_children[:_MAX_TEMPLATE]:
                    kind = inner.child_by_field_name("type") if inner.type == "type_descriptor" else inner
                    yield None if kind is None else self.expression(kind)
                return
            if each.type in self.named_types or each.type in ("template_function", "template_method"):
                waiting.extend(reversed(each.named_children))
            if each.type in ("type_identifier", "namespace_identifier", "identifier"):
                named = self.text(each)
                if named in self.aliases and named not in resolved:  # ``using Key = other::Key<int>;``
                    resolved.add(named)
                    waiting.append(self.aliases[named])

    def construction(self, node: Node, kind: Node, args: list[Expression], named: Node | None = None) -> Call:
        """An object of the type ``kind``; the arguments of its template are the keywords of ``TEMPLATE``."""
        return self.call(node, self.expression(kind), named or kind, args, self.types_of(kind), creates=True)

    def types_of(self, kind: Node) -> dict[str, Expression]:
        """The first arguments of the template of a type, or of a function's scope, as keywords."""
        given = zip(TEMPLATE, self._of_templates(kind), strict=False)
        return {keyword: value for keyword, value in given if value is not None}

    def parameters(self, node: Node | None) -> list[Parameter]:
        """The parameters of a function."""
        found = []
        for child in [] if node is None else node.named_children:
            if child.type.endswith("parameter_declaration"):
                default = child.child_by_field_name("default_value")
                name = self.declared_name(child.child_by_field_name("declarator"))
                value = None if default is None else self.expression(default)
                declarator = child.child_by_field_name("declarator")
                while declarator is not None and declarator.type == "pointer_declarator":
                    declarator = declarator.child_by_field_name("declarator")
                reference = declarator is not None and declarator.type == "reference_declarator"
                found.append(Parameter(name, value, self.declared(child), reference=reference))
            elif child.type == "variadic_parameter":
                found.append(Parameter("...", kind="*"))
        return found

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states; that of the object where it is a smart pointer to one."""
        kind = self._held(node.child_by_field_name("type"), _SMART_POINTERS)
        return None if kind is None or kind.type not in self.named_types else self.expression(kind)

    def made_with(self, kind: Node) -> Node:
        """The type of the object that a variable of the type ``kind`` holds from its declaration on."""
        held = self._held(kind, _OPTIONAL)
        return kind if held is None or held.type not in self.named_types else held

    def _held(self, kind: Any, holders: frozenset[str]) -> Node | None:
        """The type within templates called ``holders``; None if it has no name."""
        for _ in range(_MAX_POINTERS):
            if kind is None or kind.type not in self.named_types:
                return None
            kind = self.aliases.get(self.text(kind), kind) if kind.type == "type_identifier" else kind
            named: Node = kind
            while named.type == "qualified_identifier":
                named = named.child_by_field_name("name")
            if named.type != "template_type" or self.plain(named) not in holders:
                break
            listed = self.children(named.child_by_field_name("arguments"))
            kind = listed[0].child_by_field_name("type") if listed and listed[0].type == "type_descriptor" else None
        return kind

    def declared_name(self, node: Node | None) -> str:
        """The name in a declarator, below its pointers, arrays and parameters; "" if there is none."""
        while node is not None and not node.type.endswith("identifier"):
            inner = node.child_by_field_name("declarator")
            node = inner if inner is not None else (node.named_children[-1] if node.named_children else None)
        return "" if node is None else self.text(node)


def template_parameter(position: int) -> str:
    """The name of the keyword that is the argument of a function's template at ``position``."""
    return f"typename {position}"
