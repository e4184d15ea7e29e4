"""Front-end of Rust: attributes of fields that give them a value where the input has none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.cbom.source.frontends.base import COMMENTS, Node, line_of
from engines.cbom.source.frontends.rust.own_macros import OwnMacros
from engines.cbom.source.program import Call, Conditional, Const, Expression, Member, Name, Opaque

_MAX_ATTRIBUTE = 500
_VALUE = re.compile(r"\bdefault_values?(?:_t)?\s*=\s*(?:\"([^\"\\\\]*)\"|([0-9][0-9_]*)\b|([A-Z][A-Z0-9_]*)\b)")
"""clap and structopt: ``#[arg(default_value = "text")]``, ``default_value_t = 1024``, a constant."""

_FUNCTION = re.compile(r"\bdefault\s*=\s*\"([\w:]+)\"")
"""serde: ``#[serde(default = "function")]``."""


class RustAttributes(OwnMacros):
    """Values of clap's arguments and serde's fields that are absent."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.called_defaults = 0
        """The number of functions that give such values; they may be the type's own."""

    def default_of(self, field: Node) -> Expression | None:
        """What a field of a struct is if the input doesn't say it; None if no attribute says that."""
        for text in self._attributes(field):
            value = _VALUE.search(text)
            if value is not None:
                literal, number, constant = value.groups()
                if constant is not None:
                    return _perhaps(Name(constant))
                known = int(number.replace("_", "")) if number is not None else literal
                if isinstance(known, str) and known.isdecimal() and len(known) < _MAX_DIGITS:
                    known = int(known)  # clap reads the text as the field's type.
                return _perhaps(Const(known))
            function = _FUNCTION.search(text)
            if function is not None:
                line = line_of(field)
                self.called_defaults += 1
                return _perhaps(Call(self._path_of(function[1]), [], {}, line, 1, line, 1))
        return None

    def is_conditional(self, node: Node) -> bool:
        """Whether an attribute ``cfg`` tells which builds have a statement."""
        outer = node.parent
        statement = outer if outer is not None and outer.type == "expression_statement" else node
        return any(text.startswith("#[cfg(") for text in self._attributes(statement))

    def _attributes(self, node: Node) -> Iterator[str]:
        other = node.prev_named_sibling
        while other is not None and (other.type == "attribute_item" or other.type in COMMENTS):
            if other.type == "attribute_item":
                yield self.text(other)[:_MAX_ATTRIBUTE]
            other = other.prev_named_sibling

    def _path_of(self, path: str) -> Expression:
        first, *parts = path.split("::")
        found: Expression = Name(self.own_type if first == "Self" and self.own_type else first)
        for part in parts:
            found = Member(found, part)
        return found


_MAX_DIGITS = 12


def _perhaps(value: Expression) -> Expression:
    """A value, or what the input says."""
    return Conditional(Opaque([]), value, Opaque([]))
