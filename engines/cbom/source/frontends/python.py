"""Front-end of Python 3 (and of what Python 2 shares with it): statements."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax
from engines.cbom.source.frontends.python_expressions import PythonExpressions
from engines.cbom.source.program import (
    Assign,
    Body,
    Branch,
    Call,
    Class,
    Const,
    Evaluate,
    Expression,
    Function,
    Import,
    Index,
    Loop,
    Member,
    Name,
    Opaque,
    Return,
    Sequence,
    Statement,
)

_MANAGERS = frozenset({"contextmanager", "asynccontextmanager"})
_GETTERS = frozenset({"property", "cached_property", "hybrid_property"})


_OPTIONS = frozenset({"option", "argument"})
"""click's decorators that give a function the parameters of its command line."""


def _option_of(decorators: list[Expression], name: str) -> Expression | None:
    """The default of ``@click.option("--name", default=...)`` for the parameter ``name``."""
    for each in decorators:
        if isinstance(each, Call) and isinstance(each.callee, Name | Member) and each.callee.name in _OPTIONS:
            given = [str(arg.value) for arg in each.args if isinstance(arg, Const)]
            names = [text for text in given if not text.startswith("-")] or given
            if any(text.partition("/")[0].lstrip("-").replace("-", "_") == name for text in names):
                return each.keywords.get("default")
    return None


MAX_RUN = 100
"""Lines of comments, one behind the other, that the grammar gets: it looks from each to the end of them all."""


def without_long_comments(source: bytes) -> bytes:
    """A file without its longest comments, in the same lines and columns.

    Lines that only continue the next are comments here, as are those of a string that look like one.
    """
    lines = source.split(b"\n")
    start, found = 0, False
    for number, line in enumerate([*lines, b"end"]):
        text = line.strip()
        if text and not text.startswith(b"#") and text != b"\\":
            if number - start > MAX_RUN:
                lines[start:number] = [b" " * len(each) for each in lines[start:number]]
                found = True
            start = number + 1
    return b"\n".join(lines) if found else source


