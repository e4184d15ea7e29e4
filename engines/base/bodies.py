"""Bodies of requests: the typed parameters of routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

from msgspec import Struct

Holds: TypeAlias = Mapping[str, type[Struct]]
"""Fields whose value is an object with parameters, or a list of such, and the types of these."""


class Body(Struct, kw_only=True):
    """The parameters of one route: from the JSON body, the query (for reads and lists) and the path.

    Subclasses declare fields with defaults; ``msgspec.UNSET`` tells "absent" from "empty". Values are converted as
    weakly as Vault does it (``"5"`` for 5, ``"true"`` for true, ``"24h"`` for a ``Duration``), and ``null`` becomes the
    type's zero value. A path parameter ``{name}`` fills the field of that name.
    """

    takes_anything: ClassVar[bool] = False
    """True for routes whose parameters have arbitrary names; a handler has them in ``Call.given``."""

    path_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that only the path fills, if its pattern has them: values in the body are ignored."""

    other_names: ClassVar[Mapping[str, str]] = {}
    """Other names of fields, older ones or those of path parameters, with the field that each stands for."""

    holds: ClassVar[Holds] = {}
    """See ``Holds``."""
    tells: ClassVar[Mapping[str, str]] = {}
    """The meaning of each parameter, in Markdown, for OpenAPI, help and the tables of the documentation; a subclass
    adds to those of its bases. ``[Batches]`` links to a page's section of that name."""


def meanings(struct: type[Struct]) -> dict[str, str]:
    """The meanings of the fields of a body or a batch's item: ``Body.tells`` of it and of its bases."""
    told: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        told |= base.__dict__.get("tells", {})
    return told


class Nothing(Body):
    """The body of a route without parameters."""


class Page(Body):
    """The part of a list to return."""

    after: str = ""
    limit: int = 0

    tells = {
        "after": "List the names after this one.",
        "limit": "The most names of a page; 0 or less for all.",
    }
