"""Syntax that several languages share, as tree-sitter's grammars name it.

A front-end takes the tables from here, adds its own rows, and overrides the methods in which its language differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from engines.cbom.source.frontends.base import Lowering, Node, line_of
from engines.cbom.source.program import (
    Assign,
    Attempt,
    Binary,
    Branch,
    Class,
    Conditional,
    Const,
    Expression,
    Function,
    Import,
    Index,
    Leave,
    Loop,
    Name,
    Opaque,
    Return,
    Sequence,
    Statement,
)

Arms = list[tuple[Expression | None, list[Statement]]]
"""The arms of a ``Branch``."""

C_OPERATORS = {
    name: name for name in ("+", "-", "*", "**", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", "<=", ">", ">=")
}
C_OPERATORS |= {"/": "//", "&&": "and", "||": "or"}
"""The operators of C and of those that have them from it."""

_HANDLERS = frozenset({"catch_clause", "except_clause", "except_group_clause"})


class CommonSyntax(Lowering):
    """Expressions and statements that several languages share."""

    operators: ClassVar[dict[str, str]] = C_OPERATORS
    """Those of ``Binary`` by what the language calls them."""

    named_types: ClassVar[frozenset[str]] = frozenset()
    """Types of nodes that name a type of the program or of a library."""

    # Expressions

    def identifier(self, node: Node) -> Expression:
        return Name(self.text(node))

    def nothing(self, _node: Node) -> Expression:
        return Opaque([])

    def word(self, node: Node) -> Expression:
        return Const({"true": True, "false": False}.get(node.type))

    def first(self, node: Node) -> Expression:
        inner = self.children(node)
        return self.expression(inner[0]) if inner else Opaque([])

    def last(self, node: Node) -> Expression:
        inner = self.children(node)
        return self.expression(inner[-1]) if inner else Opaque([])

    def value(self, node: Node) -> Expression:
        return self.part(node, "value")

    def sequence(self, node: Node) -> Expression:
        return Sequence(self.all_of(node))

    def all_of(self, node: Node | None) -> list[Expression]:
        """The children of ``node`` as expressions."""
        return [self.expression(child) for child in self.children(node)]

    def integer_of(self, digits: str) -> Expression:
        """A whole number in C's notation: ``0x1f``, ``017``, ``0b11``, ``31``."""
        try:
            octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
            return Const(int(digits, 8) if octal else int(digits, 0))
        except ValueError:
            return Opaque([])

    def binary(self, node: Node) -> Expression:
        return self.binary_chain(node, node.type, self.operators)

    def ternary(self, node: Node) -> Expression:
        return Conditional(*(self.part(node, name) for name in ("condition", "consequence", "alternative")))

    def declared(self, node: Node) -> Expression | None:
        """The type that ``node`` states, or None if it is one that tells nothing."""
        kind = node.child_by_field_name("type")
        return self.expression(kind) if kind is not None and kind.type in self.named_types else None

    def annotated(self, node: Node) -> Expression | None:
        """The type in the annotation of ``node``; None without one."""
        kind = node.child_by_field_name("type")
        return self.expression(kind.named_children[0]) if kind is not None and kind.named_children else None

    # Statements

    def skip(self, _node: Node) -> Iterator[Statement]:
        yield from ()

    def assigned_to(self, node: Node) -> Assign:
        """An assignment, plain or with an operator, as a statement."""
        target, value = self.sides(node)
        operator = self.text(node.child_by_field_name("operator"))[:-1]
        if operator:
            known = self.operators.get(operator)
            value = Binary(known, target, value) if known else Opaque([value])
        return Assign(target, value, line_of(node))

    def sides(self, node: Node) -> tuple[Expression, Expression]:
        """The target and the value of an assignment."""
        return self.part(node, "left"), self.part(node, "right")

    def assignment(self, node: Node) -> Iterator[Statement]:
        yield self.assigned_to(node)

    def update(self, node: Node) -> Iterator[Statement]:
        """``a++`` and ``--a``."""
        target = self.first(node)
        operator = "-" if any(child.type == "--" for child in node.children) else "+"
        yield Assign(target, Binary(operator, target, Const(1)), line_of(node))

    def return_node(self, node: Node) -> Iterator[Statement]:
        yield Return(self.first(node) if self.children(node) else None)

    def leave(self, node: Node) -> Iterator[Statement]:
        yield Leave(self.opaque(node) if node.named_children else None)

    def labeled(self, node: Node) -> Iterator[Statement]:
        inner = self.children(node)
        yield from self.one(inner[-1]) if len(inner) > 1 else ()

    def condition(self, node: Node) -> Expression:
        """What ``node`` tests."""
        return self.part(node, "condition")

    def if_node(self, node: Node) -> Iterator[Statement]:
        """``if`` with its ``else if``, whether they stand in a clause or directly."""
        arms: Arms = []
        current: Node | None = node
        while current is not None and current.type == node.type and not (arms and self._begins(current)):
            arms.append((self.condition(current), self.one(current.child_by_field_name("consequence"))))
            other = current.child_by_field_name("alternative")
            if other is not None and other.type == "else_clause":
                inner = self.children(other)
                other = inner[-1] if inner else None
            current = other
        if current is not None:
            arms.append((None, self.one(current)))
        yield Branch(arms)

    def _begins(self, node: Node) -> bool:
        """Whether something runs before the condition: ``if a := b; a > c``."""
        return node.child_by_field_name("initializer") is not None

    def arms_of(self, subject: Expression, cases: Iterable[tuple[list[Expression] | None, list[Statement]]]) -> Arms:
        """The arms of a switch over ``subject``: values (None for the default) and body of each case.

        A case without statements belongs to the next one.
        """
        arms: Arms = []
        default: Arms = []
        tests: list[Expression] = []
        otherwise = False
        for values, body in cases:
            otherwise |= values is None
            tests += [Binary("==", subject, value) for value in values or ()]
            if not body:
                continue
            leaves = isinstance(body[-1], Leave) and body[-1].value is None
            own = body[:-1] if leaves else body  # A break leaves the switch, not what is around it.
            if otherwise:
                default.append((None, own))
            else:
                arms.append((tests[0] if len(tests) == 1 else Opaque(tests), own))
            tests, otherwise = [], False
        return [*arms, *default]

    def while_node(self, node: Node) -> Iterator[Statement]:
        test = self.condition(node)
        yield Loop(test, self.one(node.child_by_field_name("body")))

    def do_node(self, node: Node) -> Iterator[Statement]:
        yield Loop(self.condition(node), self.one(node.child_by_field_name("body")), first=True)

    def for_node(self, node: Node) -> Iterator[Statement]:
        """``for`` with a beginning, a condition and a step."""
        for field in ("initializer", "init"):
            for child in node.children_by_field_name(field):
                yield from self.one(child)
        test = node.child_by_field_name("condition")
        body = self.one(node.child_by_field_name("body"))
        for field in ("update", "increment"):
            for child in node.children_by_field_name(field):
                body += self.one(child)
        yield Loop(None if test is None else self.expression(test), body)

    def loop_over(
        self, node: Node, target: Expression, items: Expression, declared: Expression | None = None
    ) -> Iterator[Statement]:
        """A loop over elements; ``target`` is a new variable."""
        element = Assign(target, Index(items, Opaque([])), line_of(node), declared, local=True)
        yield Loop(None, [element, *self.one(node.child_by_field_name("body"))])

    def try_node(self, node: Node) -> Iterator[Statement]:
        body = self.block(node.child_by_field_name("body"))
        handlers, last = [], []
        for child in node.named_children:
            if child.type in _HANDLERS:
                handlers.append(self.block(child.named_children[-1]))
            elif child.type == "else_clause":
                body = [*body, *self.block(child.child_by_field_name("body"))]
            elif child.type == "finally_clause":
                last = self.block(child.named_children[-1])
        yield Attempt(body, handlers, last)

    expressions = {
        "identifier": identifier,
        "type_identifier": identifier,
        "field_identifier": identifier,
        "this": identifier,
        "true": word,
        "false": word,
        "null": word,
        "binary_expression": binary,
        "parenthesized_expression": first,
        "await_expression": first,
    }
    statements = {
        "assignment_expression": assignment,
        "update_expression": update,
        "return_statement": return_node,
        "throw_statement": leave,
        "break_statement": leave,
        "continue_statement": leave,
        "labeled_statement": labeled,
        "if_statement": if_node,
        "while_statement": while_node,
        "do_statement": do_node,
        "for_statement": for_node,
        "try_statement": try_node,
    }


