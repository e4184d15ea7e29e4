"""Front-end of Rust: statements and items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.common_syntax import Arms, CommonSyntax
from engines.cbom.source.frontends.rust.generics import IMPLEMENTING, owner_parameter, type_parameter
from engines.cbom.source.frontends.rust.imports import follow_imports
from engines.cbom.source.frontends.rust.macros import RustMacros
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Class,
    Evaluate,
    Expression,
    Function,
    Import,
    Index,
    Leave,
    Loop,
    Member,
    Module,
    Name,
    Opaque,
    Parameter,
    Return,
    Statement,
)

_LITERALS = frozenset({"integer_literal", "string_literal", "boolean_literal", "char_literal"})
_MAX_NESTING = 60
"""The deepest nesting of values of blocks, of modules and of trees of imports."""

_STANDARD = frozenset({"std", "core", "alloc"})
_WORD = re.compile(r"\w+")
_LONGEST_ATTRIBUTE = 200


class RustLowering(RustMacros):
    """Rust's syntax tree (tree-sitter-rust)."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.owner_types: list[str] = []
        """The type parameters of the implementation whose functions are being read."""

        self.in_trait = False
        """Whether what is being read is a trait, whose ``Self`` its implementations are."""

        self.late: set[Class] = set()
        """Types whose fields have values that functions give, which stand below."""

        self.modules: frozenset[str] = frozenset()
        """The modules within this file, in which others are not looked at."""

        self.renamed: set[str] = set()
        """Those of which this file uses parts by names of its own."""

        self.names_within: list[Expression] = []
        """Those names."""

    containers = frozenset({"source_file", "block", "unsafe_block", "async_block", "declaration_list", "label"})

    def module(self, root: Node) -> Module:
        """The file, its imports and functions first: items may stand in any order."""
        self.define_macros(root)
        self.modules = frozenset(
            self.text(child.child_by_field_name("name"))
            for child in root.named_children
            if child.type == "mod_item" and child.child_by_field_name("body") is not None
        )
        made = super().module(root)
        follow_imports(made.body)
        made.body.sort(key=self._rank)
        return made

    def _rank(self, item: Statement) -> int:
        """The order of items: imports, functions, modules by another name with these names, and all others."""
        if isinstance(item, Class):
            return 2 if item.namespace and item.name in self.renamed else 4 + (item in self.late)
        if isinstance(item, Assign):
            return 3 if item.target in self.names_within else 4
        return 0 if isinstance(item, Import) else 1 if isinstance(item, Function) else 4

    # Values of blocks

    def valued(self, node: Node) -> list[Statement]:
        self._depth += 1
        try:
            if self._depth > _MAX_NESTING:
                self.truncated = True
                return []
            return self._valued(node)
        finally:
            self._depth -= 1

    def _valued(self, node: Node) -> list[Statement]:
        kind = node.type
        if kind == "expression_statement" and node.children[-1].type != ";":
            return self.valued(node.named_children[0])
        if kind in ("unsafe_block", "async_block"):
            return self.valued(node.named_children[-1])
        if kind == "block":
            children = self.children(node)
            found = [statement for child in children[:-1] for statement in self.one(child)]
            return found + (self.valued(children[-1]) if children else [])
        if kind == "if_expression":
            return list(self.if_node(node, valued=True))
        if kind == "match_expression":
            return list(self.match_node(node, valued=True))
        if kind in self.statements:
            return self.one(node)
        return [Return(self.expression(node))]

    def _arm(self, node: Node | None, *, valued: bool) -> list[Statement]:
        if node is None:
            return []
        return self.valued(node) if valued else self.block(node) if node.type == "block" else self.one(node)

    # Statements

    def expression_statement(self, node: Node) -> Iterator[Statement]:
        for child in node.named_children:
            yield from self.one(child)

    def let(self, node: Node) -> Iterator[Statement]:
        target = self.pattern(node.child_by_field_name("pattern"))
        yield self._initialized(node, target, local=True)
        other = node.child_by_field_name("alternative")
        if other is not None:
            yield Branch([(Opaque([]), self.block(other))])

    def constant(self, node: Node) -> Iterator[Statement]:
        """A constant, unless only tests have it: the program has another one of that name, or none."""
        if self.testing or not self._is_test(node):
            yield self._initialized(node, self.part(node, "name"), local=False)

    def _initialized(self, node: Node, target: Expression, *, local: bool) -> Assign:
        value, declared = node.child_by_field_name("value"), self.declared(node.child_by_field_name("type"))
        return Assign(target, None if value is None else self.of_trait(value, declared), line_of(node), declared, local)

    def leave(self, node: Node) -> Iterator[Statement]:
        values = [child for child in node.named_children if child.type != "label"]
        yield Leave(self.expression(values[0]) if values else None)

    def returned(self, node: Node) -> Iterator[Statement]:
        """A return; what follows one that only some builds have is run too."""
        found: Iterable[Statement] = CommonSyntax.return_node(self, node)
        yield from [Branch([(Opaque([]), list(found))])] if self.is_conditional(node) else found

    def _bindings(self, condition: Node | None) -> tuple[list[Statement], Expression, list[Statement]]:
        """What runs before a condition, the condition, and what holds in its arm: ``if let`` binds names."""
        if condition is None:
            return [], Opaque([]), []
        if condition.type == "let_chain":
            parts = [self._bindings(child) for child in self.children(condition)]
            before = [each for part in parts for each in part[0]]
            bound = [each for part in parts for each in part[2]]
            return before, Opaque([part[1] for part in parts]), bound
        if condition.type != "let_condition":
            return [], self.expression(condition), []
        subject, held = self._held(condition)
        return [held], Opaque([]), [*self.bindings(condition.child_by_field_name("pattern"), subject)]

    def _held(self, node: Node) -> tuple[Name, Statement]:
        """A name for the value that ``node`` compares with patterns, and its assignment: it is computed once."""
        name = Name(f"\0{node.start_byte}")
        return name, Assign(name, self.value(node), line_of(node), local=True)

    def if_node(self, node: Node, *, valued: bool = False) -> Iterator[Statement]:
        arms: Arms = []
        current: Node | None = node
        while current is not None and current.type == "if_expression":
            before, test, bound = self._bindings(current.child_by_field_name("condition"))
            yield from before
            body = self._arm(current.child_by_field_name("consequence"), valued=valued)
            arms.append((test, [*bound, *body]))
            other = current.child_by_field_name("alternative")
            current = None if other is None else other.named_children[-1]
        if current is not None:
            arms.append((None, self._arm(current, valued=valued)))
        yield Branch(arms)

    def match_node(self, node: Node, *, valued: bool = False) -> Iterator[Statement]:
        subject, held = self._held(node)
        yield held
        arms: Arms = []
        for arm in node.child_by_field_name("body").named_children:
            if arm.type != "match_arm":
                continue
            pattern = arm.child_by_field_name("pattern")
            inner = pattern.named_children[0] if pattern.named_children else None
            guarded = pattern.child_by_field_name("condition") is not None
            if guarded and len(pattern.named_children) == 1:
                inner = None
            bound = self.bindings(inner, subject)
            test: Expression | None = Opaque([])
            if inner is None and not guarded:
                test = None
            elif inner is not None and inner.type in _LITERALS and not guarded:
                test = Binary("==", subject, self.expression(inner))
            arms.append((test, [*bound, *self._arm(arm.child_by_field_name("value"), valued=valued)]))
        yield Branch(arms)

    def loop(self, node: Node) -> Iterator[Statement]:
        before, test, bound = self._bindings(node.child_by_field_name("condition"))
        body = self.block(node.child_by_field_name("body"))
        if node.type == "for_expression":
            target, items = self.pattern(node.child_by_field_name("pattern")), self.value(node)
            body = [Assign(target, Index(items, Opaque([])), line_of(node), local=True), *body]
        yield Loop(test if node.type == "while_expression" else None, [*before, *bound, *body])

    # Items

    def function(self, node: Node) -> Iterator[Statement]:
        parameters = self.parameters(node.child_by_field_name("parameters"))
        static = not parameters or parameters[0].name != "self"
        line = line_of(node)
        types: list[Statement] = []
        for keyword, names in ((owner_parameter, self.owner_types), (type_parameter, self._generics(node))):
            for position, name in enumerate(names):
                parameters.append(Parameter(keyword(position)))
                types.append(Assign(Name(name), Name(keyword(position)), line, local=True))
        if self.in_trait:
            parameters.append(Parameter(IMPLEMENTING))
            types.append(Assign(Name("Self"), Name(IMPLEMENTING), line, local=True))
        body, before = node.child_by_field_name("body"), self.testing
        self.testing = before or self._is_test(node)
        made = self.within(lambda: [] if body is None else [*types, *self.valued(body)])
        returns = self.declared(node.child_by_field_name("return_type"))
        name = self.text(node.child_by_field_name("name"))
        yield Function(name, parameters, made, line, static, returns=returns, test=self.testing)
        self.testing = before

    def _generics(self, node: Node) -> list[str]:
        """The type parameters of a function or implementation."""
        kinds = self.children(node.child_by_field_name("type_parameters"))
        return [self.text(kind.child_by_field_name("name")) for kind in kinds if kind.type == "type_parameter"]

    def _is_test(self, node: Node) -> bool:
        """Whether an attribute says that only tests have the item."""
        other = node.prev_named_sibling
        while other is not None and (other.type == "attribute_item" or other.type.endswith("comment")):
            text = self.text(other)[:_LONGEST_ATTRIBUTE].replace(" ", "").removeprefix("#[")
            name = text.partition("(")[0].rstrip("]").rpartition("::")[2]
            if name == "test" or (name == "cfg" and "test" in _WORD.findall(text) and "not(test" not in text):
                return True
            other = other.prev_named_sibling
        return False

    def type_node(self, node: Node) -> Iterator[Statement]:
        """A structure, enumeration or trait."""
        name, body = self.text(node.child_by_field_name("name")), node.child_by_field_name("body")
        members: list[Statement] = [*self.parts_of(name, body)]
        before, calls = (self.own_type, self.in_trait), self.called_defaults
        self.in_trait = node.type == "trait_item"
        self.own_type = "" if self.in_trait else name
        for child in [] if body is None else body.named_children:
            if child.type == "field_declaration":
                declared, value = self.declared(child.child_by_field_name("type")), self.default_of(child)
                field = Name(self.text(child.child_by_field_name("name")))
                if declared is not None or value is not None:
                    members.append(Assign(field, value, line_of(child), declared))
            elif child.type == "enum_variant":
                self.note_variant(name, child)
            elif child.type in ("function_item", "const_item") and child.child_by_field_name("name") is not None:
                members += self.one(child)
        self.own_type, self.in_trait = before
        made = Class(name, [], members, line_of(node))
        if self.called_defaults > calls:
            self.late.add(made)
        yield made

    def implementation(self, node: Node) -> Iterator[Statement]:
        kind, trait = node.child_by_field_name("type"), node.child_by_field_name("trait")
        if kind.type == "generic_type":
            kind = kind.child_by_field_name("type")
        before, self.own_type = self.own_type, self.text(kind) if kind.type == "type_identifier" else ""
        self.owner_types, in_trait, self.in_trait = self._generics(node), self.in_trait, False
        body = self.block(node.child_by_field_name("body"))
        self.owner_types, self.in_trait = [], in_trait
        name, self.own_type = self.own_type, before
        yield Class(name, [], body, line_of(node), interfaces=[] if trait is None else [self.expression(trait)])

    def alias(self, node: Node) -> Iterator[Statement]:
        name, kind = self.text(node.child_by_field_name("name")), self.part(node, "type")
        if not isinstance(kind, Name) or kind.name != name:  # Traits' types: ``type Error = Error``.
            yield Assign(Name(name), kind, line_of(node))

    def module_node(self, node: Node) -> Iterator[Statement]:
        name, body = self.text(node.child_by_field_name("name")), node.child_by_field_name("body")
        if body is None:
            yield Import(name, "self", name, line_of(node))
            return
        before = self.inside, self.testing
        self.inside, self.testing = self.inside + 1, self.testing or self._is_test(node)
        members = self.block(body)
        follow_imports(members)
        if self.testing:  # What stands outside of functions makes tests: ``proptest! { ... }``.
            members = [_as_test(each, line_of(node)) if isinstance(each, Evaluate) else each for each in members]
        self.inside, self.testing = before
        yield Class(name, [], members, line_of(node), namespace=True)

    def use(self, node: Node) -> Iterator[Statement]:
        yield from self._used(node.child_by_field_name("argument"), [], 0)

    def _used(self, node: Node, before: list[str], depth: int) -> Iterator[Statement]:
        """The names that a tree of paths imports."""
        if depth > _MAX_NESTING:
            self.truncated = True
        elif node.type == "scoped_use_list":
            inner = [*before, *self._path(node.child_by_field_name("path"))]
            for child in self.children(node.child_by_field_name("list")):
                yield from self._used(child, inner, depth + 1)
        elif node.type == "use_list":
            for child in self.children(node):
                yield from self._used(child, before, depth + 1)
        elif node.type == "use_wildcard":
            parts = self._outside([*before, *(self._path(node.named_children[0]) if node.named_children else [])])
            if parts:
                yield Import("*", ".".join(parts), "", line_of(node))
        else:
            renamed = node.type == "use_as_clause"
            own = self._path(node.child_by_field_name("path") if renamed else node)
            parts = before if own == ["self"] and before else [*before, *own]
            local = self.text(node.child_by_field_name("alias")) if renamed else parts[-1]
            yield from self._import(local, parts, line_of(node))

    def _import(self, local: str, parts: list[str], line: int) -> Iterator[Statement]:
        outside = self._outside(parts)
        if outside != parts and len(outside) < 2:  # A name of this file, which is seen as it is.
            if outside and outside[0] != local:
                yield Assign(Name(local), Name(outside[0]), line, local=True)
            return
        if not self.inside and outside[0] in self.modules:
            self.renamed.add(outside[0])
            self.names_within.append(Name(local))
            yield Assign(self.names_within[-1], self._within(outside), line, local=True)
            return
        if outside[0] not in _STANDARD:
            self.imported_types.add(local)
        module = ".".join(outside[:-1]) or outside[0]
        yield Import(local, module, outside[-1] if len(outside) > 1 else "", line)

    @staticmethod
    def _within(parts: list[str]) -> Expression:
        """A path within this file."""
        found: Expression = Name(parts[0])
        for part in parts[1:]:
            found = Member(found, part)
        return found

    def _outside(self, parts: list[str]) -> list[str]:
        """A path of a module within this file as one of the file; it has no parent's name then."""
        above = 0
        while above < min(self.inside, len(parts)) and parts[above] == "super":
            above += 1
        return ["self", *parts[above:]] if above and len(parts) - above > 1 else parts[above:]

    def _path(self, node: Node | None) -> list[str]:
        return [part for part in self.text(node).replace(" ", "").split("::") if part]

    statements = {
        **CommonSyntax.statements,
        "macro_invocation": RustMacros.macro_statement,
        "expression_statement": expression_statement,
        "let_declaration": let,
        "const_item": constant,
        "static_item": constant,
        "compound_assignment_expr": CommonSyntax.assignment,
        "return_expression": returned,
        "break_expression": leave,
        "continue_expression": leave,
        "if_expression": if_node,
        "match_expression": match_node,
        "loop_expression": loop,
        "while_expression": loop,
        "for_expression": loop,
        "function_item": function,
        "struct_item": type_node,
        "enum_item": type_node,
        "trait_item": type_node,
        "union_item": type_node,
        "impl_item": implementation,
        "type_item": alias,
        "mod_item": module_node,
        "use_declaration": use,
        "attribute_item": CommonSyntax.skip,
        "inner_attribute_item": CommonSyntax.skip,
        "macro_definition": RustMacros.macro_definition,
        "empty_statement": CommonSyntax.skip,
    }


def _as_test(statement: Statement, line: int) -> Function:
    return Function("", [], [statement], line, test=True)
