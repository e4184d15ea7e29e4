"""Globs: texts in which each ``*`` stands for any text, as roles have them for policies, names and claims."""

from __future__ import annotations


def fits(text: str, pattern: str) -> bool:
    """Whether ``text`` is what ``pattern`` stands for.

    Without a regular expression, which would have to be compiled for each of thousands of patterns. Each star takes as
    little as lets what follows match: the first place is as good as any, so there is nothing to go back for.
    """
    beginning, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(beginning):
        return False
    start, end = len(beginning), others.pop()
    for part in others:
        found = text.find(part, start)
        if found < 0:
            return False
        start = found + len(part)
    return len(text) - start >= len(end) and text.endswith(end)