class HoistingSyntax(CommonSyntax):
    """A language whose expressions can hold what is a statement here; such go before the statement around them."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self._before: list[Statement] = []

    def _statement(self, node: Node, found: list[Statement]) -> None:
        outer, self._before = self._before, []
        own: list[Statement] = []
        super()._statement(node, own)
        found.extend(self._before)
        found.extend(own)
        self._before = outer

    def assigned(self, node: Node) -> Expression:
        """An assignment within an expression."""
        made = self.assigned_to(node)
        self._before.append(made)
        return made.target


def functions_first(members: list[Statement]) -> list[Statement]:
    """Members of a class, its methods first: constants and initializers may call those that stand below them.

    Constants of which the value stands there come before all: those of classes within it may be the same.
    """
    return bases_first(sorted(members, key=_turn))


def _turn(member: Statement) -> int:
    if isinstance(member, Assign) and isinstance(member.value, Const) and isinstance(member.target, Name):
        return 0
    if isinstance(member, Function | Class):
        return 1
    # A constructor, which the values of others may call, sets those that have none yet.
    return 2 if isinstance(member, Assign) and member.value is None else 3


def bases_first(members: list[Statement]) -> list[Statement]:
    """Members of a class or file, each class among them behind those that it, or one within it, inherits from."""
    classes = [each for each in members if isinstance(each, Class)]
    named = {each.name: each for each in classes}
    above = {each.name: [named[name] for name in _bases_in(each) if name in named] for each in classes}
    if not any(above.values()):
        return members
    begun: set[str] = set()
    placed: dict[int, Class] = {}
    for first in classes:
        waiting = [first]
        while waiting:
            last = waiting[-1]
            begun.add(last.name)
            bases = [each for each in above[last.name] if each.name not in begun]
            if bases:
                waiting.append(bases[0])
            else:
                placed.setdefault(id(waiting.pop()), last)
    ordered = iter(placed.values())
    return [next(ordered) if isinstance(each, Class) else each for each in members]


def _bases_in(made: Class) -> list[str]:
    """The names of the types that a class, or one of those in its body, inherits from."""
    inner = [made, *(each for each in made.body if isinstance(each, Class))]
    return [base.name for each in inner for base in each.bases if isinstance(base, Name)]


def import_of(path: str, node: Node, *, everything: bool) -> Import:
    """The import of the last part of a dotted path, or of everything in it."""
    if everything:
        return Import("*", path, "", line_of(node))
    module, _, name = path.rpartition(".")
    return Import(name, module, name, line_of(node))
