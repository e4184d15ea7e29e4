"""Members of Java's classes that their source doesn't write out: settings of frameworks, records, and Lombok's.

Annotations are looked at by their names; which library's they are, the evaluator knows by the imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.java_expressions import CONSTRUCTOR, RECEIVER, JavaExpressions
from engines.cbom.source.program import (
    WHOLE,
    Assign,
    Call,
    Class,
    Const,
    Expression,
    Function,
    Member,
    Name,
    Parameter,
    Return,
    Statement,
)

Annotations = dict[str, Node]
"""The annotations of a declaration by their names without packages."""

_INJECTING = frozenset({"Value", "ConfigProperty"})
_SETTINGS = "ConfigurationProperties"
_WHOLE = frozenset({"int", "long", "short", "Integer", "Long", "Short"})
_PLAIN = _WHOLE | {"String", "char[]", "boolean", "Boolean"}
_GETTERS = frozenset({"Getter", "Data", "Value"})
_SETTERS = frozenset({"Setter", "Data"})
_ALL_ARGUMENTS = frozenset({"AllArgsConstructor", "Value", "Builder", "SuperBuilder"})
_REQUIRED_ARGUMENTS = frozenset({"RequiredArgsConstructor", "Data"})
_BUILDERS = frozenset({"Builder", "SuperBuilder"})
_OF_LOMBOK = _GETTERS | _SETTERS | _ALL_ARGUMENTS | _REQUIRED_ARGUMENTS
_MAX_FIELDS = 100


@dataclass(slots=True)
class _Field:
    """A field of a class's objects."""

    name: str
    kind: str
    annotations: set[str]
    value: Expression | None
    required: bool
    """Whether a constructor must set it."""

    @property
    def given(self) -> bool:
        """Whether a constructor with all fields, or a builder, sets it."""
        return self.value is None or "Default" in self.annotations


