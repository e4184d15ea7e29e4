"""Patterns of names in which ``*`` stands for any characters, and nothing else is special."""

from __future__ import annotations


def matches_any(globs: tuple[str, ...], name: str) -> bool:
    """Whether ``name`` matches one of ``globs``; without any, it does."""
    return not globs or any(matches(glob, name) for glob in globs)


def matches(glob: str, name: str) -> bool:
    """Whether the whole of ``name`` matches ``glob``, in time linear in their lengths together."""
    first, *rest = glob.split("*")
    if not rest:
        return glob == name
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in middle:
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
