"""Types of parameters that Vault converts in ways of its own; ``compat.fields`` does the converting.

A field annotated with one of these holds the converted value. Plain ``str``, ``int``, ``bool``, ``float``,
``list[...]`` and ``dict[...]`` are converted weakly too (a number for a string,
``"5"`` for an int); ``Any`` not at all.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta

KIND = "cryptoserve_kind"
"""The key under which ``Meta.extra`` carries the kind of a field."""

MAX_DURATION_SECONDS = 9_223_372_036
"""As many whole seconds as 64 bits of nanoseconds hold, about 292 years."""

Duration: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_DURATION_SECONDS, extra={KIND: "duration"})]
"""Whole seconds, given as a number, ``"3600"``, ``"90m"``, ``"1h30m"`` or ``"30d"``; never negative."""

SignedDuration: TypeAlias = Annotated[
    int, Meta(ge=-MAX_DURATION_SECONDS, le=MAX_DURATION_SECONDS, extra={KIND: "signed_duration"})
]
"""As ``Duration``, where Vault lets a negative value through."""

BareDuration: TypeAlias = Annotated[int, Meta(extra={KIND: "bare_duration"})]
"""As ``SignedDuration``, where a bad value is answered with Go's bare words, as by the token store."""

CommaList: TypeAlias = Annotated[list[str], Meta(extra={KIND: "comma_list"})]
"""Strings, given as a list or as one string with commas; blanks around each are dropped."""

KeyValues: TypeAlias = Annotated[dict[str, str], Meta(extra={KIND: "key_values"})]
"""Strings by name, given as an object or as a list of ``name=value``."""

BATCH = "batch"
"""The kind of ``Batch``."""

Batch: TypeAlias = Annotated[Any, Meta(extra={KIND: BATCH})]
"""The items of a batch: a list, which is taken as it comes, since each path has words of its own for other things."""
