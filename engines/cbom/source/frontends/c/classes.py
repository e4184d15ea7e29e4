"""Front-end of C and C++: functions, classes, templates and enumerations."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.c.expressions import RECEIVER, body_of
from engines.cbom.source.frontends.c.preprocessor import CPreprocessor
from engines.cbom.source.frontends.c.types import TEMPLATE, template_parameter
from engines.cbom.source.frontends.common_syntax import functions_first
from engines.cbom.source.program import (
    Assign,
    Binary,
    Body,
    Class,
    Const,
    Evaluate,
    Expression,
    Function,
    Member,
    Name,
    NewArray,
    Opaque,
    Parameter,
    Statement,
)

CONSTRUCTOR = "<init>"


class CClasses(CPreprocessor):
    """Functions, and what has members."""

    def __init__(self, source: bytes, first_line: int = 0) -> None:
        super().__init__(source, first_line)
        self._member_types: dict[int, dict[str, Node]] = {}
        """The types of members by name, of the bodies of classes."""

    def function(self, node: Node) -> Iterator[Statement]:
        kind = node.child_by_field_name("type")
        if kind is not None and kind.child_by_field_name("body") is not None:
            yield from self.one(kind)  # The grammar takes a class for a type where it doesn't know a macro in it.
        declarator = node.child_by_field_name("declarator")
        while declarator is not None and declarator.type != "function_declarator":
            declarator = declarator.child_by_field_name("declarator")
        if declarator is None:
            yield from self._made_by_macro(node)
            return
        named = declarator.child_by_field_name("declarator")
        *scopes, name = self.text(named).split("::")
        owner = scopes[-1] if scopes and scopes[-1] not in self.namespaces else ""
        made = self._function(node, name, owner or self._class_around(node), declarator)
        yield Class(owner, [], [made], made.line, outside=True) if owner else made

    def _made_by_macro(self, node: Node) -> Iterator[Statement]:
        """A function whose header is a macro: ``PHP_FUNCTION(openssl_sign) { ... }``."""
        declarator, body = node.child_by_field_name("declarator"), node.child_by_field_name("body")
        if declarator is not None and declarator.type == "parenthesized_declarator" and body is not None:
            name = f"{self.text(node.child_by_field_name('type'))}_{self.declared_name(declarator)}"
            yield Function(name, [], body_of(self, body, []), line_of(node), static=True, test=self.testing)

    def _class_around(self, node: Node) -> str:
        around = node.parent
        while around is not None and around.type in ("field_declaration_list", "template_declaration"):
            around = around.parent
        is_class = around is not None and around.type in ("class_specifier", "struct_specifier")
        return self.text(around.child_by_field_name("name")) if is_class else ""

    def _function(self, node: Node, name: str, owner: str, declarator: Node) -> Function:
        marked = any(self.text(child) == "static" for child in node.children[:2])
        static = marked or not owner
        parameters = self.parameters(declarator.child_by_field_name("parameters"))
        begun = self._initialized(node, owner) if name == owner else []
        return Function(
            CONSTRUCTOR if name == owner else name,
            parameters if static else [Parameter(RECEIVER), *parameters],
            body_of(self, node.child_by_field_name("body"), begun),
            line_of(declarator),
            static,
            returns=self.declared(node),
            test=self.testing,
            internal=marked and not owner,
        )

    def _initialized(self, node: Node, owner: str) -> list[Statement]:
        """What a constructor of ``owner`` initializes before its body: members, and what it has from other classes."""
        found: list[Statement] = []
        above = self._names_above(node)
        for listed in node.named_children:
            for each in listed.named_children if listed.type == "field_initializer_list" else ():
                if not each.named_children:
                    continue
                named, given = each.named_children[0], each.named_children[-1]
                name = self.text(named).partition("<")[0].rpartition("::")[2]
                line = line_of(each)
                if name == owner or (name in above if above else named.type != "field_identifier"):
                    receiver = Name(RECEIVER if name == owner else "super")
                    args = self.all_of(given)
                    if name != owner:  # A library's class can't be told from one of the program here.
                        found.append(Evaluate(self.construction(each, named, args)))
                    found.append(Evaluate(self.call(each, Member(receiver, CONSTRUCTOR), named, args)))
                    continue
                value = self._given(given, self._kind_of_member(node, name))
                found.append(Assign(Member(Name(RECEIVER), name), value, line))
        return found

    def _names_above(self, constructor: Node) -> set[str]:
        """The names of the classes that the class around a constructor has members from."""
        around = constructor.parent
        while around is not None and around.type in ("field_declaration_list", "template_declaration"):
            around = around.parent
        clauses = [] if around is None else [each for each in around.named_children if each.type == "base_class_clause"]
        kinds = [kind for clause in clauses for kind in clause.named_children if kind.type in self.named_types]
        return {self.text(kind).partition("<")[0].rpartition("::")[2] for kind in kinds}

    def _given(self, given: Node, kind: Node | None) -> Expression | None:
        """The value of a member of the type ``kind`` that a constructor initializes."""
        args = self.all_of(given)
        if kind is not None and kind.type in self.named_types and args:
            return self.construction(given, kind, args, given)
        if given.type == "initializer_list" and len(args) > 1:
            return self.initializer(given)
        if len(args) == 2 and all(isinstance(arg, Const) and isinstance(arg.value, int) for arg in args):
            return NewArray(args[0])  # A container of equal elements.
        return args[0] if args else None

    def _kind_of_member(self, constructor: Node, name: str) -> Node | None:
        """The type of a member of the class around a constructor, unless it is a pointer or an array."""
        around = constructor.parent
        if around is None or around.type != "field_declaration_list":
            return None
        kinds = self._member_types.get(around.id)
        if kinds is None:
            kinds = self._member_types[around.id] = {}
            for each in around.named_children:
                for declarator in each.children_by_field_name("declarator") if each.type == "field_declaration" else ():
                    if declarator.type == "field_identifier":
                        kinds[self.text(declarator)] = each.child_by_field_name("type")
        return kinds.get(name)

    def class_node(self, node: Node) -> Iterator[Statement]:
        body = node.child_by_field_name("body")
        name = node.child_by_field_name("name")
        if body is None or name is None:
            return
        bases = []
        for clause in node.named_children:
            if clause.type == "base_class_clause":
                bases = [self.expression(child) for child in clause.named_children if child.type in self.named_types]
        members = functions_first(self.block(body))
        yield Class(self.text(name), bases, members, line_of(node), shared=node.type == "union_specifier")

    def template_declaration(self, node: Node) -> Iterator[Statement]:
        named = list(self._template_names(node))
        for made in self.one(node.named_children[-1]):
            if isinstance(made, Function):
                _begin(made, [(template_parameter(position), name, default) for position, name, default in named])
            elif isinstance(made, Class) and not made.outside:
                self._give_types(made, named[: len(TEMPLATE)])
            yield made

    def _template_names(self, node: Node) -> Iterator[tuple[int, str, Expression]]:
        """The positions, names and defaults of a template's parameters."""
        for position, each in enumerate(self.children(node.child_by_field_name("parameters"))):
            named = each.child_by_field_name("declarator") or each.child_by_field_name("name")
            if each.type == "type_parameter_declaration":
                named = each.named_children[-1] if each.named_children else None
            kind = each.child_by_field_name("default_type")
            name = self.declared_name(named)
            if name:
                yield position, name, Opaque([]) if kind is None else self.expression(kind)

    def _give_types(self, made: Class, named: list[tuple[int, str, Expression]]) -> None:
        """Let objects of a class template, and calls of its static functions, say what its parameters are."""
        given = [(TEMPLATE[position], name, default) for position, name, default in named]
        functions = [each for each in made.body if isinstance(each, Function)]
        if not given or not functions:
            return
        if not any(each.name == CONSTRUCTOR for each in functions):
            if any(isinstance(each, Assign) for each in made.body):
                return  # It is initialized member by member.
            functions.append(Function(CONSTRUCTOR, [Parameter(RECEIVER)], Body(list), made.line, static=False))
            made.body.append(functions[-1])
        made.body[:0] = [Assign(Name(name), Opaque([]), made.line, local=True) for _, name, _ in given]
        for each in functions:
            if each.name == CONSTRUCTOR:
                _begin(each, given, of_object=True)
            elif each.static:
                _begin(each, given)

    def enum_node(self, node: Node) -> Iterator[Statement]:
        """An enum, whose values have names of their own too unless it is a class."""
        body = node.child_by_field_name("body")
        before: Expression | None = None
        values: list[Statement] = []
        for each in self.children(body):
            if each.type == "enumerator":
                value = each.child_by_field_name("value")
                following = Const(0) if before is None else Binary("+", before, Const(1))
                made = following if value is None else self.expression(value)
                before = Name(self.text(each.child_by_field_name("name")))
                values.append(Assign(before, made, line_of(each), local=True))
        if not any(child.type in ("class", "struct") for child in node.children):
            yield from values
        if node.child_by_field_name("name") is not None and values:
            yield Class(self.text(node.child_by_field_name("name")), [], values, line_of(node))


def _begin(made: Function, given: list[tuple[str, str, Expression]], *, of_object: bool = False) -> None:
    """Let a function begin with the values of keywords that a template's parameters are."""
    if not given:
        return
    made.parameters.extend(Parameter(keyword, default) for keyword, _, default in given)
    begun: list[Statement] = [
        Assign(Member(Name(RECEIVER), name) if of_object else Name(name), Name(keyword), made.line, local=not of_object)
        for keyword, name, _ in given
    ]
    body = made.body
    made.body = Body(lambda: [*begun, *body])
