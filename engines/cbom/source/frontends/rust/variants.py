"""Front-end of Rust: variants of enumerations, and what patterns bind of them."""

from __future__ import annotations

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.rust.expressions import RustExpressions
from engines.cbom.source.program import Assign, Expression, Opaque

_REFERRING = frozenset({"ref_pattern", "reference_pattern", "mut_pattern", "match_pattern"})


class RustVariants(RustExpressions):
    """Patterns of variants that hold one value of a named type."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.held: dict[tuple[str, str], Expression] = {}
        """The type of what a variant of an enumeration of this file holds."""

    def note_variant(self, enumeration: str, node: Node) -> None:
        """Note what a variant holds."""
        body = node.child_by_field_name("body")
        kinds = [] if body is None else [each for each in self.children(body) if each.type != "visibility_modifier"]
        if body is not None and body.type == "ordered_field_declaration_list" and len(kinds) == 1:
            declared = self.declared(kinds[0])
            if declared is not None:
                self.held[enumeration, self.text(node.child_by_field_name("name"))] = declared

    def binding(self, pattern: Node | None, subject: Expression) -> Assign:
        """What a pattern binds of ``subject``. Its type is all that is known of what a variant holds."""
        target, inner = self.pattern(pattern), pattern
        while inner is not None and inner.type in _REFERRING and inner.named_children:
            inner = inner.named_children[-1]
        declared = None
        if inner is not None and inner.type == "tuple_struct_pattern":
            of, _, variant = self.text(inner.child_by_field_name("type")).rpartition("::")
            of = of.rpartition("::")[2]
            declared = self.held.get((self.own_type if of == "Self" else of, variant))
        value = subject if declared is None else Opaque([subject])
        return Assign(target, value, 0 if pattern is None else line_of(pattern), declared, local=True)
