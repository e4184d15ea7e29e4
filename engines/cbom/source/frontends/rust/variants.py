"""Front-end of Rust: variants of enumerations, what patterns bind of them, and structures with numbered fields."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cbom.source.frontends.base import Node, line_of
from engines.cbom.source.frontends.rust.expressions import RustExpressions
from engines.cbom.source.program import Assign, Expression, Name, Opaque

_REFERRING = frozenset({"ref_pattern", "reference_pattern", "mut_pattern", "match_pattern"})
_HOLDING = frozenset({"Some", "Ok", "Err"})
_MAX_DEPTH = 4
"""The deepest variants in patterns of tuples, options and results that are looked at."""


class RustVariants(RustExpressions):
    """Patterns of variants that hold values of named types."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.held: dict[tuple[str, str], list[Expression | None]] = {}
        """The types of what a variant of an enumeration of this file holds; None for those without a name."""

    def note_variant(self, enumeration: str, node: Node) -> None:
        """Note what a variant holds."""
        body = node.child_by_field_name("body")
        if body is not None and body.type == "ordered_field_declaration_list":
            held = [self.declared(kind) for kind in self._kinds_in(body)]
            if any(held):
                self.held[enumeration, self.text(node.child_by_field_name("name"))] = held

    def _kinds_in(self, body: Node) -> list[Node]:
        return [each for each in self.children(body) if each.type not in ("visibility_modifier", "attribute_item")]

    def parts_of(self, structure: str, body: Node | None) -> Iterator[Assign]:
        """The fields of ``struct Key(SigningKey)`` whose types are named, as those of a class."""
        if body is None or body.type != "ordered_field_declaration_list":
            return
        for position, kind in enumerate(self._kinds_in(body)):
            declared = self.declared(kind)
            if declared is not None:
                self.numbered.add((structure, str(position)))
                yield Assign(Name(str(position)), None, line_of(kind), declared)

    def bindings(self, pattern: Node | None, subject: Expression) -> Iterator[Assign]:
        """What a pattern binds of ``subject``, and the types in variants within it: ``(Key::Ed25519(key), text)``."""
        yield self.binding(pattern, subject)
        for variant in self._variants_in(pattern, 0):
            for child, declared in zip(self.children(variant)[1:], self._held_by(variant), strict=False):
                if declared is not None:
                    yield Assign(self.pattern(child), Opaque([subject]), line_of(child), declared, local=True)

    def binding(self, pattern: Node | None, subject: Expression) -> Assign:
        """What a pattern binds of ``subject``. Its type is all that is known of what a variant holds."""
        inner = _referred(pattern)
        held = self._held_by(inner) if inner is not None and inner.type == "tuple_struct_pattern" else []
        declared = held[0] if len(held) == 1 else None
        value = subject if declared is None else Opaque([subject])
        return Assign(self.pattern(pattern), value, 0 if pattern is None else line_of(pattern), declared, local=True)

    def _held_by(self, variant: Node) -> list[Expression | None]:
        of, _, name = self.text(variant.child_by_field_name("type")).rpartition("::")
        of = of.rpartition("::")[2]
        return self.held.get((self.own_type if of == "Self" else of, name), [])

    def _variants_in(self, pattern: Node | None, depth: int) -> Iterator[Node]:
        """The variants within tuples, options and results, and those that hold several values."""
        pattern = _referred(pattern)
        if pattern is None or depth > _MAX_DEPTH:
            return
        inner: list[Node] = []
        if pattern.type == "tuple_pattern":
            inner = self.children(pattern)
        elif pattern.type == "tuple_struct_pattern":
            if depth or len(pattern.named_children) > 2:
                yield pattern
            if self.text(pattern.child_by_field_name("type")) in _HOLDING:
                inner = self.children(pattern)[1:]
        for child in inner:
            yield from self._variants_in(child, depth + 1)


def _referred(pattern: Node | None) -> Node | None:
    """A pattern without ``&``, ``ref`` and ``mut``."""
    while pattern is not None and pattern.type in _REFERRING and pattern.named_children:
        pattern = pattern.named_children[-1]
    return pattern
