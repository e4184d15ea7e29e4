"""Front-end of Python: expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, joined, line_of
from engines.cbom.source.frontends.common_syntax import CommonSyntax, HoistingSyntax
from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Conditional,
    Const,
    Expression,
    Function,
    Index,
    Loop,
    Mapping,
    Member,
    Name,
    Opaque,
    Parameter,
    Return,
    Sequence,
    Spread,
    Statement,
    Unary,
)

_OPERATORS = {name: name for name in ("+", "-", "*", "**", "/", "//", "%", "<<", ">>", "&", "|", "^", "and", "or")}
_COMPARISONS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "is": "==", "is not": "!="}


class PythonExpressions(HoistingSyntax):
    """Expressions of Python, and what statements share with them."""

    operators = _OPERATORS

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.shared_names: set[str] = set()
        """Names that the function being read says are of an outer scope."""

    def bound(self, target: Expression, value: Expression | None, line: int, kind: Expression | None = None) -> Assign:
        """An assignment, which makes a variable of its own scope unless that says otherwise."""
        local = not (isinstance(target, Name) and target.name in self.shared_names)
        return Assign(target, value, line, kind, local=local)

    # Expressions

    def attribute(self, node: Node) -> Expression:
        return Member(self.part(node, "object"), self.text(node.child_by_field_name("attribute")))

    def subscript(self, node: Node) -> Expression:
        return Index(self.part(node, "value"), self.part(node, "subscript"))

    def call_node(self, node: Node) -> Expression:
        function = node.child_by_field_name("function")
        args: list[Expression] = []
        keywords: dict[str, Expression] = {}
        arguments = node.child_by_field_name("arguments")
        children = [arguments] if arguments.type == "generator_expression" else arguments.named_children
        for child in children:
            if child.type == "keyword_argument":
                name = self.text(child.child_by_field_name("name"))
                keywords[name] = self.part(child, "value")
            elif child.type == "dictionary_splat":
                keywords["**"] = self.expression(child.named_children[0])
            elif child.type == "list_splat":
                args.append(Spread(self.expression(child.named_children[0])))
            elif child.type != "comment":
                args.append(self.expression(child))
        named = function.child_by_field_name("attribute") if function.type == "attribute" else function
        return self.call(node, self.expression(function), named, args, keywords)

    def string(self, node: Node) -> Expression:
        parts: list[Expression] = []
        prefix = ""
        for child in node.named_children:
            if child.type == "string_start":
                prefix = self.text(child)
            elif child.type == "interpolation":
                parts.append(self.part(child, "expression"))
            elif child.type == "string_content":
                parts.extend(self._content(child, prefix))
        if "b" in prefix.lower() and not parts:
            return Const(b"")
        return joined(parts)

    def _content(self, node: Node, prefix: str) -> Iterator[Expression]:
        if self.too_long(node):
            yield Opaque([])
            return
        text = self.text(node)
        if "\\" in text or "b" in prefix.lower():
            quote = prefix.lstrip("fFrRbBuU") or '"'
            kind = "".join(letter for letter in prefix.lower() if letter in "rb")
            try:
                value = ast.literal_eval(f"{kind}{quote}{text}{quote}")
            except (ValueError, SyntaxError, MemoryError):
                value = text
            yield Const(value)
        else:
            yield Const(text)

    def concatenated(self, node: Node) -> Expression:
        return joined([self.expression(child) for child in node.named_children if child.type == "string"])

    def number(self, node: Node) -> Expression:
        text = self.text(node).replace("_", "")
        try:
            return Const(int(text, 0) if node.type == "integer" else float(text))
        except ValueError:
            return Opaque([])

    def comparison(self, node: Node) -> Expression:
        operands = node.named_children
        operator = _COMPARISONS.get(self.text(node.child_by_field_name("operators")))
        if len(operands) == 2 and operator:
            return Binary(operator, self.expression(operands[0]), self.expression(operands[1]))
        return self.opaque(node)

    def unary(self, node: Node) -> Expression:
        operator = node.child_by_field_name("operator")
        return Unary("not" if operator is None else self.text(operator), self.expression(node.named_children[-1]))

    def conditional(self, node: Node) -> Expression:
        then, test, otherwise = self.children(node)[:3]
        return Conditional(self.expression(test), self.expression(then), self.expression(otherwise))

    def slice_node(self, node: Node) -> Expression:
        """The bounds of a slice; one with a step isn't followed."""
        bounds: list[Expression] = [Const(None)]
        for child in node.children:
            if child.type == ":":
                bounds.append(Const(None))
            elif child.type != "comment":
                bounds[-1] = self.expression(child)
        return Sequence(bounds) if len(bounds) == 2 else Opaque(bounds)

    def comprehension(self, node: Node) -> Expression:
        """Any number of elements: one, and others of which nothing is known.

        It has a scope of its own, as a function that is called at once.
        """
        element, *clauses = self.children(node)
        whole: list[Statement] = []
        body = whole
        for clause in clauses:
            if clause.type == "for_in_clause":
                items = Index(self.part(clause, "right"), Opaque([]))
                body.append(Assign(self.part(clause, "left"), items, line_of(clause), local=True))
            else:
                taken: list[Statement] = []
                body.append(Branch([(self.first(clause), taken)]))
                body = taken
        if element.type != "pair":
            body.append(Return(self.expression(element)))
            return Sequence([self._looped(node, whole), Opaque([])])
        body.append(Return(Mapping([(self.part(element, "key"), self.part(element, "value"))])))
        return self._looped(node, whole)

    def _looped(self, node: Node, body: list[Statement]) -> Expression:
        return self.call(node, Function("", [], [Loop(None, body)], line_of(node)), None, [])

    def splat(self, node: Node) -> Expression:
        return Spread(self.expression(node.named_children[0]))

    def dictionary(self, node: Node) -> Expression:
        pairs: list[tuple[Expression | None, Expression]] = []
        for child in node.named_children:
            if child.type == "pair":
                key = self.part(child, "key")
                pairs.append((key, self.part(child, "value")))
            elif child.type == "dictionary_splat":
                pairs.append((None, self.expression(child.named_children[0])))
        return Mapping(pairs)

    def lambda_node(self, node: Node) -> Expression:
        body: list[Statement] = [Return(self.part(node, "body"))]
        return Function("", self.parameters(node.child_by_field_name("parameters")), body, line_of(node))

    def named_expression(self, node: Node) -> Expression:
        target = self.part(node, "name")
        self._before.append(self.bound(target, self.part(node, "value"), line_of(node)))
        return target

    def parameters(self, node: Node | None) -> list[Parameter]:
        found: list[Parameter] = []
        for child in [] if node is None else node.named_children:
            kind = child.type
            if kind == "identifier":
                found.append(Parameter(self.text(child)))
            elif kind in ("default_parameter", "typed_default_parameter"):
                name = self.text(child.child_by_field_name("name"))
                found.append(Parameter(name, self.part(child, "value"), self.annotated(child)))
            elif kind == "typed_parameter":
                inner = child.named_children[0]
                stars = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(inner.type, "")
                name = self.text(inner.named_children[0] if stars else inner)
                found.append(Parameter(name, None, self.annotated(child), stars))
            elif kind in ("list_splat_pattern", "dictionary_splat_pattern"):
                stars = "*" if kind.startswith("list") else "**"
                found.append(Parameter(self.text(child.named_children[0]), kind=stars))
        return found

    expressions = {
        **CommonSyntax.expressions,
        "attribute": attribute,
        "subscript": subscript,
        "call": call_node,
        "string": string,
        "concatenated_string": concatenated,
        "integer": number,
        "float": number,
        "none": CommonSyntax.word,
        "binary_operator": CommonSyntax.binary,
        "boolean_operator": CommonSyntax.binary,
        "comparison_operator": comparison,
        "unary_operator": unary,
        "not_operator": unary,
        "conditional_expression": conditional,
        "list": CommonSyntax.sequence,
        "tuple": CommonSyntax.sequence,
        "set": CommonSyntax.sequence,
        "slice": slice_node,
        "list_comprehension": comprehension,
        "set_comprehension": comprehension,
        "dictionary_comprehension": comprehension,
        "generator_expression": comprehension,
        "expression_list": CommonSyntax.sequence,
        "pattern_list": CommonSyntax.sequence,
        "tuple_pattern": CommonSyntax.sequence,
        "list_pattern": CommonSyntax.sequence,
        "await": CommonSyntax.first,
        "list_splat": splat,
        "list_splat_pattern": splat,
        "dictionary": dictionary,
        "lambda": lambda_node,
        "named_expression": named_expression,
    }
