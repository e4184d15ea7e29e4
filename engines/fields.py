"""Types of parameters with Vault's own conversions; ``compat.fields`` does the converting.

A field with one of these annotations holds the converted value. Plain ``str``, ``int``, ``bool``, ``float``,
``list[...]`` and ``dict[...]`` are converted weakly too (a number for a string, ``"5"`` for an int); ``Any`` not at
all.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from msgspec import Meta, UnsetType

KIND = "cryptoserve_kind"
"""The key under which ``Meta.extra`` carries the kind of a field."""

READING = "cryptoserve_reading"
"""The key under which ``Meta.extra`` carries the ``Reading`` of a text field."""

PARTS = "cryptoserve_parts"
"""The key under which ``Meta.extra`` carries the function that splits a text into the handler's list: for texts of
``name=value`` pairs with commas, say."""

Parts: TypeAlias = Callable[[str], list[str]]

Reading: TypeAlias = Callable[[str], str]
"""Returns the canonical form of a text: texts with one form mean the same, and policies judge the form."""

MAX_DURATION_SECONDS = 9_223_372_036
"""The most seconds in 64 bits of nanoseconds, about 292 years."""

Duration: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_DURATION_SECONDS, extra={KIND: "duration"})]
"""Whole seconds, given as a number, ``"3600"``, ``"90m"``, ``"1h30m"`` or ``"30d"``; never negative."""

SignedDuration: TypeAlias = Annotated[
    int, Meta(ge=-MAX_DURATION_SECONDS, le=MAX_DURATION_SECONDS, extra={KIND: "signed_duration"})
]
"""As ``Duration``, where Vault accepts a negative value."""

BareDuration: TypeAlias = Annotated[int, Meta(extra={KIND: "bare_duration"})]
"""As ``SignedDuration``, where errors are Go's bare words, as in the token store."""

CommaList: TypeAlias = Annotated[list[str], Meta(extra={KIND: "comma_list"})]
"""Strings, given as a list or as one string with commas; surrounding blanks are dropped."""

KeyValues: TypeAlias = Annotated[dict[str, str], Meta(extra={KIND: "key_values"})]
"""Strings by name, given as an object or as a list of ``name=value``."""

BATCH = "batch"
"""The kind of ``Batch``."""

Batch: TypeAlias = Annotated[Any, Meta(extra={KIND: BATCH})]
"""The items of a batch: a list, passed unconverted, since each path has its own errors for other values."""


def fold_case(text: str) -> str:
    """The reading of names that are case-insensitive."""
    return text.lower()


def trim_slashes(text: str) -> str:
    """The reading of paths of mounts and the like, without slashes at their ends."""
    return text.strip("/")


def join_names(text: str) -> str:
    """The reading of paths in which only the non-empty names between slashes count."""
    return "/".join(filter(None, text.split("/")))


def plain_integer(text: str) -> str:
    """The reading of whole numbers in paths: without a plus sign or leading zeros, other texts as they are."""
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return text
    digits = digits.lstrip("0") or "0"
    return f"-{digits}" if text.startswith("-") and digits != "0" else digits


def same_words(words: Mapping[str, str]) -> Reading:
    """The reading of texts with synonyms: ``words`` maps synonyms to their meaning."""

    def read(text: str) -> str:
        return words.get(text, text)

    return read


FoldedName: TypeAlias = Annotated[str, Meta(extra={READING: fold_case})]
"""A case-insensitive name."""

SlashedPath: TypeAlias = Annotated[str, Meta(extra={READING: trim_slashes})]
"""A path whose leading and trailing slashes don't count."""

NamesPath: TypeAlias = Annotated[str, Meta(extra={READING: join_names})]
"""A path in which repeated slashes count as one."""

IntegerSegment: TypeAlias = Annotated[str, Meta(extra={READING: plain_integer})]
"""An integer as a segment of a path, in any notation that its handler accepts."""


def reading_of(annotation: object) -> Reading | None:
    """The reading of a field with this annotation; None if every text has its own meaning."""
    reading: Reading | None = _noted(annotation, READING)
    return reading


def parts_of(annotation: object) -> Parts | None:
    """The function that splits the text of a field with this annotation; None if it is one text."""
    parts: Parts | None = _noted(annotation, PARTS)
    return parts


def _noted(annotation: object, key: str) -> Any:
    """The value of ``key`` in an annotation, as a whole or in one of its choices; None if absent."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        for extra in extras:
            if isinstance(extra, Meta) and extra.extra and key in extra.extra:
                return extra.extra[key]
        return _noted(inner, key)
    if get_origin(annotation) in (Union, types.UnionType):
        choices = [choice for choice in get_args(annotation) if choice not in (UnsetType, type(None))]
        return _noted(choices[0], key) if len(choices) == 1 else None
    return None
