"""Engines as data: an ``EngineType`` with a table of routes, over an object with the state of one mount.

A handler is a function of that state object, a ``Call`` and a typed body. It never sees HTTP: no headers, no raw token,
no socket. It returns a ``Reply`` (or None for an empty success) or raises a fault of ``engines.faults``. All static
facts about the API are read from the table: the OpenAPI document, the help texts, the ACL operation, the warnings for
unknown parameters, the list of public paths.

Adding a route takes a handler and a row. Adding an engine takes two files, one with the state and the handlers and one
with the table and the ``EngineType``, and an entry point in ``cryptoserve.engines`` that names the type.
"""

from __future__ import annotations

from engines.base.bodies import Body, Holds, Nothing, Page, meanings
from engines.base.calls import Answers, Call, Caller, Raw, Reply
from engines.base.mounts import (
    MAX_BATCH_ITEMS,
    NOT_COUNTED,
    Clock,
    Closes,
    EngineType,
    MayUpdate,
    Mount,
    Periodic,
    UseCounts,
    may_update_nothing,
)
from engines.base.operations import LISTS, Access, Operation, Scope
from engines.base.rows import B, Exists, Handler, Route, Row

__all__ = [
    "LISTS",
    "MAX_BATCH_ITEMS",
    "NOT_COUNTED",
    "Access",
    "Answers",
    "B",
    "Body",
    "Call",
    "Caller",
    "Clock",
    "Closes",
    "EngineType",
    "Exists",
    "Handler",
    "Holds",
    "MayUpdate",
    "Mount",
    "Nothing",
    "Operation",
    "Page",
    "Periodic",
    "Raw",
    "Reply",
    "Route",
    "Row",
    "Scope",
    "UseCounts",
    "may_update_nothing",
    "meanings",
]
