"""Choices that a function offers in the arms of one branch: a cipher in several modes, or a check that is on in one.

A function that offers modes wraps a library. Its callers choose the mode, and whether they authenticate what they
encrypt. One that turns a check on in one arm and off in another leaves that to a setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from engines.cbom.source.evaluation.evidence.parts import inner_parts
from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.program import Binary, Branch, Call, Const, Expression, Function, Member, Mentioned, Name

_MODES = frozenset({"ecb", "cbc", "ctr", "cfb", "ofb", "gcm", "ccm", "xts", "ocb", "eax", "ige", "siv", "cts"})
"""Words of names of functions and constants, and of names of ciphers, which tell the mode."""

_OFFERED = 3
"""How many modes a caller or a setting chooses from, at least."""

_MAX_PARTS = 4000
"""The most parts of a function that are looked at."""

_KEPT = 64
"""The functions whose calls are kept: the calls in a function come one after the other."""

_MAX_CALLS = 16
"""The most calls of one function in a branch that are compared."""

_MAX_FLAGS = 8
"""The most flags in one argument that are compared."""

_LONGEST = 60
"""The longest name that tells a mode, in characters."""


def is_offered(call: Call, function: Function | None) -> bool:
    """Whether ``call``, in ``function``, is in one of several arms that use as many modes."""
    return function is not None and id(call) in _offered_in(function)


def is_alternative(call: Call, argument: Expression | None, function: Function | None) -> bool:
    """Whether another arm of the branch around ``call``, in ``function``, calls the same with another constant for
    ``argument``."""
    name = call.callee.name if isinstance(call.callee, Name) else ""
    value = _text_of(argument)
    if function is None or not name or not value or argument not in call.args:
        return False
    before = call.args.index(argument)
    arms = _arms_in(function)
    branch, arm = arms.around.get(id(call), (0, 0))
    for other, other_arm in arms.calls.get((branch, name), ()) if branch else ():
        if other_arm != arm and len(other.args) > before and _text_of(other.args[before]) not in ("", value):
            if [*map(_text_of, other.args[1:before])] == [*map(_text_of, call.args[1:before])]:
                return True
    return False


@dataclass(slots=True)
class _Arms:
    """The calls of functions in the arms of branches."""

    around: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The innermost branch around each call, by the call's identity, and which of its arms."""

    calls: dict[tuple[int, str], list[tuple[Call, int]]] = field(default_factory=dict)
    """The first calls of a function in each branch, by the branch's identity and the function's name."""


@lru_cache(_KEPT)
def _arms_in(function: Function) -> _Arms:
    found = _Arms()
    waiting: list[tuple[Any, int, int]] = [(list(function.body), 0, 0)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        part, branch, arm = waiting.pop()
        if isinstance(part, Branch):
            waiting.extend((body, id(part), number) for number, (_, body) in enumerate(part.arms))
            continue
        if branch and isinstance(part, Call) and isinstance(part.callee, Name):
            found.around[id(part)] = branch, arm
            calls = found.calls.setdefault((branch, part.callee.name), [])
            if len(calls) < _MAX_CALLS:
                calls.append((part, arm))
        waiting.extend((each, branch, arm) for each in inner_parts(part))
    return found


def _text_of(node: Expression | None) -> str:
    """The constant that an argument is, its name, or those of a few flags; "" if it is none of these."""
    flags: list[str] = []
    while isinstance(node, Binary) and node.operator == "|" and isinstance(node.right, Name):
        if len(flags) == _MAX_FLAGS:
            return ""
        flags.append(node.right.name)
        node = node.left
    first = repr(node.value) if isinstance(node, Const) else node.name if isinstance(node, Name) else ""
    return "|".join([first, *reversed(flags)])


@lru_cache(_KEPT)
def _offered_in(function: Function) -> frozenset[int]:
    """The identities of the calls by which a function offers modes, in the arms of an outermost branch."""
    told: dict[int, dict[int, frozenset[str]]] = {}
    waiting: list[tuple[Any, Branch | None]] = [(list(function.body), None)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        part, branch = waiting.pop()
        if branch is not None and isinstance(part, Call) and (modes := _modes_of(part)):
            told.setdefault(id(branch), {})[id(part)] = modes
        inner = part if branch is None and isinstance(part, Branch) else branch
        waiting.extend((each, inner) for each in inner_parts(part))
    return frozenset(
        call for calls in told.values() if len(frozenset().union(*calls.values())) >= _OFFERED for call in calls
    )


def _modes_of(call: Call) -> frozenset[str]:
    """The modes that the names and texts of a call tell."""
    found: set[str] = set()
    for each in (call.callee, *call.args):
        part = each.value if isinstance(each, Mentioned) else each
        name = part.value if isinstance(part, Const) else part.name if isinstance(part, Name | Member) else ""
        if isinstance(name, str):
            found.update(words_of(name[:_LONGEST]))
    return _MODES & found
