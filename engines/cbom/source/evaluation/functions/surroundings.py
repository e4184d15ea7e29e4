"""Surroundings of calls: modes of operation of the program's own, and choices of the user's.

Calls of a block cipher that are parts of a mode aren't ECB. Counters, masks, authentication tags and derived keys come
from single blocks, or from blocks that are mixed with others by XOR. ECB encrypts one block of a message after the
other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from engines.cbom.source.program import (
    Assign,
    Binary,
    Branch,
    Call,
    Const,
    Expression,
    Function,
    Index,
    Loop,
    Member,
    Mentioned,
    Name,
    NewArray,
    Sequence,
    Unary,
)
from engines.cbom.source.values import Class, Values

_MAX_PARTS = 4000
"""The most parts of a function that are looked at; a longer one is taken for a mode."""

_CHOICE = 3
"""How many values a setting may have that is the user's choice."""

_OWN_CIPHER = frozenset({"Encrypt", "Decrypt"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_COUNTING = re.compile(r"^(?:[iI]nc(?:r|$|[A-Z_])|[nN]ext(?:$|Nonce|I[vV]|Counter)|[aA]dvance|[bB]ump|PutUint)")
"""How the names of functions begin that count."""

_NO_MESSAGES = frozenset(
    {"iv", "nonce", "counter", "ctr", "mask", "sample", "tweak", "zero", "zeros", "zeroes", "hash", "digest", "seed"}
    | {
        "header",
        "salt",
        "challenge",
        "tag",
        "mac",
        "keystream",
        "ks",
        "kcv",
        "block",
        "blk",
        "id",
        "prf",
        "tbl",
        "next",
    }
)
"""Words of names of what goes into, or comes out of, a block cipher in a mode."""


def is_own_mode(methods: tuple[str, ...], node: Call, function: Function | None, within: frozenset[object]) -> bool:
    """Whether a call of a block cipher (``target``, ``source``) in ``function`` is a part of a mode of the program's.

    ``methods`` are those of types that are modes; types and functions that are running are ``within``.
    """
    if not methods or len(node.args) < 2:
        return False
    classes = [each for each in within if type(each) is Class]
    if any(not each.members.keys().isdisjoint(methods) for each in classes):
        return True
    target, source = node.args[:2]
    if _variable(target) == _variable(source) != "":
        return True
    if function is None:
        return False
    if function.name in _OWN_CIPHER and any("BlockSize" in each.members for each in classes):
        return True  # A block cipher around another one.
    surroundings = _look_at(function, node)
    if surroundings is None:
        return True
    if surroundings.loop is not None:
        return not _advances(source, surroundings.loop)
    single = isinstance(node.callee, Member) and node.callee.name == "Decrypt"
    return single or _is_no_message(target) or not _is_message(source, surroundings)


@dataclass(slots=True)
class _Surroundings:
    """Surroundings of a call in a function: the innermost loop, and what the function's variables get."""

    loop: Loop | None
    given: dict[str, list[Expression | None]]


def _look_at(function: Function, node: Call) -> _Surroundings | None:
    """The surroundings of a call; None if the function mixes data by XOR, or is too long."""
    found = _Surroundings(None, {})
    waiting: list[tuple[Any, Loop | None]] = [(list(function.body), None)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return found
        part, loop = waiting.pop()
        if isinstance(part, list | tuple):
            waiting.extend((each, loop) for each in part)
        elif is_dataclass(part):
            if _mixes(part):
                return None
            if part is node:
                found.loop = loop
            elif isinstance(part, Assign) and isinstance(part.target, Name):
                found.given.setdefault(part.target.name, []).append(part.value)
            inner = part if isinstance(part, Loop) else loop
            waiting.extend((getattr(part, each.name), inner) for each in fields(part))
    return None


def _mixes(part: object) -> bool:
    if isinstance(part, Binary):
        return part.operator == "^"
    callee = part.callee if isinstance(part, Call) else None
    return isinstance(callee, Member | Name) and "xor" in callee.name.lower()


def _advances(source: Expression, loop: Loop) -> bool:
    """Whether a loop takes another part of the message each time."""
    base = _base(source)
    if isinstance(base, Call):
        return True
    names = (
        {each.name for each in _inside(source.key) if isinstance(each, Name)} if isinstance(source, Index) else set()
    )
    if isinstance(base, Name):
        names.add(base.name)
    return any(
        isinstance(each, Assign) and not names.isdisjoint(_names_in(each.target)) and type(each.value) is not NewArray
        for each in _inside(loop.body)
    )


def is_counted(nonce: Expression | None, function: Function | None) -> bool:
    """Whether a function changes the variable that is a nonce: ``increment(nonce)``, ``nonce[0]++``."""
    variable = "" if nonce is None else _variable(_base(nonce))
    if not variable or function is None:
        return False
    for part in _inside(list(function.body)):
        if isinstance(part, Assign) and isinstance(part.target, Index) and _variable(_base(part.target)) == variable:
            if isinstance(part.value, Binary) and part.value.left is part.target:
                return True
        callee = part.callee if isinstance(part, Call) else None
        if isinstance(callee, Member | Name) and _COUNTING.search(callee.name):
            if any(_variable(_base(each)) == variable for each in part.args):
                return True
    return False


def is_choice(values: Values, node: Call, function: Function | None) -> bool:
    """Whether a setting has several values, or gets one in each case of a function: that is the user's choice."""
    if len(values) >= _CHOICE:
        return True
    name = node.callee.name if isinstance(node.callee, Name) else ""
    body = list(function.body) if name and function is not None else []
    branches = (each for each in _inside(body) if isinstance(each, Branch))
    return any(len(_settings(name, each)) >= _CHOICE for each in branches)


def _settings(name: str, branch: Branch) -> set[str]:
    """The members of packages that the field ``name`` gets in the arms of a branch: ``VersionTLS12``."""
    given = [
        each.value.value if isinstance(each.value, Mentioned) else each.value
        for _, body in branch.arms
        for each in body
        if isinstance(each, Assign) and isinstance(each.target, Member) and each.target.name == name
    ]
    return {each.name for each in given if isinstance(each, Member)}


def _names_in(target: Expression) -> list[str]:
    items = target.items if isinstance(target, Sequence) else [target]
    return [each.name for each in items if isinstance(each, Name)]


def _is_message(source: Expression, surroundings: _Surroundings) -> bool:
    if isinstance(source, Const) or (isinstance(source, Unary) and source.operator == "bytes"):
        return True
    base = _base(source)
    if isinstance(base, Call):
        return bool(base.args)
    if not isinstance(base, Name) or _is_no_message(base):
        return False
    given = surroundings.given.get(base.name)
    return given is None or any(
        each is not None
        and not isinstance(each, NewArray | Sequence)
        and not (isinstance(each, Call) and not each.args)
        for each in given
    )


def _is_no_message(node: Expression) -> bool:
    base = node.base if isinstance(node, Index) else node
    name = base.name if isinstance(base, Name | Member) else ""
    return any(word.lower() in _NO_MESSAGES for word in _WORD.findall(name))


def _base(node: Expression) -> Expression:
    while isinstance(node, Index):
        node = node.base
    return node


def _inside(root: Any) -> Iterator[Any]:
    """All nodes in ``root``, up to a bound."""
    waiting = [root]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting.extend(part)
        elif is_dataclass(part):
            yield part
            waiting.extend(getattr(part, each.name) for each in fields(part))


def _variable(node: Expression) -> str:
    """The variable or field that an expression is; "" if it is none."""
    if isinstance(node, Member):
        base = _variable(node.base)
        return f"{base}.{node.name}" if base else ""
    return node.name if isinstance(node, Name) else ""
