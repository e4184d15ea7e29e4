"""``goto`` to the end of a function: the way out on which it only frees what it has, and returns.

    if (!preverify_ok)
        goto cleanup;
    ok = 1;
cleanup:
    BIO_free(bio);
    return ok;

At such a ``goto`` the function may return what it does behind the label. Others are skipped: what stands between one
and its label runs on another way.
"""

from __future__ import annotations

import re

from engines.cbom.source.frontends.base import Node

_CALLED = re.compile(rb"\b(\w+)[ \t\r\n]*\(")
_FREEING = re.compile(
    rb"(?i:free|release|destroy|close|clean|clear|zero|wipe|delete|unlock|unref|deinit|dispose|memset|_put$|_fini$)"
    rb"|^(?:if|while|for|sizeof|defined|return)$"
)
"""Names of functions that give back what a function has, and words before parentheses that call nothing."""

_ENDS = frozenset({"identifier", "number_literal", "null", "true", "false", "unary_expression"})
_MAX_SECTION = 4000
"""The longest text in bytes between a label and the end of its function."""

_MAX_DEPTH = 64
_MAX_STATEMENTS = 2000


class Jumps:
    """The ways out of the functions of a file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._ends: dict[int, dict[bytes, Node]] = {}
        """The ``return`` behind each label, by the body of the function."""

    def end(self, jump: Node) -> Node | None:
        """The ``return`` that a ``goto`` comes to; None if it isn't such a one."""
        label = jump.child_by_field_name("label")
        around = jump.parent
        if label is None:
            return None
        for _ in range(_MAX_DEPTH):
            if around is None or around.type == "function_definition":
                break
            around = around.parent
        if around is None or around.type != "function_definition":
            return None
        body = around.child_by_field_name("body")
        if body is None:
            return None
        if body.id not in self._ends:
            self._ends[body.id] = _ends_of(body, self._source)
        found = self._ends[body.id].get(label.text)
        return found if found is not None and found.start_byte > jump.start_byte else None


def _ends_of(body: Node, source: bytes) -> dict[bytes, Node]:
    """The ``return`` behind each label of a function at which it only frees what it has."""
    statements = body.named_children
    last = statements[-1] if statements else None
    if last is not None and last.type == "labeled_statement" and last.named_children:
        last = last.named_children[-1]
    if last is None or last.type != "return_statement" or len(statements) > _MAX_STATEMENTS:
        return {}
    if any(each.type not in _ENDS for each in last.named_children):
        return {}
    found: dict[bytes, Node] = {}
    for each in reversed(statements):
        if last.start_byte - each.start_byte > _MAX_SECTION:
            break
        if each.type == "labeled_statement":
            called = _CALLED.findall(source[each.start_byte : last.start_byte])
            if not all(map(_FREEING.search, called)):
                break
            found[each.child_by_field_name("label").text] = last
    return found