class JavaMembers(JavaExpressions):
    """Members that follow from annotations of fields, parameters and classes."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self._has_lombok = b"lombok" in source
        self._prefixes: dict[str, tuple[Expression, str]] = {}
        """Classes whose members are settings: the annotation, and the beginning of their names."""

        self._within: list[tuple[Expression, str] | None] = [None]

    # Settings

    def annotations(self, node: Node) -> Annotations:
        """The annotations of a declaration."""
        modifiers = node.named_children[0] if node.named_children else None
        if modifiers is None or modifiers.type != "modifiers":
            return {}
        found = [child for child in modifiers.named_children if child.type.endswith("annotation")]
        return {self.text(each.child_by_field_name("name")).rpartition(".")[2]: each for each in found}

    def injected(self, node: Node) -> Expression | None:
        """The value that an annotation of a field or parameter tells; None if there is no such annotation."""
        if not node.named_children or node.named_children[0].type != "modifiers":
            return None
        for name, annotation in self.annotations(node).items():
            if name in _INJECTING and annotation.child_by_field_name("arguments") is not None:
                return self._called(annotation, self._is_whole(node))
        return None

    def _is_whole(self, node: Node) -> bool:
        return self.text(node.child_by_field_name("type")) in _WHOLE

    def _called(self, annotation: Node, whole: bool) -> Call:
        """An annotation as a call with its arguments."""
        args: list[Expression] = []
        keywords: dict[str, Expression] = {WHOLE: Const(whole)}
        for child in self.children(annotation.child_by_field_name("arguments")):
            if child.type == "element_value_pair":
                name = self.text(child.child_by_field_name("key"))
                keywords[name] = self.expression(child.child_by_field_name("value"))
            else:
                args.append(self.expression(child))
        named = annotation.child_by_field_name("name")
        return self.call(annotation, self.expression(named), named, args, keywords)

    def setting(self, node: Node, name: str, own: Expression | None) -> Expression | None:
        """The value of a field of a class whose fields are settings; None for others."""
        settings = self._within[-1]
        kind = self.text(node.child_by_field_name("type"))
        if settings is None or kind not in _PLAIN:
            return None
        callee, prefix = settings
        args: list[Expression] = [Const(f"{prefix}.{name}"), *([] if own is None else [own])]
        return self.call(node, callee, None, args, {WHOLE: Const(kind in _WHOLE)})

    def _settings_of(self, node: Node, name: str) -> tuple[Expression, str] | None:
        """The annotation and the prefix of a class of settings, or of one within it; None for others."""
        annotation = self.annotations(node).get(_SETTINGS)
        if annotation is None:
            return self._prefixes.get(name)
        for child in self.children(annotation.child_by_field_name("arguments")):
            pair = child.type == "element_value_pair"
            if not pair or self.text(child.child_by_field_name("key")) in ("prefix", "value"):
                value = self.expression(child.child_by_field_name("value") if pair else child)
                if isinstance(value, Const) and isinstance(value.value, str):
                    return self.expression(annotation.child_by_field_name("name")), value.value
        return None

    def enter_class(self, node: Node, name: str) -> None:
        """Note that members of a class follow."""
        settings = self._settings_of(node, name)
        self._within.append(settings)
        if settings is not None:
            callee, prefix = settings
            for field, kind in self._typed_members(node):
                self._prefixes[kind] = callee, f"{prefix}.{field}"

    def leave_class(self) -> None:
        """Note that the members of a class are over."""
        self._within.pop()

    def _typed_members(self, node: Node) -> Iterator[tuple[str, str]]:
        """The names of fields and components, each with its type."""
        for child in self.children(node.child_by_field_name("parameters")):
            yield self.text(child.child_by_field_name("name")), self.text(child.child_by_field_name("type"))
        for child in self._fields(node):
            for declarator in child.children_by_field_name("declarator"):
                named = declarator.child_by_field_name("name")
                yield self.text(named), self.text(child.child_by_field_name("type"))

    def _fields(self, node: Node) -> list[Node]:
        body = node.child_by_field_name("body")
        return [child for child in self.children(body) if child.type == "field_declaration"][:_MAX_FIELDS]

    # Records

    def record_members(self, node: Node) -> list[Statement]:
        """A record's constructor, and the methods that give its components but for those that it declares."""
        components = self.children(node.child_by_field_name("parameters"))
        parameters = self.parameters(node.child_by_field_name("parameters"))
        for parameter, component in zip(parameters, components, strict=False):
            if parameter.default is None:
                parameter.default = self.setting(component, parameter.name, None)
        line = line_of(node)
        fields = {each.name: Member(Name(RECEIVER), each.name) for each in parameters}
        body: list[Statement] = [Assign(field, Name(name), line) for name, field in fields.items()]
        declared = self.methods_of(node)
        getters = [
            Function(name, [Parameter(RECEIVER)], [Return(field)], line)
            for name, field in fields.items()
            if name not in declared
        ]
        made: list[Statement] = [
            Function(CONSTRUCTOR, [Parameter(RECEIVER), *parameters], body, line),
            *getters,
        ]
        if self._has_lombok and not _BUILDERS.isdisjoint(self.annotations(node)):
            made += self._builder(self.text(node.child_by_field_name("name")), dict.fromkeys(fields), line)
        return made

    def methods_of(self, node: Node) -> set[str]:
        """The names of the methods that a class, a record or an enumeration declares."""
        body = node.child_by_field_name("body")
        inner = [child for child in self.children(body) if child.type == "enum_body_declarations"]
        return {
            self.text(child.child_by_field_name("name"))
            for part in (body, *inner)
            for child in self.children(part)
            if child.type in ("method_declaration", "constructor_declaration")
        }

    # Lombok

    def lombok_members(self, node: Node, name: str) -> list[Statement]:
        """Getters, setters, constructor and builder that Lombok adds to a class."""
        if not self._has_lombok:
            return []
        annotations = self.annotations(node)
        found, fields = set(annotations), self._own_fields(node)
        if _OF_LOMBOK.isdisjoint(found) and all(_OF_LOMBOK.isdisjoint(each.annotations) for each in fields):
            return []
        line, there, made = line_of(node), self.methods_of(node), list[Statement]()
        fluent = "Accessors" in found and "fluent" in self.text(annotations["Accessors"])
        for field in fields:
            title = field.name[:1].upper() + field.name[1:]
            getter = field.name if fluent else f"is{title}" if field.kind == "boolean" else f"get{title}"
            if not _GETTERS.isdisjoint(found | field.annotations) and getter not in there:
                value = Member(Name(RECEIVER), field.name)
                made.append(Function(getter, [Parameter(RECEIVER)], [Return(value)], line))
            setter = field.name if fluent else f"set{title}"
            if not _SETTERS.isdisjoint(found | field.annotations) and setter not in there:
                made.append(_setter(setter, field.name, line))
        if name not in there:
            made += _constructor(found, fields, line)
        if not _BUILDERS.isdisjoint(found):
            made += self._builder(name, {each.name: each.value for each in fields if each.given}, line)
        return made

    def _own_fields(self, node: Node) -> list[_Field]:
        found = []
        for child in self._fields(node):
            first = child.named_children[0]
            modifiers = self.text(first).split() if first.type == "modifiers" else []
            if "static" in modifiers:
                continue
            annotations, kind = set(self.annotations(child)), self.text(child.child_by_field_name("type"))
            for declarator in child.children_by_field_name("declarator"):
                value = declarator.child_by_field_name("value")
                own = None if value is None else self.expression(value)
                required = value is None and ("final" in modifiers or "NonNull" in annotations)
                name = self.text(declarator.child_by_field_name("name"))
                found.append(_Field(name, kind, annotations, own, required))
        return found

    def _builder(self, name: str, fields: dict[str, Expression | None], line: int) -> list[Statement]:
        """``builder()``, and the class whose object it makes."""
        kind = f"{name}Builder"
        this = Name(RECEIVER)
        body: list[Statement] = [_setter(field, field, line, chained=True) for field in fields]
        args: list[Expression] = [Member(this, field) for field in fields]
        made = Call(Name(name), args, {}, line, 1, line, 1, creates=True)
        body.append(Function("build", [Parameter(RECEIVER)], [Return(made)], line))
        body += [Assign(Name(field), own, line, local=True) for field, own in fields.items() if own is not None]
        opened = Call(Name(kind), [], {}, line, 1, line, 1, creates=True)
        return [Class(kind, [], body, line), Function("builder", [], [Return(opened)], line, static=True)]


def _constructor(found: set[str], fields: list[_Field], line: int) -> list[Statement]:
    """The constructor that annotations of a class ask for."""
    if not _ALL_ARGUMENTS.isdisjoint(found):
        taken = [each.name for each in fields if each.given]
    elif not _REQUIRED_ARGUMENTS.isdisjoint(found):
        taken = [each.name for each in fields if each.required]
    else:
        return []
    body: list[Statement] = [Assign(Member(Name(RECEIVER), name), Name(name), line) for name in taken]
    return [Function(CONSTRUCTOR, [Parameter(RECEIVER), *map(Parameter, taken)], body, line)]


def _setter(name: str, field: str, line: int, *, chained: bool = False) -> Function:
    """A method that sets a field, and gives the object itself if ``chained``."""
    body: list[Statement] = [Assign(Member(Name(RECEIVER), field), Name("value"), line)]
    if chained:
        body.append(Return(Name(RECEIVER)))
    return Function(name, [Parameter(RECEIVER), Parameter("value")], body, line)
