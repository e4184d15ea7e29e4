"""Surroundings of calls: modes of operation of the program's own, and choices of the user's.

Calls of a block cipher that are parts of a mode aren't ECB. Counters, masks, authentication tags and derived keys come
from single blocks, or from blocks that are mixed with others by XOR. ECB encrypts one block of a message after the
other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, is_dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from engines.cbom.source.evaluation.evidence.parts import inner_parts
from engines.cbom.source.evaluation.evidence.secrets import words_of
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
    Return,
    Sequence,
    Unary,
)
from engines.cbom.source.values import Class, Closure, Values

_MAX_PARTS = 4000
"""The most parts of a function that are looked at; a longer one is taken for a mode."""

_KEPT = 64
"""The functions whose parts are kept: the calls in a function come one after the other."""

_CLASSES = 256
"""The classes whose counters are kept."""

_CHOICE = 3
"""How many values a setting may have that is the user's choice."""

_STREAM = "XORKeyStream"
_OWN_CIPHER = frozenset({"Encrypt", "Decrypt"})
_COUNTING = re.compile(r"^(?:[iI]nc(?:r|$|[A-Z_])|[nN]ext(?:$|Nonce|I[vV]|Counter)|[aA]dvance|[bB]ump|PutUint)")
"""How the names of functions begin that count."""

_NUMBERS = re.compile(r"\d+")

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

_BLOCKS = frozenset({"block", "blk", "id"})
_MESSAGES = frozenset(
    {
        "chunk",
        "chunks",
        "data",
        "input",
        "message",
        "msg",
        "password",
        "payload",
        "plain",
        "plaintext",
        "secret",
        "text",
    }
)
"""Words of names of what one encrypts."""


_PARTS = frozenset({"slice", "subarray", "substring", "substr"})
"""Methods that give a part of a buffer or text, from their first argument on."""


def is_own_mode(methods: tuple[str, ...], node: Call, function: Function | None, within: frozenset[object]) -> bool:
    """Whether a call of a block cipher (``target``, ``source``) in ``function`` is a part of a mode of the program's.

    ``methods`` are those of types that are modes; types and functions that are running are ``within``.
    """
    classes = [each for each in within if type(each) is Class] if methods else []
    if any(not each.members.keys().isdisjoint(methods) for each in classes):
        return True
    if not methods or not node.args:
        return False
    if isinstance(node.callee, Member) and "block" in node.callee.name:
        return function is None or not _is_of_message(node, _parts_of(function))
    if len(node.args) < 2:
        return False
    target, source = node.args[:2]
    if _variable(target) == _variable(source) != "":
        return True
    if function is None:
        return False
    if function.name in _OWN_CIPHER and any("BlockSize" in each.members for each in classes):
        return True  # A block cipher around another one.
    parts = _parts_of(function)
    if parts.mixed:
        return True
    loop = parts.loops.get(id(node))
    if loop is not None:
        return not _advances(source, loop)
    if parts.streams:
        return True
    single = isinstance(node.callee, Member) and node.callee.name == "Decrypt"
    return single or _is_no_message(target) or not _is_message(source, parts)


@dataclass(slots=True)
class _Parts:
    """Parts of a function, up to a bound."""

    mixed: bool = False
    """Whether it mixes data by XOR, or is longer than the bound."""

    streams: bool = False
    """Whether it encrypts by a stream of a library's, beside which single blocks are masks, subkeys and the like."""

    loops: dict[int, Loop | None] = field(default_factory=dict)
    """The innermost loop around each call, by the call's id."""

    given: dict[str, list[Expression | None]] = field(default_factory=dict)
    """What its variables get."""

    counted: set[str] = field(default_factory=set)
    """The variables that it counts with: ``increment(nonce)``, ``nonce[0]++``."""

    chosen: dict[str, int] = field(default_factory=dict)
    """In how many ways the arms of one branch set a field, the most of all branches."""

    read: set[str] = field(default_factory=set)
    """The names of members that it reads or calls."""

    returned: dict[int, str] = field(default_factory=dict)
    """What it returns by calls, by the call's id: the call's names without sizes."""


