"""Acceptance: the program's callbacks for certificate and signature checks that accept everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from engines.cbom.source.program import Call, Const, Function, Leave, Member, Name, Return

_TALKING = frozenset(
    {"print", "println", "printf", "log", "debug", "info", "trace", "warn", "error", "fine", "d", "i", "e", "w"}
)
"""Names of methods that only tell what happens."""

_TRUE = (True, 1)

_MAX_PARTS = 200
"""The most parts of a body that are looked at; a longer one does something."""


def does_nothing(function: Function) -> bool:
    """Whether no way through the function can refuse: it calls nothing that might, and throws nothing."""
    for part in _parts(function.body):
        if part is None or (isinstance(part, Leave) and part.value is not None):
            return False
        if isinstance(part, Call) and not _talks(part):
            return False
    return True


def only_asserts(function: Function) -> bool:
    """Whether the function does nothing but assert that what it should verify is verified (rustls)."""
    calls = [part for part in _parts(function.body) if isinstance(part, Call) and not _talks(part)]
    return bool(calls) and all(isinstance(each.callee, Member) and each.callee.name == "assertion" for each in calls)


def only_proceeds(function: Function) -> bool:
    """Whether the function does nothing but go on in spite of an error (Android's ``SslErrorHandler``)."""
    calls = [part for part in _parts(function.body) if isinstance(part, Call) and not _talks(part)]
    return bool(calls) and all(isinstance(each.callee, Member) and each.callee.name == "proceed" for each in calls)


def always_true(function: Function) -> bool:
    """Whether every result of the function is the constant true, which is 1 in C."""
    results = [part.value for part in _parts(function.body) if isinstance(part, Return)]
    return bool(results) and all(isinstance(each, Const) and each.value in _TRUE for each in results)


def accepts_all(function: Function) -> bool:
    """Whether a function that is to verify something, or to answer an error, lets everything pass."""
    if always_true(function):
        return True
    results = [part.value for part in _parts(function.body) if isinstance(part, Return)]
    silent = all(each is None or (isinstance(each, Const) and each.value is None) for each in results)
    return silent and does_nothing(function)


def _talks(call: Call) -> bool:
    callee = call.callee
    return isinstance(callee, Member | Name) and callee.name in _TALKING


def _parts(root: Any) -> Iterator[Any]:
    """All nodes in ``root``, and None at the end if there are too many."""
    waiting = [root]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, list | tuple):
            waiting.extend(node)
        elif is_dataclass(node):
            yield node
            waiting.extend(getattr(node, each.name) for each in fields(node))
    yield None