class PythonLowering(PythonExpressions):
    """Python's syntax tree (tree-sitter-python)."""

    containers = frozenset({"block", "module", "expression_statement", "future_import_statement"})

    _manages = False
    """Whether the function being read is a context manager."""

    def assigned_to(self, node: Node) -> Assign:
        made = super().assigned_to(node)
        return self.bound(made.target, made.value, made.line)

    def shared(self, node: Node) -> Iterator[Statement]:
        """``global`` and ``nonlocal``."""
        self.shared_names.update(self.text(child) for child in self.children(node))
        yield from ()

    def _inner(self, node: Node | None, *, manages: bool = False) -> list[Statement]:
        """The body of a function or class, whose names are its own."""
        outer = self.shared_names, self._manages
        self.shared_names, self._manages = set(), manages
        try:
            return self.block(node)
        finally:
            self.shared_names, self._manages = outer

    def assignment(self, node: Node) -> Iterator[Statement]:
        right = node.child_by_field_name("right")
        targets = [node.child_by_field_name("left")]
        while right is not None and right.type == "assignment":
            targets.append(right.child_by_field_name("left"))
            right = right.child_by_field_name("right")
        kind = self.annotated(node)
        value = None if right is None else self.expression(right)
        for target in targets:
            yield self.bound(self.expression(target), value, line_of(node), kind)

    def yield_node(self, node: Node) -> Iterator[Statement]:
        """A generator is an array of what it yields, of which each ``yield`` may be the last that is taken.

        A context manager is what it yields.
        """
        given = self.first(node)
        delegates = self._manages or any(child.type == "from" for child in node.children)
        yield Branch([(Opaque([]), [Return(given if delegates else Sequence([given]))])])

    def if_node(self, node: Node) -> Iterator[Statement]:
        arms: list[tuple[Expression | None, list[Statement]]] = []
        test, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        arms.append((self.expression(test), self.block(then)))
        for other in node.children_by_field_name("alternative"):
            if other.type == "elif_clause":
                test = self.part(other, "condition")
                arms.append((test, self.block(other.child_by_field_name("consequence"))))
            else:
                arms.append((None, self.block(other.child_by_field_name("body"))))
        yield Branch(arms)

    def match_node(self, node: Node) -> Iterator[Statement]:
        yield Evaluate(self.part(node, "subject"))
        body = node.child_by_field_name("body")
        cases = [] if body is None else [child for child in body.named_children if child.type == "case_clause"]
        yield Branch([(self._guard(case), self.block(case.child_by_field_name("consequence"))) for case in cases])

    def _guard(self, case: Node) -> Expression:
        guard = case.child_by_field_name("guard")
        return Opaque([]) if guard is None else Opaque([self.first(guard)])

    def while_node(self, node: Node) -> Iterator[Statement]:
        test = self.part(node, "condition")
        yield Loop(test, self.block(node.child_by_field_name("body")))
        yield from self._otherwise(node)

    def for_node(self, node: Node) -> Iterator[Statement]:
        items = self.part(node, "right")
        target = self.part(node, "left")
        line = line_of(node)
        element = self.bound(target, Index(items, Opaque([])), line)
        yield Loop(None, [element, *self.block(node.child_by_field_name("body"))])
        yield from self._otherwise(node)

    def _otherwise(self, node: Node) -> Iterator[Statement]:
        for other in node.children_by_field_name("alternative"):
            yield from self.block(other.child_by_field_name("body"))

    def with_node(self, node: Node) -> Iterator[Statement]:
        for clause in node.named_children:
            if clause.type != "with_clause":
                continue
            for item in clause.named_children:
                value = item.child_by_field_name("value")
                if value is not None and value.type == "as_pattern":
                    target = value.child_by_field_name("alias")
                    inner = target.named_children[0] if target is not None and target.named_children else None
                    opened = self.expression(value.named_children[0])
                    yield self.bound(self.expression(inner), opened, line_of(item))
                else:
                    yield Evaluate(self.expression(value))
        yield from self.block(node.child_by_field_name("body"))

    def function(self, node: Node) -> Iterator[Statement]:
        yield self._function(node, [])

    def _function(self, node: Node, decorators: list[Expression]) -> Function:
        names = {each.name for each in decorators if isinstance(each, Name | Member)}
        name = self.text(node.child_by_field_name("name"))
        changes = next((each for each in ("setter", "deleter") if each in names), "")
        parameters = self.parameters(node.child_by_field_name("parameters"))
        for parameter in parameters if decorators else ():
            parameter.default = parameter.default or _option_of(decorators, parameter.name)
        return Function(
            f"{name}.{changes}" if changes else name,
            parameters,
            Body(lambda: self._inner(node.child_by_field_name("body"), manages=not _MANAGERS.isdisjoint(names))),
            line_of(node),
            "staticmethod" in names,
            "classmethod" in names,
            decorators,
            getter=not _GETTERS.isdisjoint(names),
        )

    def class_node(self, node: Node) -> Iterator[Statement]:
        yield self._class(node, [])

    def _class(self, node: Node, decorators: list[Expression]) -> Class:
        bases = node.child_by_field_name("superclasses")
        inherited = (
            [] if bases is None else [child for child in bases.named_children if child.type != "keyword_argument"]
        )
        return Class(
            self.text(node.child_by_field_name("name")),
            [self.expression(base) for base in inherited],
            self._inner(node.child_by_field_name("body")),
            line_of(node),
            decorators,
        )

    def decorated(self, node: Node) -> Iterator[Statement]:
        decorators = [
            self.expression(child.named_children[0])
            for child in node.named_children
            if child.type == "decorator" and child.named_children
        ]
        definition = node.child_by_field_name("definition")
        if definition.type == "class_definition":
            yield self._class(definition, decorators)
        else:
            yield self._function(definition, decorators)

    def import_node(self, node: Node) -> Iterator[Statement]:
        line = line_of(node)
        for child in node.children_by_field_name("name"):
            if child.type == "aliased_import":
                module = self.text(child.child_by_field_name("name"))
                yield Import(self.text(child.child_by_field_name("alias")), module, "", line)
            else:
                root = self.text(child).split(".")[0]
                yield Import(root, root, "", line)

    def import_from(self, node: Node) -> Iterator[Statement]:
        line = line_of(node)
        module = self.text(node.child_by_field_name("module_name"))
        for child in node.children_by_field_name("name"):
            if child.type == "aliased_import":
                local = self.text(child.child_by_field_name("alias"))
                yield Import(local, module, self.text(child.child_by_field_name("name")), line)
            else:
                yield Import(self.text(child), module, self.text(child), line)
        if any(child.type == "wildcard_import" for child in node.named_children):
            yield Import("*", module, "", line)

    statements = {
        **CommonSyntax.statements,
        "assignment": assignment,
        "augmented_assignment": CommonSyntax.assignment,
        "raise_statement": CommonSyntax.leave,
        "if_statement": if_node,
        "match_statement": match_node,
        "while_statement": while_node,
        "for_statement": for_node,
        "with_statement": with_node,
        "function_definition": function,
        "class_definition": class_node,
        "decorated_definition": decorated,
        "yield": yield_node,
        "global_statement": shared,
        "nonlocal_statement": shared,
        "import_statement": import_node,
        "import_from_statement": import_from,
    }