@lru_cache(_KEPT)
def _parts_of(function: Function) -> _Parts:
    found = _Parts()
    waiting: list[tuple[Any, Loop | None]] = [(list(function.body), None)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return found
        part, loop = waiting.pop()
        if is_dataclass(part):
            _look_at(part, loop, found)
        inner = part if isinstance(part, Loop) else loop
        waiting.extend((each, inner) for each in inner_parts(part))
    found.mixed = True
    return found


def _look_at(part: Any, loop: Loop | None, found: _Parts) -> None:
    """Note what one node tells of its function."""
    found.mixed |= _mixes(part)
    if isinstance(part, Call):
        found.loops[id(part)] = loop
        found.streams |= isinstance(part.callee, Member) and part.callee.name == _STREAM
        found.counted.update(_counted_by(part))
    elif isinstance(part, Assign):
        if isinstance(part.target, Name):
            found.given.setdefault(part.target.name, []).append(part.value)
        elif isinstance(part.target, Index) and isinstance(part.value, Binary):
            if part.value.left is part.target:
                found.counted.add(_variable(_base(part.target)))
    elif isinstance(part, Return) and isinstance(part.value, Call):
        found.returned[id(part.value)] = _kind_of(part.value)
    elif isinstance(part, Member):
        found.read.add(part.name)
    elif isinstance(part, Branch):
        for name, settings in _settings(part).items():
            found.chosen[name] = max(found.chosen.get(name, 0), len(settings))


def _is_of_message(node: Call, parts: _Parts) -> bool:
    """Whether a call encrypts in place (Rust) what is a block of a message by its name, or by that of its source."""
    if parts.mixed or parts.streams:
        return False
    base = _base(node.args[0])
    sources = [node.args[0], *(parts.given.get(base.name, ()) if isinstance(base, Name) else ())]
    names = [each.name for source in sources for each in _inside(source) if isinstance(each, Name | Member)]
    words = frozenset(word for name in names for word in words_of(name))
    return not _MESSAGES.isdisjoint(words) and _NO_MESSAGES.isdisjoint(words - _BLOCKS)


def _counted_by(call: Call) -> Iterator[str]:
    if isinstance(call.callee, Member | Name) and _COUNTING.search(call.callee.name):
        yield from (_variable(_base(each)) for each in call.args)


def _mixes(part: object) -> bool:
    if isinstance(part, Binary):
        return part.operator == "^"
    callee = part.callee if isinstance(part, Call) else None
    return isinstance(callee, Member | Name) and "xor" in callee.name.lower() and callee.name != _STREAM


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
    return not names.isdisjoint(_assigned_in(loop))


@lru_cache(_KEPT)
def _assigned_in(loop: Loop) -> frozenset[str]:
    """The variables that a loop sets to anything but a new array."""
    return frozenset(
        name
        for each in _inside(loop.body)
        if isinstance(each, Assign) and type(each.value) is not NewArray
        for name in _names_in(each.target)
    )


def is_counted(nonce: Expression | None, function: Function | None, within: frozenset[object]) -> bool:
    """Whether a function changes the variable that is a nonce: ``increment(nonce)``, ``nonce[0]++``.

    A field may be counted by another method of the classes ``within`` which the function runs.
    """
    variable = "" if nonce is None else _variable(_base(nonce))
    if not variable or function is None:
        return False
    return variable in _parts_of(function).counted or any(
        variable in _counted_in(each) for each in within if type(each) is Class
    )


def reads(names: tuple[str, ...], function: Function | None) -> bool:
    """Whether a function reads the first of these members of anything, and none of the others."""
    read = frozenset() if function is None else _parts_of(function).read
    return names[0] in read and read.isdisjoint(names[1:])


def is_of_key(nonce: Expression | None, key: Expression | None, function: Function | None) -> bool:
    """Whether a nonce is the beginning of the very key, also by a variable of the function: ``key.slice(0, 16)``."""
    if not isinstance(key, Name):
        return False
    if isinstance(nonce, Name) and function is not None:
        given = _parts_of(function).given.get(nonce.name, [])
        nonce = given[0] if len(given) == 1 else nonce
    if not isinstance(nonce, Call) or not isinstance(nonce.callee, Member) or not nonce.args:
        return False
    first = nonce.args[0]
    begins = isinstance(first, Const) and first.value == 0
    return begins and nonce.callee.name in _PARTS and _variable(nonce.callee.base) == key.name


@lru_cache(_CLASSES)
def _counted_in(of: Class) -> frozenset[str]:
    """The variables that methods of a class count, up to a bound of methods."""
    methods = (each.function for values in of.members.values() for each in values if type(each) is Closure)
    return frozenset(name for method in islice(methods, _KEPT) for name in _parts_of(method).counted)


def is_choice(values: Values, node: Call, function: Function | None) -> bool:
    """Whether a setting has several values, or gets one in each case of a function: that is the user's choice."""
    if len(values) >= _CHOICE:
        return True
    name = node.callee.name if isinstance(node.callee, Name) else ""
    return bool(name) and function is not None and _parts_of(function).chosen.get(name, 0) >= _CHOICE


def is_listed(node: Call, function: Function | None) -> bool:
    """Whether a call is what a function returns that chooses among several kinds of what it returns."""
    returned = {} if function is None else _parts_of(function).returned
    return id(node) in returned and len(set(returned.values())) >= _CHOICE


def _kind_of(call: Call) -> str:
    """The names of a call and its arguments without numbers: those of ciphers of several sizes are equal."""
    names = [each.name if isinstance(each, Name | Member) else "" for each in (call.callee, *call.args)]
    texts = [each.value for each in call.args if isinstance(each, Const) and isinstance(each.value, str)]
    return _NUMBERS.sub("", " ".join((*names, *texts)))


def _settings(branch: Branch) -> dict[str, set[str]]:
    """The members of packages that fields get in the arms of a branch, by the field: ``VersionTLS12``."""
    found: dict[str, set[str]] = {}
    for _, body in branch.arms:
        for each in body:
            if isinstance(each, Assign) and isinstance(each.target, Member):
                value = each.value.value if isinstance(each.value, Mentioned) else each.value
                if isinstance(value, Member):
                    found.setdefault(each.target.name, set()).add(value.name)
    return found


def _names_in(target: Expression) -> list[str]:
    items = target.items if isinstance(target, Sequence) else [target]
    return [each.name for each in items if isinstance(each, Name)]


def _is_message(source: Expression, parts: _Parts) -> bool:
    if isinstance(source, Const) or (isinstance(source, Unary) and source.operator == "bytes"):
        return True
    base = _base(source)
    if isinstance(base, Call):
        return bool(base.args)
    if not isinstance(base, Name) or _is_no_message(base):
        return False
    given = parts.given.get(base.name)
    return given is None or any(
        each is not None
        and not isinstance(each, NewArray | Sequence)
        and not (isinstance(each, Call) and not each.args)
        for each in given
    )


def _is_no_message(node: Expression) -> bool:
    base = node.base if isinstance(node, Index) else node
    name = base.name if isinstance(base, Name | Member) else ""
    return not _NO_MESSAGES.isdisjoint(words_of(name))


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
        if is_dataclass(part):
            yield part
        waiting.extend(inner_parts(part))


def _variable(node: Expression) -> str:
    """The variable or field that an expression is; "" if it is none."""
    if isinstance(node, Member):
        base = _variable(node.base)
        return f"{base}.{node.name}" if base else ""
    return node.name if isinstance(node, Name) else ""
