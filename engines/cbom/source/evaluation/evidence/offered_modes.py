"""Modes that a function offers: in the arms of one branch it uses a cipher in several modes.

Such a function wraps a library. Its callers choose the mode, and whether they authenticate what they encrypt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.program import Branch, Call, Const, Function, Member, Mentioned, Name

_MODES = frozenset({"ecb", "cbc", "ctr", "cfb", "ofb", "gcm", "ccm", "xts", "ocb", "eax", "ige", "siv", "cts"})
"""Words of names of functions and constants, and of names of ciphers, which tell the mode."""

_OFFERED = 3
"""How many modes a caller or a setting chooses from, at least."""

_MAX_PARTS = 4000
"""The most parts of a function that are looked at."""

_KEPT = 64
"""The functions whose calls are kept: the calls in a function come one after the other."""

_LONGEST = 60
"""The longest name that tells a mode, in characters."""


def is_offered(call: Call, function: Function | None) -> bool:
    """Whether ``call``, in ``function``, is in one of several arms that use as many modes."""
    return function is not None and id(call) in _offered_in(function)


@lru_cache(_KEPT)
def _offered_in(function: Function) -> frozenset[int]:
    """The identities of the calls by which a function offers modes."""
    told: dict[int, dict[int, frozenset[str]]] = {}
    for part, branch in _with_branches(function):
        if branch is not None and isinstance(part, Call):
            modes = _modes_of(part)
            if modes:
                told.setdefault(id(branch), {})[id(part)] = modes
    return frozenset(
        call for calls in told.values() if len(frozenset().union(*calls.values())) >= _OFFERED for call in calls
    )


def _with_branches(function: Function) -> Iterator[tuple[Any, Branch | None]]:
    """The parts of a function up to a bound, each with the outermost branch that it is in."""
    waiting: list[tuple[Any, Branch | None]] = [(list(function.body), None)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part, branch = waiting.pop()
        if isinstance(part, list | tuple):
            waiting.extend((each, branch) for each in part)
        elif is_dataclass(part):
            yield part, branch
            inner = part if branch is None and isinstance(part, Branch) else branch
            waiting.extend((getattr(part, each.name), inner) for each in fields(part))


def _modes_of(call: Call) -> frozenset[str]:
    """The modes that the names and texts of a call tell."""
    found: set[str] = set()
    for each in (call.callee, *call.args):
        part = each.value if isinstance(each, Mentioned) else each
        name = part.value if isinstance(part, Const) else part.name if isinstance(part, Name | Member) else ""
        if isinstance(name, str):
            found.update(words_of(name[:_LONGEST]))
    return _MODES & found
