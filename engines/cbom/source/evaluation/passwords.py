"""Expressions that are a password by their names: what is hashed as such needs a function that takes its time."""

from __future__ import annotations

import re

from engines.cbom.source import program
from engines.cbom.source.knowledge.model import Rule

CONTENT = "content"
"""The fact of what is hashed; objects that take it piece by piece have all of it."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 40
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "passwort", "pw", "pass"})
_OTHERWISE = frozenset({"hash", "hashed", "digest", "salt", "encrypted", "reset", "token", "id", "key", "file", "path"})
_PASSING = frozenset({"str", "bytes", "bytearray", "from", "concat", "encode", "String", "join", "trim", "strip"})
"""Functions whose result is their argument in another form."""

_ENTRIES = frozenset({"get", "getlist", "pop"})
"""Methods whose first argument names what they give."""

_DEPTH = 6


def hashes_password(rule: Rule, node: program.Call) -> bool:
    """Whether a call, of which ``rule`` says that it hashes an argument, gets a password there."""
    term = rule.keeps.get(CONTENT) or rule.sets.get(CONTENT)
    name = term[1:] if isinstance(term, str) else ""
    if name not in rule.parameters:
        return False
    position = rule.parameters.index(name)
    content = node.keywords.get(name) or (node.args[position] if position < len(node.args) else None)
    return content is not None and _is_password(content, 0)


def _is_password(node: program.Expression, depth: int) -> bool:
    if depth > _DEPTH:
        return False
    if isinstance(node, program.Name):
        return _names_password(node.name)
    if isinstance(node, program.Member):
        return _names_password(node.name)
    if isinstance(node, program.Index):
        return _is_entry(node.key)
    if isinstance(node, program.Binary):
        return any(_is_password(side, depth + 1) for side in (node.left, node.right))
    if not isinstance(node, program.Call):
        return False
    callee = node.callee
    name = callee.name if isinstance(callee, program.Member | program.Name) else ""
    if isinstance(callee, program.Member) and name in _ENTRIES and node.args and _is_entry(node.args[0]):
        return True
    if name not in _PASSING:
        return False
    of = isinstance(callee, program.Member) and _is_password(callee.base, depth + 1)
    return of or any(_is_password(arg, depth + 1) for arg in node.args[:2])


def _is_entry(key: program.Expression) -> bool:
    return isinstance(key, program.Const) and isinstance(key.value, str) and _names_password(key.value)


def _names_password(name: str) -> bool:
    if len(name) > _LONGEST:
        return False
    words = {word.lower() for word in _WORD.findall(name)}
    return not _PASSWORDS.isdisjoint(words) and _OTHERWISE.isdisjoint(words)
